// Covers grpo/trainer.h on the built-in model in fp32. Alone: build/release/tests/grpo_test "[trainer]"

#include "grpo/trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "grpo/update.h"
#include "tests/grpo/groups.h"
#include "tests/grpo/tiny_policy.h"
#include "tests/testing/catch_torch.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using testing::LoadTiny;
using testing::Masters;
using testing::SameBits;

constexpr int64_t kTotalUpdates = 100;

OptimizerConfig FastOptimizer() {
  OptimizerConfig config;
  config.learning_rate = 1e-3;
  return config;
}

// A large eps makes an update proportional to the gradient, so that rounding of tiny gradients stays tiny.
OptimizerConfig ProportionalOptimizer() {
  OptimizerConfig config;
  config.learning_rate = 1;
  config.eps = 1;
  config.max_grad_norm = 0;
  return config;
}

struct Learner {
  std::unique_ptr<Policy> policy;
  std::unique_ptr<Trainer> trainer;
};

Learner MakeLearner(const GrpoConfig& grpo = {}, const OptimizerConfig& optimizer = FastOptimizer(), int64_t threads = 1) {
  Learner learner;
  learner.policy = LoadTiny(1, threads);
  learner.trainer = std::make_unique<Trainer>(*learner.policy, grpo, optimizer, 1.0, kTotalUpdates);
  return learner;
}

// Groups that a policy near the tiny one of seed 1 could have sampled, judged.
std::vector<RolloutGroup> JudgedGroups(uint64_t seed, double noise = 0.1) {
  const Learner learner = MakeLearner();
  std::vector<RolloutGroup> groups = testing::RandomGroups(seed, 4, 6);
  testing::SetLogprobs(*learner.policy, noise, groups);
  learner.trainer->Judge(groups);
  return groups;
}

void LearnThrice(Learner& learner) {
  for (uint64_t step = 0; step < 3; ++step) {
    REQUIRE(learner.trainer->Learn(JudgedGroups(step)).ok());
  }
}

std::string StateDigest(const Trainer& trainer) {
  const TempDir folder;
  std::string digest;
  const std::vector<Policy::WrittenFile> files = trainer.SaveState(folder.path()).value();
  for (const Policy::WrittenFile& file : files) {
    digest += file.name + " " + file.sha256 + "\n";
  }
  return digest;
}

double LargestDifference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return largest;
}

TEST_CASE("Judge gives each group its own advantages and unscored members none", "[trainer]") {
  std::vector<RolloutGroup> groups = testing::RandomGroups(3, 6, 8);
  groups[0].rollouts[0].advantage = 99;
  MakeLearner().trainer->Judge(groups);
  bool any_signal = false;
  for (const RolloutGroup& group : groups) {
    double sum = 0;
    for (const Rollout& rollout : group.rollouts) {
      CHECK((rollout.verdict.is_scored() || rollout.advantage == 0));
      CHECK(std::abs(rollout.advantage) < 8);
      sum += rollout.advantage;
      any_signal = any_signal || rollout.advantage != 0;
    }
    CHECK(std::abs(sum) < 1e-12);
  }
  CHECK(any_signal);
}

TEST_CASE("one answer that stands for equal ones gives the same metrics and the same weights", "[trainer]") {
  std::vector<RolloutGroup> groups = JudgedGroups(7);  // the last one has a signal of its own
  for (size_t i = 0; i + 1 < groups.size(); ++i) {
    for (Rollout& rollout : groups[i].rollouts) {
      const int64_t sample_idx = rollout.completion.sample_idx;
      rollout = groups[i].rollouts[0];
      rollout.completion.sample_idx = sample_idx;
      rollout.verdict.outcome = Outcome::kCorrect;
      rollout.reward = 1;
      rollout.advantage = 0;
    }
  }
  std::vector<StepMetrics> metrics;
  std::vector<std::vector<float>> masters;
  for (const int64_t without_signal : {0, 1}) {
    GrpoConfig grpo;
    grpo.entropy = {.bonus = 0.5, .without_signal = without_signal};
    const Learner learner = MakeLearner(grpo, ProportionalOptimizer());
    metrics.push_back(learner.trainer->Learn(groups).value());
    masters.push_back(Masters(*learner.policy));
  }
  const auto value = [&](size_t i, const std::string& name) {
    return std::ranges::find(metrics[i].values, name, &std::pair<std::string, double>::first)->second;
  };
  CHECK(value(1, "entropy") == Approx(value(0, "entropy")));
  CHECK(value(1, "loss") == Approx(value(0, "loss")).margin(1e-7));
  CHECK(value(1, "train/scored_tokens") < value(0, "train/scored_tokens"));
  CHECK(LargestDifference(masters[0], masters[1]) < 1e-6);
}

