// Covers grpo/objective/objective.h. Alone: build/release/tests/grpo_test "[objective]"
//
// Oracles: tests/golden/grpo/loss.json (torch autograd in float64), and small cases worked out by hand.

#include "grpo/objective/objective.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>

#include "tests/grpo/groups.h"
#include "tests/testing/catch_torch.h"

namespace cupel {
namespace {

using testing::Doubles;

at::Tensor Floats(const std::vector<double>& values) { return at::tensor(values, at::kDouble).to(at::kFloat); }

std::vector<double> Values(const at::Tensor& tensor) {
  const at::Tensor wide = tensor.detach().to(at::kDouble).contiguous();
  return {wide.const_data_ptr<double>(), wide.const_data_ptr<double>() + wide.numel()};
}

struct Outcome {
  ObjectiveStats stats;
  std::vector<double> grad;
};

struct Tokens {
  std::vector<double> logprobs, old_logprobs, advantages, weights;
};

Outcome Evaluate(const Tokens& tokens, double clip_low, double clip_high) {
  const at::Tensor logprobs = Floats(tokens.logprobs).requires_grad_();
  const ObjectiveInput input{logprobs, Floats(tokens.old_logprobs), Floats(tokens.advantages), Floats(tokens.weights)};
  const ObjectiveResult result = ClippedRatio(input, clip_low, clip_high);
  result.loss.backward();
  return {result.stats, Values(logprobs.grad())};
}

double Largest(const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values) {
    largest = std::max(largest, std::abs(value));
  }
  return largest;
}

TEST_CASE("loss, gradient and clip shares agree with torch autograd in float64", "[objective]") {
  int checked = 0;
  for (const Json& item : testing::ReadGolden("loss.json")) {
    if (item["beta"].get<double>() != 0) {
      continue;
    }
    INFO(item["name"].get<std::string>());
    const std::vector<double> mask = Doubles(item["mask"]);
    const auto lengths = item["lengths"].get<std::vector<int64_t>>();
    double active = 0;
    for (const double bit : mask) {
      active += bit;
    }
    Tokens tokens{Doubles(item["logp"]), Doubles(item["old_logp"]), {}, {}};
    for (size_t i = 0; i < lengths.size(); ++i) {
      tokens.advantages.insert(tokens.advantages.end(), static_cast<size_t>(lengths[i]), item["advantages"][i].get<double>());
    }
    for (const double bit : mask) {
      tokens.weights.push_back(bit / active);
    }
    const Outcome outcome = Evaluate(tokens, item["clip_low"].get<double>(), item["clip_high"].get<double>());
    const double tolerance = 1e-5 * std::max(1.0, Largest(Doubles(item["token_loss"])));
    CHECK(std::abs(outcome.stats.loss - item["policy_loss"].get<double>()) <= tolerance);
    CHECK(std::abs(outcome.stats.clipped_low - item["clip_low_mean"].get<double>()) <= 1e-6);
    CHECK(std::abs(outcome.stats.clipped_high - item["clip_high_mean"].get<double>()) <= 1e-6);
    const std::vector<double> expected = Doubles(item["grad"]);
    REQUIRE(outcome.grad.size() == expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      CHECK(std::abs(outcome.grad[i] - expected[i]) <= tolerance);
    }
    ++checked;
  }
  CHECK(checked >= 15);
}

// Four logits, one token per output, outputs 2 0 3 1 with rewards 1 0 0 1; the closed form is
// dL/dz_v = -(1/G) sum_i a_i rho_i A_i (1[o_i = v] - pi_v), a_i = 0 where the clipped branch is the smaller one.
Outcome ToyPolicy(const std::vector<double>& old_logits, double clip_low, double clip_high) {
  const at::Tensor outputs = at::tensor(std::vector<int64_t>{2, 0, 3, 1}, at::kLong);
  const at::Tensor logits = Floats({0.5, -0.25, 1, 0}).requires_grad_();
  const at::Tensor logprobs = at::log_softmax(logits, 0).index_select(0, outputs);
  const at::Tensor old_logprobs = at::log_softmax(Floats(old_logits), 0).index_select(0, outputs);
  const double a = 0.866024;
  const ObjectiveResult result =
      ClippedRatio({logprobs, old_logprobs, Floats({a, -a, -a, a}), Floats({0.25, 0.25, 0.25, 0.25})}, clip_low, clip_high);
  result.loss.backward();
  return {result.stats, Values(logits.grad())};
}

void CheckNear(const std::vector<double>& found, const std::vector<double>& expected, double tolerance) {
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    CHECK(found[i] == Approx(expected[i]).margin(tolerance).epsilon(0));
  }
}

TEST_CASE("a softmax policy of four outputs gets the gradient of the closed form", "[objective]") {
  const Outcome on_policy = ToyPolicy({0.5, -0.25, 1, 0}, 0.2, 0.28);
  CHECK(on_policy.stats.loss == Approx(0).margin(1e-6));
  CheckNear(on_policy.grad, {0.216506, -0.216506, -0.216506, 0.216506}, 2e-6);

  const std::vector<double> stale = {0, -0.6, 0.9, 0.5};
  const Outcome clipped = ToyPolicy(stale, 0.2, 0.28);
  CHECK(clipped.stats.loss == Approx(0.004402).margin(2e-6).epsilon(0));
  CheckNear(clipped.grad, {0.299515, -0.013727, -0.268163, -0.017626}, 2e-6);
  CHECK(clipped.stats.clipped_low == 0.25);
  CHECK(clipped.stats.clipped_high == 0.25);

  const Outcome wide = ToyPolicy(stale, 10, 10);
  CHECK(wide.stats.loss == Approx(-0.053607).margin(2e-6).epsilon(0));
  CheckNear(wide.grad, {0.342956, -0.276014, -0.196541, 0.129599}, 2e-6);
  CHECK(wide.stats.clipped_low + wide.stats.clipped_high == 0);
}

