#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "rollout/rollout_store.h"

// Rollouts as JSON lines, for other programs and back. The fields: docs/rollout-log.md, "Export and import".

namespace cupel {

enum class ExportFormat {
  kRollouts,     // one line per completion, with everything that a log knows of it
  kSupervised,   // {"messages": [...]}: the conversation with the answer, for supervised fine-tuning
  kPreferences,  // {"prompt": [...], "chosen": [...], "rejected": [...]}: the best against the worst answer of a group whose rewards differ
};

struct ExportRequest {
  ExportFormat format = ExportFormat::kRollouts;
  int64_t first_step = 0;         // steps from this number on …
  int64_t last_step = INT64_MAX;  // … up to this one
  bool only_correct = false;      // completions with another outcome are left out (of preferences: as chosen)
  bool with_token_ids = true;     // of kRollouts: prompt_ids, completion_ids and log-probabilities
};

struct ExportResult {
  int64_t num_lines = 0;
  int64_t num_pruned = 0;  // completions left out because their text was removed from the log
};

// Gives every line, without newline, to `write`; stops with its first failure.
absl::StatusOr<ExportResult> ExportRollouts(const RolloutStore& store, const ExportRequest& request,
                                            const std::function<absl::Status(std::string_view)>& write);

struct ImportResult {
  int64_t num_steps = 0;
  int64_t num_rollouts = 0;
};

// Makes a new log at `target` from lines of format kRollouts, in the order in which they were exported. What such a line does not need to
// say has a default: see the document. InvalidArgument names file and line; nothing is left of the log then.
absl::StatusOr<ImportResult> ImportRollouts(const std::string& source, const std::string& target);

}  // namespace cupel
