// Covers policy/kernels/cpu/attention.h through the kernel tables. Alone: build/release/tests/kernels_test "[attention]"

#include <algorithm>
#include <cstring>
#include <limits>

#include <catch2/catch.hpp>

#include "tests/policy/kernels/kernel_values.h"

namespace cupel::kernels {
namespace {

// One query row over `prefix` and `suffix` keys, all numbers random.
struct Query {
  Query(DType type, const AttentionShape& s, int64_t prefix_rows, int64_t suffix_rows, RandomStream& random)
      : shape(s),
        prefix(prefix_rows),
        suffix(suffix_rows),
        q(Values::Normal(type, s.num_heads * s.head_dim, random)),
        keys(Values::Normal(type, (prefix + suffix) * width(), random)),
        values(Values::Normal(type, (prefix + suffix) * width(), random)),
        out(type, s.num_heads * s.head_dim),
        log_sum_exp(static_cast<size_t>(s.num_heads)) {}

  int64_t width() const { return shape.num_kv_heads * shape.head_dim; }

  AttentionRow Row() {
    return {.query = q.data(),
            .out = out.data(),
            .prefix = {keys.data(), values.data(), prefix, width()},
            .suffix = {keys.At(prefix * width()), values.At(prefix * width()), suffix, width()},
            .log_sum_exp = log_sum_exp.data()};
  }

  AttentionShape shape;
  int64_t prefix, suffix;
  Values q, keys, values, out;
  std::vector<float> log_sum_exp;
};

struct Reference {
  std::vector<double> out;
  std::vector<double> log_sum_exp;
};

// The definition, in double: softmax(q k^T scale) v for each head.
Reference Attend(const AttentionShape& shape, const std::vector<double>& q, const std::vector<double>& keys,
                 const std::vector<double>& values) {
  const int64_t d = shape.head_dim;
  const int64_t width = shape.num_kv_heads * d;
  const int64_t count = static_cast<int64_t>(keys.size()) / width;
  const auto at = [](const std::vector<double>& v, int64_t i) { return v[static_cast<size_t>(i)]; };
  Reference result;
  for (int64_t head = 0; head < shape.num_heads; ++head) {
    const int64_t offset = head / (shape.num_heads / shape.num_kv_heads) * d;
    std::vector<double> weights;
    for (int64_t i = 0; i < count; ++i) {
      double score = 0;
      for (int64_t j = 0; j < d; ++j) {
        score += at(q, head * d + j) * at(keys, i * width + offset + j);
      }
      weights.push_back(score * double{shape.scale});
    }
    const double max = *std::max_element(weights.begin(), weights.end());
    double sum = 0;
    for (double& weight : weights) {
      weight = std::exp(weight - max);
      sum += weight;
    }
    result.log_sum_exp.push_back(max + std::log(sum));
    for (int64_t j = 0; j < d; ++j) {
      double mean = 0;
      for (int64_t i = 0; i < count; ++i) {
        mean += at(weights, i) / sum * at(values, i * width + offset + j);
      }
      result.out.push_back(mean);
    }
  }
  return result;
}

AttentionShape Shape(int64_t heads, int64_t kv_heads, int64_t head_dim) {
  return {heads, kv_heads, head_dim, static_cast<float>(1 / std::sqrt(static_cast<double>(head_dim)))};
}

struct Case {
  int64_t heads, kv_heads, head_dim, prefix, suffix;
};

const Case kCases[] = {{1, 1, 16, 0, 1},   {3, 1, 64, 5, 3},   {9, 3, 64, 60, 10}, {14, 2, 64, 64, 64}, {4, 4, 32, 63, 2},
                       {5, 1, 48, 70, 70}, {2, 1, 80, 0, 129}, {8, 2, 128, 1, 63}, {6, 1, 256, 33, 0},  {3, 3, 64, 200, 57}};

TEST_CASE("attention agrees with double precision for shared and separate heads and any split of keys", "[attention]") {
  RandomStream random = TestRandom(10);
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    for (const Case& c : kCases) {
      Query query(type, Shape(c.heads, c.kv_heads, c.head_dim), c.prefix, c.suffix, random);
      const AttentionRow row = query.Row();
      table.attention(type, query.shape, &row, 1);
      const Reference want = Attend(query.shape, query.q.Doubles(), query.keys.Doubles(), query.values.Doubles());
      INFO(Name(table, type) << " heads " << c.heads << "/" << c.kv_heads << " d " << c.head_dim << " keys " << c.prefix << "+"
                             << c.suffix);
      // Scores of order one carry an error of about d * 2^-24, sums of probabilities less; the output is rounded once.
      const auto out = [&](int64_t i) { return query.out[i]; };
      CHECK(WorstError(
                out, [&](int64_t i) { return want.out[static_cast<size_t>(i)]; }, query.out.size(), RoundingError(type), 2e-5) <= 1);
      const auto log_sum_exp = [&](int64_t i) { return double{query.log_sum_exp[static_cast<size_t>(i)]}; };
      CHECK(WorstError(
                log_sum_exp, [&](int64_t i) { return want.log_sum_exp[static_cast<size_t>(i)]; }, c.heads, 1e-6, 2e-5) <= 1);
    }
  });
}

