#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "policy/generation.h"
#include "policy/kernels/cpu/kernels.h"

namespace cupel {

struct DrawnToken {
  TokenId token = 0;
  float logprob = 0;      // under the distribution it was drawn from
  float raw_logprob = 0;  // under the model's own distribution
  float entropy = 0;      // of the distribution it was drawn from, in nats
};

// The tokens that a repetition penalty and a minimum length look at.
struct SampleHistory {
  std::span<const TokenId> prompt = {};
  std::span<const TokenId> completion = {};
};

// Draws tokens from a row of logits. One row may be drawn from many times (the first token of every sample of a group). Keeps scratch of
// the size of the vocabulary; not thread-safe: each lane has its own.
//
// The distribution is softmax(changed logits / temperature), where bias, barred stop tokens and repetition penalty change logits, after
// top-k, top-p and min-p, each filter applied to what the one before left, renormalised:
//   top-k  keeps the k likeliest tokens,
//   top-p  keeps the smallest set of likeliest tokens whose probability reaches p,
//   min-p  drops tokens less likely than p times the likeliest.
// Equal logits rank by token id, the lowest first, so the sets are never ambiguous. Without a filter the log-probability is the expression
// logit - max - log_sum over KernelTable::softmax_stats, the same that training evaluates. Greedy decoding puts all probability on one
// token.
//
// A row whose logits are not all finite gives token 0 with a log-probability that is not a number: the trainer's rule for non-finite
// updates then sees it.
class TokenSampler {
 public:
  TokenSampler(const kernels::KernelTable& kernels, int64_t vocab_size);  // `kernels` borrowed

  // Takes up a row of logits [V]. The row is changed in place and must stay untouched while Draw is called.
  void Prepare(float* logits, const SamplingParams& sampling, const SampleHistory& history = {});
  // Draws with a uniform number in [0, 1).
  DrawnToken Draw(double uniform) const;
  // Whether the row was of finite numbers.
  bool is_finite() const { return is_finite_; }
  // The n likeliest tokens of the prepared row under the model's own distribution, the likeliest first. Fewer when the row is not finite.
  std::vector<TokenLogprob> LikeliestTokens(int64_t n);

 private:
  struct Candidate {
    TokenId token;
    float logit;  // scaled by the temperature
  };
  // Where the next token comes from: the row as it is scaled, what the filters left of it, or no choice at all.
  enum class Source { kRow, kCandidates, kFixedToken };

  static bool IsLikelier(const Candidate& a, const Candidate& b);
  void ChangeLogits(float* logits, const SamplingParams& sampling, const SampleHistory& history);
  void PenaliseRepetition(float* logits, float penalty, const SampleHistory& history);
  void ApplyFilters(const SamplingParams& sampling);
  void CollectLikeliest(const float* logits, int64_t k);
  void CollectFrom(float lowest_logit);
  void KeepTopP(double p, double total_weight);
  void KeepMinP(double p);
  double Weight(float logit) const;

  const kernels::KernelTable& kernels_;
  int64_t vocab_size_;
  Source source_ = Source::kFixedToken;
  bool is_finite_ = true;
  const float* logits_ = nullptr;      // [V], the prepared row, changed and scaled by the temperature
  const float* raw_logits_ = nullptr;  // [V], the row as it came
  kernels::SoftmaxStats stats_{};      // of logits_
  kernels::SoftmaxStats raw_stats_{};  // of raw_logits_
  std::vector<float> raw_copy_;        // [V], behind raw_logits_ when the prepared row differs
  std::vector<Candidate> candidates_;  // what the filters left, by ascending id
  std::vector<double> cumulative_;     // of Weight over the candidates
  double candidate_entropy_ = 0;
  std::vector<bool> is_seen_;  // [V], all false between calls
  DrawnToken fixed_;
};

}  // namespace cupel
