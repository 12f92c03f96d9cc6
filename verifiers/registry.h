#pragma once

#include "verifiers/verifier.h"

namespace cupel {

// The accessor of every verifier, as FindVerifier calls it: an immutable object without state, alive for the whole program.
#define CUPEL_VERIFIER(name, Get) const Verifier& Get();
#include "verifiers/registry.def"
#undef CUPEL_VERIFIER

}  // namespace cupel
