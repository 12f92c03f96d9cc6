#pragma once

#include "verifiers/math/verify.h"
#include "verifiers/verifier.h"

namespace cupel {

// What a comparison of two mathematical answers means as a verdict. verifiers/math/ itself knows no verdicts: other programs load it alone.
Outcome OutcomeOf(math::Decision decision);

}  // namespace cupel
