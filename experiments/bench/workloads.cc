#include "experiments/bench/workloads.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "base/random.h"
#include "base/status.h"
#include "experiments/bench/peer.h"
#include "grpo/optimizer.h"
#include "grpo/trainer.h"
#include "policy/engine/int8_engine.h"
#include "policy/policy.h"
#include "rollout/rollout_store.h"
#include "verifiers/verifier.h"

namespace cupel {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double MedianOfCounted(const std::vector<double>& values) {
  return Quantile(values.size() > 1 ? std::vector<double>(values.begin() + 1, values.end()) : values, 0.5);
}

// Prompts of random ordinary tokens: the speed of a dense model does not depend on what they say.
std::vector<TokenId> RandomTokens(int64_t count, int64_t vocab, uint32_t which) {
  RandomStream random(1, RandomPurpose::kTaskContent, which);
  std::vector<TokenId> tokens;
  for (int64_t i = 0; i < count; ++i) {
    tokens.push_back(static_cast<TokenId>(random.Between(vocab / 2, vocab - 1)));
  }
  return tokens;
}

// The default update; with int8 sampling the one that corrects for it, which costs a forward pass.
GrpoConfig UpdateFor(std::string_view weights) {
  GrpoConfig config;
  if (weights == "int8") {
    config.old_logprobs = "recompute";
    config.correction.kind = "truncated";
  }
  return config;
}

// Sampling, learning, or both.
class ModelBench {
 public:
  ModelBench(const BenchOptions& options, std::unique_ptr<Policy> policy)
      : options_(options), policy_(std::move(policy)), engine_(MakeEngine(*policy_, EngineSettings{}, options.model.weights)) {
    if (learns()) {
      trainer_ = std::make_unique<Trainer>(*policy_, UpdateFor(options.model.weights), OptimizerConfig{.learning_rate = 0}, 1.0,
                                           options.repeats + 1);
    }
  }

  const Policy& policy() const { return *policy_; }
  bool learns() const { return options_.what == "train" || options_.what == "step"; }

  absl::StatusOr<double> Repeat() {
    const Clock::time_point start = Clock::now();
    CUPEL_ASSIGN_OR_RETURN(std::vector<RolloutGroup> groups, Sample());
    sample_seconds_.push_back(SecondsSince(start));
    if (!learns()) {
      return WorkDone() / sample_seconds_.back();
    }
    RewardInTurn(groups);
    trainer_->Judge(groups);
    const Clock::time_point sampled = Clock::now();
    CUPEL_ASSIGN_OR_RETURN(const StepMetrics metrics, trainer_->Learn(groups));
    learn_seconds_.push_back(SecondsSince(sampled));
    max_logprob_gap_ = std::max(max_logprob_gap_, metrics.Get("sampling/sampling_logp_difference/max"));
    return WorkDone() / (options_.what == "train" ? learn_seconds_.back() : sample_seconds_.back() + learn_seconds_.back());
  }

  Json Details() const {
    Json json;
    const double sample = MedianOfCounted(sample_seconds_);
    if (options_.what != "train") {
      json["sampled_tokens_per_second"] = SampledTokens() / sample;
      json["sample_seconds"] = sample;
    }
    if (learns()) {
      const double learn = MedianOfCounted(learn_seconds_);
      json["trained_tokens_per_second"] = PackedTokens() / learn;
      json["learn_seconds"] = learn;
      json["max_logprob_gap"] = max_logprob_gap_;
      if (options_.what == "step") {
        json["step_seconds"] = sample + learn;
      }
    }
    return json;
  }

 private:
  double SampledTokens() const { return static_cast<double>(options_.prompts * options_.group * options_.new_tokens); }
  // Prompt tokens once per group, and completion tokens.
  double PackedTokens() const {
    return static_cast<double>(options_.prompts * (options_.prompt_tokens + options_.group * (options_.new_tokens - 1)));
  }
  // What a rate counts.
  double WorkDone() const {
    return options_.what == "decode"    ? SampledTokens()
           : options_.what == "train"   ? PackedTokens()
           : options_.what == "prefill" ? static_cast<double>(options_.prompts * options_.prompt_tokens)
                                        : 1.0;
  }

