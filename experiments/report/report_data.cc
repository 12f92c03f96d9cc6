#include "experiments/report/report_data.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "experiments/report/report_groups.h"
#include "experiments/report/report_tasks.h"
#include "rollout/sqlite.h"

namespace cupel {
namespace {

constexpr std::array<std::string_view, 5> kOutcomes = {"correct", "incorrect", "no_answer", "undecided", "error"};
constexpr double kErrorsInBand = 2;  // standard errors on each side of the mean

// What a point of the curves is made of: the completions of one window of steps.
struct Window {
  int64_t last_step = 0;
  std::vector<double> group_rewards;  // mean of each group's scored completions
  double reward_sum = 0;
  double num_scored = 0;
  double num_correct = 0;
  double num_truncated = 0;
  double all_correct = 0;  // groups
  double all_wrong = 0;
  double no_signal = 0;
  double num_groups = 0;
  std::vector<double> lengths;
  std::array<double, kOutcomes.size()> outcomes{};
};

// One group while its rows come in.
struct OpenGroup {
  int64_t group_id = -1;
  double reward_sum = 0;
  double low = 0;
  double high = 0;
  double num_scored = 0;
  double num_correct = 0;
  double size = 0;
};

void CloseGroup(const OpenGroup& group, Window& window) {
  if (group.size == 0) {
    return;
  }
  window.num_groups += 1;
  window.all_correct += group.num_scored > 0 && group.num_correct == group.num_scored ? 1 : 0;
  window.all_wrong += group.num_scored > 0 && group.num_correct == 0 ? 1 : 0;
  window.no_signal += group.num_scored == 0 || group.low == group.high ? 1 : 0;
  if (group.num_scored > 0) {
    window.group_rewards.push_back(group.reward_sum / group.num_scored);
  }
}

// Columns of the query in ReadWindows.
struct CompletionRow {
  double reward;
  double num_tokens;
  bool is_truncated;
  size_t outcome;
};

void AddCompletion(const CompletionRow& row, OpenGroup& group, Window& window) {
  const bool is_scored = row.outcome < 3;
  group.size += 1;
  window.outcomes[row.outcome] += 1;
  window.lengths.push_back(row.num_tokens);
  window.num_truncated += row.is_truncated ? 1 : 0;
  if (!is_scored) {
    return;
  }
  group.low = group.num_scored == 0 ? row.reward : std::min(group.low, row.reward);
  group.high = group.num_scored == 0 ? row.reward : std::max(group.high, row.reward);
  group.num_scored += 1;
  group.reward_sum += row.reward;
  window.reward_sum += row.reward;
  window.num_scored += 1;
  if (row.outcome == 0) {
    group.num_correct += 1;
    window.num_correct += 1;
  }
}

absl::StatusOr<std::vector<Window>> ReadWindows(const RolloutStore& store, const std::vector<int64_t>& steps, int64_t steps_per_window) {
  std::vector<Window> windows;
  std::map<int64_t, size_t> window_of;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (i % static_cast<size_t>(steps_per_window) == 0) {
      windows.emplace_back();
    }
    windows.back().last_step = steps[i];
    window_of[steps[i]] = windows.size() - 1;
  }
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement row,
                         store.connection().Prepare(
                             "SELECT step, group_id, reward, num_tokens, finish_reason = 'length', CASE outcome WHEN 'correct' THEN 0 WHEN "
                             "'incorrect' THEN 1 WHEN 'no_answer' THEN 2 WHEN 'undecided' THEN 3 ELSE 4 END"
                             " FROM groups JOIN rollouts USING (group_id) JOIN verdicts USING (rollout_id) WHERE run_id = ?1"
                             " ORDER BY run_id, step, group_idx"));
  row.Query(store.run_id());
  OpenGroup group;
  size_t window = 0;
  while (true) {
    CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
    if (!has_row || row.Integer(1) != group.group_id) {
      if (group.size > 0) {
        CloseGroup(group, windows[window]);
      }
      group = OpenGroup{.group_id = has_row ? row.Integer(1) : -1};
    }
    if (!has_row) {
      return windows;
    }
    const auto found = window_of.find(row.Integer(0));
    if (found == window_of.end()) {
      return DataLoss("{}: completions of step {}, which is not stored", store.path(), row.Integer(0) + 1);
    }
    window = found->second;
    AddCompletion({row.Real(2), row.Real(3), row.Integer(4) != 0, static_cast<size_t>(row.Integer(5))}, group, windows[window]);
  }
}

