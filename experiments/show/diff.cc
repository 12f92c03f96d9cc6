#include "experiments/show/diff.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "base/progress.h"
#include "base/status.h"
#include "experiments/recipe.h"

namespace cupel {
namespace {

constexpr size_t kNameWidth = 46;
constexpr size_t kQuestionWidth = 60;
constexpr size_t kMaxTasks = 20;

// A line of the comparison: {name, a, b}; the values are numbers, texts or null.
Json Pair(const std::string& name, Json a, Json b) { return {{"name", name}, {"a", std::move(a)}, {"b", std::move(b)}}; }

Json NumberOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

// Means over the steps from the first to the last that both runs have, from the view step_summary.
absl::StatusOr<std::map<std::string, Json>> Means(const RolloutStore& store, int64_t first, int64_t last) {
  std::map<std::string, Json> means;
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement row,
                         store.connection().Prepare(
                             "SELECT avg(reward), avg(pass_rate), avg(mean_length), avg(no_signal_fraction), avg(truncated_fraction) FROM "
                             "step_summary WHERE run_id = ?1 AND step BETWEEN ?2 AND ?3"));
  row.Query(store.run_id(), first, last);
  CUPEL_RETURN_IF_ERROR(row.Next().status());
  int column = 0;
  for (const char* name : {"reward", "pass rate", "mean length", "groups without signal", "cut off"}) {
    means[name] = row.IsNull(column) ? Json(nullptr) : Json(row.Real(column));
    ++column;
  }
  return means;
}

absl::StatusOr<Json> CommonSteps(const RolloutStore& a, const RolloutStore& b) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps_a, a.StepNumbers());
  CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps_b, b.StepNumbers());
  Json parts = Json::array();
  const int64_t common = std::min(std::ssize(steps_a), std::ssize(steps_b));
  if (common == 0) {
    return parts;
  }
  // The whole of what both have, and its last quarter.
  const int64_t quarter = common - std::max<int64_t>(1, common / 4);
  for (const auto& [first, last] : {std::pair<int64_t, int64_t>(0, common - 1), std::pair<int64_t, int64_t>(quarter, common - 1)}) {
    CUPEL_ASSIGN_OR_RETURN(const auto means_a, Means(a, first, last));
    CUPEL_ASSIGN_OR_RETURN(const auto means_b, Means(b, first, last));
    Json rows = Json::array();
    for (const auto& [name, value] : means_a) {
      rows.push_back(Pair(name, value, means_b.at(name)));
    }
    parts.push_back({{"title", fmt::format("mean over steps {} to {}", first + 1, last + 1)}, {"rows", std::move(rows)}});
  }
  return parts;
}

absl::StatusOr<Json> EvaluationRows(const RolloutStore& a, const RolloutStore& b) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Evaluation> evaluations_a, a.ReadEvaluations());
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Evaluation> evaluations_b, b.ReadEvaluations());
  std::map<std::pair<int64_t, std::string>, std::pair<Json, Json>> rows;
  for (const RolloutStore::Evaluation& evaluation : evaluations_a) {
    rows[{evaluation.step, evaluation.name}].first = evaluation.pass_at_1;
  }
  for (const RolloutStore::Evaluation& evaluation : evaluations_b) {
    rows[{evaluation.step, evaluation.name}].second = evaluation.pass_at_1;
  }
  Json list = Json::array();
  for (const auto& [key, values] : rows) {
    list.push_back(Pair(fmt::format("pass@1 {} (after step {})", key.second, key.first), values.first, values.second));
  }
  return list;
}

struct TaskRow {
  std::string question;
  double pass_rate = 0;
};

absl::StatusOr<std::map<std::string, TaskRow>> TasksOf(const RolloutStore& store, int64_t step) {
  std::map<std::string, TaskRow> tasks;
  CUPEL_ASSIGN_OR_RETURN(
      SqliteStatement row,
      store.connection().Prepare("SELECT task_id, question, avg(outcome = 'correct') FROM samples WHERE run_id = ?1 AND step = "
                                 "?2 AND is_scored GROUP BY task_id"));
  row.Query(store.run_id(), step);
  while (true) {
    CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
    if (!has_row) {
      return tasks;
    }
    tasks[row.Text(0)] = {row.Text(1), row.Real(2)};
  }
}

absl::Status CheckStep(const RolloutStore& store, int64_t step) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, store.StepNumbers());
  if (std::ranges::find(steps, step) != steps.end()) {
    return absl::OkStatus();
  }
  return steps.empty()
             ? NotFound("{}: no step is stored yet", store.path())
             : NotFound("{}: step {} is not stored; steps {} to {} are", store.path(), step + 1, steps.front() + 1, steps.back() + 1);
}

std::string Shown(const Json& value) {
  if (value.is_null()) {
    return "–";
  }
  return value.is_number() ? fmt::format("{:.6g}", value.get<double>())
                           : OneLine(value.is_string() ? value.get<std::string>() : value.dump(), 40);
}

