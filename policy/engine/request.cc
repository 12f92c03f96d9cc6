#include "policy/engine/request.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/status.h"

namespace cupel {
namespace {

absl::Status ValidateTokens(const std::vector<TokenId>& tokens, std::string_view what, int64_t vocab_size) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] < 0 || tokens[i] >= vocab_size) {
      return InvalidArgument("{} {} is {}, but the vocabulary has the tokens 0 to {}", what, i, tokens[i], vocab_size - 1);
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateLogitBias(const std::vector<LogitBias>& biases, int64_t vocab_size) {
  constexpr float kMaxBias = 10000;
  std::vector<TokenId> tokens;
  for (const LogitBias& bias : biases) {
    if (!(std::abs(bias.bias) <= kMaxBias)) {
      return InvalidArgument("the bias of token {} is {}, but must be between -{} and {}", bias.token, bias.bias, kMaxBias, kMaxBias);
    }
    tokens.push_back(bias.token);
  }
  CUPEL_RETURN_IF_ERROR(ValidateTokens(tokens, "logit_bias token", vocab_size));
  std::sort(tokens.begin(), tokens.end());
  const auto twice = std::adjacent_find(tokens.begin(), tokens.end());
  if (twice != tokens.end()) {
    return InvalidArgument("logit_bias names token {} twice; give each token one bias", *twice);
  }
  return absl::OkStatus();
}

absl::Status ValidateStopStrings(const std::vector<std::string>& strings) {
  constexpr size_t kMaxStrings = 16;
  constexpr size_t kMaxBytes = 256;
  if (strings.size() > kMaxStrings) {
    return InvalidArgument("there are {} stop strings; the limit is {}", strings.size(), kMaxStrings);
  }
  for (const std::string& string : strings) {
    if (string.empty() || string.size() > kMaxBytes) {
      return InvalidArgument("a stop string has {} bytes, but must have between 1 and {}", string.size(), kMaxBytes);
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateSampling(const SamplingParams& sampling, int64_t vocab_size) {
  if (!(sampling.temperature >= 0) || !std::isfinite(sampling.temperature)) {
    return InvalidArgument("temperature is {}, but must be 0 (greedy) or a positive number", sampling.temperature);
  }
  if (!IsGreedy(sampling) && sampling.temperature < 1e-4) {
    return InvalidArgument("temperature is {}, which is too small to divide by; use 0 for greedy decoding", sampling.temperature);
  }
  if (sampling.top_k < 0) {
    return InvalidArgument("top_k is {}, but must be at least 1, or 0 to keep all tokens", sampling.top_k);
  }
  if (!(sampling.top_p > 0 && sampling.top_p <= 1)) {
    return InvalidArgument("top_p is {}, but must be above 0 and at most 1 (1 keeps all tokens)", sampling.top_p);
  }
  if (!(sampling.min_p >= 0 && sampling.min_p <= 1)) {
    return InvalidArgument("min_p is {}, but must be between 0 (keeps all tokens) and 1", sampling.min_p);
  }
  if (sampling.max_new_tokens < 1) {
    return InvalidArgument("max_new_tokens is {}, but must be at least 1", sampling.max_new_tokens);
  }
  if (sampling.min_new_tokens < 0 || sampling.min_new_tokens > sampling.max_new_tokens) {
    return InvalidArgument("min_new_tokens is {}, but must be between 0 and max_new_tokens, which is {}", sampling.min_new_tokens,
                           sampling.max_new_tokens);
  }
  if (!(sampling.repetition_penalty >= 0.01 && sampling.repetition_penalty <= 100)) {
    return InvalidArgument("repetition_penalty is {}, but must be between 0.01 and 100 (1 is none)", sampling.repetition_penalty);
  }
  constexpr int64_t kMaxTopLogprobs = 128;
  if (sampling.top_logprobs < 0 || sampling.top_logprobs > std::min(kMaxTopLogprobs, vocab_size)) {
    return InvalidArgument("top_logprobs is {}, but must be between 0 and {}", sampling.top_logprobs,
                           std::min(kMaxTopLogprobs, vocab_size));
  }
  CUPEL_RETURN_IF_ERROR(ValidateLogitBias(sampling.logit_bias, vocab_size));
  CUPEL_RETURN_IF_ERROR(ValidateStopStrings(sampling.stop_strings));
  return ValidateTokens(sampling.stop_tokens, "stop token", vocab_size);
}

}  // namespace

absl::Status ValidateRequest(const GenerationRequest& request, int64_t vocab_size, int64_t max_context) {
  const auto prompt_size = static_cast<int64_t>(request.prompt.size());
  if (prompt_size == 0) {
    return InvalidArgument("the prompt is empty; it needs at least one token");
  }
  if (prompt_size >= max_context) {
    return InvalidArgument("the prompt has {} tokens, but with a context of {} at most {} leave room for an answer; shorten the prompt",
                           prompt_size, max_context, max_context - 1);
  }
  constexpr int64_t kMaxSamples = int64_t{1} << 31;  // a word of the random counter
  if (request.num_samples < 1 || request.num_samples > kMaxSamples) {
    return InvalidArgument("num_samples is {}, but must be between 1 and {}", request.num_samples, kMaxSamples);
  }
  CUPEL_RETURN_IF_ERROR(ValidateTokens(request.prompt, "prompt token", vocab_size));
  return ValidateSampling(request.sampling, vocab_size);
}

int64_t MaxNewTokens(const GenerationRequest& request, int64_t max_context) {
  return std::min(request.sampling.max_new_tokens, max_context - static_cast<int64_t>(request.prompt.size()));
}

bool IsGreedy(const SamplingParams& sampling) { return sampling.temperature == 0; }

bool HasFilters(const SamplingParams& sampling, int64_t vocab_size) {
  return (sampling.top_k > 0 && sampling.top_k < vocab_size) || sampling.top_p < 1 || sampling.min_p > 0;
}

bool ChangesLogits(const SamplingParams& sampling) {
  return !sampling.logit_bias.empty() || sampling.repetition_penalty != 1 || sampling.min_new_tokens > 0;
}

bool SamplesOwnDistribution(const SamplingParams& sampling, int64_t vocab_size) {
  return sampling.temperature == 1 && !HasFilters(sampling, vocab_size) && !ChangesLogits(sampling);
}

bool IsStopToken(const SamplingParams& sampling, TokenId token) {
  return std::find(sampling.stop_tokens.begin(), sampling.stop_tokens.end(), token) != sampling.stop_tokens.end();
}

double DrawUniform(const std::array<uint32_t, 2>& key, const RandomCoordinates& random, int64_t sample_idx, int64_t position) {
  const uint32_t sample = random.first_sample + static_cast<uint32_t>(sample_idx);
  const std::array<uint32_t, 4> block = Philox4x32(key, {random.step, random.prompt, sample, static_cast<uint32_t>(position)});
  return UniformFromWords(block[0], block[1]);
}

}  // namespace cupel
