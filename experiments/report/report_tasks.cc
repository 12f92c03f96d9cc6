#include "experiments/report/report_tasks.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "base/status.h"
#include "rollout/sqlite.h"

namespace cupel {
namespace {

constexpr std::string_view kTasks =
    "SELECT task_id, min(group_id), count(*), avg(outcome = 'correct'), avg(reward), avg(num_tokens), min(step), max(step),"
    " avg(outcome = 'correct') FILTER (WHERE step < ?2), avg(outcome = 'correct') FILTER (WHERE step >= ?2)"
    " FROM groups JOIN rollouts USING (group_id) JOIN verdicts USING (rollout_id)"
    " WHERE run_id = ?1 AND outcome NOT IN ('undecided', 'error') GROUP BY task_id";

constexpr size_t kMaxQuestionBytes = 400;

Json Rounded(double value) { return Json::parse(fmt::format("{:.4g}", value)); }

Json RoundedOrNull(const SqliteStatement& row, int column) { return row.IsNull(column) ? Json(nullptr) : Rounded(row.Real(column)); }

// How much a reader wants to see the task: what changed most, then what is hardest.
double Interest(const Json& task) {
  const bool has_both = task["early"].is_number() && task["late"].is_number();
  const double change = has_both ? std::abs(task["late"].get<double>() - task["early"].get<double>()) : 0;
  return 2 * change + 1 - task["pass"].get<double>();
}

std::string Cut(std::string text) {
  if (text.size() > kMaxQuestionBytes) {
    text = ReplaceInvalidUtf8(text.substr(0, kMaxQuestionBytes)) + "…";
  }
  return text;
}

}  // namespace

absl::StatusOr<Json> ReadReportTasks(const RolloutStore& store, const std::vector<int64_t>& steps, int64_t max_tasks) {
  const int64_t middle = steps.empty() ? 0 : (steps.front() + steps.back() + 1) / 2;
  std::vector<Json> tasks;
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement row, store.connection().Prepare(kTasks));
  row.Query(store.run_id(), middle);
  while (true) {
    CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
    if (!has_row) {
      break;
    }
    tasks.push_back({{"id", row.Text(0)},
                     {"group_id", row.Integer(1)},
                     {"n", row.Integer(2)},
                     {"pass", Rounded(row.Real(3))},
                     {"reward", Rounded(row.Real(4))},
                     {"length", Rounded(row.Real(5))},
                     {"first", row.Integer(6) + 1},
                     {"last", row.Integer(7) + 1},
                     {"early", RoundedOrNull(row, 8)},
                     {"late", RoundedOrNull(row, 9)}});
  }
  const size_t total = tasks.size();
  std::stable_sort(tasks.begin(), tasks.end(), [](const Json& a, const Json& b) { return Interest(a) > Interest(b); });
  tasks.resize(std::min(tasks.size(), static_cast<size_t>(max_tasks)));

  CUPEL_ASSIGN_OR_RETURN(SqliteStatement text, store.connection().Prepare("SELECT question, answer FROM groups WHERE group_id = ?1"));
  for (Json& task : tasks) {
    text.Query(task["group_id"].get<int64_t>());
    CUPEL_ASSIGN_OR_RETURN(const bool has_row, text.Next());
    task["question"] = has_row ? Cut(text.Text(0)) : "";
    task["answer"] = has_row ? Cut(text.Text(1)) : "";
    task.erase("group_id");
  }
  return Json{{"tasks", std::move(tasks)}, {"total", total}};
}

}  // namespace cupel
