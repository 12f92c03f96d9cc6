#include <csignal>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "experiments/command.h"
#include "experiments/pipeline/pipeline.h"

namespace cupel {
namespace {

struct PipelineOptions {
  std::string file;
  std::vector<std::string> overrides;
  bool plans = false;
  bool json = false;
  bool lists_settings = false;
};

absl::StatusOr<PipelineOutcome> Run(const PipelineOptions& options, StopSignal& stop) {
  if (options.file.empty()) {
    return InvalidArgument("name a pipeline, for example `cupel pipeline experiments/recipes/r1/chain.toml --dry-run`");
  }
  CUPEL_ASSIGN_OR_RETURN(const Pipeline pipeline, LoadPipeline(options.file, options.overrides));
  std::FILE* out = HumanStream(options.json);
  if (options.plans) {
    CUPEL_RETURN_IF_ERROR(PlanPipeline(pipeline, out));
    return PipelineOutcome{0, Json()};
  }
  return RunPipeline(pipeline, stop, out);
}

}  // namespace

Action DeclarePipeline(CLI::App& app) {
  auto options = std::make_shared<PipelineOptions>();
  app.add_option("file", options->file, "TOML file with the sections pipeline and stages");
  app.add_option("--set", options->overrides, "pipeline.key=value on top of the file; repeatable")->take_all()->allow_extra_args(false);
  app.add_flag("--dry-run", options->plans, "check every recipe, path, memory and disk need, print the plan, and run nothing");
  app.add_flag("--settings", options->lists_settings, "list every setting with its meaning, range and default, and exit");
  app.add_flag("--json", options->json, "print the result as JSON on standard output, everything else on standard error");
  return [options](StopSignal& stop) {
    if (options->lists_settings) {
      fmt::print("{}", DescribeConfig<PipelineConfig>());
      return 0;
    }
    const absl::StatusOr<PipelineOutcome> outcome = Run(*options, stop);
    if (!outcome.ok()) {
      return Fail(outcome.status());
    }
    if (options->plans) {
      return 0;
    }
    const auto folder = outcome->summary["folder"].get<std::string>();
    if (outcome->stopped_by != 0) {
      fmt::print(HumanStream(options->json), "stopped; the same command goes on where it was\n");
      return outcome->stopped_by == SIGTERM ? 0 : 128 + outcome->stopped_by;
    }
    fmt::print(HumanStream(options->json), "\n{}\nreport  {}/report.html\n", StageTable(outcome->summary), folder);
    if (options->json) {
      fmt::print("{}\n", DumpJson(outcome->summary, 2));
    }
    return 0;
  };
}

}  // namespace cupel
