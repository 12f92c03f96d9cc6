#pragma once

#include <array>
#include <cstdint>

#include <absl/status/status.h>

#include "policy/generation.h"

// What every engine asks of a request before it accepts it, and the few facts that follow from a request alone.

namespace cupel {

// InvalidArgument naming the field, what was found and what is allowed. `max_context` is the longest sequence the model was made for: a
// prompt must leave room for one new token.
absl::Status ValidateRequest(const GenerationRequest& request, int64_t vocab_size, int64_t max_context);

// New tokens that a sample may have: max_new_tokens, or fewer where the context ends first.
int64_t MaxNewTokens(const GenerationRequest& request, int64_t max_context);

bool IsGreedy(const SamplingParams& sampling);
// Whether top-k, top-p or min-p can drop a token.
bool HasFilters(const SamplingParams& sampling, int64_t vocab_size);
// Whether bias, minimum length or repetition penalty can change a logit.
bool ChangesLogits(const SamplingParams& sampling);
// Whether tokens are drawn from the model's own distribution: temperature 1, no filter, no changed logit. Otherwise completions carry
// raw_logprobs.
bool SamplesOwnDistribution(const SamplingParams& sampling, int64_t vocab_size);

bool IsStopToken(const SamplingParams& sampling, TokenId token);

// The uniform number in [0, 1) behind token `position` of sample `sample_idx`: see RandomCoordinates. `key` is RandomKey(seed, purpose).
double DrawUniform(const std::array<uint32_t, 2>& key, const RandomCoordinates& random, int64_t sample_idx, int64_t position);

}  // namespace cupel
