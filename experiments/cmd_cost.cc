#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "experiments/command.h"
#include "experiments/cost/cost_model.h"
#include "experiments/open_run.h"
#include "experiments/recipe.h"
#include "policy/checkpoint/tensor_source.h"

namespace cupel {
namespace {

struct CostOptions {
  std::string model;
  std::string recipe;
  std::string run;
  std::vector<std::string> overrides;
  std::string device = "h100";
  double peak = 0;  // TFLOP/s; 0: the device's
  int64_t gpus = 1;
  double mfu = 0.4;
  double decode_mfu = 0.1;
  double prompt_tokens = 128;
  double completion_tokens = 0;  // 0: the recipe's limit
  double price = 2;
  bool json = false;
};

// A published model's name, or whatever OpenModel opens.
absl::StatusOr<ModelShape> ResolveShape(const std::string& name) {
  const bool is_file = name == "tiny" || name.find('/') != std::string::npos || name.ends_with(".gguf") || Exists(name);
  if (!is_file) {
    return FindShape(name);
  }
  CUPEL_ASSIGN_OR_RETURN(const ModelFile model, OpenModel(name));
  return ShapeOf(name, model.config);
}

struct Estimate {
  std::string title;
  double steps = 0;
  StepFlops flops;            // of a step
  double sample_seconds = 0;  // of a step, scoring included
  double train_seconds = 0;
  double units = 1;  // processors that are paid for
  double price = 0;  // per processor and hour

  double step_seconds() const { return sample_seconds + train_seconds; }
  double hours() const { return steps * step_seconds() / 3600; }
  double unit_hours() const { return units * hours(); }
};

// A recipe on paper: every setting of the work is the recipe's; lengths, speed and price are the command line's.
absl::StatusOr<Estimate> EstimateRecipe(const CostOptions& options, const ModelShape& shape) {
  CUPEL_ASSIGN_OR_RETURN(const Recipe recipe, LoadRecipe(options.recipe, options.overrides));
  double peak = options.peak * 1e12;
  if (peak == 0) {
    CUPEL_ASSIGN_OR_RETURN(const Device device, FindDevice(options.device));
    peak = device.peak;
  }
  const StepWork work{
      .questions = static_cast<double>(recipe.rollout.prompts_per_step),
      .group_size = static_cast<double>(recipe.rollout.group_size),
      .prompt_tokens = options.prompt_tokens,
      .completion_tokens = options.completion_tokens > 0 ? options.completion_tokens : static_cast<double>(recipe.rollout.max_new_tokens),
      .recomputes_old = recipe.grpo.old_logprobs == "recompute",
      .has_reference = recipe.grpo.kl.is_on(),
      .recomputes_activations = recipe.grpo.recompute_activations,
      .passes = static_cast<double>(recipe.grpo.passes_per_rollout)};
  Estimate estimate;
  estimate.title = fmt::format("{} with {}: {:.0f} questions x {:.0f} answers, {:.0f} + {:.0f} tokens, on {} x {}", options.recipe,
                               shape.name, work.questions, work.group_size, work.prompt_tokens, work.completion_tokens, options.gpus,
                               options.peak > 0 ? fmt::format("{} TFLOP/s", options.peak) : options.device);
  estimate.steps = static_cast<double>(recipe.run.steps);
  estimate.flops = CountStep(shape, work);
  estimate.units = static_cast<double>(options.gpus);
  estimate.price = options.price;
  estimate.sample_seconds =
      estimate.flops.sample / (peak * options.decode_mfu * estimate.units) + estimate.flops.score / (peak * options.mfu * estimate.units);
  estimate.train_seconds = estimate.flops.train / (peak * options.mfu * estimate.units);
  return estimate;
}

// What a run really did, from its log: its tokens, and the seconds it took.
absl::StatusOr<Estimate> MeasureRun(const CostOptions& options, const ModelShape& shape) {
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore store, OpenRunForReading(options.run));
  const SqliteConnection& log = store.connection();
  const auto query = [&log, &store](std::string_view sql) -> absl::StatusOr<double> {
    CUPEL_ASSIGN_OR_RETURN(SqliteStatement statement, log.Prepare(sql));
    statement.Query(store.run_id());
    CUPEL_ASSIGN_OR_RETURN(const bool has_row, statement.Next());
    return has_row ? statement.Real(0) : 0.0;
  };
  CUPEL_ASSIGN_OR_RETURN(const double steps, query("SELECT count(*) FROM steps WHERE run_id = ?1"));
  CUPEL_ASSIGN_OR_RETURN(const double groups, query("SELECT count(*) FROM groups WHERE run_id = ?1"));
  CUPEL_ASSIGN_OR_RETURN(const double prompts, query("SELECT total(num_prompt_tokens) FROM groups WHERE run_id = ?1"));
  constexpr std::string_view kRollouts = "FROM rollouts JOIN groups USING (group_id) WHERE groups.run_id = ?1";
  CUPEL_ASSIGN_OR_RETURN(const double answers, query(fmt::format("SELECT count(*) {}", kRollouts)));
  CUPEL_ASSIGN_OR_RETURN(const double tokens, query(fmt::format("SELECT total(num_tokens) {}", kRollouts)));
  const auto seconds = [&query](const char* metric) {
    return query(fmt::format("SELECT total(value) FROM metrics WHERE run_id = ?1 AND name = '{}'", metric));
  };
  CUPEL_ASSIGN_OR_RETURN(const double sampling, seconds("time/rollout_seconds"));
  CUPEL_ASSIGN_OR_RETURN(const double learning, seconds("time/learn_seconds"));
  if (steps == 0 || answers == 0) {
    return FailedPrecondition("{}: has no step yet", store.path());
  }
  const StepWork work{.questions = groups / steps,
                      .group_size = answers / groups,
                      .prompt_tokens = prompts / groups,
                      .completion_tokens = tokens / answers};
  Estimate estimate;
  estimate.title = fmt::format(
      "{}: {:.0f} steps with {}, {:.1f} questions x {:.1f} answers, {:.1f} + {:.1f} tokens in the mean; every group "
      "counted as trained on",
      options.run, steps, shape.name, work.questions, work.group_size, work.prompt_tokens, work.completion_tokens);
  estimate.steps = steps;
  estimate.flops = CountStep(shape, work);
  estimate.sample_seconds = sampling / steps;
  estimate.train_seconds = learning / steps;
  estimate.units = static_cast<double>(options.gpus);
  estimate.price = options.price;
  return estimate;
}

Json ToJson(const Estimate& estimate) {
  return {{"title", estimate.title},
          {"steps", estimate.steps},
          {"flops_per_step", {{"sample", estimate.flops.sample}, {"score", estimate.flops.score}, {"train", estimate.flops.train}}},
          {"seconds_per_step", {{"sample", estimate.sample_seconds}, {"train", estimate.train_seconds}}},
          {"hours", estimate.hours()},
          {"processor_hours", estimate.unit_hours()},
          {"price", estimate.unit_hours() * estimate.price}};
}

void Print(const Estimate& estimate) {
  const auto rate = [](double flops, double seconds) { return seconds > 0 ? flops / seconds / 1e9 : 0.0; };
  fmt::print("{}\n", estimate.title);
  fmt::print("{:<10} {:>14} {:>12} {:>14}\n", "", "FLOP a step", "s a step", "GFLOP/s");
  const double sampling = estimate.flops.sample + estimate.flops.score;
  fmt::print("{:<10} {:>14.4g} {:>12.4g} {:>14.4g}\n", "sampling", sampling, estimate.sample_seconds,
             rate(sampling, estimate.sample_seconds));
  fmt::print("{:<10} {:>14.4g} {:>12.4g} {:>14.4g}\n", "training", estimate.flops.train, estimate.train_seconds,
             rate(estimate.flops.train, estimate.train_seconds));
  fmt::print("{:<10} {:>14.4g} {:>12.4g} {:>14.4g}\n", "together", estimate.flops.total(), estimate.step_seconds(),
             rate(estimate.flops.total(), estimate.step_seconds()));
  fmt::print("{:.0f} steps: {:.4g} hours, {:.4g} processor-hours, {:.4g} at {} an hour\n", estimate.steps, estimate.hours(),
             estimate.unit_hours(), estimate.unit_hours() * estimate.price, estimate.price);
}

absl::Status RunCost(const CostOptions& options) {
  std::string model = options.model;
  if (model.empty() && !options.run.empty()) {
    CUPEL_ASSIGN_OR_RETURN(const RolloutStore store, OpenRunForReading(options.run));
    CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info, store.ReadRun());
    Recipe recipe;
    CUPEL_RETURN_IF_ERROR(ApplyJson(info.recipe, store.path(), recipe));
    model = recipe.model.path;
  }
  if (model.empty()) {
    CUPEL_ASSIGN_OR_RETURN(const Recipe recipe, LoadRecipe(options.recipe, options.overrides));
    model = recipe.model.path;
  }
  CUPEL_ASSIGN_OR_RETURN(const ModelShape shape, ResolveShape(model));
  CUPEL_ASSIGN_OR_RETURN(const Estimate estimate, options.run.empty() ? EstimateRecipe(options, shape) : MeasureRun(options, shape));
  if (options.json) {
    fmt::print("{}\n", DumpJson(ToJson(estimate), 2));
  } else {
    Print(estimate);
  }
  return absl::OkStatus();
}

}  // namespace