  // Samples every group to its full length: no stop tokens, so that the work is the same every time.
  absl::StatusOr<std::vector<RolloutGroup>> Sample() {
    std::vector<RolloutGroup> groups(static_cast<size_t>(options_.prompts));
    for (int64_t i = 0; i < options_.prompts; ++i) {
      RolloutGroup& group = groups[static_cast<size_t>(i)];
      group.group_idx = i;
      group.prompt = RandomTokens(options_.prompt_tokens, policy_->config().vocab_size, static_cast<uint32_t>(i));
      group.rollouts.resize(static_cast<size_t>(options_.group));
      GenerationRequest request;
      request.id = static_cast<uint64_t>(i);
      request.prompt = group.prompt;
      request.num_samples = options_.group;
      request.sampling.max_new_tokens = options_.new_tokens;
      request.random = {.seed = 1, .step = step_, .prompt = static_cast<uint32_t>(i)};
      CUPEL_RETURN_IF_ERROR(engine_->Add(std::move(request)));
    }
    ++step_;
    while (!engine_->idle()) {
      for (GenerationEvent& event : engine_->Step()) {
        if (event.finished) {
          groups[event.request_id].rollouts[static_cast<size_t>(event.sample_idx)].completion = std::move(*event.finished);
        }
      }
    }
    return groups;
  }

  // Rewards 0 and 1 in turn, so that every group has a signal and nothing is dropped.
  static void RewardInTurn(std::vector<RolloutGroup>& groups) {
    for (RolloutGroup& group : groups) {
      for (size_t i = 0; i < group.rollouts.size(); ++i) {
        group.rollouts[i].verdict.outcome = i % 2 == 0 ? Outcome::kCorrect : Outcome::kIncorrect;
        group.rollouts[i].reward = i % 2 == 0 ? 1 : 0;
      }
    }
  }

