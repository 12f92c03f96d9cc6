#include "experiments/paired_difference.h"

#include <vector>

#include "base/status.h"

namespace cupel {
namespace {

constexpr double kNormal95 = 1.959964;  // two-sided 95 % point of the normal distribution

}  // namespace

absl::StatusOr<TaskShares> ReadTaskShares(const Json& questions, const std::string& where) {
  TaskShares shares;
  for (const Json& row : questions) {
    const bool is_ours = row.is_object() && row.contains("task") && row["task"].is_string() && row.contains("correct") &&
                         row["correct"].is_number() && row.contains("samples") && row["samples"].is_number() && row["samples"] > 0;
    if (!is_ours) {
      return InvalidArgument(
          "{}: question {} lacks \"task\", \"correct\" or \"samples\"; expected what `cupel eval --out` or `cupel pipeline` wrote", where,
          shares.size() + 1);
    }
    if (!shares.emplace(row["task"].get<std::string>(), row["correct"].get<double>() / row["samples"].get<double>()).second) {
      return InvalidArgument("{}: task {} comes twice", where, row["task"].get<std::string>());
    }
  }
  return shares;
}

double PairedDifference::low95() const { return difference.mean - kNormal95 * difference.error; }
double PairedDifference::high95() const { return difference.mean + kNormal95 * difference.error; }

PairedDifference Compare(const TaskShares& first, const TaskShares& second) {
  PairedDifference result;
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

}  // namespace cupel