// A number for the page: short, and null where there is none.
Json Number(double value) {
  if (!std::isfinite(value)) {
    return nullptr;
  }
  return Json::parse(fmt::format("{:.6g}", value));
}

Json Share(double part, double whole) { return whole > 0 ? Number(part / whole) : Json(nullptr); }

double Quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<size_t>(at);
  const size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

double StandardError(const std::vector<double>& values, double mean) {
  if (values.size() < 2) {
    return 0;
  }
  double squares = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  const auto n = static_cast<double>(values.size());
  return std::sqrt(squares / (n - 1) / n);
}

void AddRewardPoint(const Window& window, Json& curves) {
  const double mean = window.num_scored > 0 ? window.reward_sum / window.num_scored : std::nan("");
  const double error = kErrorsInBand * StandardError(window.group_rewards, mean);
  curves["reward"].push_back(Number(mean));
  curves["reward_low"].push_back(Number(mean - error));
  curves["reward_high"].push_back(Number(mean + error));
  curves["pass_rate"].push_back(Share(window.num_correct, window.num_scored));
}

void AddLengthPoint(Window& window, Json& curves) {
  std::sort(window.lengths.begin(), window.lengths.end());
  double sum = 0;
  for (const double length : window.lengths) {
    sum += length;
  }
  const bool is_empty = window.lengths.empty();
  curves["length_mean"].push_back(Share(sum, static_cast<double>(window.lengths.size())));
  for (const int percent : {5, 25, 50, 75, 95}) {
    curves[fmt::format("length_q{:02}", percent)].push_back(is_empty ? Json(nullptr) : Number(Quantile(window.lengths, percent / 100.0)));
  }
  curves["truncated"].push_back(Share(window.num_truncated, static_cast<double>(window.lengths.size())));
}

void AddSharePoints(const Window& window, Json& curves) {
  curves["all_correct"].push_back(Share(window.all_correct, window.num_groups));
  curves["all_wrong"].push_back(Share(window.all_wrong, window.num_groups));
  curves["mixed"].push_back(Share(window.num_groups - window.all_correct - window.all_wrong, window.num_groups));
  curves["no_signal"].push_back(Share(window.no_signal, window.num_groups));
  for (size_t i = 0; i < kOutcomes.size(); ++i) {
    curves[fmt::format("outcome_{}", kOutcomes[i])].push_back(Share(window.outcomes[i], static_cast<double>(window.lengths.size())));
  }
}

// Metrics by name, one value per window: the mean of those of its steps.
absl::StatusOr<Json> ReadMetricCurves(const RolloutStore& store, const std::vector<int64_t>& steps, int64_t steps_per_window,
                                      size_t num_windows) {
  struct Mean {
    double sum = 0;
    double count = 0;
  };
  std::vector<std::string> order;
  std::map<std::string, std::vector<Mean>> by_name;
  std::map<int64_t, size_t> window_of;
  for (size_t i = 0; i < steps.size(); ++i) {
    window_of[steps[i]] = i / static_cast<size_t>(steps_per_window);
  }
  CUPEL_ASSIGN_OR_RETURN(
      SqliteStatement row,
      store.connection().Prepare("SELECT name, step, value FROM metrics WHERE run_id = ?1 ORDER BY metric_idx, name, step"));
  row.Query(store.run_id());
  while (true) {
    CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
    if (!has_row) {
      break;
    }
    const auto window = window_of.find(row.Integer(1));
    if (window == window_of.end() || row.IsNull(2)) {
      continue;
    }
    const std::string name = row.Text(0);
    auto [entry, is_new] = by_name.try_emplace(name, num_windows);
    if (is_new) {
      order.push_back(name);
    }
    entry->second[window->second].sum += row.Real(2);
    entry->second[window->second].count += 1;
  }
  Json curves = Json::object();
  for (const std::string& name : order) {
    Json& curve = curves[name] = Json::array();
    for (const Mean& mean : by_name[name]) {
      curve.push_back(Share(mean.sum, mean.count));
    }
  }
  return curves;
}

