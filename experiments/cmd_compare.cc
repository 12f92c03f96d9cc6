#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "experiments/command.h"
#include "experiments/consensus.h"

namespace cupel {
namespace {

constexpr double kNormal95 = 1.959964;  // two-sided 95 % point of the normal distribution

struct CompareOptions {
  std::string first;
  std::string second;
  bool json = false;
};

// Share of right answers by task.
absl::StatusOr<std::map<std::string, double>> ReadShares(const std::string& path) {
  CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  std::map<std::string, double> shares;
  int64_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string where = fmt::format("{}:{}", path, ++number);
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    if (line.empty()) {
      continue;
    }
    CUPEL_ASSIGN_OR_RETURN(const Json row, ParseJson(line, where));
    const bool is_ours = row.is_object() && row.contains("task") && row["task"].is_string() && row.contains("correct") &&
                         row["correct"].is_number() && row.contains("samples") && row["samples"].is_number() && row["samples"] > 0;
    if (!is_ours) {
      return InvalidArgument("{}: lacks \"task\", \"correct\" or \"samples\"; expected a line that `cupel eval --out` wrote", where);
    }
    if (!shares.emplace(row["task"].get<std::string>(), row["correct"].get<double>() / row["samples"].get<double>()).second) {
      return InvalidArgument("{}: task {} comes twice", where, row["task"].get<std::string>());
    }
  }
  return shares;
}

struct Comparison {
  MeanError first;
  MeanError second;
  MeanError difference;  // second - first, over questions that both answered
  int64_t better = 0;    // questions on which the second is better
  int64_t worse = 0;
  int64_t same = 0;
  int64_t left_out = 0;  // questions that only one of them answered
};

Comparison Compare(const std::map<std::string, double>& first, const std::map<std::string, double>& second) {
  Comparison result;
  std::vector<double> shares_first;
  std::vector<double> shares_second;
  std::vector<double> differences;
  for (const auto& [task, share] : first) {
    const auto other = second.find(task);
    if (other == second.end()) {
      ++result.left_out;
      continue;
    }
    shares_first.push_back(share);
    shares_second.push_back(other->second);
    differences.push_back(other->second - share);
    (differences.back() > 0 ? result.better : differences.back() < 0 ? result.worse : result.same) += 1;
  }
  result.left_out += std::ssize(second) - std::ssize(differences);
  result.first = MeanAndError(shares_first);
  result.second = MeanAndError(shares_second);
  result.difference = MeanAndError(differences);
  return result;
}

absl::Status RunCompare(const CompareOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const auto first, ReadShares(options.first));
  CUPEL_ASSIGN_OR_RETURN(const auto second, ReadShares(options.second));
  const Comparison result = Compare(first, second);
  const int64_t questions = result.better + result.worse + result.same;
  if (questions == 0) {
    return InvalidArgument("{} and {} have no task in common; evaluate both with the same recipe and seed", options.first, options.second);
  }
  const double low = result.difference.mean - kNormal95 * result.difference.error;
  const double high = result.difference.mean + kNormal95 * result.difference.error;
  if (options.json) {
    const Json json = {
        {"questions", questions},
        {"left_out", result.left_out},
        {"first", {{"pass@1", result.first.mean}, {"standard_error", result.first.error}}},
        {"second", {{"pass@1", result.second.mean}, {"standard_error", result.second.error}}},
        {"difference", {{"mean", result.difference.mean}, {"standard_error", result.difference.error}, {"low95", low}, {"high95", high}}},
        {"better", result.better},
        {"worse", result.worse},
        {"same", result.same}};
    fmt::print("{}\n", DumpJson(json, 2));
    return absl::OkStatus();
  }
  fmt::print("{:<12} pass@1 {:.4f} ± {:.4f}   {}\n", "first", result.first.mean, result.first.error, options.first);
  fmt::print("{:<12} pass@1 {:.4f} ± {:.4f}   {}\n", "second", result.second.mean, result.second.error, options.second);
  fmt::print("{:<12} {:+.4f}, 95 % interval {:+.4f} to {:+.4f}: {}\n", "difference", result.difference.mean, low, high,
             low > 0    ? "the second is better"
             : high < 0 ? "the first is better"
                        : "no difference is established");
  fmt::print("{:<12} {}: second better on {}, worse on {}, same on {}\n", "questions", questions, result.better, result.worse, result.same);
  if (result.left_out > 0) {
    fmt::print("{:<12} {} that only one of the two answered\n", "left out", result.left_out);
  }
  return absl::OkStatus();
}

}  // namespace

Action DeclareCompare(CLI::App& app) {
  auto options = std::make_shared<CompareOptions>();
  app.add_option("first", options->first, "answers as `cupel eval --out` wrote them")->required();
  app.add_option("second", options->second, "answers of another model or checkpoint to the same questions")->required();
  app.add_flag("--json", options->json, "print as JSON");
  return [options](StopSignal&) {
    const absl::Status status = RunCompare(*options);
    return status.ok() ? 0 : Fail(status);
  };
}

}  // namespace cupel
