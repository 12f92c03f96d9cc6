#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "grpo/config.h"
#include "grpo/optimizer.h"
#include "grpo/spike_window.h"

namespace cupel {

// The optimizer behind the safety rules: an update is made from the accumulated gradients, or skipped when something about it is wrong. A
// skipped update leaves parameters and moments bit-equal to a run that never saw it.
class UpdateGuard {
 public:
  // The policy is borrowed and must have EnableTraining called.
  UpdateGuard(Policy& policy, const OptimizerConfig& optimizer, const SafetyConfig& safety, int64_t total_updates);

  struct Outcome {
    double gradient_norm = 0;
    bool was_skipped = false;
    bool was_spike = false;
  };
  // Uses up the gradients. is_finite: whether loss and log-probabilities are numbers. Gradients of norm 0 (all groups without signal) make
  // no update: there is nothing to learn, and Adam must not move on its momentum. Aborted after max_skipped_updates skips in a row.
  absl::StatusOr<Outcome> Apply(bool is_finite);

  int64_t num_updates() const { return num_updates_; }  // attempted: drives the schedule
  double learning_rate() const { return optimizer_.LearningRate(num_updates_); }

  // Counters and window as members of a JSON object, and the moments as a file.
  Json State() const;
  absl::StatusOr<Policy::WrittenFile> SaveMoments(const std::string& directory) const { return optimizer_.Save(directory); }
  // `where`: the file of `state` in messages. DataLoss when a member is missing or malformed.
  absl::Status Load(const Json& state, const std::string& where, const std::string& directory);

 private:
  absl::StatusOr<Outcome> Skip(Outcome outcome, std::string_view why);

  Policy& policy_;
  SafetyConfig safety_;
  Optimizer optimizer_;
  SpikeWindow usual_norms_;
  int64_t num_updates_ = 0;
  int64_t consecutive_skips_ = 0;
};

}  // namespace cupel
