#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "base/random.h"
#include "policy/tokenizer.h"

// What sampling takes and gives. No tensor appears here: rollout, rewards and verifiers see only this side of the policy.

namespace cupel {

struct LogitBias {
  TokenId token = 0;
  float bias = 0;  // added to the token's logit
};

// How the next token is drawn. Logits change in the order bias, stop tokens barred by min_new_tokens, repetition penalty, temperature; then
// the filters apply in the order top-k, top-p, min-p.
struct SamplingParams {
  double temperature = 1.0;  // 0: greedy (the token of the highest logit, the lowest id among equals)
  int64_t top_k = 0;         // keep the k likeliest tokens; 0: all
  double top_p = 1.0;        // keep the smallest set of likeliest tokens whose probability reaches p
  double min_p = 0.0;        // drop tokens less likely than min_p times the likeliest
  // Logits of tokens that the prompt or the completion already has are divided by it when positive and multiplied when negative (CTRL,
  // Keskar et al. 2019, section 4.1, in the sign-aware form of transformers and vLLM); 1: off.
  double repetition_penalty = 1.0;
  std::vector<LogitBias> logit_bias = {};  // at most one per token
  int64_t min_new_tokens = 0;              // so many come before a stop token can be drawn or a stop string ends the completion
  int64_t max_new_tokens = 48;
  std::vector<TokenId> stop_tokens = {};  // drawn and kept as last token of the completion, then generation ends
  // Generation ends with the token that completes one of these in the completion's bytes, wherever token borders fall. The token stays.
  std::vector<std::string> stop_strings = {};
  int64_t top_logprobs = 0;   // so many of the likeliest tokens are reported at every position
  bool with_entropy = false;  // report the entropy of the distribution that each token was drawn from
};

// Where the random numbers of a request come from: token `position` (0 = first new token) of sample s is drawn with the Philox block at
// counter (step, prompt, first_sample + s, position) of the key (seed, purpose).
struct RandomCoordinates {
  uint64_t seed = 0;
  RandomPurpose purpose = RandomPurpose::kSampling;
  uint32_t step = 0;
  uint32_t prompt = 0;
  uint32_t first_sample = 0;
};

struct GenerationRequest {
  uint64_t id = 0;                   // the caller's; unique among unfinished requests
  std::vector<TokenId> prompt = {};  // [P], P >= 1; computed once and shared by all samples
  int64_t num_samples = 1;           // completions to draw
  SamplingParams sampling = {};
  RandomCoordinates random = {};
};

enum class FinishReason : uint8_t {
  kStop,    // a stop token was drawn, which is the last token, or a stop string was completed by the last token
  kLength,  // max_new_tokens reached, the model's context full, or cut by an error (Completion::error)
  kAborted,
};
std::string_view FinishReasonName(FinishReason reason);  // "stop", "length", "aborted"

struct TokenLogprob {
  TokenId token = 0;
  float logprob = 0;
  bool operator==(const TokenLogprob&) const = default;
};

struct Completion {
  uint64_t request_id = 0;
  int64_t sample_idx = 0;                // 0 .. num_samples-1
  std::vector<TokenId> tokens = {};      // [T], stop token included
  std::vector<float> logprobs = {};      // [T], natural log of the probability token i had in the distribution it was drawn from
  std::vector<float> raw_logprobs = {};  // [T], under the model's own distribution (temperature 1, no filter); empty when that is the same
  FinishReason finish_reason = FinishReason::kStop;
  uint64_t policy_version = 0;        // optimizer updates that the weights had seen
  std::string stop_string = {};       // the one that ended it; empty: none
  std::vector<float> entropies = {};  // [T] nats, if asked for
  // [T][top_logprobs], if asked for: the likeliest tokens under the model's own distribution, the likeliest first.
  std::vector<std::vector<TokenLogprob>> top_logprobs = {};
  // Not empty when the logits after the tokens before were not finite. Then the last token is 0 with a log-probability that is not a
  // number.
  std::string error = {};
};

// Where a completion's text ends before its stop string: `text` cut at the first occurrence of the string that ended it.
std::string_view TextBeforeStopString(std::string_view text, const Completion& completion);

// One token of one sample, in the order of positions for each sample. `finished` is set with the last one. An aborted sample ends with an
// event of token -1 that adds none to its completion.
struct GenerationEvent {
  uint64_t request_id = 0;
  int64_t sample_idx = 0;
  TokenId token = 0;
  std::optional<Completion> finished = {};
};

struct GenerationStats {
  uint64_t prompt_tokens = 0;         // of admitted requests (each shared prompt counted once)
  uint64_t shared_prompt_tokens = 0;  // of these, not computed but copied from a running request whose prompt begins the same
  uint64_t sampled_tokens = 0;
  double prefill_seconds = 0;
  double decode_seconds = 0;
};

// Continuous batching: requests join and leave between steps. One interface for rollouts, evaluation and chat. Not thread-safe; one
// thread drives it. The results of a request do not depend on what else is in the batch where the implementation says so
// (is_batch_invariant).
class GenerationEngine {
 public:
  virtual ~GenerationEngine() = default;

  // InvalidArgument: empty prompt, token outside the vocabulary, num_samples or max_new_tokens below 1, parameters out of range, prompt
  // longer than the context (engine/request.h). ResourceExhausted when the request alone exceeds the memory set aside for keys and values.
  virtual absl::Status Add(GenerationRequest request) = 0;
  // Advances every running sample by one token (and prefills waiting requests that fit). Empty when idle.
  virtual std::vector<GenerationEvent> Step() = 0;
  // Ends the unfinished samples of a request; the next Step reports them with FinishReason::kAborted. Unknown ids are ignored.
  virtual void Abort(uint64_t request_id) = 0;
  virtual bool idle() const = 0;
  virtual GenerationStats stats() const = 0;
  virtual bool is_batch_invariant() const = 0;
};

}  // namespace cupel