  const BenchOptions options_;
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<GenerationEngine> engine_;
  std::unique_ptr<Trainer> trainer_;
  uint32_t step_ = 0;
  std::vector<double> sample_seconds_;  // the first one warms up
  std::vector<double> learn_seconds_;
  double max_logprob_gap_ = 0;
};

Json ModelFacts(const Policy& policy) {
  return {{"model", policy.settings().path}, {"kernels", policy.kernel_path()}, {"threads", policy.num_threads()}};
}

absl::StatusOr<BenchWork> MakeModelWork(BenchOptions options) {
  if (options.group < 2 && (options.what == "train" || options.what == "step")) {
    return InvalidArgument("--group {}: learning compares the answers to a prompt, so it needs two or more", options.group);
  }
  if (options.what == "prefill") {
    options.new_tokens = 1;
    options.group = 1;
  }
  CUPEL_ASSIGN_OR_RETURN(std::unique_ptr<Policy> policy, LoadPolicy(options.model, 1));
  const auto bench = std::make_shared<ModelBench>(options, std::move(policy));
  BenchWork work;
  work.unit = options.what == "decode"    ? "sampled tok/s"
              : options.what == "prefill" ? "prompt tok/s"
              : options.what == "train"   ? "trained tok/s"
                                          : "steps/s";
  work.facts = ModelFacts(bench->policy());
  work.facts["sampling_weights"] = options.model.weights;
  work.facts["work"] =
      fmt::format("{} prompts x {} answers, {} + {} tokens", options.prompts, options.group, options.prompt_tokens, options.new_tokens);
  work.repeat = [bench] { return bench->Repeat(); };
  work.details = [bench] { return bench->Details(); };
  work.threads = bench->policy().num_threads();
  work.state = bench;
  return work;
}

// Gradient norm, AdamW and the write-out of the compute weights, without a forward pass.
absl::StatusOr<BenchWork> MakeUpdateWork(const BenchOptions& options) {
  struct State {
    std::unique_ptr<Policy> policy;
    std::unique_ptr<Optimizer> optimizer;
    std::vector<double> seconds;
  };
  const auto state = std::make_shared<State>();
  CUPEL_ASSIGN_OR_RETURN(state->policy, Policy::Load(options.model.settings, 1));
  state->policy->EnableTraining();
  state->optimizer = std::make_unique<Optimizer>(*state->policy, OptimizerConfig{.learning_rate = 0}, options.repeats + 1);
  BenchWork work;
  work.unit = "updates/s";
  work.facts = ModelFacts(*state->policy);
  work.repeat = [state]() -> absl::StatusOr<double> {
    const Clock::time_point start = Clock::now();
    state->optimizer->Apply(state->optimizer->GradientNorm(), std::ssize(state->seconds));
    state->seconds.push_back(SecondsSince(start));
    return 1 / state->seconds.back();
  };
  work.details = [state] { return Json{{"update_seconds", MedianOfCounted(state->seconds)}}; };
  work.threads = state->policy->num_threads();
  work.state = state;
  return work;
}

// Answers as a model gives them to problems with integers, fractions and surds, half of them right, judged by the mathematics verifier on
// one core.
absl::StatusOr<BenchWork> MakeVerifyWork() {
  struct Case {
    Task task;
    std::string text;
  };
  CUPEL_ASSIGN_OR_RETURN(const Verifier* verifier, FindVerifier("math"));
  const auto cases = std::make_shared<std::vector<Case>>();
  for (int i = 0; i < 2000; ++i) {
    Case one;
    one.task.id = fmt::format("bench/{}", i);
    const int answer = i % 2 == 0 ? i : i + 1;
    switch (i % 3) {
      case 0:
        one.task.answer = fmt::format("{}", i);
        one.text = fmt::format("We add the terms and find that the sum is \\boxed{{{}}}.", answer);
        break;
      case 1:
        one.task.answer = fmt::format("\\frac{{{}}}{{7}}", i);
        one.text = fmt::format("Dividing both sides gives $x = \\boxed{{\\dfrac{{{}}}{{14}}}}$.", 2 * answer);
        break;
      default:
        one.task.answer = fmt::format("{}\\sqrt{{3}}", i);
        one.text = fmt::format("The side is \\boxed{{\\sqrt{{{}}}}}", 3 * answer * answer);
        break;
    }
    cases->push_back(std::move(one));
  }
  BenchWork work;
  work.unit = "answers/s";
  work.facts = {{"work", fmt::format("{} answers with integers, fractions and surds, one core", cases->size())}};
  const auto correct = std::make_shared<int64_t>(0);
  work.repeat = [verifier, cases, correct]() -> absl::StatusOr<double> {
    *correct = 0;
    const Clock::time_point start = Clock::now();
    for (const Case& one : *cases) {
      *correct += verifier->Verify(one.task, one.text).outcome == Outcome::kCorrect ? 1 : 0;
    }
    return static_cast<double>(cases->size()) / SecondsSince(start);
  };
  work.details = [correct] { return Json{{"correct", *correct}}; };
  return work;
}

// Steps of completions of 256 tokens, appended to a log on disk, each in one durable transaction.
absl::StatusOr<BenchWork> MakeStoreWork(const BenchOptions& options) {
  struct State {
    ~State() {
      store.reset();
      std::error_code ignored;
      std::filesystem::remove_all(directory, ignored);
    }
    std::filesystem::path directory;
    std::optional<RolloutStore> store;
    std::vector<RolloutGroup> groups;
    int64_t step = 0;
  };
  const auto state = std::make_shared<State>();
  std::string name = (std::filesystem::temp_directory_path() / "cupel-bench-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    return FailedPrecondition("cannot make a folder like {}; set TMPDIR to a folder that can be written", name);
  }
  state->directory = name;
  CUPEL_ASSIGN_OR_RETURN(state->store, RolloutStore::Open(name + "/run.db", RolloutStore::Mode::kCreate));
  RolloutStore::RunInfo info;
  info.recipe = Json::object();
  info.started_at = "1970-01-01T00:00:00Z";
  CUPEL_RETURN_IF_ERROR(state->store->WriteRun(info));
  RandomStream random(2, RandomPurpose::kTaskContent);
  for (int64_t g = 0; g < options.prompts; ++g) {
    RolloutGroup& group = state->groups.emplace_back();
    group.group_idx = g;
    group.task = {.id = fmt::format("bench/{}", g), .prompt = {{"user", "How many?"}}, .answer = "1", .verifier = "number", .metadata = ""};
    group.prompt = RandomTokens(options.prompt_tokens, 49152, static_cast<uint32_t>(g));
    for (int64_t s = 0; s < options.group; ++s) {
      Rollout& rollout = group.rollouts.emplace_back();
      rollout.completion.sample_idx = s;
      rollout.completion.tokens = RandomTokens(256, 49152, static_cast<uint32_t>(1000 + g * options.group + s));
      for (size_t t = 0; t < rollout.completion.tokens.size(); ++t) {
        rollout.completion.logprobs.push_back(static_cast<float>(std::log(random.Uniform() + 1e-9)));
      }
      rollout.text = std::string(900, static_cast<char>('a' + s % 26));
    }
  }
  BenchWork work;
  work.unit = "completions/s";
  work.facts = {{"work", fmt::format("steps of {} x {} completions of 256 tokens, {}", options.prompts, options.group, name)}};
  work.repeat = [state]() -> absl::StatusOr<double> {
    constexpr int kSteps = 20;
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < kSteps; ++i) {
      for (RolloutGroup& group : state->groups) {
        group.step = state->step;
      }
      CUPEL_RETURN_IF_ERROR(state->store->AppendStep(state->step++, state->groups));
    }
    return static_cast<double>(kSteps) * static_cast<double>(state->groups.size() * state->groups.front().rollouts.size()) /
           SecondsSince(start);
  };
  work.details = [] { return Json::object(); };
  work.state = state;
  return work;
}

}  // namespace

absl::StatusOr<BenchWork> MakeBenchWork(const BenchOptions& options) {
  if (options.what == "update") {
    return MakeUpdateWork(options);
  }
  if (options.what == "verify") {
    return MakeVerifyWork();
  }
  if (options.what == "store") {
    return MakeStoreWork(options);
  }
  return MakeModelWork(options);
}

}  // namespace cupel
