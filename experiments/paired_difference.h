#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "experiments/consensus.h"

namespace cupel {

// Share of right answers by task id.
using TaskShares = std::map<std::string, double>;

// [{"task", "correct", "samples"}], other members ignored: questions of one evaluation. `where` begins messages about what is wrong.
absl::StatusOr<TaskShares> ReadTaskShares(const Json& questions, const std::string& where);

// Two evaluations over the questions that both answered. Pairing takes the difficulty of the questions out of the error.
struct PairedDifference {
  MeanError first;
  MeanError second;
  MeanError difference;  // second - first
  int64_t better = 0;    // questions on which the second is better
  int64_t worse = 0;
  int64_t same = 0;
  int64_t left_out = 0;  // questions that only one of them answered

  int64_t questions() const { return better + worse + same; }
  double low95() const;  // of the difference, by the normal distribution
  double high95() const;
};
PairedDifference Compare(const TaskShares& first, const TaskShares& second);

}  // namespace cupel
