#pragma once

#include "policy/kernels/cpu/simd.h"

// Attention of single query rows, forward and backward. Included only by the path files (see simd.h).
//
// The keys of a row, prefix then suffix, are taken in blocks of kBlock counted from its first key, with a running maximum and a running sum
// (Milakov, Gimelshein 2018): no memory beyond the stack, any number of keys, and an order of additions that only the number of keys
// decides. Where prefix ends and suffix begins inside a block does not matter, because a block is a list of pointers to rows. The query
// heads that share a key/value head are taken together, up to kGroup at a time, so each key and value is read once for all of them.

namespace cupel::kernels::CUPEL_KERNEL_PATH {
namespace {

constexpr int64_t kBlock = 64;
constexpr int kGroup = 4;
#if defined(__AVX512F__)
constexpr int kChunk = 4;  // vectors of a head kept in registers for each of kGroup heads
#else
constexpr int kChunk = 2;
#endif

// Rows first .. first + count - 1 of prefix and suffix laid end to end; `count` is at most kBlock.
template <class T>
struct RowList {
  int64_t count;
  int64_t fetched;  // elements of a row to fetch ahead: what all heads need when this is the first of them, else what this one needs
  const T* keys[kBlock];
  const T* values[kBlock];
};

template <class T>
CUPEL_INLINE void ListRows(const AttentionShape& shape, const AttentionRow& row, int64_t first, int64_t offset, RowList<T>& list) {
  list.fetched = (offset == 0 ? shape.num_kv_heads : 1) * shape.head_dim;
  const int64_t total = row.prefix.rows + row.suffix.rows;
  list.count = total - first < kBlock ? total - first : kBlock;
  for (int64_t i = 0; i < list.count; ++i) {
    const bool is_prefix = first + i < row.prefix.rows;
    const KeyValueRun& run = is_prefix ? row.prefix : row.suffix;
    const int64_t at = (is_prefix ? first + i : first + i - row.prefix.rows) * run.stride + offset;
    list.keys[i] = static_cast<const T*>(run.keys) + at;
    list.values[i] = static_cast<const T*>(run.values) + at;
  }
}

template <class T>
CUPEL_INLINE void Prefetch(const T* row, int64_t n) {
  for (int64_t i = 0; i < n; i += 64 / static_cast<int64_t>(sizeof(T))) {
    _mm_prefetch(row + i, _MM_HINT_T0);
  }
}

// To be called while key i is at work: fetches a key some way ahead, and the value that will be wanted after the keys. One head's part of a
// row is too short for the processor to see the pattern by itself.
template <class T>
CUPEL_INLINE void FetchAhead(const RowList<T>& list, int64_t i) {
  constexpr int64_t kAhead = 8;
  if (i + kAhead < list.count) {
    Prefetch(list.keys[i + kAhead], list.fetched);
  }
  Prefetch(list.values[i], list.fetched);
}

// Calls body(begin, number) with an integral constant `number` of vectors for stretches that cover `vectors`.
template <int N>
struct Count {
  static constexpr int value = N;
};
template <class Body>
CUPEL_INLINE void ForEachChunk(int64_t vectors, Body body) {
  int64_t begin = 0;
  for (; begin + kChunk <= vectors; begin += kChunk) {
    body(begin, Count<kChunk>{});
  }
  for (; begin < vectors; ++begin) {
    body(begin, Count<1>{});
  }
}

template <class T>
CUPEL_INLINE void CopyToFloat(const T* in, int64_t n, float* out) {
  for (int64_t i = 0; i < n; i += kWidth) {
    Store(out + i, Load(in + i));
  }
}

// dots[h][i] = heads[h] . rows[i] for G heads of d floats. `prepare` is called with each i first.
template <int G, class T, class Prepare>
CUPEL_INLINE void DotRows(const float* heads, int64_t d, const T* const* rows, int64_t count, Prepare prepare, float (*dots)[kBlock]) {
  for (int64_t i = 0; i < count; ++i) {
    prepare(i);
    Vec sums[G];
#pragma GCC unroll 8
    for (int h = 0; h < G; ++h) {
      sums[h] = Zero();
    }
    for (int64_t j = 0; j < d; j += kWidth) {
      const Vec value = Load(rows[i] + j);
#pragma GCC unroll 8
      for (int h = 0; h < G; ++h) {
        sums[h] = Fma(Load(heads + h * d + j), value, sums[h]);
      }
    }
#pragma GCC unroll 8
    for (int h = 0; h < G; ++h) {
      dots[h][i] = Sum(sums[h]);
    }
  }
}

// out[h] = out[h] * scale[h] + sum over i of weights[h][i] * rows[i].
template <int G, class T>
CUPEL_INLINE void AddWeightedRows(const float (*weights)[kBlock], const T* const* rows, int64_t count, int64_t d, const float* scale,
                                  float* out) {
  ForEachChunk(
      d / kWidth, [&](int64_t begin, auto number) __attribute__((always_inline)) {
        constexpr int kVectors = decltype(number)::value;
        Vec sums[G][kVectors];
#pragma GCC unroll 8
        for (int h = 0; h < G; ++h) {
#pragma GCC unroll 8
          for (int v = 0; v < kVectors; ++v) {
            sums[h][v] = Load(out + h * d + (begin + v) * kWidth) * Set(scale[h]);
          }
        }
        for (int64_t i = 0; i < count; ++i) {
          Vec value[kVectors];
#pragma GCC unroll 8
          for (int v = 0; v < kVectors; ++v) {
            value[v] = Load(rows[i] + (begin + v) * kWidth);
          }
#pragma GCC unroll 8
          for (int h = 0; h < G; ++h) {
            const Vec weight = Set(weights[h][i]);
#pragma GCC unroll 8
            for (int v = 0; v < kVectors; ++v) {
              sums[h][v] = Fma(weight, value[v], sums[h][v]);
            }
          }
        }
#pragma GCC unroll 8
        for (int h = 0; h < G; ++h) {
#pragma GCC unroll 8
          for (int v = 0; v < kVectors; ++v) {
            Store(out + h * d + (begin + v) * kWidth, sums[h][v]);
          }
        }
      });
}

// Turns the first `count` scores into e^(score - maximum) and the rest of the block into zeros; updates maximum and sum and returns the
// factor by which what was summed before must shrink.
CUPEL_INLINE float ExponentiateBlock(float* scores, int64_t count, float scale, float& maximum, float& sum) {
  for (int64_t i = count; i < kBlock; ++i) {
    scores[i] = -__builtin_inff();
  }
  Vec largest = Set(maximum);
  for (int64_t i = 0; i < kBlock; i += kWidth) {
    // A factor of either sign would make NaN of minus infinity times zero, and a scale is positive.
    const Vec scaled = Load(scores + i) * Set(scale);
    Store(scores + i, scaled);
    largest = Max(largest, scaled);
  }
  const float new_maximum = Largest(largest);
  Vec block_sum = Zero();
  for (int64_t i = 0; i < kBlock; i += kWidth) {
    const Vec e = ExpOfNegative(Load(scores + i) - Set(new_maximum));
    Store(scores + i, e);
    block_sum = block_sum + e;
  }
  const float shrink = ExpOfNegative(maximum - new_maximum);
  sum = sum * shrink + Sum(block_sum);
  maximum = new_maximum;
  return shrink;
}

// G query heads, from `head` on, of one row.
template <class T, int G>
void AttendHeads(const AttentionShape& shape, const AttentionRow& row, int64_t head) {
  const int64_t d = shape.head_dim;
  const int64_t offset = head / (shape.num_heads / shape.num_kv_heads) * d;
  alignas(64) float query[G * kMaxHeadDim];
  alignas(64) float out[G * kMaxHeadDim];
  alignas(64) float scores[G][kBlock];
  float maximum[G];
  float sum[G];
  CopyToFloat(static_cast<const T*>(row.query) + head * d, G * d, query);
  for (int64_t i = 0; i < G * d; i += kWidth) {
    Store(out + i, Zero());
  }
  for (int h = 0; h < G; ++h) {
    maximum[h] = -__builtin_inff();
    sum[h] = 0;
  }
  RowList<T> rows;
  const auto fetch_ahead = [&rows](int64_t i) __attribute__((always_inline)) { FetchAhead(rows, i); };
  for (int64_t first = 0; first < row.prefix.rows + row.suffix.rows; first += kBlock) {
    float shrink[G];
    ListRows(shape, row, first, offset, rows);
    DotRows<G>(query, d, rows.keys, rows.count, fetch_ahead, scores);
    for (int h = 0; h < G; ++h) {
      shrink[h] = ExponentiateBlock(scores[h], rows.count, shape.scale, maximum[h], sum[h]);
    }
    AddWeightedRows<G>(scores, rows.values, rows.count, d, shrink, out);
  }
  for (int h = 0; h < G; ++h) {
    const Vec normalizer = Set(sum[h]);
    for (int64_t i = 0; i < d; i += kWidth) {
      Store(static_cast<T*>(row.out) + (head + h) * d + i, Load(out + h * d + i) / normalizer);
    }
    if (row.log_sum_exp != nullptr) {
      row.log_sum_exp[head + h] = maximum[h] + Log(sum[h]);
    }
  }
}

// One kv head's part of the backward of one row. With p the probabilities and g the gradient of the output:
//   dv_i += p_i g,  ds_i = p_i (g . v_i - g . out) scale,  dk_i += ds_i q,  dq = sum_i ds_i k_i.
template <class T, int G>
void AttendHeadsBackward(const AttentionShape& shape, const AttentionRowBackward& back, int64_t head) {
  const AttentionRow& row = back.forward;
  const int64_t d = shape.head_dim;
  const int64_t kv_width = shape.num_kv_heads * d;
  const int64_t offset = head / (shape.num_heads / shape.num_kv_heads) * d;
  alignas(64) float query[G * kMaxHeadDim];
  alignas(64) float grad_out[G * kMaxHeadDim];
  alignas(64) float grad_query[G * kMaxHeadDim];
  alignas(64) float probability[G][kBlock] = {};
  alignas(64) float grad_score[G][kBlock] = {};
  float unscaled[G];
  float grad_dot_out[G];
  CopyToFloat(static_cast<const T*>(row.query) + head * d, G * d, query);
  CopyToFloat(static_cast<const T*>(back.grad_out) + head * d, G * d, grad_out);
  for (int h = 0; h < G; ++h) {
    unscaled[h] = 1;
    Vec dot = Zero();
    for (int64_t i = 0; i < d; i += kWidth) {
      dot = Fma(Load(grad_out + h * d + i), Load(static_cast<const T*>(row.out) + (head + h) * d + i), dot);
      Store(grad_query + h * d + i, Zero());
    }
    grad_dot_out[h] = Sum(dot);
  }
  RowList<T> rows;
  const auto fetch_ahead = [&rows](int64_t i) __attribute__((always_inline)) { FetchAhead(rows, i); };
  for (int64_t first = 0; first < row.prefix.rows + row.suffix.rows; first += kBlock) {
    ListRows(shape, row, first, offset, rows);
    DotRows<G>(query, d, rows.keys, rows.count, fetch_ahead, probability);
    DotRows<G>(
        grad_out, d, rows.values, rows.count, [](int64_t) {}, grad_score);
    for (int h = 0; h < G; ++h) {
      for (int64_t i = 0; i < rows.count; i += kWidth) {
        const Vec p = ExpOfNegative(Load(probability[h] + i) * Set(shape.scale) - Set(row.log_sum_exp[head + h]));
        Store(probability[h] + i, p);
        Store(grad_score[h] + i, p * (Load(grad_score[h] + i) - Set(grad_dot_out[h])) * Set(shape.scale));
      }
    }
    AddWeightedRows<G>(grad_score, rows.keys, rows.count, d, unscaled, grad_query);
    for (int64_t i = 0; i < rows.count; ++i) {
      const int64_t at = first + i;
      const bool is_prefix = at < row.prefix.rows;
      const int64_t place = (is_prefix ? at : at - row.prefix.rows) * kv_width + offset;
      float* grad_key = (is_prefix ? back.grad_prefix_keys : back.grad_suffix_keys) + place;
      float* grad_value = (is_prefix ? back.grad_prefix_values : back.grad_suffix_values) + place;
      for (int64_t j = 0; j < d; j += kWidth) {
        Vec key_sum = Load(grad_key + j);
        Vec value_sum = Load(grad_value + j);
#pragma GCC unroll 8
        for (int h = 0; h < G; ++h) {
          key_sum = Fma(Set(grad_score[h][i]), Load(query + h * d + j), key_sum);
          value_sum = Fma(Set(probability[h][i]), Load(grad_out + h * d + j), value_sum);
        }
        Store(grad_key + j, key_sum);
        Store(grad_value + j, value_sum);
      }
    }
  }
  for (int64_t i = 0; i < G * d; i += kWidth) {
    Store(back.grad_query + head * d + i, Load(grad_query + i));
  }
}

// Calls body(row, head, Count<G>) for every row and group of heads.
template <class Row, class Body>
CUPEL_INLINE void ForEachGroup(const AttentionShape& shape, const Row* rows, int64_t m, Body body) {
  CheckAttentionShape(shape);
  const int64_t shared = shape.num_heads / shape.num_kv_heads;
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t head = 0; head < shape.num_heads;) {
      const int64_t left = shared - head % shared;
      switch (left) {
        case 1:
          body(rows[i], head, Count<1>{});
          break;
        case 2:
          body(rows[i], head, Count<2>{});
          break;
        case 3:
          body(rows[i], head, Count<3>{});
          break;
        default:
          body(rows[i], head, Count<kGroup>{});
          break;
      }
      head += left < kGroup ? left : kGroup;
    }
  }
}

void Attention(DType type, const AttentionShape& shape, const AttentionRow* rows, int64_t m) {
  ForEachGroup(shape, rows, m, [&](const AttentionRow& row, int64_t head, auto group) {
    if (type == DType::kFloat) {
      AttendHeads<float, decltype(group)::value>(shape, row, head);
    } else {
      AttendHeads<bf16, decltype(group)::value>(shape, row, head);
    }
  });
}

void AttentionBackward(DType type, const AttentionShape& shape, const AttentionRowBackward* rows, int64_t m) {
  ForEachGroup(shape, rows, m, [&](const AttentionRowBackward& row, int64_t head, auto group) {
    if (type == DType::kFloat) {
      AttendHeadsBackward<float, decltype(group)::value>(shape, row, head);
    } else {
      AttendHeadsBackward<bf16, decltype(group)::value>(shape, row, head);
    }
  });
}

}  // namespace
}  // namespace cupel::kernels::CUPEL_KERNEL_PATH
