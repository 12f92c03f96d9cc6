#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "datasets/task.h"
#include "rollout/rollout_store.h"

// Answers to be scored by `cupel score`: from a rollout log or from JSON lines.

namespace cupel {

struct Answer {
  std::string text;
  std::vector<int32_t> tokens = {};  // ids; empty where nobody knows them
  int64_t num_tokens = 0;            // a quarter of the bytes where nobody counted
  bool is_truncated = false;
  std::optional<double> label = {};  // what somebody else says it is worth, 0 to 1
  std::string where = {};            // "answers.jsonl:12", "step 3, group 1, sample 0"
};

// The answers to one question that are compared with each other.
struct AnswerGroup {
  Task task;
  int64_t step = 0;
  std::vector<Answer> answers;
};

struct AnswerSet {
  std::string source;
  std::vector<AnswerGroup> groups;
  int64_t num_answers = 0;
  int64_t num_left_out = 0;           // pruned from the log, or unusable lines that were skipped
  std::vector<std::string> problems;  // of the lines skipped, the first ten
  bool has_tokens = false;            // every answer's ids are known
};

struct AnswerOptions {
  std::string verifier;  // replaces the tasks' own; for lines that name none: "math" when empty
  std::string verifier_options;
  bool skip_bad = false;  // leave out lines that cannot be used instead of refusing the file
  int64_t limit = 0;      // at most so many answers, whole groups; 0: all
};

// Every group of a run's log. FailedPrecondition when it holds no text.
absl::StatusOr<AnswerSet> ReadAnswers(const RolloutStore& store, const AnswerOptions& options);

// Answers that a model has just given; `source` names it. FailedPrecondition when there are none.
absl::StatusOr<AnswerSet> AnswersOf(const std::vector<RolloutGroup>& groups, std::string source, const AnswerOptions& options);

// JSON lines, one answer each: docs/rewards.md, "Answers". Lines that share `step` and `group`, else `task`, else question and gold, are
// one group. InvalidArgument names file, line and member.
absl::StatusOr<AnswerSet> ReadAnswers(const std::string& path, const AnswerOptions& options);

}  // namespace cupel
