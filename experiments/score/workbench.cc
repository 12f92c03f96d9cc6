#include "experiments/score/workbench.h"

#include <algorithm>
#include <chrono>

#include "experiments/score/probes.h"
#include "experiments/score/statistics.h"

namespace cupel {
namespace {

Json SpeedOf(const AnswerSet& answers, const Scorer& scorer, const std::vector<JudgedGroup>& scored, double seconds, int threads) {
  double slowest_verdict = 0, slowest_group = 0, busy = 0;
  size_t slowest = 0;
  for (size_t g = 0; g < scored.size(); ++g) {
    slowest_verdict = std::max(slowest_verdict, scored[g].verify_seconds);
    busy += scored[g].seconds;
    if (scored[g].seconds > slowest_group) {
      slowest_group = scored[g].seconds;
      slowest = g;
    }
  }
  const std::vector<TermTime> times = scorer.times();
  Json terms = Json::array();
  double in_terms = 0;
  for (size_t k = 0; k < times.size(); ++k) {
    in_terms += times[k].seconds;
    terms.push_back({{"name", scorer.terms()[k]},
                     {"us_per_answer", ReportNumber(1e6 * times[k].seconds / static_cast<double>(std::max<int64_t>(1, times[k].answers)))},
                     {"longest_group_ms", ReportNumber(1e3 * times[k].longest_call)}});
  }
  const auto count = static_cast<double>(answers.num_answers);
  return {{"threads", threads},
          {"seconds", ReportNumber(seconds)},
          {"answers_per_second", ReportNumber(count / std::max(seconds, 1e-9))},
          {"verifier_us_per_answer", ReportNumber(1e6 * std::max(0.0, busy - in_terms) / count)},
          {"slowest_verdict_ms", ReportNumber(1e3 * slowest_verdict)},
          {"slowest_group_ms", ReportNumber(1e3 * slowest_group)},
          {"slowest_group", answers.groups[slowest].answers.front().where},
          {"terms", std::move(terms)}};
}

Json SourceOf(const AnswerSet& answers) {
  return {
      {"name", answers.source}, {"left_out", answers.num_left_out}, {"problems", answers.problems}, {"has_token_ids", answers.has_tokens}};
}

}  // namespace

Json RunWorkbench(const AnswerSet& answers, const Scorer& scorer, const std::vector<const Scorer*>& others,
                  const WorkbenchSettings& settings) {
  const auto start = std::chrono::steady_clock::now();
  const std::vector<JudgedGroup> scored = scorer.ScoreAll(answers.groups, settings.threads);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const ScoredSet set{answers.groups, scored, scorer.terms()};
  Json report = {{"reward", scorer.name()}, {"source", SourceOf(answers)}};
  report["speed"] = SpeedOf(answers, scorer, scored, seconds, settings.threads);
  report["counts"] = CountsOf(set);
  report["distributions"] = DistributionsOf(set);
  report["agreement"] = AgreementOf(set, settings.threshold);
  report["correlations"] = CorrelationsOf(set);
  report["signal"] = SignalOf(set);
  report["comparisons"] = Json::array();
  for (const Scorer* other : others) {
    report["comparisons"].push_back(ComparisonOf(other->name(), set, other->ScoreAll(answers.groups, settings.threads)));
  }
  report["sensitivity"] =
      settings.sensitivity_groups > 0 ? SensitivityOf(scorer, set, settings.sensitivity_groups, settings.threads) : Json(nullptr);
  report["attacks"] = settings.attack_tasks > 0 ? AttackReportOf(scorer, set, HonestWorthOf(scorer, set), settings.attack_tasks,
                                                                 settings.max_share, settings.threads)
                                                : Json(nullptr);
  report["determinism"] =
      settings.determinism_answers > 0 ? DeterminismOf(scorer, set, settings.determinism_answers, settings.threads) : Json(nullptr);
  report["failures"] = Json::array();
  if (report["attacks"].is_object() && report["attacks"]["failed"] == true) {
    report["failures"].push_back("a degenerate policy earns more than its share");
  }
  if (!report["counts"]["errors"].empty()) {
    report["failures"].push_back("some answers could not be scored");
  }
  if (report["determinism"].is_object() && report["determinism"]["different"] != 0) {
    report["failures"].push_back("the same answers got different scores");
  }
  return report;
}

bool HasFailed(const Json& report) { return !report["failures"].empty(); }

}  // namespace cupel
