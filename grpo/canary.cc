#include "grpo/canary.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/core/grad_mode.h>

#include "base/check.h"
#include "grpo/objective/loss.h"

namespace cupel {
namespace {

constexpr size_t kAnswers = 4;
constexpr double kAdvantages[kAnswers] = {1.5, -0.5, -0.25, -0.75};
// Of the largest element: products in bf16 carry 8 bits.
constexpr double kTolerance = 1e-4;
constexpr double kBf16Tolerance = 3e-2;

struct Problem {
  PackedBatch batch;
  std::vector<TokenId> answers;
};

Problem MakeProblem(int64_t vocab) {
  Problem problem;
  const std::vector<TokenId> prompt = {static_cast<TokenId>(vocab / 3), static_cast<TokenId>(vocab / 3 + 1)};
  std::vector<std::vector<TokenId>> completions;
  for (size_t i = 0; i < kAnswers; ++i) {
    problem.answers.push_back(static_cast<TokenId>(vocab / 2 + static_cast<int64_t>(i)));
    completions.push_back({problem.answers.back()});
  }
  AppendGroup(prompt, completions, problem.batch);
  return problem;
}

// c_v of every token.
std::vector<double> ClosedForm(const float* logits, int64_t vocab, const std::vector<TokenId>& answers) {
  const double max = *std::max_element(logits, logits + vocab);
  double total = 0;
  for (int64_t v = 0; v < vocab; ++v) {
    total += std::exp(logits[v] - max);
  }
  std::vector<double> coefficients(static_cast<size_t>(vocab));
  for (size_t i = 0; i < kAnswers; ++i) {
    for (int64_t v = 0; v < vocab; ++v) {
      const double onehot = answers[i] == v ? 1 : 0;
      coefficients[static_cast<size_t>(v)] -= kAdvantages[i] * (onehot - std::exp(logits[v] - max) / total) / kAnswers;
    }
  }
  return coefficients;
}

double TrainOnce(Policy& policy, const Problem& problem) {
  const LossSettings settings{.objective = FindObjective("clipped_ratio")};
  LossSums sums;
  policy.AccumulateGradients(
      problem.batch, 1.0, false,
      [&](size_t i, std::span<const float> logprobs, std::span<const float> entropies, std::span<float> by_logprob,
          std::span<float> by_entropy) {
        const double logprob = logprobs[0];
        const double entropy = entropies[0];
        const LossInput input{kAdvantages[i], 1.0 / kAnswers, {logprob}, {logprob}, {}, {1.0}};
        double gradient = 0;
        double entropy_gradient = 0;
        AddCompletionLoss(settings, input, {&logprob, 1}, {&entropy, 1}, {&gradient, 1}, {&entropy_gradient, 1}, sums);
        by_logprob[0] = static_cast<float>(gradient);
        by_entropy[0] = static_cast<float>(entropy_gradient);
      });
  return sums.loss;
}

}  // namespace

CanaryResult RunCanary(Policy& policy) {
  const int64_t vocab = policy.config().vocab_size;
  const Problem problem = MakeProblem(vocab);
  const at::Tensor logits = policy.ScoredLogits(problem.batch);  // [4, V], rows equal
  const std::vector<double> c = ClosedForm(logits.const_data_ptr<float>(), vocab, problem.answers);
  CanaryResult result;
  result.loss = TrainOnce(policy, problem);
  const Parameter& head = policy.weights().head_weight();
  Check(head.grad.defined(), "the canary trains all weights");
  const int64_t width = head.grad.size(1);
  const float* gradient = head.grad.const_data_ptr<float>();
  const float* weight = head.master.const_data_ptr<float>();
  // h from the answer that was pushed hardest; that it is the hidden state shows in the logits, z_v = W_v h.
  const auto pushed = static_cast<size_t>(problem.answers[0]);
  std::vector<double> hidden(static_cast<size_t>(width));
  double longest = 0;
  for (int64_t i = 0; i < width; ++i) {
    const double element = gradient[static_cast<int64_t>(pushed) * width + i];
    hidden[static_cast<size_t>(i)] = element / c[pushed];
    longest = std::max(longest, std::abs(element));
  }
  double largest_logit = 1;
  for (int64_t v = 0; v < vocab; ++v) {
    if (v == problem.batch.tokens[0] || v == problem.batch.tokens[1]) {
      continue;
    }
    double logit = 0;
    for (int64_t i = 0; i < width; ++i) {
      const double error = gradient[v * width + i] - c[static_cast<size_t>(v)] * hidden[static_cast<size_t>(i)];
      result.largest_error = std::max(result.largest_error, std::abs(error) / longest);
      logit += weight[v * width + i] * hidden[static_cast<size_t>(i)];
    }
    const double expected = logits.const_data_ptr<float>()[v];
    largest_logit = std::max(largest_logit, std::abs(expected));
    result.largest_error = std::max(result.largest_error, std::abs(logit - expected) / largest_logit);
  }
  policy.ZeroGradients();
  const double tolerance = policy.settings().compute == "fp32" ? kTolerance : kBf16Tolerance;
  result.is_right = result.largest_error <= tolerance && std::abs(result.loss) <= tolerance;
  return result;
}

}  // namespace cupel
