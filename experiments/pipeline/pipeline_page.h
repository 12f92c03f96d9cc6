#pragma once

#include <string>

#include "base/json.h"

namespace cupel {

// One HTML page over all stages of a pipeline: the table, accuracy by stage, against the number of answers and against thought, behaviour
// over steps, answers before and after, costs. No script and no other file. `behaviour`: [{"stage", "curves": BehaviourCurves}].
std::string PipelinePage(const Json& summary, const Json& behaviour);

}  // namespace cupel
