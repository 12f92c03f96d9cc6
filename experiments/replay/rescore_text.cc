#include <cmath>

#include <fmt/format.h>

#include "base/progress.h"
#include "experiments/replay/rescore.h"

namespace cupel {
namespace {

constexpr size_t kTextWidth = 110;

double Mean(double sum, double n) { return n > 0 ? sum / n : 0; }

double Deviation(double sum, double squares, double n) { return n > 0 ? std::sqrt(std::max(0.0, squares / n - (sum / n) * (sum / n))) : 0; }

std::string Percent(double part, double whole) { return whole > 0 ? fmt::format("{:.1f} %", 100 * part / whole) : "–"; }

Json NumberOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json SumsJson(const PairedSums& sums) {
  return {{"mean_before", Mean(sums.before, sums.n)},
          {"mean_after", Mean(sums.after, sums.n)},
          {"std_before", Deviation(sums.before, sums.before_squares, sums.n)},
          {"std_after", Deviation(sums.after, sums.after_squares, sums.n)},
          {"correlation", NumberOrNull(sums.Correlation())}};
}

Json ExampleJson(const RescoreExample& example) {
  return {{"step", example.step + 1},
          {"group", example.group_idx},
          {"sample", example.sample_idx},
          {"question", example.question},
          {"gold", example.gold},
          {"text", example.text},
          {"extracted_before", example.before.extracted},
          {"extracted_after", example.after.extracted},
          {"reason_before", example.before.reason},
          {"reason_after", example.after.reason}};
}

std::string SumsLine(const std::string& name, const PairedSums& sums, int sides) {
  const auto side = [&](int which, double sum, double squares) {
    return (sides & which) == 0 ? fmt::format("{:>16}", "–")
                                : fmt::format("{:>8.4f} ± {:<5.3f}", Mean(sum, sums.n), Deviation(sum, squares, sums.n));
  };
  const double correlation = sides == 3 ? sums.Correlation() : std::nan("");
  return fmt::format("  {:<28} {}  {}  {:>11}\n", name, side(1, sums.before, sums.before_squares), side(2, sums.after, sums.after_squares),
                     std::isfinite(correlation) ? fmt::format("{:.4f}", correlation) : "–");
}

std::string FlipLines(const RescoreSummary& summary) {
  std::string text;
  for (const auto& [kind, count] : summary.flips) {
    if (kind.first == kind.second) {
      continue;
    }
    text += fmt::format("\n{} -> {}: {} ({})\n", OutcomeName(kind.first), OutcomeName(kind.second), count,
                        Percent(static_cast<double>(count), static_cast<double>(summary.num_rollouts)));
    const auto examples = summary.examples.find(kind);
    if (examples == summary.examples.end()) {
      continue;
    }
    for (const RescoreExample& example : examples->second) {
      text += fmt::format("  step {}, group {}, sample {}: {}  (gold {})\n", example.step + 1, example.group_idx, example.sample_idx,
                          OneLine(example.question, kTextWidth), OneLine(example.gold, 40));
      text += fmt::format("    answer  {}\n    before  {}\n    after   {}\n", OneLine(example.text, kTextWidth),
                          OneLine(example.before.reason, kTextWidth), OneLine(example.after.reason, kTextWidth));
    }
  }
  return text;
}

}  // namespace

Json RescoreJson(const RescoreSummary& summary) {
  Json flips = Json::array();
  for (const auto& [kind, count] : summary.flips) {
    Json examples = Json::array();
    if (const auto found = summary.examples.find(kind); found != summary.examples.end()) {
      for (const RescoreExample& example : found->second) {
        examples.push_back(ExampleJson(example));
      }
    }
    flips.push_back({{"before", OutcomeName(kind.first)}, {"after", OutcomeName(kind.second)}, {"count", count}, {"examples", examples}});
  }
  Json terms = Json::object();
  for (const auto& [name, sums] : summary.terms) {
    terms[name] = SumsJson(sums);
    terms[name]["recorded"] = (summary.term_sides.at(name) & 1) != 0;
    terms[name]["rescored"] = (summary.term_sides.at(name) & 2) != 0;
  }
  return {{"steps", summary.num_steps},
          {"groups", summary.num_groups},
          {"rollouts", summary.num_rollouts},
          {"pruned", summary.num_pruned},
          {"changed_verdicts", summary.num_changed()},
          {"verdicts", std::move(flips)},
          {"reward", SumsJson(summary.reward)},
          {"terms", std::move(terms)},
          {"advantage", SumsJson(summary.advantage)},
          {"advantage_signs_changed", summary.advantage_signs},
          {"groups_with_signal_before", summary.groups_with_signal[0]},
          {"groups_with_signal_after", summary.groups_with_signal[1]},
          {"groups_that_gained_signal", summary.groups_gained},
          {"groups_that_lost_signal", summary.groups_lost},
          {"gradient_weight_moved", summary.weight_moved},
          {"seconds", summary.seconds}};
}

std::string RescoreText(const RescoreSummary& summary) {
  const auto num_rollouts = static_cast<double>(summary.num_rollouts);
  std::string text =
      fmt::format("{} completions of {} steps rescored in {}{}\n", summary.num_rollouts, summary.num_steps, FormatDuration(summary.seconds),
                  summary.num_pruned == 0 ? "" : fmt::format("; {} were pruned and left out", summary.num_pruned));
  text += fmt::format("verdicts that change: {} ({})\n", summary.num_changed(),
                      Percent(static_cast<double>(summary.num_changed()), num_rollouts));
  text += FlipLines(summary);
  text += fmt::format("\n  {:<28} {:>16}  {:>16}  {:>11}\n", "mean ± standard deviation", "before", "after", "correlation");
  text += SumsLine("reward", summary.reward, 3);
  for (const auto& [name, sums] : summary.terms) {
    text += SumsLine("  " + name, sums, summary.term_sides.at(name));
  }
  text += SumsLine("advantage", summary.advantage, 3);
  text += fmt::format("\ngroups with signal: {} before, {} after, of {} ({} gained it, {} lost it)\n", summary.groups_with_signal[0],
                      summary.groups_with_signal[1], summary.num_groups, summary.groups_gained, summary.groups_lost);
  text += fmt::format("completions pushed the other way: {} ({})\n", summary.advantage_signs,
                      Percent(static_cast<double>(summary.advantage_signs), num_rollouts));
  text += fmt::format("share of the gradient's weight that would have gone elsewhere: {:.2f} %\n", 100 * summary.weight_moved);
  return text;
}

}  // namespace cupel
