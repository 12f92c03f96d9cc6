#include <cstdio>

#include "experiments/measure.h"
#include "experiments/score/score_command.h"

namespace cupel {
namespace {

absl::StatusOr<std::vector<RolloutGroup>> SampleAnswers(const Recipe& recipe, StopSignal& stop) {
  absl::StatusOr<Measurement> measured = MeasureModel(recipe, {}, stop, stderr);
  return measured.ok() ? absl::StatusOr<std::vector<RolloutGroup>>(std::move(measured->result.groups)) : measured.status();
}

}  // namespace

Action DeclareScore(CLI::App& app) { return DeclareScoreWith(app, &SampleAnswers); }

}  // namespace cupel
