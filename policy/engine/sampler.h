#pragma once

#include <cstdint>
#include <vector>

#include "policy/generation.h"
#include "policy/kernels/cpu/kernels.h"

namespace cupel {

struct DrawnToken {
  TokenId token = 0;
  float logprob = 0;      // under the distribution it was drawn from
  float raw_logprob = 0;  // under the model's own distribution
};

// Draws tokens from a row of logits. One row may be drawn from many times (the first token of every sample of a group). Keeps scratch of
// the size of the vocabulary; not thread-safe: each lane has its own.
//
// The distribution is softmax(logits / temperature) after top-k, top-p and min-p, each filter applied to what the one before left,
// renormalised:
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

  // Takes up a row of logits [V]. The row is scaled in place and must stay untouched while Draw is called.
  void Prepare(float* logits, const SamplingParams& sampling);
  // Draws with a uniform number in [0, 1).
  DrawnToken Draw(double uniform) const;

 private:
  struct Candidate {
    TokenId token;
    float logit;  // scaled by the temperature
  };
  // Where the next token comes from: the row as it is scaled, what the filters left of it, or no choice at all.
  enum class Source { kRow, kCandidates, kFixedToken };

  static bool IsLikelier(const Candidate& a, const Candidate& b);
  void ApplyFilters(const SamplingParams& sampling);
  void CollectLikeliest(int64_t k);
  void CollectFrom(float lowest_logit);
  void KeepTopP(double p, double total_weight);
  void KeepMinP(double p);
  double Weight(float logit) const;

  const kernels::KernelTable& kernels_;
  int64_t vocab_size_;
  Source source_ = Source::kFixedToken;
  const float* logits_ = nullptr;      // [V], the prepared row, scaled by the temperature
  const float* raw_logits_ = nullptr;  // [V], the row as it came
  kernels::SoftmaxStats stats_{};      // of logits_
  kernels::SoftmaxStats raw_stats_{};  // of raw_logits_
  std::vector<float> raw_copy_;        // [V], behind raw_logits_ when the temperature changes the row
  std::vector<Candidate> candidates_;  // what the filters left, by ascending id
  std::vector<double> cumulative_;     // of Weight over the candidates
  DrawnToken fixed_;
};

}  // namespace cupel
