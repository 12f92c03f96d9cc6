#include "grpo/learn_totals.h"

#include <fmt/format.h>

namespace cupel {

void LearnTotals::AddUpdate(const LossSums& update, const UpdateCounts& update_counts, bool is_first) {
  sums.Add(update);
  if (is_first) {
    first = update;
  }
  counts.tokens += update_counts.tokens;
  counts.completions += update_counts.completions;
  num_updates += 1;
}

void AddLearnMetrics(const LearnTotals& totals, bool has_divergence, std::string_view objective, StepMetrics& metrics) {
  const auto mean = [](double sum, double count) { return count > 0 ? sum / count : 0.0; };
  const LossSums& sums = totals.sums;
  // One ratio per completion is clipped or not as a whole, so completions are counted, as TRL does.
  const bool clips_completions = objective.starts_with("sequence_ratio");
  const auto counted = static_cast<double>(clips_completions ? totals.counts.completions : totals.counts.tokens);
  const double low = mean(clips_completions ? sums.low_shares : sums.clipped_low, counted);
  const double high = mean(clips_completions ? sums.high_shares : sums.clipped_high, counted);
  metrics.Set("loss", mean(sums.loss, totals.num_updates));
  metrics.Set("policy_loss", mean(sums.policy_loss, totals.num_updates));
  if (has_divergence) {
    metrics.Set("kl", mean(sums.kl, sums.tokens));
  }
  metrics.Set("grad_norm", totals.gradient_norm);
  metrics.Set("entropy", sums.MeanEntropy());
  if (objective == "cispo") {
    metrics.Set("cispo_clip_ratio", high);
  }
  metrics.Set("clip_ratio/low_mean", low);
  metrics.Set("clip_ratio/low_min", sums.completions > 0 ? sums.lowest_clipped_low : 0.0);
  metrics.Set("clip_ratio/high_mean", high);
  metrics.Set("clip_ratio/high_max", sums.highest_clipped_high);
  metrics.Set("clip_ratio/region_mean", low + high);
  metrics.Set("sampling/sampling_logp_difference/mean", mean(totals.first.gap, totals.first.tokens));
  metrics.Set("sampling/sampling_logp_difference/max", totals.first.largest_gap);
  for (size_t i = 0; i < kGapBounds.size(); ++i) {
    const double share = mean(totals.first.gaps_above[i], totals.first.tokens);
    metrics.Set(fmt::format("sampling/sampling_logp_difference/above_{}", kGapBounds[i]), share);
  }
  metrics.Set("sampling/importance_sampling_ratio/min", totals.first.smallest_ratio);
  metrics.Set("sampling/importance_sampling_ratio/mean", totals.first.tokens > 0 ? totals.first.ratio / totals.first.tokens : 1.0);
  metrics.Set("sampling/importance_sampling_ratio/max", totals.first.largest_ratio);
  metrics.Set("train/scored_tokens", sums.tokens);
  metrics.Set("train/skipped_updates", totals.skipped);
  metrics.Set("train/gradient_spikes", totals.spikes);
}

}  // namespace cupel
