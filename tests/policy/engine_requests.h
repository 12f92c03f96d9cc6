#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "policy/generation.h"

// What the tests of engines share: requests over letters, and the completions of all of them.

namespace cupel {

using Key = std::pair<uint64_t, int64_t>;  // request, sample
using Results = std::map<Key, Completion>;

// A prompt of letters that the id decides.
GenerationRequest Request(uint64_t id, int64_t prompt_size, int64_t num_samples, const SamplingParams& sampling);

// Runs until idle and checks that events tell the same as the completions.
Results RunAll(GenerationEngine& engine);
// Adds the requests first, each of which must be accepted.
Results RunAll(GenerationEngine& engine, const std::vector<GenerationRequest>& requests);

}  // namespace cupel