TEST_CASE("an attention row has the same bits alone and in a batch, and wherever its keys are split in prefix and suffix", "[attention]") {
  RandomStream random = TestRandom(11);
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    for (int round = 0; round < 20; ++round) {
      const int64_t keys = random.Between(1, 200);
      Query query(type, Shape(6, 2, 32), 0, keys, random);
      const AttentionRow alone = query.Row();
      table.attention(type, query.shape, &alone, 1);
      const std::vector<double> out = query.out.Doubles();
      const std::vector<float> log_sum_exp = query.log_sum_exp;

      Query other(type, query.shape, 7, 90, random);
      query.prefix = random.Between(0, keys);
      query.suffix = keys - query.prefix;
      query.out = Values(type, query.out.size());
      const AttentionRow rows[] = {other.Row(), query.Row(), other.Row()};
      table.attention(type, query.shape, rows, 3);
      INFO(Name(table, type) << " keys " << query.prefix << "+" << query.suffix);
      CHECK(query.out.Doubles() == out);
      CHECK(query.log_sum_exp == log_sum_exp);
    }
  });
}

TEST_CASE("attention reads keys at any stride and needs no log_sum_exp", "[attention]") {
  RandomStream random = TestRandom(12);
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    Query query(type, Shape(4, 2, 16), 3, 5, random);
    const AttentionRow packed = query.Row();
    table.attention(type, query.shape, &packed, 1);
    const std::vector<double> want = query.out.Doubles();

    const int64_t stride = query.width() + 16;
    Values keys(type, 7 * stride + query.width());
    Values values(type, keys.size());
    for (int64_t i = 0; i < 8 * query.width(); ++i) {
      keys.Set(i / query.width() * stride + i % query.width(), query.keys[i]);
      values.Set(i / query.width() * stride + i % query.width(), query.values[i]);
    }
    AttentionRow row = query.Row();
    row.prefix = {keys.data(), values.data(), 3, stride};
    row.suffix = {keys.At(3 * stride), values.At(3 * stride), 5, stride};
    row.log_sum_exp = nullptr;
    table.attention(type, query.shape, &row, 1);
    CHECK(query.out.Doubles() == want);
  });
}

TEST_CASE("attention survives scores far apart", "[attention]") {
  RandomStream random = TestRandom(13);
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    // The second block of keys outweighs the first by e^1000 or more: what was summed before must vanish without overflow.
    Query query(type, Shape(1, 1, 16), 0, 70, random);
    for (int64_t j = 0; j < 16; ++j) {
      query.q.Set(j, 16);
      for (int64_t i = 0; i < 70; ++i) {
        query.keys.Set(i * 16 + j, i == 69 ? 32 : -32);
      }
    }
    const AttentionRow row = query.Row();
    table.attention(type, query.shape, &row, 1);
    for (int64_t j = 0; j < 16; ++j) {
      CHECK(query.out[j] == query.values[69 * 16 + j]);
    }
    CHECK(query.log_sum_exp[0] == Approx(16 * 32 * 16 * 0.25));
  });
}