std::string RowText(const Json& row) {
  const Json& a = row["a"];
  const Json& b = row["b"];
  const std::string change = a.is_number() && b.is_number() ? fmt::format("{:+.4g}", b.get<double>() - a.get<double>()) : "";
  return fmt::format("  {:<{}} {:>14} {:>14} {:>11}\n", OneLine(row["name"].get<std::string>(), kNameWidth), kNameWidth, Shown(a), Shown(b),
                     change);
}

}  // namespace

absl::StatusOr<Json> DiffRuns(const RolloutStore& a, const RolloutStore& b) {
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info_a, a.ReadRun());
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info_b, b.ReadRun());
  Json settings = Json::array();
  for (const std::string& line : DifferingSettings(info_a.recipe, info_b.recipe)) {
    settings.push_back(line);
  }
  const auto note = [&](const char* name, const std::string& x, const std::string& y) {
    if (x != y) {
      settings.push_back(fmt::format("({}): {} -> {}", name, x, y));
    }
  };
  note("program", info_a.program_version + " " + info_a.git_revision, info_b.program_version + " " + info_b.git_revision);
  note("kernels", info_a.kernels, info_b.kernels);
  note("model digest", info_a.model_digest.substr(0, 12), info_b.model_digest.substr(0, 12));
  CUPEL_ASSIGN_OR_RETURN(Json parts, CommonSteps(a, b));
  CUPEL_ASSIGN_OR_RETURN(Json evaluations, EvaluationRows(a, b));
  if (!evaluations.empty()) {
    parts.push_back({{"title", "evaluations"}, {"rows", std::move(evaluations)}});
  }
  return Json{{"a", a.path()}, {"b", b.path()}, {"settings", std::move(settings)}, {"parts", std::move(parts)}};
}

absl::StatusOr<Json> DiffSteps(const RolloutStore& a, int64_t step_a, const RolloutStore& b, int64_t step_b) {
  CUPEL_RETURN_IF_ERROR(CheckStep(a, step_a));
  CUPEL_RETURN_IF_ERROR(CheckStep(b, step_b));
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::Metrics metrics_a, a.ReadMetrics(step_a));
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::Metrics metrics_b, b.ReadMetrics(step_b));
  Json metrics = Json::array();
  for (const auto& [name, value] : metrics_a) {
    const auto other = std::ranges::find(metrics_b, name, [](const auto& metric) -> const std::string& { return metric.first; });
    metrics.push_back(Pair(name, NumberOrNull(value), other == metrics_b.end() ? Json(nullptr) : NumberOrNull(other->second)));
  }
  CUPEL_ASSIGN_OR_RETURN(const auto tasks_a, TasksOf(a, step_a));
  CUPEL_ASSIGN_OR_RETURN(const auto tasks_b, TasksOf(b, step_b));
  std::vector<std::pair<double, Json>> tasks;
  for (const auto& [id, task] : tasks_a) {
    if (const auto other = tasks_b.find(id); other != tasks_b.end()) {
      tasks.emplace_back(other->second.pass_rate - task.pass_rate,
                         Pair(OneLine(task.question, kQuestionWidth), task.pass_rate, other->second.pass_rate));
    }
  }
  std::ranges::stable_sort(tasks, {}, &std::pair<double, Json>::first);
  Json rows = Json::array();
  for (size_t i = 0; i < std::min(kMaxTasks, tasks.size()); ++i) {
    rows.push_back(std::move(tasks[i].second));
  }
  Json parts = Json::array({{{"title", "metrics"}, {"rows", std::move(metrics)}}});
  parts.push_back({{"title", fmt::format("pass rate of tasks that both steps drew ({})", tasks.size())}, {"rows", std::move(rows)}});
  return Json{{"a", fmt::format("{} step {}", a.path(), step_a + 1)},
              {"b", fmt::format("{} step {}", b.path(), step_b + 1)},
              {"settings", Json::array()},
              {"parts", std::move(parts)}};
}

std::string DiffText(const Json& diff) {
  std::string text = fmt::format("a  {}\nb  {}\n", diff["a"].get<std::string>(), diff["b"].get<std::string>());
  if (!diff["settings"].empty()) {
    text += "\nsettings that differ (a -> b)\n";
    for (const Json& line : diff["settings"]) {
      text += "  " + line.get<std::string>() + "\n";
    }
  }
  for (const Json& part : diff["parts"]) {
    if (part["rows"].empty()) {
      continue;
    }
    text += fmt::format("\n  {:<{}} {:>14} {:>14} {:>11}\n", part["title"].get<std::string>(), kNameWidth, "a", "b", "b - a");
    for (const Json& row : part["rows"]) {
      text += RowText(row);
    }
  }
  return text;
}

}  // namespace cupel
