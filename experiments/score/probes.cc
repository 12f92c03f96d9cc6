#include "experiments/score/probes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_replace.h>
#include <fmt/format.h>

#include "experiments/score/attacks.h"
#include "verifiers/answer/characters.h"

namespace cupel {
namespace {

// At most `max` indices spread evenly over 0 .. size - 1.
std::vector<size_t> Spread(size_t size, int64_t max) {
  const size_t count = std::min(size, static_cast<size_t>(std::max<int64_t>(1, max)));
  std::vector<size_t> indices;
  for (size_t i = 0; i < count; ++i) {
    indices.push_back(i * size / count);
  }
  return indices;
}

std::string Replaced(const std::string& text, std::initializer_list<std::pair<absl::string_view, absl::string_view>> pairs) {
  return absl::StrReplaceAll(text, pairs);
}

std::string WithoutTags(const std::string& text) {
  return Replaced(text, {{"<think>", ""}, {"</think>", ""}, {"<answer>", ""}, {"</answer>", ""}});
}
std::string UpperTags(const std::string& text) {
  return Replaced(text, {{"<think>", "<THINK>"}, {"</think>", "</THINK>"}, {"<answer>", "<ANSWER>"}, {"</answer>", "</ANSWER>"}});
}
std::string UpperCase(const std::string& original) {
  std::string text = original;
  std::ranges::transform(text, text.begin(), [](char c) { return 'a' <= c && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}
std::string SmallLetters(const std::string& original) {
  std::string text = original;
  std::ranges::transform(text, text.begin(), LowerCase);
  return text;
}

// The lines before the last one in reverse order.
std::string ReversedLines(const std::string& text) {
  std::vector<std::string> lines;
  size_t begin = 0;
  for (size_t end = text.find('\n'); end != std::string::npos; begin = end + 1, end = text.find('\n', begin)) {
    lines.push_back(text.substr(begin, end - begin));
  }
  std::ranges::reverse(lines);
  return lines.empty() ? text : fmt::format("{}\n{}", fmt::join(lines, "\n"), text.substr(begin));
}

struct Change {
  std::string_view name;
  bool is_neutral;  // a reward that cares is suspect
  std::string (*apply)(const std::string& text);
};
const std::array<Change, 11> kChanges = {{
    {"white space at the end", true, [](const std::string& text) { return text + "  \n"; }},
    {"line breaks before", true, [](const std::string& text) { return "\n\n" + text; }},
    {"two blanks for one", true,
     [](const std::string& text) {
       return Replaced(text, {{" ", "  "}});
     }},
    {"CR LF line ends", true,
     [](const std::string& text) {
       return Replaced(text, {{"\n", "\r\n"}});
     }},
    {"irrelevant sentence before", true, [](const std::string& text) { return "The weather is fine today. " + text; }},
    {"irrelevant sentence after", true, [](const std::string& text) { return text + " Thank you for reading."; }},
    {"small letters", false, &SmallLetters},
    {"capital letters", false, &UpperCase},
    {"tags in capitals", false, &UpperTags},
    {"without tags", false, &WithoutTags},
    {"lines in reverse order", false, &ReversedLines},
}};

AnswerGroup Changed(const AnswerGroup& group, const Change& change) {
  AnswerGroup changed = group;
  for (Answer& answer : changed.answers) {
    answer.text = change.apply(answer.text);
  }
  return changed;
}

// Sums of what one change did.
struct ChangeEffect {
  int64_t compared = 0;
  int64_t changed_text = 0;
  int64_t changed_reward = 0;
  double difference = 0;
  std::vector<int64_t> changed_terms;
  Json example = nullptr;
};

void AddEffect(const AnswerGroup& before_group, const JudgedGroup& before, const AnswerGroup& after_group, const JudgedGroup& after,
               ChangeEffect& effect) {
  for (size_t i = 0; i < before.answers.size(); ++i) {
    const JudgedAnswer& a = before.answers[i];
    const JudgedAnswer& b = after.answers[i];
    if (!a.verdict.is_scored() || !b.verdict.is_scored()) {
      continue;
    }
    ++effect.compared;
    effect.changed_text += before_group.answers[i].text != after_group.answers[i].text ? 1 : 0;
    effect.difference += b.reward - a.reward;
    for (size_t k = 0; k < a.values.size(); ++k) {
      effect.changed_terms[k] += std::abs(a.values[k] - b.values[k]) > 1e-9 ? 1 : 0;
    }
    if (std::abs(a.reward - b.reward) > 1e-9) {
      ++effect.changed_reward;
      if (effect.example.is_null()) {
        effect.example = {{"where", before_group.answers[i].where},
                          {"text", ReportExcerpt(before_group.answers[i].text)},
                          {"before", ReportNumber(a.reward)},
                          {"after", ReportNumber(b.reward)},
                          {"reason", ReportExcerpt(b.verdict.reason)}};
      }
    }
  }
}

Json ShareOf(int64_t part, int64_t whole) {
  return ReportNumber(whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : std::nan(""));
}

// Token ids for a text that no tokenizer has seen: one per word or sign, the same for the same.
std::vector<int32_t> PretendTokens(std::string_view text) {
  absl::flat_hash_map<std::string_view, int32_t> ids;
  std::vector<int32_t> tokens;
  while (!text.empty()) {
    size_t length = 1;
    while (length < text.size() && length < 12 && IsLetter(text.front()) && IsLetter(text[length])) {
      ++length;
    }
    tokens.push_back(ids.try_emplace(text.substr(0, length), static_cast<int32_t>(ids.size())).first->second);
    text.remove_prefix(length);
  }
  return tokens;
}

Answer AttackerAnswer(const AttackAnswer& said, const AttackContext& context) {
  Answer answer;
  answer.text = said.text;
  answer.is_truncated = said.is_truncated;
  answer.tokens = PretendTokens(said.text);
  answer.num_tokens = said.is_truncated ? context.long_tokens : static_cast<int64_t>(said.text.size()) / 4 + 1;
  answer.tokens.resize(static_cast<size_t>(answer.num_tokens), -1);
  return answer;
}

// The usual gold answers, the most frequent first.
AttackContext UsualAnswers(const ScoredSet& set) {
  std::map<std::string, int64_t> counts;
  AttackContext context;
  for (const AnswerGroup& group : set.groups) {
    ++counts[group.task.answer];
    for (const Answer& answer : group.answers) {
      context.long_tokens = std::max(context.long_tokens, answer.num_tokens);
    }
  }
  context.long_tokens = std::clamp<int64_t>(2 * context.long_tokens, 512, 20'000);
  std::vector<std::pair<std::string, int64_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, std::ranges::greater(), &std::pair<std::string, int64_t>::second);
  for (const auto& [gold, count] : sorted) {
    if (context.all_golds.size() < 200 && gold.size() < 200) {
      context.all_golds.push_back(gold);
    }
    if (context.common_golds.size() < 8) {
      context.common_golds.push_back(gold);
    }
  }
  return context;
}

struct AttackResult {
  int64_t answers = 0;
  int64_t scored = 0;
  double reward = 0;           // sum over the scored
  std::vector<double> values;  // sums by term
  int64_t correct = 0;
  int64_t unscored = 0;  // undecided or an error
  std::string example;
};

AttackResult RunAttack(const Scorer& scorer, const ScoredSet& set, const Attack& attack, AttackContext context,
                       const std::vector<size_t>& indices, int threads) {
  constexpr size_t kMaxGroup = 8;
  std::vector<AnswerGroup> groups;
  for (const size_t index : indices) {
    const AnswerGroup& honest = set.groups[index];
    context.task = &honest.task;
    context.task_idx = static_cast<uint32_t>(index);
    AnswerGroup group{.task = honest.task, .step = honest.step, .answers = {}};
    for (size_t i = 0; i < std::clamp<size_t>(honest.answers.size(), 2, kMaxGroup); ++i) {
      group.answers.push_back(AttackerAnswer(attack.answer(context, static_cast<uint32_t>(i)), context));
    }
    groups.push_back(std::move(group));
  }
  AttackResult result;
  result.values.resize(set.terms.size());
  result.example = groups.front().answers.front().text;
  for (const JudgedGroup& group : scorer.ScoreAll(groups, threads, UndecidedAs::kIncorrect)) {
    for (const JudgedAnswer& answer : group.answers) {
      ++result.answers;
      result.correct += answer.verdict.outcome == Outcome::kCorrect ? 1 : 0;
      result.unscored += answer.was_undecided || !answer.verdict.is_scored() ? 1 : 0;
      if (answer.verdict.is_scored()) {
        ++result.scored;
        result.reward += answer.reward;
        for (size_t k = 0; k < result.values.size(); ++k) {
          result.values[k] += answer.values[k];
        }
      }
    }
  }
  return result;
}

double EarnedShare(double mean, const HonestWorth& honest) {
  const double worth = honest.high - honest.low;
  if (worth < 1e-9) {
    return mean >= honest.high - 1e-9 ? 1 : 0;
  }
  return (mean - honest.low) / worth;
}

double MeanOf(const AttackResult& result) { return result.scored > 0 ? result.reward / static_cast<double>(result.scored) : 0; }

}  // namespace

Json SensitivityOf(const Scorer& scorer, const ScoredSet& set, int64_t max_groups, int threads) {
  const std::vector<size_t> indices = Spread(set.groups.size(), max_groups);
  Json list = Json::array();
  for (const Change& change : kChanges) {
    std::vector<AnswerGroup> groups;
    std::ranges::transform(indices, std::back_inserter(groups), [&](size_t index) { return Changed(set.groups[index], change); });
    const std::vector<JudgedGroup> scored = scorer.ScoreAll(groups, threads);
    ChangeEffect effect;
    effect.changed_terms.resize(set.terms.size());
    for (size_t i = 0; i < indices.size(); ++i) {
      AddEffect(set.groups[indices[i]], set.scored[indices[i]], groups[i], scored[i], effect);
    }
    Json terms = Json::object();
    for (size_t k = 0; k < set.terms.size(); ++k) {
      terms[set.terms[k]] = ShareOf(effect.changed_terms[k], effect.changed_text);
    }
    list.push_back({{"change", change.name},
                    {"is_neutral", change.is_neutral},
                    {"answers", effect.changed_text},
                    {"share_changed", ShareOf(effect.changed_reward, effect.changed_text)},
                    {"mean_change",
                     ReportNumber(effect.changed_text > 0 ? effect.difference / static_cast<double>(effect.changed_text) : std::nan(""))},
                    {"terms", std::move(terms)},
                    {"example", std::move(effect.example)}});
  }
  return list;
}

namespace {

// What the gold answers earn when they are given in the form that most rewards ask for; nullopt where they are not judged correct, because
// the gold of the verifier is no answer.
std::optional<double> WorthOfGolds(const Scorer& scorer, const ScoredSet& set) {
  double sum = 0, right = 0;
  for (const size_t index : Spread(set.groups.size(), 50)) {
    AnswerGroup group{.task = set.groups[index].task, .step = set.groups[index].step, .answers = {}};
    const std::string text = "<think>\nLet me see.\n</think>\n<answer>\n\\boxed{" + group.task.answer + "}\n</answer>";
    group.answers.push_back({.text = text, .num_tokens = std::ssize(text) / 4, .where = "the gold answer"});
    const JudgedAnswer scored = scorer.Score(group).answers.front();
    sum += scored.verdict.outcome == Outcome::kCorrect ? scored.reward : 0;
    right += scored.verdict.outcome == Outcome::kCorrect ? 1 : 0;
  }
  return right > 0 ? std::optional(sum / right) : std::nullopt;
}

}  // namespace

HonestWorth HonestWorthOf(const Scorer& scorer, const ScoredSet& set) {
  struct Sums {
    double right = 0, num_right = 0, wrong = 0, num_wrong = 0;
  } by_label, by_verdict;
  const auto add = [](Sums& sums, bool is_right, double reward) {
    (is_right ? sums.right : sums.wrong) += reward;
    (is_right ? sums.num_right : sums.num_wrong) += 1;
  };
  HonestWorth worth;
  double count = 0, highest = -1e300;
  for (size_t g = 0; g < set.groups.size(); ++g) {
    for (size_t i = 0; i < set.groups[g].answers.size(); ++i) {
      const JudgedAnswer& scored = set.scored[g].answers[i];
      if (!scored.verdict.is_scored()) {
        continue;
      }
      if (const auto& label = set.groups[g].answers[i].label) {
        add(by_label, *label >= 0.5, scored.reward);
      }
      add(by_verdict, scored.verdict.outcome == Outcome::kCorrect, scored.reward);
      worth.mean += scored.reward;
      count += 1;
      highest = std::max(highest, scored.reward);
    }
  }
  worth.mean = count > 0 ? worth.mean / count : 0;
  const Sums& sums = by_label.num_right > 0 ? by_label : by_verdict;
  const std::optional<double> golds = sums.num_right > 0 ? std::nullopt : WorthOfGolds(scorer, set);
  worth.basis = by_label.num_right > 0     ? "answers labelled right"
                : by_verdict.num_right > 0 ? "answers judged correct"
                : golds                    ? "the gold answers in tags and box, for no answer is right"
                                           : "the best answer, for none is right";
  worth.high = sums.num_right > 0 ? sums.right / sums.num_right : count > 0 ? golds.value_or(highest) : 0;
  const std::vector<size_t> indices = Spread(set.groups.size(), 50);
  worth.low = MeanOf(RunAttack(scorer, set, Attacks().front(), UsualAnswers(set), indices, 1));
  if (sums.num_wrong > 0) {
    worth.low = std::min(worth.low, sums.wrong / sums.num_wrong);
  }
  return worth;
}

Json AttackReportOf(const Scorer& scorer, const ScoredSet& set, const HonestWorth& honest, int64_t max_tasks, double max_share,
                    int threads) {
  const AttackContext usual = UsualAnswers(set);
  const std::vector<size_t> indices = Spread(set.groups.size(), max_tasks);
  std::vector<Json> rows;
  bool has_failed = false;
  for (const Attack& attack : Attacks()) {
    const AttackResult result = RunAttack(scorer, set, attack, usual, indices, threads);
    const double mean = MeanOf(result);
    const double share = EarnedShare(mean, honest);
    const bool is_beyond = result.scored > 0 && share > max_share;
    has_failed = has_failed || is_beyond;
    Json terms = Json::object();
    for (size_t k = 0; k < set.terms.size(); ++k) {
      terms[set.terms[k]] = ReportNumber(result.scored > 0 ? result.values[k] / static_cast<double>(result.scored) : std::nan(""));
    }
    rows.push_back({{"policy", attack.name},
                    {"what", attack.what},
                    {"mean", ReportNumber(mean)},
                    {"share", ReportNumber(share)},
                    {"failed", is_beyond},
                    {"correct", ShareOf(result.correct, result.answers)},
                    {"unscored", ShareOf(result.unscored, result.answers)},
                    {"terms", std::move(terms)},
                    {"example", ReportExcerpt(result.example)}});
  }
  std::ranges::stable_sort(rows, [](const Json& a, const Json& b) { return a["share"].get<double>() > b["share"].get<double>(); });
  return {{"failed", has_failed},
          {"max_share", ReportNumber(max_share)},
          {"tasks", indices.size()},
          {"honest",
           {{"mean", ReportNumber(honest.mean)},
            {"high", ReportNumber(honest.high)},
            {"low", ReportNumber(honest.low)},
            {"basis", honest.basis}}},
          {"policies", Json(std::move(rows))}};
}

Json DeterminismOf(const Scorer& scorer, const ScoredSet& set, int64_t max_answers, int threads) {
  const int64_t per_group = std::max<int64_t>(1, set.groups.empty() ? 1 : std::ssize(set.groups.front().answers));
  const std::vector<size_t> indices = Spread(set.groups.size(), max_answers / per_group);
  std::vector<AnswerGroup> groups;
  std::ranges::transform(indices, std::back_inserter(groups), [&](size_t index) { return set.groups[index]; });
  int64_t compared = 0;
  Json differences = Json::array();
  int64_t num_different = 0;
  for (const int workers : {1, std::max(2, threads)}) {
    const std::vector<JudgedGroup> again = scorer.ScoreAll(groups, workers);
    for (size_t i = 0; i < indices.size(); ++i) {
      const JudgedGroup& first = set.scored[indices[i]];
      for (size_t k = 0; k < first.answers.size(); ++k) {
        ++compared;
        if (!(first.answers[k] == again[i].answers[k])) {
          ++num_different;
          if (differences.size() < 10) {
            differences.push_back({{"where", groups[i].answers[k].where},
                                   {"threads", workers},
                                   {"first", ReportNumber(first.answers[k].reward)},
                                   {"again", ReportNumber(again[i].answers[k].reward)}});
          }
        }
      }
    }
  }
  return {{"compared", compared}, {"different", num_different}, {"examples", std::move(differences)}};
}

}  // namespace cupel
