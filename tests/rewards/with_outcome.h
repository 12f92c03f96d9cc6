#pragma once

#include "verifiers/verifier.h"

namespace cupel::testing {

// A verdict that says nothing but its outcome.
inline Verdict WithOutcome(Outcome outcome) {
  Verdict verdict;
  verdict.outcome = outcome;
  return verdict;
}

}  // namespace cupel::testing
