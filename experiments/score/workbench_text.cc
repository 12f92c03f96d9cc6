#include <algorithm>

#include <fmt/format.h>

#include "base/progress.h"
#include "experiments/score/workbench.h"

namespace cupel {
namespace {

constexpr size_t kMaxRows = 12;  // of the attack report and of disagreements; the rest is in JSON and HTML

std::string Number(const Json& value) { return value.is_number() ? fmt::format("{:.4g}", value.get<double>()) : "-"; }
std::string Percent(const Json& value) { return value.is_number() ? fmt::format("{:.1f} %", 100 * value.get<double>()) : "-"; }
std::string Text(const Json& value, size_t width) { return OneLine(value.get<std::string>(), width); }

std::string CountsText(const Json& report) {
  const Json& counts = report["counts"];
  std::string text = fmt::format("{}: {} answers to {} questions, scored by {}\n", report["source"]["name"].get<std::string>(),
                                 counts["answers"].get<int64_t>(), counts["groups"].get<int64_t>(), report["reward"].get<std::string>());
  for (const auto& [outcome, count] : counts["outcomes"].items()) {
    text += fmt::format("  {:<12}{:>9}\n", outcome, count.get<int64_t>());
  }
  if (const int64_t left_out = report["source"]["left_out"].get<int64_t>(); left_out > 0) {
    text += fmt::format("  left out    {:>9}\n", left_out);
  }
  for (const Json& problem : report["source"]["problems"]) {
    text += fmt::format("  skipped: {}\n", Text(problem, 160));
  }
  for (const Json& error : counts["errors"]) {
    text += fmt::format("  ERROR, {} times: {}\n", error["count"].get<int64_t>(), Text(error["message"], 160));
  }
  return text;
}

std::string DistributionsText(const Json& report) {
  std::string text = fmt::format("\n{:<34}{:>9}{:>9}{:>9}{:>9}{:>9}{:>10}{:>10}\n", "distribution", "mean", "std", "min", "median", "max",
                                 "correct", "other");
  for (const Json& row : report["distributions"]) {
    text += fmt::format("  {:<32}{:>9}{:>9}{:>9}{:>9}{:>9}{:>10}{:>10}\n", Text(row["name"], 31), Number(row["mean"]), Number(row["std"]),
                        Number(row["min"]), Number(row["quantiles"]["50"]), Number(row["max"]), Number(row["mean_correct"]),
                        Number(row["mean_other"]));
  }
  return text;
}

std::string AgreementText(const Json& report) {
  const Json& agreement = report["agreement"];
  if (agreement.is_null()) {
    return "";
  }
  std::string text = fmt::format("\nagreement with {} labels, an answer counting as accepted from {} on\n",
                                 agreement["labelled"].get<int64_t>(), Number(agreement["threshold"]));
  text += fmt::format("  precision {}, recall {}, accuracy {}, area under the curve {}\n", Percent(agreement["precision"]),
                      Percent(agreement["recall"]), Percent(agreement["accuracy"]), Number(agreement["auc"]));
  text += fmt::format("  right and accepted {}, right and refused {}, wrong and accepted {}, wrong and refused {}\n",
                      agreement["true_positive"].get<int64_t>(), agreement["false_negative"].get<int64_t>(),
                      agreement["false_positive"].get<int64_t>(), agreement["true_negative"].get<int64_t>());
  const size_t count = std::min(kMaxRows, agreement["worst"].size());
  for (size_t i = 0; i < count; ++i) {
    const Json& row = agreement["worst"][i];
    text += fmt::format("  {}: label {}, reward {}, gold {}: {}\n", row["where"].get<std::string>(), Number(row["label"]),
                        Number(row["reward"]), Text(row["gold"], 24), Text(row["reason"], 70));
  }
  return text;
}

std::string SignalText(const Json& report) {
  const Json& signal = report["signal"];
  std::string text =
      fmt::format("\nsignal: {} of {} groups have none (all correct {}, none correct {})\n", Percent(signal["share_without_variance"]),
                  signal["groups"].get<int64_t>(), Percent(signal["share_all_correct"]), Percent(signal["share_none_correct"]));
  text += fmt::format("  {:<32}{:>22}{:>24}\n", "term", "groups where it is flat", "share of the advantage");
  for (const Json& term : signal["terms"]) {
    text += fmt::format("  {:<32}{:>22}{:>24}\n", Text(term["name"], 31), Percent(term["share_without_variance"]),
                        Percent(term["advantage_share"]));
  }
  return text;
}

std::string CorrelationsText(const Json& report) {
  const Json& table = report["correlations"];
  std::string text = "\ncorrelation\n";
  for (size_t f = 0; f < table["features"].size(); ++f) {
    std::string values;
    for (const Json& row : table["rows"]) {
      const Json& value = row["values"][f];
      values += value.is_number() ? fmt::format("  {} {:+.2f}", Text(row["name"], 24), value.get<double>()) : "";
    }
    text += values.empty() ? "" : fmt::format("  {:<24}{}\n", table["features"][f].get<std::string>(), values);
  }
  return text;
}

std::string ComparisonsText(const Json& report) {
  std::string text;
  for (const Json& other : report["comparisons"]) {
    text += fmt::format(
        "\nbeside {}: correlation {}, means {} and {}; of {} pairs of siblings {} are ordered the other way and {} are tied by one of them "
        "only\n",
        other["name"].get<std::string>(), Number(other["correlation"]), Number(other["mean"]), Number(other["mean_other"]),
        other["pairs"].get<int64_t>(), Percent(other["share_opposite"]), Percent(other["share_ties_broken"]));
    for (size_t i = 0; i < std::min<size_t>(5, other["worst"].size()); ++i) {
      const Json& row = other["worst"][i];
      text += fmt::format("  {}: {} and {}: {}\n", row["where"].get<std::string>(), Number(row["reward"]), Number(row["other"]),
                          Text(row["text"], 80));
    }
  }
  return text;
}

std::string SensitivityText(const Json& report) {
  if (report["sensitivity"].is_null()) {
    return "";
  }
  std::string text = fmt::format("\n{:<34}{:>12}{:>16}{:>14}\n", "sensitivity to", "answers", "reward changes", "mean change");
  for (const Json& row : report["sensitivity"]) {
    const bool is_suspect = row["is_neutral"].get<bool>() && row["share_changed"].is_number() && row["share_changed"].get<double>() > 0.01;
    text += fmt::format("  {:<32}{:>12}{:>16}{:>14}{}\n", row["change"].get<std::string>(), row["answers"].get<int64_t>(),
                        Percent(row["share_changed"]), Number(row["mean_change"]), is_suspect ? "  it should not" : "");
  }
  return text;
}

std::string AttacksText(const Json& report) {
  const Json& attacks = report["attacks"];
  if (attacks.is_null()) {
    return "";
  }
  const Json& honest = attacks["honest"];
  std::string text = fmt::format(
      "\nattack report: {} policies on {} questions; honest answers earn {} on average, right ones {} ({}), nothing is worth {}\n",
      attacks["policies"].size(), attacks["tasks"].get<int64_t>(), Number(honest["mean"]), Number(honest["high"]),
      honest["basis"].get<std::string>(), Number(honest["low"]));
  text += fmt::format("  {:<28}{:>9}{:>10}{:>10}  {}\n", "policy", "reward", "share", "correct", "what it does");
  size_t shown = 0;
  for (const Json& row : attacks["policies"]) {
    if (shown++ < kMaxRows || row["failed"].get<bool>()) {
      text += fmt::format("  {:<28}{:>9}{:>10}{:>10}  {}{}\n", row["policy"].get<std::string>(), Number(row["mean"]), Percent(row["share"]),
                          Percent(row["correct"]), row["failed"].get<bool>() ? "FAILS: " : "", row["what"].get<std::string>());
    }
  }
  return text;
}

std::string SpeedText(const Json& report) {
  const Json& speed = report["speed"];
  std::string text = fmt::format(
      "\nspeed: {} answers/s on {} threads ({} s); verifier {} us per answer, slowest verdict {} ms, slowest group {} ms ({})\n",
      Number(speed["answers_per_second"]), speed["threads"].get<int>(), Number(speed["seconds"]), Number(speed["verifier_us_per_answer"]),
      Number(speed["slowest_verdict_ms"]), Number(speed["slowest_group_ms"]), Text(speed["slowest_group"], 60));
  for (const Json& term : speed["terms"]) {
    text += fmt::format("  {:<32}{:>9} us per answer, longest group {} ms\n", Text(term["name"], 31), Number(term["us_per_answer"]),
                        Number(term["longest_group_ms"]));
  }
  if (const Json& again = report["determinism"]; again.is_object()) {
    text += fmt::format("determinism: {} scores computed again on one thread and on several, {} of them different\n",
                        again["compared"].get<int64_t>(), again["different"].get<int64_t>());
  }
  return text;
}

}  // namespace

std::string WorkbenchText(const Json& report) {
  std::string text = CountsText(report) + DistributionsText(report) + AgreementText(report) + SignalText(report) +
                     CorrelationsText(report) + ComparisonsText(report) + SensitivityText(report) + AttacksText(report) + SpeedText(report);
  for (const Json& failure : report["failures"]) {
    text += fmt::format("FAILED: {}\n", failure.get<std::string>());
  }
  return text + (report["failures"].empty() ? "passed\n" : "");
}

}  // namespace cupel
