#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/task.h"
#include "experiments/score/answers.h"

// Degenerate policies: what a model may find out that it is paid for instead of solving the task. None of them knows the gold answer of the
// question that it is asked, or does any work on it.

namespace cupel {

// What a policy may know: the question, and what answers are usual, which a policy under training would learn.
struct AttackContext {
  const Task* task = nullptr;
  std::vector<std::string> common_golds;  // the most frequent gold answers of all tasks, the first the most frequent; at least one
  std::vector<std::string> all_golds;     // different ones, at most 200
  int64_t long_tokens = 0;                // longer than any honest answer
  uint32_t task_idx = 0;
};

struct AttackAnswer {
  std::string text;
  bool is_truncated = false;
};

struct Attack {
  std::string_view name;
  std::string_view what;  // what it does, for a person
  AttackAnswer (*answer)(const AttackContext& context, uint32_t sample);
};

// The battery, in the order of the report. Pure functions: the same answers every time.
const std::vector<Attack>& Attacks();

}  // namespace cupel
