#include "grpo/weight_change.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <ATen/core/grad_mode.h>

#include "base/check.h"

namespace cupel {
namespace {

std::vector<Parameter*> ParametersOf(const Policy& policy) { return AllParameters(const_cast<Policy&>(policy).weights()); }

}  // namespace

WeightSnapshot::WeightSnapshot(const Policy& policy) : version_(policy.version()) {
  for (const Parameter* parameter : ParametersOf(policy)) {
    const auto* values = parameter->master.const_data_ptr<float>();
    masters_.emplace_back(values, values + parameter->master.numel());
  }
}

void WeightSnapshot::Restore(Policy& policy) const {
  const std::vector<Parameter*> parameters = ParametersOf(policy);
  Check(parameters.size() == masters_.size(), "a snapshot goes back to the model it was taken from");
  for (size_t i = 0; i < parameters.size(); ++i) {
    std::copy(masters_[i].begin(), masters_[i].end(), parameters[i]->master.mutable_data_ptr<float>());
  }
  policy.CommitUpdate();
  policy.set_version(version_);
}

double WeightSnapshot::ChangeNorm(const Policy& policy) const {
  const std::vector<Parameter*> parameters = ParametersOf(policy);
  double squares = 0;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto* now = parameters[i]->master.const_data_ptr<float>();
    for (size_t j = 0; j < masters_[i].size(); ++j) {
      const double change = double{now[j]} - double{masters_[i][j]};
      squares += change * change;
    }
  }
  return std::sqrt(squares);
}

double WeightSnapshot::ChangeCosine(const WeightSnapshot& other, const Policy& policy) const {
  const std::vector<Parameter*> parameters = ParametersOf(policy);
  double product = 0;
  double one_squares = 0;
  double other_squares = 0;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto* now = parameters[i]->master.const_data_ptr<float>();
    for (size_t j = 0; j < masters_[i].size(); ++j) {
      const double one = double{now[j]} - double{masters_[i][j]};
      const double two = double{other.masters_[i][j]} - double{masters_[i][j]};
      product += one * two;
      one_squares += one * one;
      other_squares += two * two;
    }
  }
  const double size = std::sqrt(one_squares) * std::sqrt(other_squares);
  return size > 0 ? product / size : std::numeric_limits<double>::quiet_NaN();
}

std::vector<float> CompletionLogprobs(Policy& policy, const std::vector<RolloutGroup>& groups, double temperature, int64_t rows) {
  const at::NoGradGuard no_grad;
  std::vector<float> logprobs;
  const auto forward = [&](const PackedBatch& batch) {
    if (batch.num_scored() == 0) {
      return;
    }
    const at::Tensor result = policy.TokenLogprobs(batch, temperature).logprobs.contiguous();
    const auto* values = result.const_data_ptr<float>();
    logprobs.insert(logprobs.end(), values, values + result.numel());
  };
  PackedBatch batch;
  for (const RolloutGroup& group : groups) {
    std::vector<std::vector<TokenId>> completions;
    for (const Rollout& rollout : group.rollouts) {
      if (!rollout.completion.tokens.empty()) {
        completions.push_back(rollout.completion.tokens);
      }
    }
    if (completions.empty()) {
      continue;
    }
    AppendGroup(group.prompt, completions, batch);
    if (batch.num_tokens() >= rows) {
      forward(std::exchange(batch, PackedBatch{}));
    }
  }
  forward(batch);
  return logprobs;
}

}  // namespace cupel
