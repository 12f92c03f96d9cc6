#pragma once

#include "grpo/objective/objective.h"

namespace cupel {

// The function of every objective.
#define CUPEL_OBJECTIVE(name, Function, is_per_token, vanishes) \
  void Function(const SequenceView& sequence, const ObjectiveConfig& config, SequenceTerms& terms);
#include "grpo/objective/registry.def"
#undef CUPEL_OBJECTIVE

}  // namespace cupel
