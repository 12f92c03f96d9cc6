// Covers grpo/objective/loss.h: every objective with every aggregation, divergence, correction and the entropy bonus, in double. Alone:
// build/release/tests/grpo_math_test "[loss]"
//
// Oracles: tests/golden/grpo/loss.json (torch autograd in float64) and central differences.

#include "grpo/objective/loss.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "grpo/objective/aggregation.h"
#include "tests/grpo/groups.h"

namespace cupel {
namespace {

using testing::Doubles;

// A completion of some policy, and what the loss is told about it.
struct Completion {
  std::vector<double> logprobs;
  std::vector<double> entropies;
  LossInput input;
};

struct Gradients {
  std::vector<std::vector<double>> by_logprob;
  std::vector<std::vector<double>> by_entropy;
  LossSums sums;
};

Gradients Evaluate(const LossSettings& settings, const std::vector<Completion>& completions) {
  Gradients result;
  for (const Completion& completion : completions) {
    result.by_logprob.emplace_back(completion.logprobs.size());
    result.by_entropy.emplace_back(completion.logprobs.size());
    AddCompletionLoss(settings, completion.input, completion.logprobs, completion.entropies, result.by_logprob.back(),
                      result.by_entropy.back(), result.sums);
  }
  return result;
}

TEST_CASE("loss, gradient, divergence and clip shares agree with torch autograd in float64", "[loss]") {
  const Json cases = testing::ReadGolden("loss.json");
  REQUIRE(cases.size() >= 30);
  for (const Json& item : cases) {
    INFO(item["name"].get<std::string>());
    LossSettings settings{.objective = FindObjective("clipped_ratio"), .kl_weight = item["beta"].get<double>()};
    settings.objective_config.clip_low = item["clip_low"].get<double>();
    settings.objective_config.clip_high = item["clip_high"].get<double>();
    const std::vector<double> mask = Doubles(item["mask"]);
    const double active = static_cast<double>(std::count(mask.begin(), mask.end(), 1.0));
    const std::vector<double> reference = item["ref_logp"].is_null() ? std::vector<double>() : Doubles(item["ref_logp"]);
    const std::vector<double> logprobs = Doubles(item["logp"]);
    const std::vector<double> old = Doubles(item["old_logp"]);
    // Each active token is a completion of its own, so that masked ones take no part in any term.
    double low = 0;
    double high = 0;
    LossSums sums;
    const std::vector<double> expected = Doubles(item["grad"]);
    size_t token = 0;
    const auto lengths = item["lengths"].get<std::vector<size_t>>();
    for (size_t s = 0; s < lengths.size(); ++s) {
      for (size_t t = 0; t < lengths[s]; ++t, ++token) {
        if (mask[token] == 0) {
          CHECK(expected[token] == 0);
          continue;
        }
        Completion one{{logprobs[token]}, {0.0}, {}};
        one.input = {item["advantages"][s].get<double>(), 1 / active, {old[token]}, {old[token]}, {}, {1.0}};
        if (!reference.empty()) {
          one.input.reference_logprobs = {reference[token]};
        }
        const Gradients found = Evaluate(settings, {one});
        CHECK(found.by_logprob[0][0] == Approx(expected[token]).epsilon(1e-9).margin(1e-12));
        sums.Add(found.sums);
        low += found.sums.clipped_low / active;
        high += found.sums.clipped_high / active;
      }
    }
    CHECK(sums.loss == Approx(item["loss"].get<double>()).epsilon(1e-9).margin(1e-12));
    CHECK(sums.policy_loss == Approx(item["policy_loss"].get<double>()).epsilon(1e-9).margin(1e-12));
    CHECK(low == Approx(item["clip_low_mean"].get<double>()).margin(1e-12));
    CHECK(high == Approx(item["clip_high_mean"].get<double>()).margin(1e-12));
    if (!reference.empty()) {
      CHECK(sums.kl / active == Approx(item["kl"].get<double>()).epsilon(1e-9).margin(1e-12));
    }
  }
}

struct Choice {
  std::string objective;
  std::string aggregation;
  std::string kl;  // empty: none
};

std::vector<Choice> AllChoices() {
  std::vector<Choice> choices;
  for (const Objective& objective : Objectives()) {
    for (const char* aggregation : {"token_mean", "sequence_mean", "constant_length"}) {
      for (const char* kl : {"", "k1", "k2", "k3", "k3_ratio"}) {
        choices.push_back({std::string(objective.name), aggregation, kl});
      }
    }
  }
  return choices;
}

LossSettings SettingsOf(const Choice& choice) {
  return {.objective = FindObjective(choice.objective),
          .kl_estimator = choice.kl.empty() ? "k3" : choice.kl,
          .kl_weight = choice.kl.empty() ? 0.0 : 0.3,
          .entropy_weight = 0.01};
}

// Completions of a policy that differs from the old one by about `spread` per log-probability.
std::vector<Completion> RandomCompletions(uint32_t index, double spread, const Choice& choice) {
  RandomStream random(3, RandomPurpose::kTaskContent, index);
  std::vector<Completion> completions(3);
  UpdateCounts counts{0, 3};
  for (Completion& completion : completions) {
    const auto length = static_cast<size_t>(random.Between(1, 7));
    counts.tokens += static_cast<int64_t>(length);
    completion.input.advantage = random.Normal();
    for (size_t t = 0; t < length; ++t) {
      completion.logprobs.push_back(-5 * random.Uniform() - 0.1);
      completion.entropies.push_back(random.Uniform());
      completion.input.old_logprobs.push_back(completion.logprobs.back() + spread * random.Normal());
      completion.input.sampler_logprobs.push_back(completion.input.old_logprobs.back());
      completion.input.factors.push_back(random.Uniform() < 0.2 ? 0.0 : 2 * random.Uniform());
      if (!choice.kl.empty()) {
        completion.input.reference_logprobs.push_back(completion.logprobs.back() + 0.5 * random.Normal());
      }
    }
  }
  for (Completion& completion : completions) {
    completion.input.weight = TokenWeight(choice.aggregation, static_cast<int64_t>(completion.logprobs.size()), counts, 8);
  }
  return completions;
}

// The loss jumps in slope at clipping bounds, and cispo's weight is detached, so its loss has another slope than its gradient.
bool IsSmooth(const LossSettings& settings, const Completion& completion, double h) {
  double mean = 0;
  for (size_t t = 0; t < completion.logprobs.size(); ++t) {
    const double log_ratio = completion.logprobs[t] - completion.input.old_logprobs[t];
    mean += log_ratio / static_cast<double>(completion.logprobs.size());
    for (const double bound : {std::log(0.8), std::log(1.28), 0.4, -0.4}) {
      if (std::abs(log_ratio - bound) < 10 * h) {
        return false;
      }
    }
  }
  return std::abs(mean - std::log(0.8)) > 10 * h && std::abs(mean - std::log(1.28)) > 10 * h && settings.objective->name != "cispo" &&
         settings.objective->name != "sequence_ratio_token";
}

TEST_CASE("finite differences agree with the gradient of every objective, aggregation and divergence", "[loss]") {
  const double h = 1e-5;
  int checked = 0;
  for (const Choice& choice : AllChoices()) {
    INFO(choice.objective << ", " << choice.aggregation << ", " << choice.kl);
    const LossSettings settings = SettingsOf(choice);
    for (uint32_t index = 0; index < 6; ++index) {
      std::vector<Completion> completions = RandomCompletions(index, 0.3, choice);
      const Gradients gradients = Evaluate(settings, completions);
      for (size_t i = 0; i < completions.size(); ++i) {
        if (!IsSmooth(settings, completions[i], h)) {
          continue;
        }
        for (size_t t = 0; t < completions[i].logprobs.size(); ++t) {
          const auto loss_at = [&](double change) {
            std::vector<Completion> moved = completions;
            moved[i].logprobs[t] += change;
            return Evaluate(settings, moved).sums.loss;
          };
          const double difference = (8 * (loss_at(h) - loss_at(-h)) - (loss_at(2 * h) - loss_at(-2 * h))) / (12 * h);
          CHECK(gradients.by_logprob[i][t] == Approx(difference).epsilon(1e-6).margin(1e-9));
          CHECK(gradients.by_entropy[i][t] == -settings.entropy_weight);
          ++checked;
        }
      }
    }
  }
  CHECK(checked > 3000);
}

TEST_CASE("a completion that stands for three weighs in the entropy as three of it, and in nothing else", "[loss]") {
  const Choice choice{"clipped_ratio", "token_mean", "k3"};
  const LossSettings settings = SettingsOf(choice);
  std::vector<Completion> one = RandomCompletions(1, 0.3, choice);
  std::vector<Completion> three = one;
  one[1].input.stands_for = 3;
  three.push_back(three[1]);
  three.push_back(three[1]);
  const Gradients found = Evaluate(settings, one);
  const Gradients expected = Evaluate(settings, three);
  CHECK(found.sums.entropy == Approx(expected.sums.entropy));
  CHECK(found.sums.MeanEntropy() == Approx(expected.sums.MeanEntropy()));
  CHECK(found.by_entropy[1][0] == Approx(3 * expected.by_entropy[1][0]));
  const Gradients plain = Evaluate(settings, RandomCompletions(1, 0.3, choice));
  CHECK(found.by_logprob == plain.by_logprob);
  CHECK(found.sums.policy_loss == plain.sums.policy_loss);
  CHECK(found.sums.kl == plain.sums.kl);
  CHECK(found.sums.tokens == plain.sums.tokens);
  CHECK(found.sums.loss == Approx(plain.sums.loss - settings.entropy_weight * (found.sums.entropy - plain.sums.entropy)));
}

// What the differences above cannot see: the derivative of the loss with the detached factor held fixed.
TEST_CASE("detached weights are constants of the derivative", "[loss]") {
  for (const char* kind : {"cispo", "sequence_ratio_token"}) {
    INFO(kind);
    const Choice choice{kind, "token_mean", ""};
    const std::vector<Completion> completions = RandomCompletions(2, 0.05, choice);  // nothing is clipped
    const Gradients found = Evaluate(SettingsOf(choice), completions);
    for (size_t i = 0; i < completions.size(); ++i) {
      const LossInput& input = completions[i].input;
      double log_ratio = 0;
      for (size_t t = 0; t < completions[i].logprobs.size(); ++t) {
        log_ratio += completions[i].logprobs[t] - input.old_logprobs[t];
      }
      for (size_t t = 0; t < completions[i].logprobs.size(); ++t) {
        const double own = completions[i].logprobs[t] - input.old_logprobs[t];
        const double log_weight = std::string(kind) == "cispo" ? own : log_ratio / static_cast<double>(completions[i].logprobs.size());
        CHECK(found.by_logprob[i][t] == Approx(-input.weight * input.factors[t] * std::exp(log_weight) * input.advantage).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("advantage zero gives a gradient of exactly zero wherever the registry says so", "[loss]") {
  for (const Choice& choice : AllChoices()) {
    LossSettings settings = SettingsOf(choice);
    settings.entropy_weight = 0;
    if (!choice.kl.empty()) {
      continue;
    }
    INFO(choice.objective << ", " << choice.aggregation);
    std::vector<Completion> completions = RandomCompletions(4, 0.5, choice);
    for (Completion& completion : completions) {
      completion.input.advantage = 0;
    }
    bool all_zero = true;
    for (const std::vector<double>& gradients : Evaluate(settings, completions).by_logprob) {
      all_zero = all_zero && std::all_of(gradients.begin(), gradients.end(), [](double gradient) { return gradient == 0; });
    }
    CHECK(all_zero == settings.objective->vanishes_at_zero);
  }
}

TEST_CASE("at ratio one every objective has the gradient of REINFORCE", "[loss]") {
  for (const Choice& choice : AllChoices()) {
    if (!choice.kl.empty()) {
      continue;
    }
    INFO(choice.objective << ", " << choice.aggregation);
    std::vector<Completion> completions = RandomCompletions(5, 0, choice);
    for (Completion& completion : completions) {
      std::fill(completion.input.factors.begin(), completion.input.factors.end(), 1.0);
    }
    const Gradients found = Evaluate(SettingsOf(choice), completions);
    for (size_t i = 0; i < completions.size(); ++i) {
      for (const double gradient : found.by_logprob[i]) {
        CHECK(gradient == Approx(-completions[i].input.weight * completions[i].input.advantage).epsilon(1e-9));
      }
    }
  }
}

TEST_CASE("a completion whose tokens are masked has no influence", "[loss]") {
  for (const Choice& choice : AllChoices()) {
    if (!choice.kl.empty()) {
      continue;
    }
    INFO(choice.objective << ", " << choice.aggregation);
    LossSettings settings = SettingsOf(choice);
    settings.entropy_weight = 0;
    std::vector<Completion> completions = RandomCompletions(6, 0.5, choice);
    std::fill(completions[1].input.factors.begin(), completions[1].input.factors.end(), 0.0);
    const Gradients before = Evaluate(settings, completions);
    CHECK(std::all_of(before.by_logprob[1].begin(), before.by_logprob[1].end(), [](double gradient) { return gradient == 0; }));
    completions[1].input.advantage = -1000;
    std::fill(completions[1].logprobs.begin(), completions[1].logprobs.end(), -15.0);
    const Gradients after = Evaluate(settings, completions);
    CHECK(after.sums.policy_loss == before.sums.policy_loss);
    CHECK(after.by_logprob == before.by_logprob);
  }
}

// The trainer must see what is wrong, so that it skips the update.
TEST_CASE("an input that is not a number makes the loss not a number", "[loss]") {
  for (const Objective& objective : Objectives()) {
    INFO(objective.name);
    const Choice choice{std::string(objective.name), "token_mean", "k3"};
    for (int member = 0; member < 4; ++member) {
      std::vector<Completion> completions = RandomCompletions(7, 0.1, choice);
      std::fill(completions[0].input.factors.begin(), completions[0].input.factors.end(), 1.0);
      const double nan = std::nan("");
      (member == 0   ? completions[0].logprobs[0]
       : member == 1 ? completions[0].input.reference_logprobs[0]
       : member == 2 ? completions[0].input.advantage
                     : completions[0].input.factors[0]) = nan;
      CHECK(std::isnan(Evaluate(SettingsOf(choice), completions).sums.loss));
    }
  }
}

TEST_CASE("differences between sampler and policy are counted by size", "[loss]") {
  Completion one{{-1, -2, -3, -4, -5}, std::vector<double>(5, 0.0), {}};
  one.input = {1, 1, one.logprobs, {-1, -2.0005, -2.995, -4.05, -3}, {}, std::vector<double>(5, 1.0)};
  const LossSums sums = Evaluate(SettingsOf({"clipped_ratio", "token_mean", "k3"}), {one}).sums;
  CHECK(sums.gaps_above == std::array<double, 4>{3, 2, 1, 1});
  CHECK(sums.largest_gap == Approx(2));
}

TEST_CASE("sums over parts are sums over the whole", "[loss]") {
  const Choice choice{"clipped_ratio", "token_mean", "k3"};
  const std::vector<Completion> completions = RandomCompletions(8, 0.5, choice);
  const LossSums whole = Evaluate(SettingsOf(choice), completions).sums;
  LossSums parts;
  for (const Completion& completion : completions) {
    parts.Add(Evaluate(SettingsOf(choice), {completion}).sums);
  }
  CHECK(parts.loss == Approx(whole.loss).epsilon(1e-14));
  CHECK(parts.clipped_high == whole.clipped_high);
  CHECK(parts.lowest_clipped_low == whole.lowest_clipped_low);
  CHECK(parts.highest_clipped_high == whole.highest_clipped_high);
  CHECK(parts.smallest_ratio == whole.smallest_ratio);
  CHECK(parts.largest_ratio == whole.largest_ratio);
  CHECK(parts.largest_gap == whole.largest_gap);
  CHECK(parts.gaps_above == whole.gaps_above);
  CHECK(parts.completions == 3);
}

}  // namespace
}  // namespace cupel