TEST_CASE("how an update is cut into microbatches does not change it", "[trainer]") {
  for (const char* aggregation : {"token_mean", "sequence_mean"}) {
    std::vector<std::vector<float>> masters;
    std::vector<StepMetrics> metrics;
    for (const int64_t microbatch_tokens : {16, 40, 100000}) {
      GrpoConfig grpo;
      grpo.aggregation = aggregation;
      grpo.microbatch_tokens = microbatch_tokens;
      const Learner learner = MakeLearner(grpo, ProportionalOptimizer());
      metrics.push_back(learner.trainer->Learn(JudgedGroups(1)).value());
      masters.push_back(Masters(*learner.policy));
    }
    const double moved = LargestDifference(Masters(*LoadTiny()), masters[2]);
    REQUIRE(moved > 1e-3);
    for (size_t i = 0; i < 2; ++i) {
      CHECK(LargestDifference(masters[i], masters[2]) < 1e-5 * moved);
      for (const char* name : {"policy_loss", "grad_norm", "entropy", "clip_ratio/region_mean", "sampling/sampling_logp_difference/mean",
                               "train/scored_tokens"}) {
        INFO(name);
        CHECK(metrics[i].Get(name) == Approx(metrics[2].Get(name)).epsilon(1e-5).margin(1e-6));
      }
    }
  }
}

// The loss of an update as a function of the weights, summed in double.
double Loss(Policy& policy, const std::vector<RolloutGroup>& groups, const GrpoConfig& grpo) {
  const at::NoGradGuard no_grad;
  double loss = 0;
  std::vector<GroupFacts> facts;
  for (const RolloutGroup& group : groups) {
    facts.emplace_back(group.rollouts.size());
  }
  const Update update = MakeUpdate(groups, facts, grpo);
  for (const Microbatch& microbatch : Pack(update.sequences, 100000)) {
    const at::Tensor logprobs = policy.TokenLogprobs(microbatch.batch, 1.0).logprobs;
    const auto* next = logprobs.const_data_ptr<float>();
    for (size_t i = microbatch.begin; i < microbatch.end; ++i) {
      const LossInput& input = update.losses[i];
      for (const double old : input.old_logprobs) {
        const double ratio = std::exp(static_cast<double>(*next++) - old);
        const double clipped = std::clamp(ratio, 1 - grpo.objective.clip_low, 1 + grpo.objective.clip_high);
        loss += input.weight * -std::min(ratio * input.advantage, clipped * input.advantage);
      }
    }
  }
  return loss;
}

TEST_CASE("finite differences of the whole loss agree with the step that the trainer takes", "[trainer]") {
  const GrpoConfig grpo;
  const std::vector<RolloutGroup> groups = JudgedGroups(1, 0.01);  // ratios stay away from the clipping bounds
  OptimizerConfig optimizer = ProportionalOptimizer();
  const Learner learner = MakeLearner(grpo, optimizer);
  const std::vector<float> start = Masters(*learner.policy);
  REQUIRE(learner.trainer->Learn(groups).ok());
  const std::vector<float> end = Masters(*learner.policy);

  const std::unique_ptr<Policy> probe = LoadTiny();
  size_t offset = 0;
  for (Parameter* parameter : Parameters(probe->weights())) {
    const auto n = static_cast<size_t>(parameter->master.numel());
    // The first update of AdamW with eps 1 and learning rate 1 moves a weight by -g / (|g| + 1).
    size_t steepest = 0;
    for (size_t i = 0; i < n; ++i) {
      const auto moved = [&](size_t at) { return std::abs(end[offset + at] - start[offset + at]); };
      steepest = moved(i) > moved(steepest) ? i : steepest;
    }
    const double step = static_cast<double>(end[offset + steepest]) - static_cast<double>(start[offset + steepest]);
    const double gradient = -step / (1 - std::abs(step));
    auto* weight = parameter->master.mutable_data_ptr<float>() + steepest;
    const float value = *weight;
    const float h = 4e-3F;
    const auto loss_at = [&](float to) {
      *weight = to;
      probe->CommitUpdate();
      return Loss(*probe, groups, grpo);
    };
    const double difference = (loss_at(value + h) - loss_at(value - h)) / (static_cast<double>(value + h) - static_cast<double>(value - h));
    loss_at(value);
    INFO(parameter->name << "[" << steepest << "]");
    CHECK(std::abs(gradient) > 1e-4);
    CHECK(gradient == Approx(difference).epsilon(0.02).margin(2e-4));
    offset += n;
  }
}