absl::Status AddRows(const RolloutStore& store, Json& report) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Evaluation> evaluations, store.ReadEvaluations());
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Checkpoint> checkpoints, store.ReadCheckpoints());
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Event> events, store.ReadEvents());
  report["evaluations"] = Json::array();
  for (const RolloutStore::Evaluation& evaluation : evaluations) {
    report["evaluations"].push_back({{"step", evaluation.step},
                                     {"name", evaluation.name},
                                     {"questions", evaluation.num_questions},
                                     {"samples", evaluation.samples_per_question},
                                     {"pass_at_1", Number(evaluation.pass_at_1)},
                                     {"standard_error", Number(evaluation.standard_error)},
                                     {"examples", evaluation.examples}});
  }
  report["checkpoints"] = Json::array();
  for (const RolloutStore::Checkpoint& checkpoint : checkpoints) {
    report["checkpoints"].push_back({{"step", checkpoint.step}, {"directory", checkpoint.directory}});
  }
  report["events"] = Json::array();
  for (const RolloutStore::Event& event : events) {
    report["events"].push_back({{"at", event.at}, {"step", event.step}, {"kind", event.kind}, {"message", event.message}});
  }
  return absl::OkStatus();
}

// Of a log that does not say: its folder for RUN/run.db, else its file.
std::string NameFromPath(const std::string& path) {
  const std::filesystem::path file(path);
  const std::filesystem::path folder = file.parent_path().filename();
  return file.filename() == "run.db" && !folder.empty() ? folder.string() : file.filename().string();
}

absl::Status AddRun(const RolloutStore& store, Json& report) {
  CUPEL_ASSIGN_OR_RETURN(RolloutStore::RunInfo info, store.ReadRun());
  report["name"] = info.name.empty() ? NameFromPath(store.path()) : info.name;
  report["info"] = {{"log", store.path()}, {"program", info.program_version}, {"revision", info.git_revision},
                    {"build", info.build}, {"kernels", info.kernels},         {"model digest", info.model_digest},
                    {"host", info.host},   {"started", info.started_at},      {"ended", info.ended_at}};
  report["recipe"] = std::move(info.recipe);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Json> ReadReportData(const RolloutStore& store, const ReportLimits& limits) {
  Json report;
  CUPEL_RETURN_IF_ERROR(AddRun(store, report));
  CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, store.StepNumbers());
  const int64_t per_window = std::max<int64_t>(1, (std::ssize(steps) + limits.max_points - 1) / limits.max_points);
  CUPEL_ASSIGN_OR_RETURN(std::vector<Window> windows, ReadWindows(store, steps, per_window));
  report["steps"] = Json::array();
  report["window"] = per_window;
  Json curves = Json::object();
  double completions = 0;
  double tokens = 0;
  double groups = 0;
  for (Window& window : windows) {
    report["steps"].push_back(window.last_step + 1);
    AddRewardPoint(window, curves);
    AddLengthPoint(window, curves);
    AddSharePoints(window, curves);
    completions += static_cast<double>(window.lengths.size());
    groups += window.num_groups;
    for (const double length : window.lengths) {
      tokens += length;
    }
  }
  report["curves"] = std::move(curves);
  CUPEL_ASSIGN_OR_RETURN(report["metrics"], ReadMetricCurves(store, steps, per_window, windows.size()));
  CUPEL_RETURN_IF_ERROR(AddRows(store, report));
  CUPEL_ASSIGN_OR_RETURN(report["tasks"], ReadReportTasks(store, steps, limits.max_tasks));
  CUPEL_ASSIGN_OR_RETURN(report["groups"], SampleGroupsToShow(store, steps, limits.max_tokens));
  report["totals"] = {{"steps", steps.size()},
                      {"groups", groups},
                      {"completions", completions},
                      {"tokens", tokens},
                      {"shown_groups", report["groups"].size()}};
  return report;
}

}  // namespace cupel
