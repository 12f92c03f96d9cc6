#pragma once

#include "policy/kernels/cpu/simd.h"

// Statistics of, gradients through and draws from the softmax over the vocabulary, one row at a time. Included only by the path files (see
// simd.h).

namespace cupel::kernels::CUPEL_KERNEL_PATH {
namespace {

// The largest element, NaN passed over; minus infinity if there is none.
CUPEL_INLINE float LargestOf(const float* values, int64_t n) {
  const float lowest = -__builtin_inff();
  Vec largest[4] = {Set(lowest), Set(lowest), Set(lowest), Set(lowest)};
  int64_t i = 0;
  for (; i + 4 * kWidth <= n; i += 4 * kWidth) {
#pragma GCC unroll 4
    for (int64_t u = 0; u < 4; ++u) {
      largest[u] = Max(Load(values + i + u * kWidth), largest[u]);
    }
  }
  float result = Largest(Max(Max(largest[0], largest[1]), Max(largest[2], largest[3])));
  for (; i < n; ++i) {
    result = values[i] > result ? values[i] : result;
  }
  return result;
}

// Sums run in float over short stretches and in double over the row: the error of log_sum is then that of one rounding, at any vocabulary.
SoftmaxStats ComputeSoftmaxStats(float* logits, int64_t vocab, float inverse_temperature) {
  constexpr int64_t kStretch = 16 * kWidth;
  if (inverse_temperature != 1.0f) {
    ForEachVec(vocab, [&](int64_t i, auto lanes) { Store(logits + i, Load(logits + i, lanes) * Set(inverse_temperature), lanes); });
  }
  const float max = LargestOf(logits, vocab);
  DoubleVec sums = DoubleZero();
  DoubleVec weighted_sums = DoubleZero();
  for (int64_t begin = 0; begin < vocab; begin += kStretch) {
    const int64_t n = vocab - begin < kStretch ? vocab - begin : kStretch;
    Vec sum = Zero();
    Vec weighted = Zero();
    const auto add = [&](Vec distance) __attribute__((always_inline)) {
      // Far below the maximum a token counts as 1e-38 of it, which no sum notices; 0 * infinity cannot arise.
      const Vec bounded = AtLeastLowest(distance);
      const Vec e = ExpInRange(bounded);
      sum = sum + e;
      weighted = Fma(e, bounded, weighted);
    };
    int64_t i = 0;
    for (; i + kWidth <= n; i += kWidth) {
      add(Load(logits + begin + i) - Set(max));
    }
    if (i < n) {
      alignas(64) float rest[kWidth];
      Store(rest, Set(-__builtin_inff()));
      for (int64_t j = i; j < n; ++j) {
        rest[j - i] = logits[begin + j] - max;
      }
      add(Load(rest));
    }
    sums = sums + ToDouble(sum);
    weighted_sums = weighted_sums + ToDouble(weighted);
  }
  const double total = Sum(sums);
  const float log_sum = Log(static_cast<float>(total));
  return {max, log_sum, static_cast<float>(log_sum - Sum(weighted_sums) / total)};
}

// p(v) from the logit and the statistics of its row: the same expression as log p(v) = logit - max - log_sum.
CUPEL_INLINE Vec Probability(Vec logit, const SoftmaxStats& stats) { return ExpOfNegative(logit - Set(stats.max) - Set(stats.log_sum)); }

template <class Out>
void SoftmaxBackwardAs(const float* logits, int64_t vocab, const SoftmaxStats& stats, int64_t target, float scale, Out* grad_logits) {
  const Vec negative_scale = Set(-scale);
  ForEachVec(vocab,
             [&](int64_t i, auto lanes) { Store(grad_logits + i, Probability(Load(logits + i, lanes), stats) * negative_scale, lanes); });
  const Vec rest = Set(1.0f) - Probability(Set(logits[target]), stats);
  StoreFirst(grad_logits + target, rest * Set(scale), 1);
}

void SoftmaxBackward(DType out_type, const float* logits, int64_t vocab, const SoftmaxStats& stats, int64_t target, float coefficient,
                     float inverse_temperature, void* grad_logits) {
  const float scale = coefficient * inverse_temperature;
  if (out_type == DType::kFloat) {
    SoftmaxBackwardAs(logits, vocab, stats, target, scale, static_cast<float*>(grad_logits));
  } else {
    SoftmaxBackwardAs(logits, vocab, stats, target, scale, static_cast<bf16*>(grad_logits));
  }
}

template <class Out>
void SoftmaxEntropyBackwardAs(const float* logits, int64_t vocab, const SoftmaxStats& stats, int64_t target, float scale,
                              float entropy_scale, Out* grad_logits) {
  const auto gradient = [&](Vec logit, Vec onehot) __attribute__((always_inline)) {
    const Vec p = Probability(logit, stats);
    // A logit of minus infinity has probability 0, and 0 * log 0 is 0.
    const Vec log_p = AtLeastLowest(logit - Set(stats.max) - Set(stats.log_sum));
    return (onehot - p) * Set(scale) - p * (log_p + Set(stats.entropy)) * Set(entropy_scale);
  };
  ForEachVec(vocab, [&](int64_t i, auto lanes) { Store(grad_logits + i, gradient(Load(logits + i, lanes), Zero()), lanes); });
  StoreFirst(grad_logits + target, gradient(Set(logits[target]), Set(1.0f)), 1);
}

void SoftmaxEntropyBackward(DType out_type, const float* logits, int64_t vocab, const SoftmaxStats& stats, int64_t target,
                            float coefficient, float entropy_coefficient, float inverse_temperature, void* grad_logits) {
  const float scale = coefficient * inverse_temperature;
  const float entropy_scale = entropy_coefficient * inverse_temperature;
  if (out_type == DType::kFloat) {
    SoftmaxEntropyBackwardAs(logits, vocab, stats, target, scale, entropy_scale, static_cast<float*>(grad_logits));
  } else {
    SoftmaxEntropyBackwardAs(logits, vocab, stats, target, scale, entropy_scale, static_cast<bf16*>(grad_logits));
  }
}

int64_t LastPossible(const float* logits, int64_t vocab, const SoftmaxStats& stats) {
  for (int64_t i = vocab - 1; i > 0; --i) {
    if (First(Probability(Set(logits[i]), stats)) > 0) {
      return i;
    }
  }
  return 0;
}

// Skips over stretches whose cumulative probability stays at or below `uniform`, then walks the one where it rises above. Cumulative sums
// are in double; rounding may leave the total just below `uniform`, then the last possible index is the answer.
int64_t Sample(const float* logits, int64_t vocab, const SoftmaxStats& stats, double uniform) {
  constexpr int64_t kStretch = 16 * kWidth;
  double cumulative = 0;
  for (int64_t begin = 0; begin < vocab; begin += kStretch) {
    const int64_t n = vocab - begin < kStretch ? vocab - begin : kStretch;
    alignas(64) float probabilities[kStretch];
    DoubleVec sums = DoubleZero();
    ForEachVec(n, [&](int64_t i, auto lanes) {
      const Vec p = Probability(Load(logits + begin + i, lanes), stats);
      Store(probabilities + i, p, lanes);
      sums = sums + ToDouble(Load(probabilities + i, lanes));
    });
    const double after = cumulative + Sum(sums);
    if (!(after > uniform)) {
      cumulative = after;
      continue;
    }
    for (int64_t i = 0; i < n; ++i) {
      cumulative += probabilities[i];
      if (cumulative > uniform) {
        return begin + i;
      }
    }
  }
  return LastPossible(logits, vocab, stats);
}

int64_t Argmax(const float* logits, int64_t vocab) {
  const Vec max = Set(LargestOf(logits, vocab));
  int64_t i = 0;
  while (i + kWidth <= vocab && !AnyEqual(Load(logits + i), max)) {
    i += kWidth;
  }
  for (; i < vocab; ++i) {
    if (logits[i] == First(max)) {
      return i;
    }
  }
  return 0;
}

}  // namespace
}  // namespace cupel::kernels::CUPEL_KERNEL_PATH