Action DeclareCost(CLI::App& app) {
  auto options = std::make_shared<CostOptions>();
  auto* source = app.add_option_group("source", "what is counted");
  source->add_option("--recipe", options->recipe, "a recipe, on paper");
  source->add_option("--run", options->run, "a run, from its log: the tokens it sampled and the seconds it took");
  source->require_option(1);
  app.add_option("--model", options->model,
                 "smollm2-135m, qwen2.5-1.5b, 671b, ..., a .gguf file or a Hugging Face directory (default: the recipe's)");
  app.add_option("--device", options->device, "h100, h200, h800 or a100")->capture_default_str();
  app.add_option("--peak", options->peak, "dense bf16 peak of one processor in TFLOP/s, instead of a device's")->check(CLI::PositiveNumber);
  app.add_option("--gpus", options->gpus, "processors; of a run: those that are paid for")->check(AtLeast(1))->capture_default_str();
  app.add_option("--mfu", options->mfu, "share of the peak that training reaches")->check(CLI::Range(1e-4, 1.0))->capture_default_str();
  app.add_option("--decode-mfu", options->decode_mfu, "share of the peak that sampling reaches")
      ->check(CLI::Range(1e-6, 1.0))
      ->capture_default_str();
  app.add_option("--prompt-tokens", options->prompt_tokens, "mean length of a prompt")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--completion-tokens", options->completion_tokens, "mean length of an answer (default: the recipe's limit)")
      ->check(CLI::PositiveNumber);
  app.add_option("--price", options->price, "of a processor for an hour")->check(CLI::NonNegativeNumber)->capture_default_str();
  app.add_option("--set", options->overrides, "section.key=value of the recipe; repeatable")->take_all()->allow_extra_args(false);
  app.add_flag("--json", options->json, "print as JSON");
  return [options](StopSignal&) {
    const absl::Status status = RunCost(*options);
    return status.ok() ? 0 : Fail(status);
  };
}

}  // namespace cupel
