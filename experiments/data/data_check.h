#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "datasets/dataset.h"

// What `cupel data` knows about the tasks of a recipe.

namespace cupel {

// How gold answers fare when their own verifier judges them as a model's.
struct JudgedGolds {
  int64_t judged = 0;
  int64_t correct = 0;
  std::vector<std::string> problems;  // the first ten that are not correct: "train.jsonl:3: incorrect: gold 12, answer 13"
};

struct SplitCheck {
  int64_t tasks = 0;
  std::map<std::string, int64_t> verifiers;  // tasks by the name of their verifier
  JudgedGolds golds;                         // when asked for
};

struct DataCheck {
  LoadReport report;
  SplitCheck training;
  SplitCheck evaluation;
  std::string refusal;  // what training with these settings would say; empty when it would begin
};

struct DataCheckRequest {
  DatasetConfig config;
  uint64_t seed = 1;
  bool has_evaluation = true;  // false: a single file, looked at as a whole
  bool judges_golds = false;
  std::function<void(const std::string&)> progress;  // a line about what is being done
};

// Loads both splits with everything that can be left out left out, and counts it. Errors: what no setting leaves out.
absl::StatusOr<DataCheck> CheckData(const DataCheckRequest& request);

// The gold answer as a model would give it: in a fenced block, a box or a tag, as its verifier looks for it.
std::string AnswerInWrapper(const Task& task);

}  // namespace cupel
