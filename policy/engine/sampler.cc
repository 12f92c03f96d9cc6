#include "policy/engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "policy/engine/request.h"

namespace cupel {
namespace {

// Calls body(token) for the tokens of blocks that have a logit of at least `lowest()`, in order. A filter looks for a handful among tens of
// thousands: whole blocks are passed over by a comparison that the compiler makes vectors of.
template <class Lowest, class Body>
void ForEachInBlocksFrom(const float* logits, int64_t vocab_size, const Lowest& lowest, const Body& body) {
  constexpr int64_t kBlock = 64;
  for (int64_t begin = 0; begin < vocab_size; begin += kBlock) {
    const float bar = lowest();
    if (begin + kBlock <= vocab_size) {
      int num_found = 0;
      for (int64_t i = 0; i < kBlock; ++i) {
        num_found += static_cast<int>(logits[begin + i] >= bar);
      }
      if (num_found == 0) {
        continue;
      }
    }
    for (int64_t token = begin; token < std::min(begin + kBlock, vocab_size); ++token) {
      body(token);
    }
  }
}

}  // namespace

TokenSampler::TokenSampler(const kernels::KernelTable& kernels, int64_t vocab_size) : kernels_(kernels), vocab_size_(vocab_size) {}

void TokenSampler::Prepare(float* logits, const SamplingParams& sampling, const SampleHistory& history) {
  logits_ = raw_logits_ = logits;
  stats_ = raw_stats_ = kernels_.softmax_stats(logits, vocab_size_, 1.0F);
  is_finite_ = std::isfinite(stats_.max) && std::isfinite(stats_.log_sum);
  if (!is_finite_) {
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    source_ = Source::kFixedToken;
    fixed_ = {.token = 0, .logprob = kNan, .raw_logprob = kNan, .entropy = kNan};
    return;
  }
  const bool changes = ChangesLogits(sampling);
  if (changes || (sampling.temperature != 1 && !IsGreedy(sampling))) {
    raw_copy_.assign(logits, logits + vocab_size_);
    raw_logits_ = raw_copy_.data();
  }
  if (changes) {
    ChangeLogits(logits, sampling, history);
  }
  if (IsGreedy(sampling)) {
    const int64_t best = kernels_.argmax(logits, vocab_size_);
    source_ = Source::kFixedToken;
    fixed_ = {.token = static_cast<TokenId>(best),
              .logprob = 0,
              .raw_logprob = raw_logits_[best] - raw_stats_.max - raw_stats_.log_sum,
              .entropy = 0};
    return;
  }
  if (raw_logits_ != logits) {
    stats_ = kernels_.softmax_stats(logits, vocab_size_, static_cast<float>(1.0 / sampling.temperature));
  }
  source_ = Source::kRow;
  if (HasFilters(sampling, vocab_size_)) {
    source_ = Source::kCandidates;
    ApplyFilters(sampling);
  }
}

DrawnToken TokenSampler::Draw(double uniform) const {
  if (source_ == Source::kFixedToken) {
    return fixed_;
  }
  DrawnToken drawn;
  if (source_ == Source::kRow) {
    const int64_t token = kernels_.sample(logits_, vocab_size_, stats_, uniform);
    drawn.token = static_cast<TokenId>(token);
    drawn.logprob = logits_[token] - stats_.max - stats_.log_sum;
    drawn.entropy = stats_.entropy;
  } else {
    const double total = cumulative_.back();
    const auto after = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, uniform * total);
    const Candidate& candidate = candidates_[static_cast<size_t>(after - cumulative_.begin())];
    drawn.token = candidate.token;
    drawn.logprob = static_cast<float>(static_cast<double>(candidate.logit) - static_cast<double>(stats_.max) - std::log(total));
    drawn.entropy = static_cast<float>(candidate_entropy_);
  }
  drawn.raw_logprob = raw_logits_[drawn.token] - raw_stats_.max - raw_stats_.log_sum;
  return drawn;
}

std::vector<TokenLogprob> TokenSampler::LikeliestTokens(int64_t n) {
  std::vector<TokenLogprob> likeliest;
  if (!is_finite_ || n == 0) {
    return likeliest;
  }
  std::vector<Candidate> kept;
  kept.swap(candidates_);  // those of the filters, which Draw still needs
  CollectLikeliest(raw_logits_, n);
  std::sort(candidates_.begin(), candidates_.end(), IsLikelier);
  for (const Candidate& candidate : candidates_) {
    likeliest.push_back({candidate.token, candidate.logit - raw_stats_.max - raw_stats_.log_sum});
  }
  candidates_ = std::move(kept);
  return likeliest;
}

void TokenSampler::ChangeLogits(float* logits, const SamplingParams& sampling, const SampleHistory& history) {
  for (const LogitBias& bias : sampling.logit_bias) {
    logits[bias.token] += bias.bias;
  }
  if (std::ssize(history.completion) < sampling.min_new_tokens) {
    for (const TokenId token : sampling.stop_tokens) {
      logits[token] = -std::numeric_limits<float>::infinity();
    }
  }
  if (sampling.repetition_penalty != 1) {
    PenaliseRepetition(logits, static_cast<float>(sampling.repetition_penalty), history);
  }
}