// Gradients of loss = sum of out * weights for one row, by finite differences of the reference.
struct ReferenceGradients {
  std::vector<double> query, keys, values;
};
ReferenceGradients Differentiate(const Query& query, const std::vector<double>& weights) {
  const std::vector<double> q = query.q.Doubles();
  const std::vector<double> keys = query.keys.Doubles();
  const std::vector<double> values = query.values.Doubles();
  const auto loss = [&](const std::vector<double>& q_, const std::vector<double>& k_, const std::vector<double>& v_) {
    const std::vector<double> out = Attend(query.shape, q_, k_, v_).out;
    double sum = 0;
    for (size_t i = 0; i < out.size(); ++i) {
      sum += out[i] * weights[i];
    }
    return sum;
  };
  return {FiniteDifferences(q, [&](const auto& x) { return loss(x, keys, values); }),
          FiniteDifferences(keys, [&](const auto& x) { return loss(q, x, values); }),
          FiniteDifferences(values, [&](const auto& x) { return loss(q, keys, x); })};
}

TEST_CASE("attention gradients agree with finite differences and are added up over rows", "[attention]") {
  RandomStream random = TestRandom(14);
  const Case cases[] = {{2, 1, 16, 3, 2}, {3, 1, 16, 0, 5}, {5, 1, 32, 2, 1}, {4, 4, 16, 1, 1}, {1, 1, 16, 60, 9}};
  ForEachPathAndType([&](const KernelTable& table, DType type) {
    for (const Case& c : cases) {
      Query query(type, Shape(c.heads, c.kv_heads, c.head_dim), c.prefix, c.suffix, random);
      Values grad_out = Values::Normal(type, query.q.size(), random);
      const ReferenceGradients want = Differentiate(query, grad_out.Doubles());
      std::vector<float> grad_query(static_cast<size_t>(query.q.size()));
      std::vector<float> grad_keys(static_cast<size_t>(query.keys.size()), 1.0f);
      std::vector<float> grad_values(grad_keys);
      const int64_t split = c.prefix * query.width();
      const AttentionRow row = query.Row();
      table.attention(type, query.shape, &row, 1);
      const AttentionRowBackward back{.forward = row,
                                      .grad_out = grad_out.data(),
                                      .grad_query = grad_query.data(),
                                      .grad_prefix_keys = split == 0 ? nullptr : grad_keys.data(),
                                      .grad_prefix_values = split == 0 ? nullptr : grad_values.data(),
                                      .grad_suffix_keys = grad_keys.data() + split,
                                      .grad_suffix_values = grad_values.data() + split};
      const AttentionRowBackward twice[] = {back, back};
      table.attention_backward(type, query.shape, twice, 2);
      INFO(Name(table, type) << " heads " << c.heads << "/" << c.kv_heads << " d " << c.head_dim << " keys " << c.prefix << "+"
                             << c.suffix);
      // With bf16, the product of output and its gradient is taken from the rounded output: an error of 2^-8 times sqrt(d) or so.
      const double tolerance = type == DType::kFloat ? 2e-5 : 2e-2;
      const auto worst = [&](const std::vector<float>& actual, const std::vector<double>& expected, double times, double start) {
        return WorstError([&](int64_t i) { return double{actual[static_cast<size_t>(i)]}; },
                          [&](int64_t i) { return start + times * expected[static_cast<size_t>(i)]; }, static_cast<int64_t>(actual.size()),
                          tolerance, tolerance);
      };
      CHECK(worst(grad_query, want.query, 1, 0) <= 1);
      CHECK(worst(grad_keys, want.keys, 2, 1) <= 1);
      CHECK(worst(grad_values, want.values, 2, 1) <= 1);
    }
  });
}

}  // namespace
}  // namespace cupel::kernels
