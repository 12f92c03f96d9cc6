// Covers grpo/objective/objective.h and its members, in double. Alone: build/release/tests/grpo_math_test "[objective]"
//
// Oracles: the vectors of the published definitions, worked out by hand for one sequence and for a softmax policy of four outputs.

#include "grpo/objective/objective.h"

#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace cupel {
namespace {

SequenceTerms Evaluate(const std::string& kind, const std::vector<double>& logprobs, const std::vector<double>& old_logprobs,
                       double advantage, ObjectiveConfig config = {}) {
  const size_t n = logprobs.size();
  const std::vector<double> weights(n, 1.0 / static_cast<double>(n));
  SequenceTerms terms{std::vector<double>(n), std::vector<double>(n), std::vector<uint8_t>(n), std::vector<uint8_t>(n)};
  FindObjective(kind)->evaluate({logprobs, old_logprobs, weights, advantage}, config, terms);
  return terms;
}

double MeanLoss(const SequenceTerms& terms) {
  double sum = 0;
  for (const double loss : terms.losses) {
    sum += loss;
  }
  return sum / static_cast<double>(terms.losses.size());
}

TEST_CASE("one sequence gives the published values", "[objective]") {
  const std::vector<double> old = {-1, -2, -0.5, -1.5};
  const std::vector<double> now = {-0.8, -2.3, -0.5, -1.2};
  struct Case {
    std::string kind;
    ObjectiveConfig config;
    double at_plus, at_minus;  // of the objective, which is the negative loss
  };
  ObjectiveConfig gmpo_narrow;
  gmpo_narrow.log_ratio_clip = 0.25;
  ObjectiveConfig wide;
  wide.clip_low = 1;
  wide.clip_high = 10;
  const std::vector<Case> cases = {{"clipped_ratio", {}, 1.060555, -1.092815},           {"sequence_ratio", wide, 1.051271, -1.051271},
                                   {"sequence_ratio_token", wide, 1.051271, -1.051271},  {"geometric_mean", {}, 1.051271, -1.051271},
                                   {"geometric_mean", gmpo_narrow, 1.038212, -1.064494}, {"soft_gate", {}, 2.077274, -1.981960}};
  for (const Case& item : cases) {
    INFO(item.kind);
    CHECK(-MeanLoss(Evaluate(item.kind, now, old, 1, item.config)) == Approx(item.at_plus).margin(1e-6).epsilon(0));
    CHECK(-MeanLoss(Evaluate(item.kind, now, old, -1, item.config)) == Approx(item.at_minus).margin(1e-6).epsilon(0));
  }
  ObjectiveConfig cispo;
  cispo.ratio_floor = 0.8;
  cispo.ratio_cap = 1.28;
  CHECK(MeanLoss(Evaluate("cispo", now, old, 1, cispo)) == Approx(1.213281).margin(1e-6).epsilon(0));
}

TEST_CASE("the dual clip bounds the loss of a negative advantage and takes its gradient", "[objective]") {
  ObjectiveConfig config;
  config.dual_clip = 3;
  const SequenceTerms terms = Evaluate("clipped_ratio", {std::log(5.0)}, {0}, -1, config);
  CHECK(terms.losses[0] == 3);
  CHECK(terms.gradients[0] == 0);
  CHECK(Evaluate("clipped_ratio", {std::log(5.0)}, {0}, -1).losses[0] == Approx(5));
}

TEST_CASE("the ratio limit binds for negative advantages only", "[objective]") {
  ObjectiveConfig config;
  config.ratio_limit = 4;
  CHECK(Evaluate("clipped_ratio", {std::log(5.0)}, {0}, -1, config).losses[0] == 4);
  CHECK(Evaluate("clipped_ratio", {std::log(5.0)}, {0}, 1, config).losses[0] == Approx(-1.28));
}

// Four logits, one token per output, outputs 2 0 3 1 with rewards 1 0 0 1. The closed form is
// dL/dz_v = -(1/G) sum_i a_i w_i A_i (1[o_i = v] - pi_v).
struct Toy {
  double loss = 0;
  std::vector<double> gradient = std::vector<double>(4, 0.0);
  double low = 0;
  double high = 0;
};

std::vector<double> LogSoftmax(const std::vector<double>& logits) {
  double sum = 0;
  for (const double z : logits) {
    sum += std::exp(z);
  }
  std::vector<double> result;
  for (const double z : logits) {
    result.push_back(z - std::log(sum));
  }
  return result;
}

Toy ToyPolicy(const std::string& kind, const std::vector<double>& old_logits, const ObjectiveConfig& config = {}) {
  const std::vector<double> logp = LogSoftmax({0.5, -0.25, 1, 0});
  const std::vector<double> old = LogSoftmax(old_logits);
  const size_t outputs[] = {2, 0, 3, 1};
  const double a = 0.5 / (std::sqrt(1.0 / 3) + 1e-6);
  const double advantages[] = {a, -a, -a, a};
  Toy toy;
  for (size_t i = 0; i < 4; ++i) {
    const SequenceTerms terms = Evaluate(kind, {logp[outputs[i]]}, {old[outputs[i]]}, advantages[i], config);
    toy.loss += terms.losses[0] / 4;
    toy.low += terms.clipped_low[0] / 4.0;
    toy.high += terms.clipped_high[0] / 4.0;
    for (size_t v = 0; v < 4; ++v) {
      toy.gradient[v] += terms.gradients[0] / 4 * ((outputs[i] == v ? 1 : 0) - std::exp(logp[v]));
    }
  }
  return toy;
}

void CheckNear(const std::vector<double>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    CHECK(found[i] == Approx(expected[i]).margin(1e-6).epsilon(0));
  }
}

