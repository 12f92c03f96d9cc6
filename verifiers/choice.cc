// Judges an answer to a question of multiple choice. The gold answer is a letter ("B"), or several where several are right ("A, C").
//
//   {"choices": ["Paris", "Rome", ...], "labels": ["A", "B", ...]}
//
// Without `choices` only letters can be given; labels are A, B, C, ... by default, as many as there are choices, else 26. The answer is
// found by the rules of answer/extract.h and names an option by
//
//   its letter         B   b   (B)   [B]   B.   B)   **B**   option B   choice (B)   answer: B
//   its text           Rome, compared without case, emphasis, white space and sentence marks at its ends; the text of one option only
//   both               B) Rome   B. Rome   B: Rome   (B) Rome   B, Rome   Rome (B): letter and text must agree. Without `choices` the text
//                      behind a letter and a mark may be anything that names no other letter
//
// An answer that names several options is right only when several are asked for, and then all of them, in any order: "A or B" is wrong, and
// so is a list of all. What names none is wrong, too.

#include <algorithm>

#include <fmt/format.h>

#include "verifiers/answer/characters.h"
#include "verifiers/answer/number.h"
#include "verifiers/judging.h"
#include "verifiers/options.h"
#include "verifiers/registry.h"

namespace cupel {
namespace {

constexpr size_t kMaxOptions = 26;
constexpr size_t kMaxLabel = 8;
constexpr size_t kMaxSpan = 4096;

using Picked = std::vector<size_t>;  // places of options, ascending, each once

struct Asked {
  std::vector<std::string> labels;
  std::vector<std::string> choices;  // normalised; empty when unknown
  Picked gold;
};

// A text without case, white space and sentence marks at its ends, and with single blanks inside.
std::string Normalised(std::string_view text) {
  std::string normal;
  for (const char c : StripDecoration(text)) {
    if (!IsSpace(c)) {
      normal += LowerCase(c);
    } else if (!normal.empty() && normal.back() != ' ') {
      normal += ' ';
    }
  }
  return normal;
}

std::optional<size_t> LabelAt(const Asked& asked, std::string_view word) {
  const auto label =
      std::ranges::find_if(asked.labels, [&](const std::string& one) { return std::ranges::equal(one, word, {}, LowerCase, LowerCase); });
  return label == asked.labels.end() ? std::nullopt : std::optional(static_cast<size_t>(label - asked.labels.begin()));
}

std::optional<size_t> ChoiceAt(const Asked& asked, std::string_view text) {
  const auto choice = std::ranges::find(asked.choices, Normalised(text));
  return choice == asked.choices.end() ? std::nullopt : std::optional(static_cast<size_t>(choice - asked.choices.begin()));
}

bool IsWordByte(char c) { return IsLetter(c) || IsDigit(c) || static_cast<unsigned char>(c) >= 0x80; }

// The words of a text with the mark behind each: letters, digits and bytes of other alphabets; everything else parts them.
struct Word {
  std::string_view text;
  size_t begin = 0;
  size_t end = 0;
};
std::vector<Word> WordsOf(std::string_view text) {
  std::vector<Word> words;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && IsWordByte(text[end])) {
      ++end;
    }
    if (end > at) {
      words.push_back({text.substr(at, end - at), at, end});
    }
    at = std::max(end, at + 1);
  }
  return words;
}

// Letters alone, joined by nothing but commas, "and" and the like: "B", "option B", "(A) and (C)".
std::optional<Picked> ReadLetters(const Asked& asked, std::string_view span) {
  Picked picked;
  for (const Word& word : WordsOf(span)) {
    const std::string lower = LowerCaseText(word.text);
    if (const auto label = LabelAt(asked, word.text)) {
      picked.push_back(*label);
    } else if (lower != "and" && lower != "or" && lower != "option" && lower != "options" && lower != "choice" && lower != "choices" &&
               lower != "answer" && lower != "letter") {
      return std::nullopt;
    }
  }
  return picked.empty() ? std::nullopt : std::optional(picked);
}

// Whether a text names a label in capital letters, as a word of its own. "A dog" has an article and "I" is a person.
bool NamesLabel(const Asked& asked, std::string_view text) {
  const std::vector<Word> words = WordsOf(text);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view next = i + 1 < words.size() ? words[i + 1].text : std::string_view();
    const bool is_article =
        words[i].text == "A" && !next.empty() && next != "or" && next != "and" && LowerCase(next.front()) == next.front();
    if (!is_article && words[i].text != "I" && std::ranges::find(asked.labels, words[i].text) != asked.labels.end()) {
      return true;
    }
  }
  return false;
}

// A letter, a mark, and the text of the option behind or before it.
std::optional<Picked> ReadLetterAndText(const Asked& asked, std::string_view span) {
  const std::vector<Word> words = WordsOf(span);
  if (words.size() < 2) {
    return std::nullopt;
  }
  const auto first = LabelAt(asked, words.front().text);
  const bool is_marked = first && words.front().begin <= 1 && IsOneOf(CharAt(span, words.front().end), ".):],");
  if (is_marked) {
    std::string_view rest = span.substr(words.front().end);
    rest.remove_prefix(std::min(rest.find_first_not_of(".):], "), rest.size()));
    const bool agrees = asked.choices.empty() ? !NamesLabel(asked, rest) : ChoiceAt(asked, rest) == first;
    return agrees ? std::optional(Picked{*first}) : std::nullopt;
  }
  const auto last = LabelAt(asked, words.back().text);
  const size_t open = words.back().begin;
  const bool is_bracketed = last && open > 0 && IsOneOf(span[open - 1], "([") && IsOneOf(CharAt(span, words.back().end), ")]");
  return is_bracketed && ChoiceAt(asked, span.substr(0, open - 1)) == last ? std::optional(Picked{*last}) : std::nullopt;
}

