#include "grpo/update_guard.h"

#include <cmath>

#include "base/status.h"

namespace cupel {

UpdateGuard::UpdateGuard(Policy& policy, const OptimizerConfig& optimizer, const SafetyConfig& safety, int64_t total_updates)
    : policy_(policy),
      safety_(safety),
      optimizer_(policy, optimizer, total_updates),
      usual_norms_(safety.spike_window, safety.spike_factor) {}

absl::StatusOr<UpdateGuard::Outcome> UpdateGuard::Apply(bool is_finite) {
  Outcome outcome{.gradient_norm = optimizer_.GradientNorm()};
  const double norm = outcome.gradient_norm;
  const int64_t update = num_updates_++;
  if (!std::isfinite(norm) || !is_finite) {
    return Skip(outcome, "had a log-probability, loss or gradient that is not finite");
  }
  outcome.was_spike = usual_norms_.IsSpike(norm);
  if (norm > 0) {
    usual_norms_.Add(norm);
  }
  if (outcome.was_spike) {
    return Skip(outcome, "had a gradient far longer than usual (grpo.safety.spike_factor)");
  }
  consecutive_skips_ = 0;
  if (norm > 0) {
    optimizer_.Apply(norm, update);
  }
  return outcome;
}

absl::StatusOr<UpdateGuard::Outcome> UpdateGuard::Skip(Outcome outcome, std::string_view why) {
  policy_.ZeroGradients();
  outcome.was_skipped = true;
  if (++consecutive_skips_ < safety_.max_skipped_updates) {
    return outcome;
  }
  return absl::AbortedError(
      fmt::format("{} updates in a row were skipped, the last because it {}; lower optimizer.learning_rate, or look at the last steps "
                  "with `cupel show`",
                  consecutive_skips_, why));
}

Json UpdateGuard::State() const {
  return {{"updates", num_updates_},
          {"applied_updates", optimizer_.num_applied()},
          {"consecutive_skips", consecutive_skips_},
          {"policy_version", policy_.version()},
          {"usual_gradient_norms", usual_norms_.values()}};
}

absl::Status UpdateGuard::Load(const Json& state, const std::string& where, const std::string& directory) {
  for (const char* key : {"updates", "applied_updates", "consecutive_skips", "policy_version"}) {
    if (!state.contains(key) || !state[key].is_number_unsigned()) {
      return DataLoss("{}: member \"{}\" is missing or not a count", where, key);
    }
  }
  std::vector<double> norms;
  const Json& stored = state.contains("usual_gradient_norms") ? state["usual_gradient_norms"] : state;
  for (const Json& norm : stored) {
    if (!stored.is_array() || !norm.is_number()) {
      return DataLoss("{}: member \"usual_gradient_norms\" is missing or not a list of numbers", where);
    }
    norms.push_back(norm.get<double>());
  }
  CUPEL_RETURN_IF_ERROR(optimizer_.Load(directory));
  usual_norms_.Restore(std::move(norms));
  num_updates_ = state["updates"].get<int64_t>();
  optimizer_.set_num_applied(state["applied_updates"].get<int64_t>());
  consecutive_skips_ = state["consecutive_skips"].get<int64_t>();
  policy_.set_version(state["policy_version"].get<uint64_t>());
  return absl::OkStatus();
}

}  // namespace cupel
