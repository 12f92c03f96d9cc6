#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "grpo/config.h"
#include "rewards/reward.h"
#include "rollout/rollout_store.h"

// Logged completions judged once more, by another verifier or for other rewards, without a model.

namespace cupel {

struct RescoreRequest {
  std::string verifier = {};                 // in place of each task's own; empty: as the task says
  std::optional<std::string> metadata = {};  // options for the verifier, in place of each task's own
  RewardConfig rewards = {};
  GrpoConfig grpo = {};      // rewards to advantages
  int threads = 0;           // 0: one per processor
  int64_t max_examples = 3;  // of each kind of changed verdict
};

struct RescoreExample {
  int64_t step = 0;
  int64_t group_idx = 0;
  int64_t sample_idx = 0;
  std::string question = {};
  std::string gold = {};
  std::string text = {};
  Verdict before = {};
  Verdict after = {};
};

// Sums over all completions, from which means and correlations follow.
struct PairedSums {
  double n = 0;
  double before = 0;
  double after = 0;
  double before_squares = 0;
  double after_squares = 0;
  double products = 0;
  void Add(double x, double y);
  double Correlation() const;  // Pearson; NaN when one side does not vary
};

struct RescoreSummary {
  int64_t num_steps = 0;
  int64_t num_groups = 0;
  int64_t num_rollouts = 0;
  int64_t num_pruned = 0;                                     // left out: their text is no longer in the log
  std::map<std::pair<Outcome, Outcome>, int64_t> flips = {};  // (before, after), the unchanged on the diagonal
  std::map<std::pair<Outcome, Outcome>, std::vector<RescoreExample>> examples = {};
  PairedSums reward = {};                        // scored both times
  std::map<std::string, PairedSums> terms = {};  // by name; of a term that only one side has, the other is 0
  std::map<std::string, int> term_sides = {};    // 1: recorded, 2: new, 3: both
  PairedSums advantage = {};
  int64_t advantage_signs = 0;         // completions pushed the other way: positive before and negative after, or the reverse
  int64_t groups_with_signal[2] = {};  // before, after
  int64_t groups_gained = 0;           // without signal before, with it after
  int64_t groups_lost = 0;
  // Half the sum over all tokens of |a / A - b / B|, a and b being the advantages before and after and A and B the sums of their sizes:
  // the share of the gradient's weight that would have gone elsewhere. 0: nothing moved, 1: everything.
  double weight_moved = 0;
  double seconds = 0;

  int64_t num_changed() const;
};

// Called with each step, in order, after it was rescored: `before` as recorded, `after` with new verdicts, terms, rewards and advantages.
using RescoredStep = std::function<absl::Status(const std::vector<RolloutGroup>& before, const std::vector<RolloutGroup>& after)>;

// Rescores every stored step, several groups at a time. InvalidArgument for an unknown verifier or reward, FailedPrecondition when nothing
// is left to rescore. The verdicts do not depend on the number of threads.
absl::StatusOr<RescoreSummary> Rescore(const RolloutStore& store, const RescoreRequest& request, const RescoredStep& each = {});

// What the run itself used: its recipe's rewards and advantages. A reward that no longer exists is named, with those that do.
absl::StatusOr<RescoreRequest> RescoreAsRecorded(const RolloutStore& store);

Json RescoreJson(const RescoreSummary& summary);
std::string RescoreText(const RescoreSummary& summary);

}  // namespace cupel