TEST_CASE("groups without signal make no update", "[trainer]") {
  const Learner learner = MakeLearner();
  std::vector<RolloutGroup> groups = JudgedGroups(0);
  REQUIRE(learner.trainer->Learn(groups).ok());  // Adam has momentum now
  const std::vector<float> before = Masters(*learner.policy);
  const uint64_t version = learner.policy->version();
  for (RolloutGroup& group : groups) {
    for (Rollout& rollout : group.rollouts) {
      rollout.reward = 1;
    }
  }
  learner.trainer->Judge(groups);
  const StepMetrics metrics = learner.trainer->Learn(groups).value();
  CHECK(SameBits(Masters(*learner.policy), before));
  CHECK(learner.policy->version() == version);
  CHECK(metrics.Get("frac_reward_zero_std") == 1);
  CHECK(metrics.Get("grad_norm") == 0);
  CHECK(metrics.Get("train/scored_tokens") == 0);
  CHECK(metrics.Get("train/skipped_updates") == 0);
  CHECK(learner.trainer->num_updates() == 2);
}

TEST_CASE("the sampler's difference is zero for the policy's own log-probabilities", "[trainer]") {
  const Learner learner = MakeLearner();
  const StepMetrics metrics = learner.trainer->Learn(JudgedGroups(1, 0)).value();
  CHECK(metrics.Get("sampling/sampling_logp_difference/max") == 0);
  CHECK(metrics.Get("sampling/sampling_logp_difference/mean") == 0);
  CHECK(metrics.Get("clip_ratio/region_mean") == 0);
  CHECK(metrics.Get("entropy") > 0);
  CHECK(metrics.Get("entropy") <= std::log(static_cast<double>(learner.policy->config().vocab_size)) + 1e-6);
  CHECK(metrics.Get("learning_rate") == 1e-3);
}

TEST_CASE("several updates per step share the groups out", "[trainer]") {
  GrpoConfig grpo;
  grpo.updates_per_rollout = 4;
  const Learner learner = MakeLearner(grpo);
  const std::vector<RolloutGroup> groups = JudgedGroups(1);
  REQUIRE(learner.trainer->Learn(groups).ok());
  CHECK(learner.trainer->num_updates() == 4);

  const Learner one_by_one = MakeLearner();
  for (const RolloutGroup& group : groups) {
    REQUIRE(one_by_one.trainer->Learn({group}).ok());
  }
  CHECK(SameBits(Masters(*learner.policy), Masters(*one_by_one.policy)));
}

std::vector<RolloutGroup> WithBadAdvantage(std::vector<RolloutGroup> groups, double bad) {
  groups[1].rollouts[2].verdict.outcome = Outcome::kIncorrect;
  groups[1].rollouts[2].advantage = bad;
  return groups;
}

TEST_CASE("an update with a gradient that is not finite leaves weights and moments bit-equal", "[trainer]") {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const Learner learner = MakeLearner();
    REQUIRE(learner.trainer->Learn(JudgedGroups(0)).ok());
    const std::vector<float> masters = Masters(*learner.policy);
    const TempDir before;
    const TempDir after;
    const std::string moments = learner.trainer->SaveState(before.path()).value().back().sha256;
    const uint64_t version = learner.policy->version();

    const StepMetrics metrics = learner.trainer->Learn(WithBadAdvantage(JudgedGroups(1), bad)).value();
    CHECK(metrics.Get("train/skipped_updates") == 1);
    CHECK_FALSE(std::isfinite(metrics.Get("grad_norm")));
    for (const char* name : {"policy_loss", "entropy", "sampling/sampling_logp_difference/mean", "reward"}) {
      INFO(name);
      CHECK(std::isfinite(metrics.Get(name)));
    }
    CHECK(SameBits(Masters(*learner.policy), masters));
    CHECK(learner.policy->version() == version);
    CHECK(learner.trainer->SaveState(after.path()).value().back().sha256 == moments);

    // What follows is what a run that never saw the bad update would do.
    const Learner clean = MakeLearner();
    REQUIRE(clean.trainer->Learn(JudgedGroups(0)).ok());
    REQUIRE(clean.trainer->Learn(JudgedGroups(2)).ok());
    REQUIRE(learner.trainer->Learn(JudgedGroups(2)).ok());
    CHECK(SameBits(Masters(*learner.policy), Masters(*clean.policy)));
  }
}

