#include "experiments/analysis/behaviour.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include <absl/container/flat_hash_set.h>

#include "base/status.h"
#include "rewards/ngrams.h"
#include "verifiers/text/script.h"

namespace cupel {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 10> kReflective = {"wait",  "mistake", "however", "but",      "retry",
                                                          "error", "verify",  "wrong",   "evaluate", "check"};
constexpr std::array<std::string_view, 3> kRecheck = {"recheck", "check", "verify"};
constexpr std::array<std::string_view, 2> kRecheckPhrases = {"let me see", "double-check"};
constexpr std::array<std::string_view, 3> kCorrection = {"wait", "mistake", "actually"};
constexpr std::array<std::string_view, 2> kCorrectionPhrases = {"no,", "that is wrong"};
constexpr std::array<std::string_view, 6> kSubgoal = {"first", "second", "next", "then", "finally", "step"};

bool IsLetter(char c) { return c >= 'a' && c <= 'z'; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

int64_t CountWords(std::string_view lower, Words words) {
  int64_t count = 0;
  for (size_t at = 0; at < lower.size();) {
    size_t end = at;
    while (end < lower.size() && IsLetter(lower[end])) {
      ++end;
    }
    count += end > at && std::ranges::find(words, lower.substr(at, end - at)) != words.end() ? 1 : 0;
    at = std::max(end, at + 1);
  }
  return count;
}

// A phrase stands on its own: no letter before it.
int64_t CountPhrases(std::string_view lower, Words phrases) {
  int64_t count = 0;
  for (const std::string_view phrase : phrases) {
    for (size_t at = lower.find(phrase); at != std::string_view::npos; at = lower.find(phrase, at + phrase.size())) {
      count += at == 0 || !IsLetter(lower[at - 1]) ? 1 : 0;
    }
  }
  return count;
}

double RepeatedShare(std::string_view text) {
  constexpr int64_t kNgram = 4;
  const WordList words(text);
  const int64_t total = words.size() - kNgram + 1;
  if (total < 1) {
    return 0;
  }
  absl::flat_hash_set<std::string_view> different;
  for (int64_t i = 0; i < total; ++i) {
    different.insert(words.Ngram(i, kNgram));
  }
  return 1 - static_cast<double>(different.size()) / static_cast<double>(total);
}

// Sums over the completions of a step.
struct StepSums {
  double n = 0, reflective = 0, recheck = 0, correction = 0, subgoal = 0, repeated = 0, foreign = 0, reflecting = 0;
  double right = 0, right_tokens = 0, wrong = 0, wrong_tokens = 0;

  void Add(const Rollout& rollout) {
    const BehaviourCounts counts = CountBehaviour(rollout.text);
    n += 1;
    reflective += static_cast<double>(counts.reflective);
    recheck += static_cast<double>(counts.recheck);
    correction += static_cast<double>(counts.correction);
    subgoal += static_cast<double>(counts.subgoal);
    repeated += counts.repeated;
    foreign += counts.foreign;
    reflecting += counts.reflective > 0 ? 1 : 0;
    const auto tokens = static_cast<double>(rollout.completion.tokens.size());
    const bool is_right = rollout.verdict.outcome == Outcome::kCorrect;
    (is_right ? right : wrong) += 1;
    (is_right ? right_tokens : wrong_tokens) += tokens;
  }
};

Json Ratio(double sum, double n) { return n > 0 ? Json(sum / n) : Json(); }

}  // namespace

BehaviourCounts CountBehaviour(std::string_view text) {
  const std::string lower = Lower(text);
  const ScriptCount latin = CountScripts(text, ScriptsOfLanguage("en"));
  return {.reflective = CountWords(lower, kReflective),
          .recheck = CountWords(lower, kRecheck) + CountPhrases(lower, kRecheckPhrases),
          .correction = CountWords(lower, kCorrection) + CountPhrases(lower, kCorrectionPhrases),
          .subgoal = CountWords(lower, kSubgoal),
          .repeated = RepeatedShare(text),
          .foreign = latin.total > 0 ? 1 - static_cast<double>(latin.in_target) / static_cast<double>(latin.total) : 0};
}

absl::StatusOr<Json> BehaviourCurves(const RolloutStore& store) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, store.StepNumbers());
  Json numbers = Json::array();
  Json curves = Json::object();
  for (const int64_t step : steps) {
    CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutGroup> groups, store.ReadStep(step));
    StepSums sums;
    for (const RolloutGroup& group : groups) {
      for (const Rollout& rollout : group.rollouts) {
        sums.Add(rollout);
      }
    }
    numbers.push_back(step + 1);
    curves["reflective"].push_back(Ratio(sums.reflective, sums.n));
    curves["recheck"].push_back(Ratio(sums.recheck, sums.n));
    curves["correction"].push_back(Ratio(sums.correction, sums.n));
    curves["subgoal"].push_back(Ratio(sums.subgoal, sums.n));
    curves["repeated"].push_back(Ratio(sums.repeated, sums.n));
    curves["foreign"].push_back(Ratio(sums.foreign, sums.n));
    curves["reflecting_share"].push_back(Ratio(sums.reflecting, sums.n));
    curves["length_right"].push_back(Ratio(sums.right_tokens, sums.right));
    curves["length_wrong"].push_back(Ratio(sums.wrong_tokens, sums.wrong));
  }
  return Json{{"steps", std::move(numbers)}, {"curves", std::move(curves)}};
}

}  // namespace cupel
