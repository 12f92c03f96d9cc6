#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/pager.h"
#include "base/status.h"
#include "experiments/command.h"
#include "experiments/open_run.h"
#include "experiments/show/diff.h"
#include "experiments/show/query.h"
#include "experiments/show/show_run.h"

namespace cupel {
namespace {

struct ShowOptions {
  std::string run;
  int64_t step = -1;  // as printed: 1 is the first
  int64_t group = -1;
  std::string other_run;
  int64_t other_step = -1;
  std::string sql;
  std::string search;
  bool json = false;
};

absl::StatusOr<std::string> Diff(const RolloutStore& store, const ShowOptions& options) {
  const std::string& other_run = options.other_run.empty() ? options.run : options.other_run;
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore other, OpenRunForReading(other_run));
  const int64_t other_step = options.other_step >= 0 ? options.other_step : options.step;
  CUPEL_ASSIGN_OR_RETURN(const Json diff,
                         options.step < 0 ? DiffRuns(store, other) : DiffSteps(store, options.step - 1, other, other_step - 1));
  return options.json ? DumpJson(diff, 2) + "\n" : DiffText(diff);
}

absl::StatusOr<std::string> Text(const ShowOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore store, OpenRunForReading(options.run));
  if (!options.other_run.empty() || options.other_step >= 0) {
    return Diff(store, options);
  }
  if (!options.sql.empty() || !options.search.empty()) {
    CUPEL_ASSIGN_OR_RETURN(const std::string sql,
                           options.search.empty() ? absl::StatusOr<std::string>(options.sql) : SearchSql(store, options.search));
    return options.json ? QueryJson(store, sql) : QueryTable(store, sql);
  }
  if (options.step >= 0) {
    return options.json ? StepAsJson(store, options.step, options.group) : StepAsText(store, options.step, options.group);
  }
  return options.json ? RunAsJson(store) : RunAsText(store);
}

absl::Status CheckOptions(const ShowOptions& options) {
  if (options.group >= 0 && options.step < 0) {
    return InvalidArgument("--group needs --step");
  }
  if (options.other_step >= 0 && options.step < 0) {
    return InvalidArgument("--diff-step needs --step, the step to compare with");
  }
  if (!options.sql.empty() && !options.search.empty()) {
    return InvalidArgument("--sql and --search are two queries: ask for one of them");
  }
  return absl::OkStatus();
}

}  // namespace

Action DeclareShow(CLI::App& app) {
  auto options = std::make_shared<ShowOptions>();
  app.add_option("run", options->run, "folder of a run, its run.db, or FILE.db:N for run N of a merged log")->required();
  app.add_option("--step", options->step, "show the metrics of a step and the best and worst answer of each group (1 is the first)")
      ->check(AtLeast(1));
  app.add_option("--group", options->group, "with --step: every answer of one group, best first (0 is the first)")->check(AtLeast(0));
  app.add_option("--diff", options->other_run, "what differs in this other run; with --step, in that step of it");
  app.add_option("--diff-step", options->other_step, "with --step: what differs in this other step")->check(AtLeast(1));
  app.add_option("--search", options->search, "completions that contain these words, from the full-text index");
  app.add_option("--sql", options->sql, "the rows of one read-only SQL statement (docs/rollout-log.md has the tables and many questions)");
  app.add_flag("--json", options->json, "print as JSON");
  return [options](StopSignal&) {
    if (const absl::Status status = CheckOptions(*options); !status.ok()) {
      return Fail(status);
    }
    const absl::StatusOr<std::string> text = Text(*options);
    if (!text.ok()) {
      return Fail(text.status());
    }
    ShowText(*text);
    return 0;
  };
}

}  // namespace cupel