TEST_CASE("ratios of one sequence give the published objective values", "[objective]") {
  const Tokens at_plus{{-0.8, -2.3, -0.5, -1.2}, {-1, -2, -0.5, -1.5}, {1, 1, 1, 1}, {0.25, 0.25, 0.25, 0.25}};
  Tokens at_minus = at_plus;
  at_minus.advantages = {-1, -1, -1, -1};
  const Outcome plus = Evaluate(at_plus, 0.2, 0.28);
  const Outcome minus = Evaluate(at_minus, 0.2, 0.28);
  CHECK(-plus.stats.loss == Approx(1.060555).margin(1e-6).epsilon(0));
  CHECK(-minus.stats.loss == Approx(-1.092815).margin(1e-6).epsilon(0));
  CHECK(plus.stats.max_logprob_gap == Approx(0.3).epsilon(1e-6));
  CHECK(plus.stats.sum_logprob_gap == Approx(0.8).epsilon(1e-6));
}

Tokens RandomTokens(uint32_t index, size_t n, double spread) {
  RandomStream random(3, RandomPurpose::kTaskContent, index);
  Tokens tokens;
  for (size_t i = 0; i < n; ++i) {
    tokens.logprobs.push_back(-5 * random.Uniform());
    tokens.old_logprobs.push_back(tokens.logprobs.back() + spread * random.Normal());
    tokens.advantages.push_back(random.Normal());
    tokens.weights.push_back(random.Uniform());
  }
  return tokens;
}

TEST_CASE("advantages of zero give a gradient of exactly zero", "[objective]") {
  Tokens tokens = RandomTokens(0, 50, 0.5);
  tokens.advantages.assign(50, 0.0);
  const Outcome outcome = Evaluate(tokens, 0.2, 0.28);
  CHECK(outcome.stats.loss == 0);
  CHECK(Largest(outcome.grad) == 0);
}

TEST_CASE("a token of weight zero has no influence", "[objective]") {
  Tokens tokens = RandomTokens(1, 50, 0.5);
  for (size_t i = 0; i < 50; i += 3) {
    tokens.weights[i] = 0;
  }
  const Outcome before = Evaluate(tokens, 0.2, 0.28);
  for (size_t i = 0; i < 50; i += 3) {
    tokens.logprobs[i] = -40;
    tokens.old_logprobs[i] = -0.1;
    tokens.advantages[i] = -1000;
  }
  const Outcome after = Evaluate(tokens, 0.2, 0.28);
  CHECK(after.stats.loss == before.stats.loss);
  CHECK(after.stats.clipped_low == before.stats.clipped_low);
  CHECK(after.stats.clipped_high == before.stats.clipped_high);
  CHECK(after.stats.max_logprob_gap == before.stats.max_logprob_gap);
  CHECK(after.stats.sum_logprob_gap == before.stats.sum_logprob_gap);
  CHECK(after.grad == before.grad);
}

TEST_CASE("at ratio one the gradient is that of REINFORCE", "[objective]") {
  const Tokens tokens = RandomTokens(2, 50, 0);
  const Outcome outcome = Evaluate(tokens, 0.2, 0.28);
  for (size_t i = 0; i < 50; ++i) {
    CHECK(outcome.grad[i] == Approx(-tokens.weights[i] * tokens.advantages[i]).epsilon(1e-6));
  }
}

TEST_CASE("finite differences agree with the gradient away from the clipping bounds", "[objective]") {
  const double h = 1e-3;
  for (uint32_t index = 10; index < 14; ++index) {
    const Tokens tokens = RandomTokens(index, 40, 0.4);
    const Outcome outcome = Evaluate(tokens, 0.2, 0.28);
    for (size_t i = 0; i < 40; ++i) {
      const double ratio = std::exp(tokens.logprobs[i] - tokens.old_logprobs[i]);
      if (std::abs(ratio - 0.8) < 0.01 || std::abs(ratio - 1.28) < 0.01) {
        continue;
      }
      const auto loss_at = [&](double logprob) {
        const Tokens one{{logprob}, {tokens.old_logprobs[i]}, {tokens.advantages[i]}, {tokens.weights[i]}};
        return Evaluate(one, 0.2, 0.28).stats.loss;
      };
      const double difference = (loss_at(tokens.logprobs[i] + h) - loss_at(tokens.logprobs[i] - h)) / (2 * h);
      CHECK(outcome.grad[i] == Approx(difference).margin(2e-3 * std::max(1.0, std::abs(tokens.advantages[i]) * ratio)));
    }
  }
}

// The trainer must see what is wrong, so that it skips the update.
TEST_CASE("an input that is not a number makes the loss not a number", "[objective]") {
  for (auto member : {&Tokens::logprobs, &Tokens::old_logprobs, &Tokens::advantages, &Tokens::weights}) {
    Tokens tokens = RandomTokens(3, 5, 0.1);
    (tokens.*member)[2] = std::nan("");
    CHECK(std::isnan(Evaluate(tokens, 0.2, 0.28).stats.loss));
  }
}

}  // namespace
}  // namespace cupel
