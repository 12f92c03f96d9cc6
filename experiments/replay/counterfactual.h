#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "base/stop_signal.h"
#include "experiments/replay/replayer.h"

namespace cupel {

// One update of the same policy from the same completions.
struct UpdateOutcome {
  StepMetrics metrics = {};
  double weight_change = 0;  // 2-norm
  double kl = 0;             // nats per token, from the policy before to the policy after, on the step's completions (k3 estimator)
  int64_t changed_advantages = 0;
};

struct Counterfactual {
  int64_t step = 0;
  std::string start = {};
  std::vector<std::string> settings = {};  // "optimizer.learning_rate: 1e-05 -> 2e-05"
  UpdateOutcome recorded = {};
  UpdateOutcome other = {};
  double cosine = 0;  // between the two changes of the weights; NaN when one is none
};

// Makes the update of `step` twice, as recorded and with `overrides` ("section.key=value" of grpo, optimizer or reward), from the same
// weights and optimizer state. InvalidArgument when they change nothing that an update depends on.
absl::StatusOr<Counterfactual> CompareUpdates(Replayer& replayer, int64_t step, const std::vector<std::string>& overrides,
                                              StopSignal& stop);

Json CounterfactualJson(const Counterfactual& result);
std::string CounterfactualText(const Counterfactual& result);

}  // namespace cupel