void TokenSampler::PenaliseRepetition(float* logits, float penalty, const SampleHistory& history) {
  is_seen_.resize(static_cast<size_t>(vocab_size_));
  const auto for_each = [&](const auto& body) {
    std::for_each(history.prompt.begin(), history.prompt.end(), body);
    std::for_each(history.completion.begin(), history.completion.end(), body);
  };
  for_each([&](TokenId token) {
    if (!is_seen_[static_cast<size_t>(token)]) {
      is_seen_[static_cast<size_t>(token)] = true;
      logits[token] = logits[token] > 0 ? logits[token] / penalty : logits[token] * penalty;
    }
  });
  for_each([&](TokenId token) { is_seen_[static_cast<size_t>(token)] = false; });
}

bool TokenSampler::IsLikelier(const Candidate& a, const Candidate& b) { return a.logit != b.logit ? a.logit > b.logit : a.token < b.token; }

double TokenSampler::Weight(float logit) const { return std::exp(static_cast<double>(logit) - static_cast<double>(stats_.max)); }

void TokenSampler::ApplyFilters(const SamplingParams& sampling) {
  const bool has_top_k = sampling.top_k > 0 && sampling.top_k < vocab_size_;
  double total_weight = std::exp(static_cast<double>(stats_.log_sum));
  if (has_top_k) {
    CollectLikeliest(logits_, sampling.top_k);
    total_weight = 0;
    for (const Candidate& candidate : candidates_) {
      total_weight += Weight(candidate.logit);
    }
  } else {
    // Tokens below (1 - p) / V times the whole have less than 1 - p together, so the likelier ones reach p without them. Both bounds are
    // lowered by far more than the rounding of a logit; the filters below decide exactly.
    const double top_p_bound = (1 - sampling.top_p) / static_cast<double>(vocab_size_) * total_weight;
    const double bound = 0.99 * (sampling.top_p < 1 ? top_p_bound : sampling.min_p);
    CollectFrom(stats_.max + static_cast<float>(std::log(bound)));
  }
  if (sampling.top_p < 1) {
    KeepTopP(sampling.top_p, total_weight);
  }
  if (sampling.min_p > 0) {
    KeepMinP(sampling.min_p);
  }
  std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) { return a.token < b.token; });
  cumulative_.clear();
  double sum = 0;
  double weighted = 0;
  for (const Candidate& candidate : candidates_) {
    const double weight = Weight(candidate.logit);
    cumulative_.push_back(sum += weight);
    weighted += weight * (static_cast<double>(candidate.logit) - static_cast<double>(stats_.max));
  }
  candidate_entropy_ = std::log(sum) - weighted / sum;
}

// One pass with a buffer of a few times k: whenever it is full, its k likeliest stay and the least of them becomes the bar. Ids ascend, so
// a later token that equals the bar ranks below it.
void TokenSampler::CollectLikeliest(const float* logits, int64_t k) {
  candidates_.clear();
  const auto keep = static_cast<size_t>(k);
  const size_t capacity = 2 * keep + 1024;
  float bar = -std::numeric_limits<float>::infinity();
  const auto shrink = [&] {
    std::nth_element(candidates_.begin(), candidates_.begin() + static_cast<int64_t>(keep) - 1, candidates_.end(), IsLikelier);
    candidates_.resize(keep);
    bar = candidates_.back().logit;
  };
  const auto current_bar = [&] { return bar; };
  ForEachInBlocksFrom(logits, vocab_size_, current_bar, [&](int64_t token) {
    if (logits[token] > bar) {
      candidates_.push_back({static_cast<TokenId>(token), logits[token]});
      if (candidates_.size() == capacity) {
        shrink();
      }
    }
  });
  if (candidates_.size() > keep) {
    shrink();
  }
}

void TokenSampler::CollectFrom(float lowest_logit) {
  candidates_.clear();
  const auto bar = [&] { return lowest_logit; };
  ForEachInBlocksFrom(logits_, vocab_size_, bar, [&](int64_t token) {
    if (logits_[token] >= lowest_logit) {
      candidates_.push_back({static_cast<TokenId>(token), logits_[token]});
    }
  });
}

// Takes candidates from a heap, the likeliest first, until their weight reaches the share p of the total.
void TokenSampler::KeepTopP(double p, double total_weight) {
  const auto is_less_likely = [](const Candidate& a, const Candidate& b) { return IsLikelier(b, a); };
  std::make_heap(candidates_.begin(), candidates_.end(), is_less_likely);
  auto heap_end = candidates_.end();
  double sum = 0;
  while (sum < p * total_weight && heap_end != candidates_.begin()) {
    std::pop_heap(candidates_.begin(), heap_end, is_less_likely);
    --heap_end;
    sum += Weight(heap_end->logit);
  }
  candidates_.erase(candidates_.begin(), heap_end);
}

void TokenSampler::KeepMinP(double p) {
  std::erase_if(candidates_, [&](const Candidate& candidate) { return Weight(candidate.logit) < p; });
}

}  // namespace cupel