TEST_CASE("a softmax policy of four outputs gets the gradient of the closed form", "[objective]") {
  const std::vector<double> on_policy = {0.216506, -0.216506, -0.216506, 0.216506};
  const Toy same = ToyPolicy("clipped_ratio", {0.5, -0.25, 1, 0});
  CHECK(same.loss == Approx(0).margin(1e-12));
  CheckNear(same.gradient, on_policy);

  const std::vector<double> stale = {0, -0.6, 0.9, 0.5};
  ObjectiveConfig r1;
  r1.clip_low = 1;
  r1.clip_high = 10;
  ObjectiveConfig cispo;
  cispo.ratio_cap = 1.28;
  struct Case {
    std::string kind;
    ObjectiveConfig config;
    double loss;
    std::vector<double> gradient;
  };
  const std::vector<Case> cases = {{"clipped_ratio", {}, 0.004402, {0.299515, -0.013727, -0.268163, -0.017626}},
                                   {"clipped_ratio", r1, -0.053607, {0.342956, -0.276014, -0.196541, 0.129599}},
                                   {"cispo", cispo, 0.168036, {0.303787, -0.264535, -0.176297, 0.137046}},
                                   {"soft_gate", {}, -0.095334, {0.325967, -0.266591, -0.186418, 0.127043}},
                                   {"reinforce", {}, -0.054126, on_policy}};
  for (const Case& item : cases) {
    INFO(item.kind);
    const Toy toy = ToyPolicy(item.kind, stale, item.config);
    CHECK(toy.loss == Approx(item.loss).margin(1e-6).epsilon(0));
    CheckNear(toy.gradient, item.gradient);
  }
  const Toy clipped = ToyPolicy("clipped_ratio", stale);
  CHECK(clipped.low == 0.25);
  CHECK(clipped.high == 0.25);
}

TEST_CASE("log-ratios beyond twenty neither overflow nor have a gradient", "[objective]") {
  const SequenceTerms terms = Evaluate("clipped_ratio", {0}, {-1000}, -1);
  CHECK(terms.losses[0] == Approx(std::exp(20.0)));
  CHECK(terms.gradients[0] == 0);
}

// The paper's gradient: -(A - tau L) for every token, with L the log-ratio of the whole completion.
TEST_CASE("the squared log-ratio pulls back by the log-ratio of the completion", "[objective]") {
  ObjectiveConfig config;
  config.squared_penalty = 0.5;
  const SequenceTerms terms = Evaluate("squared_log_ratio", {-0.8, -2.3}, {-1, -2}, 2, config);
  for (const double gradient : terms.gradients) {
    CHECK(gradient == Approx(-0.5 * (2 - 0.5 * -0.1)));
  }
}

}  // namespace
}  // namespace cupel