TEST_CASE("an update whose samples have log-probabilities that are not numbers is skipped, even without signal", "[trainer]") {
  const Learner learner = MakeLearner();
  std::vector<RolloutGroup> groups = {testing::MakeGroup({65}, {testing::MakeRollout({66}, 1), testing::MakeRollout({67}, 1)})};
  groups[0].rollouts[1].completion.logprobs[0] = std::numeric_limits<float>::quiet_NaN();
  learner.trainer->Judge(groups);
  CHECK(learner.trainer->Learn(groups).value().Get("train/skipped_updates") == 1);
}

TEST_CASE("too many skipped updates in a row stop the run, a good one between starts the count again", "[trainer]") {
  GrpoConfig grpo;
  grpo.safety.max_skipped_updates = 3;
  const Learner learner = MakeLearner(grpo);
  const std::vector<RolloutGroup> good = JudgedGroups(0);
  const std::vector<RolloutGroup> bad = WithBadAdvantage(good, std::numeric_limits<double>::quiet_NaN());
  CHECK(learner.trainer->Learn(bad).ok());
  CHECK(learner.trainer->Learn(bad).ok());
  CHECK(learner.trainer->Learn(good).ok());
  CHECK(learner.trainer->Learn(bad).ok());
  CHECK(learner.trainer->Learn(bad).ok());
  const absl::Status status = learner.trainer->Learn(bad).status();
  CHECK(absl::IsAborted(status));
  CHECK(std::string(status.message()).find("3 updates in a row") != std::string::npos);
}

TEST_CASE("the same groups give the same weights bit for bit, with one thread or two", "[trainer]") {
  std::vector<std::vector<float>> masters;
  std::vector<std::string> states;
  for (const int64_t threads : {1, 1, 2}) {
    Learner learner = MakeLearner({}, FastOptimizer(), threads);
    std::vector<std::vector<RolloutGroup>> steps;
    for (uint64_t step = 0; step < 3; ++step) {
      steps.push_back(JudgedGroups(step));
    }
    learner = MakeLearner({}, FastOptimizer(), threads);  // sets the number of threads again
    for (const std::vector<RolloutGroup>& groups : steps) {
      REQUIRE(learner.trainer->Learn(groups).ok());
    }
    masters.push_back(Masters(*learner.policy));
    states.push_back(StateDigest(*learner.trainer));
  }
  CHECK(SameBits(masters[0], masters[1]));
  CHECK(states[0] == states[1]);
  CHECK(SameBits(masters[0], masters[2]));
  CHECK(states[0] == states[2]);
}

TEST_CASE("a saved and loaded trainer continues as if it had not stopped", "[trainer]") {
  Learner whole = MakeLearner();
  LearnThrice(whole);

  Learner first = MakeLearner();
  REQUIRE(first.trainer->Learn(JudgedGroups(0)).ok());
  const TempDir folder;
  REQUIRE(first.policy->SaveHuggingFace(folder.path()).ok());
  REQUIRE(first.trainer->SaveState(folder.path()).ok());

  Learner second;
  second.policy = LoadTiny(77);  // other weights, to be overwritten
  second.trainer = std::make_unique<Trainer>(*second.policy, GrpoConfig{}, FastOptimizer(), 1.0, kTotalUpdates);
  REQUIRE(second.policy->LoadWeights(folder.path()).ok());
  REQUIRE(second.trainer->LoadState(folder.path()).ok());
  CHECK(SameBits(Masters(*second.policy), Masters(*first.policy)));
  CHECK(StateDigest(*second.trainer) == StateDigest(*first.trainer));
  CHECK(second.policy->version() == first.policy->version());
  CHECK(second.trainer->num_updates() == 1);
  REQUIRE(second.trainer->Learn(JudgedGroups(1)).ok());
  REQUIRE(second.trainer->Learn(JudgedGroups(2)).ok());
  CHECK(SameBits(Masters(*second.policy), Masters(*whole.policy)));
  CHECK(StateDigest(*second.trainer) == StateDigest(*whole.trainer));
}

TEST_CASE("a trainer state that is missing or malformed is refused by name", "[trainer]") {
  const Learner learner = MakeLearner();
  const TempDir folder;
  CHECK(absl::IsNotFound(learner.trainer->LoadState(folder.path())));
  REQUIRE(learner.trainer->SaveState(folder.path()).ok());
  const std::string path = folder.path() + "/trainer.json";
  for (const char* text : {"[]", "{}", "{\"updates\": -1}", "{\"updates\": 1, \"applied_updates\": 1.5, \"consecutive_skips\": 0}"}) {
    REQUIRE(WriteFileAtomically(path, text).ok());
    const absl::Status status = learner.trainer->LoadState(folder.path());
    CHECK(absl::IsDataLoss(status));
    CHECK(std::string(status.message()).find("trainer.json") != std::string::npos);
  }
}

}  // namespace
}  // namespace cupel
