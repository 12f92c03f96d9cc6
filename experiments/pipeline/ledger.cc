#include "experiments/pipeline/ledger.h"

#include <fmt/format.h>

#include "base/status.h"

namespace cupel {

void Cost::Add(const Cost& other) {
  sampled_tokens += other.sampled_tokens;
  trained_tokens += other.trained_tokens;
  flops += other.flops;
  seconds += other.seconds;
  cpu_seconds += other.cpu_seconds;
}

absl::StatusOr<Cost> CostOfRun(const RolloutStore& store, const ModelShape& shape) {
  const auto query = [&store](std::string_view sql) -> absl::StatusOr<double> {
    CUPEL_ASSIGN_OR_RETURN(SqliteStatement statement, store.connection().Prepare(sql));
    statement.Query(store.run_id());
    CUPEL_ASSIGN_OR_RETURN(const bool has_row, statement.Next());
    return has_row ? statement.Real(0) : 0.0;
  };
  const auto metric = [&query](const char* name) {
    return query(fmt::format("SELECT total(value) FROM metrics WHERE run_id = ?1 AND name = '{}'", name));
  };
  CUPEL_ASSIGN_OR_RETURN(const double groups, query("SELECT count(*) FROM groups WHERE run_id = ?1"));
  CUPEL_ASSIGN_OR_RETURN(const double prompt_tokens, query("SELECT total(num_prompt_tokens) FROM groups WHERE run_id = ?1"));
  constexpr std::string_view kRollouts = "FROM rollouts JOIN groups USING (group_id) WHERE groups.run_id = ?1";
  CUPEL_ASSIGN_OR_RETURN(const double answers, query(fmt::format("SELECT count(*) {}", kRollouts)));
  CUPEL_ASSIGN_OR_RETURN(const double sampled, query(fmt::format("SELECT total(num_tokens) {}", kRollouts)));
  CUPEL_ASSIGN_OR_RETURN(const double unused, metric("train/groups_not_used"));
  CUPEL_ASSIGN_OR_RETURN(const double scored, metric("train/scored_tokens"));
  CUPEL_ASSIGN_OR_RETURN(const double packed, metric("train/packed_tokens"));
  CUPEL_ASSIGN_OR_RETURN(const double examples, metric("train/examples"));
  Cost cost;
  CUPEL_ASSIGN_OR_RETURN(cost.seconds, metric("step_time"));
  CUPEL_ASSIGN_OR_RETURN(cost.cpu_seconds, metric("time/cpu_seconds"));
  const double prompt = groups > 0 ? prompt_tokens / groups : 0;
  const double length = answers > 0 ? sampled / answers : 0;
  cost.sampled_tokens = sampled;
  cost.flops = groups * prompt * PrefillFlops(shape, prompt) + sampled * DecodeFlops(shape, prompt + length / 2);
  if (packed > 0) {
    cost.trained_tokens = packed;
    cost.flops += packed * TrainFlops(shape, packed / examples, false);
  } else if (scored > 0) {
    cost.trained_tokens = scored + (groups - unused) * prompt;
    cost.flops += cost.trained_tokens * TrainFlops(shape, prompt + length, false);
  }
  return cost;
}

Cost CostOfEvaluation(const Json& evaluation, const ModelShape& shape) {
  const double questions = evaluation.value("questions", 0.0), samples = evaluation.value("samples", 0.0);
  const double length = evaluation.value("mean_length", 0.0), prompt = evaluation.value("mean_prompt", 0.0);
  Cost cost;
  cost.sampled_tokens = questions * samples * length;
  cost.flops = questions * prompt * PrefillFlops(shape, prompt) + cost.sampled_tokens * DecodeFlops(shape, prompt + length / 2);
  cost.seconds = evaluation.value("seconds", 0.0);
  cost.cpu_seconds = evaluation.value("cpu_seconds", 0.0);
  return cost;
}

Json CostJson(const Cost& cost, const Rates& rates) {
  const double core_hours = cost.cpu_seconds / 3600;
  const bool has_rate = rates.peak_flops > 0 && cost.seconds > 0;
  return {{"sampled_tokens", cost.sampled_tokens},
          {"trained_tokens", cost.trained_tokens},
          {"flops", cost.flops},
          {"seconds", cost.seconds},
          {"cpu_seconds", cost.cpu_seconds},
          {"mfu", has_rate ? Json(cost.flops / cost.seconds / rates.peak_flops) : Json()},
          {"core_hours", core_hours},
          {"price", core_hours * rates.price_per_core_hour}};
}

Cost CostFromJson(const Json& json) {
  return {.sampled_tokens = json.value("sampled_tokens", 0.0),
          .trained_tokens = json.value("trained_tokens", 0.0),
          .flops = json.value("flops", 0.0),
          .seconds = json.value("seconds", 0.0),
          .cpu_seconds = json.value("cpu_seconds", 0.0)};
}

}  // namespace cupel
