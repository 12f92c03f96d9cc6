#pragma once

#include <string>
#include <vector>

#include "grpo/config.h"
#include "grpo/step_metrics.h"

namespace cupel {

// What to make of a step's numbers, in plain language: those that look odd and are right, and those that are wrong.
struct Remark {
  bool is_warning;   // something is wrong; otherwise it only looks so
  std::string key;   // "entropy_collapse": a warning is said again when it went away and came back, any other remark once
  std::string text;  // a sentence, with the numbers and what to do
};

// `history`: the metrics of up to kRemarkHistory steps before, oldest first.
inline constexpr size_t kRemarkHistory = 10;
std::vector<Remark> Explain(const StepMetrics& metrics, const std::vector<StepMetrics>& history, const GrpoConfig& config);

}  // namespace cupel