std::optional<Picked> ReadPicked(const Asked& asked, std::string_view untrimmed) {
  const std::string_view span = StripDecoration(untrimmed);
  if (const auto label = LabelAt(asked, span)) {
    return Picked{*label};
  }
  if (const auto choice = ChoiceAt(asked, span)) {  // before letters, because an option may read "A and B"
    return Picked{*choice};
  }
  for (const std::string_view text : {span, TrimSpace(untrimmed)}) {
    if (auto letters = ReadLetters(asked, text)) {
      return letters;
    }
    if (auto both = ReadLetterAndText(asked, text)) {
      return both;
    }
  }
  return std::nullopt;
}

std::optional<Picked> ReadPickedOnce(const Asked& asked, std::string_view span) {
  std::optional<Picked> picked = ReadPicked(asked, span);
  if (picked) {
    std::ranges::sort(*picked);
    picked->erase(std::ranges::unique(*picked).begin(), picked->end());
  }
  return picked;
}

absl::Status ReadLabels(const Task& task, Asked& asked) {
  OptionReader options(task.metadata);
  options.Texts("choices", asked.choices);
  options.Texts("labels", asked.labels);
  CUPEL_RETURN_IF_ERROR(options.Done());
  if (asked.labels.empty()) {
    const size_t count = asked.choices.empty() ? kMaxOptions : std::min(asked.choices.size(), kMaxOptions);
    for (size_t i = 0; i < count; ++i) {
      asked.labels.emplace_back(1, static_cast<char>('A' + i));
    }
  }
  const auto is_label = [](const std::string& label) {
    return !label.empty() && label.size() <= kMaxLabel && std::ranges::all_of(label, &IsWordByte);
  };
  const bool fits = asked.choices.empty() || asked.choices.size() == asked.labels.size();
  if (asked.labels.size() < 2 || asked.labels.size() > kMaxOptions || !fits || !std::ranges::all_of(asked.labels, is_label)) {
    return InvalidArgument("verifier options: {} labels for {} choices; expected 2 to {} labels of letters and digits, one for each choice",
                           asked.labels.size(), asked.choices.size(), kMaxOptions);
  }
  return absl::OkStatus();
}

absl::StatusOr<Asked> Read(const Task& task) {
  Asked asked;
  CUPEL_RETURN_IF_ERROR(ReadLabels(task, asked));
  std::ranges::transform(asked.choices, asked.choices.begin(), [](const std::string& choice) { return Normalised(choice); });
  for (auto choice = asked.choices.begin(); choice != asked.choices.end(); ++choice) {
    if (std::find(asked.choices.begin(), choice, *choice) != choice) {
      return InvalidArgument("verifier options: the choice \"{}\" stands in the list twice; a question has one text for each letter",
                             Excerpt(*choice));
    }
  }
  const std::optional<Picked> gold = ReadPickedOnce(asked, task.answer);
  if (!gold) {
    return InvalidArgument("the gold answer \"{}\" names none of the options {}; the choice verifier wants a letter such as {}",
                           Excerpt(task.answer), fmt::join(asked.labels, ", "), asked.labels.front());
  }
  asked.gold = *gold;
  return asked;
}

std::string Letters(const Asked& asked, const Picked& picked) {
  std::vector<std::string_view> names;
  std::ranges::transform(picked, std::back_inserter(names), [&](size_t place) { return std::string_view(asked.labels[place]); });
  return fmt::format("{}", fmt::join(names, ", "));
}

void JudgePicked(const Asked& asked, std::string_view span, Verdict& verdict) {
  const std::optional<Picked> picked = span.size() > kMaxSpan ? std::nullopt : ReadPickedOnce(asked, span);
  if (!picked) {
    Settle(verdict, Outcome::kIncorrect, fmt::format("\"{}\" names none of the options, or not clearly one", Excerpt(verdict.extracted)));
    return;
  }
  const bool is_right = *picked == asked.gold;
  verdict.credit = is_right ? 1 : 0;
  Settle(verdict, is_right ? Outcome::kCorrect : Outcome::kIncorrect,
         fmt::format("gold {}, answer {}", Letters(asked, asked.gold), Letters(asked, *picked)));
}

class ChoiceVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "choice"; }
  int version() const override { return 1; }
  Verdict Verify(const Task& task, std::string_view answer) const override {
    return JudgeAnswer(answer, AnswerKind::kText, Read(task), &JudgePicked);
  }
  absl::Status CheckGold(const Task& task) const override { return Read(task).status(); }
};

}  // namespace

const Verifier& GetChoiceVerifier() {
  static const ChoiceVerifier verifier;
  return verifier;
}

}  // namespace cupel
