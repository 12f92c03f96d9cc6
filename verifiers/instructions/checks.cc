#include "verifiers/instructions/checks.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>
#include <re2/re2.h>

#include "base/status.h"
#include "verifiers/answer/characters.h"
#include "verifiers/instructions/formatting.h"
#include "verifiers/text/casing.h"
#include "verifiers/text/language.h"
#include "verifiers/text/script.h"
#include "verifiers/text/sentences.h"

namespace cupel {
namespace {

using Arguments = InstructionArguments;

Followed Is(bool followed) { return followed ? Followed::kYes : Followed::kNo; }
Followed Relates(int64_t count, const Arguments& arguments) {
  return Is(arguments.relation == "less than" ? count < arguments.number : count >= arguments.number);
}

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

RE2::Options IgnoringCase() {
  RE2::Options options;
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  options.set_max_mem(int64_t{16} << 20);
  return options;
}

std::string PatternOf(std::string_view word, const Arguments& arguments) {
  return arguments.raw_regex ? std::string(word) : RE2::QuoteMeta(Piece(word));
}

int64_t CountMatches(std::string_view text, const std::string& pattern) {
  const RE2 expression(pattern, IgnoringCase());
  re2::StringPiece rest = Piece(text);
  int64_t count = 0;
  while (expression.ok() && RE2::FindAndConsume(&rest, expression)) {
    ++count;
    if (rest.empty()) {
      break;
    }
  }
  return count;
}

bool Finds(std::string_view text, const std::string& pattern) { return RE2::PartialMatch(Piece(text), RE2(pattern, IgnoringCase())); }

Followed HasKeywords(std::string_view text, const Arguments& arguments) {
  return Is(std::ranges::all_of(arguments.words, [&](const std::string& word) { return Finds(text, PatternOf(word, arguments)); }));
}
Followed KeywordFrequency(std::string_view text, const Arguments& arguments) {
  return Relates(CountMatches(text, PatternOf(arguments.text, arguments)), arguments);
}
Followed NoForbiddenWords(std::string_view text, const Arguments& arguments) {
  return Is(std::ranges::none_of(arguments.words,
                                 [&](const std::string& word) { return Finds(text, "\\b" + PatternOf(word, arguments) + "\\b"); }));
}

Followed LetterFrequency(std::string_view text, const Arguments& arguments) {
  const std::string letter = LowerCaseText(TrimSpace(arguments.text));
  int64_t count = 0;
  for (const std::string lower = LowerCaseText(text); const char c : lower) {
    count += letter.size() == 1 && c == letter[0] ? 1 : 0;
  }
  return Relates(count, arguments);
}

Followed ResponseLanguage(std::string_view text, const Arguments& arguments) {
  const std::string_view found = DetectLanguage(text);
  return found.empty() ? Followed::kUndecided : Is(found == arguments.text);
}
Followed EnglishCapitals(std::string_view text, const Arguments&) {
  if (!IsAllCapitals(text)) {
    return Followed::kNo;
  }
  const std::string_view found = DetectLanguage(text);
  return found.empty() ? Followed::kUndecided : Is(found == "en");
}
Followed EnglishSmall(std::string_view text, const Arguments&) {
  if (!IsAllSmall(text)) {
    return Followed::kNo;
  }
  const std::string_view found = DetectLanguage(text);
  return found.empty() ? Followed::kUndecided : Is(found == "en");
}
Followed CapitalWords(std::string_view text, const Arguments& arguments) {
  return Relates(std::ranges::count_if(TreebankWords(text), &IsAllCapitals), arguments);
}

Followed NumberOfSentences(std::string_view text, const Arguments& arguments) { return Relates(CountSentences(text), arguments); }
Followed NumberOfWords(std::string_view text, const Arguments& arguments) { return Relates(CountWordRuns(text), arguments); }
Followed NumberOfParagraphs(std::string_view text, const Arguments& arguments) {
  return Is(CountStarredParagraphs(text) == arguments.number);
}
Followed NthParagraph(std::string_view text, const Arguments& arguments) {
  return Is(ParagraphBegins(text, arguments.number, arguments.nth_paragraph, LowerCaseText(arguments.text)));
}

Followed Placeholders(std::string_view text, const Arguments& arguments) { return Is(CountPlaceholders(text) >= arguments.number); }
Followed Bullets(std::string_view text, const Arguments& arguments) { return Is(CountBullets(text) == arguments.number); }
Followed Highlights(std::string_view text, const Arguments& arguments) { return Is(CountHighlights(text) >= arguments.number); }
Followed Sections(std::string_view text, const Arguments& arguments) {
  const std::string splitter = PatternOf(TrimSpace(arguments.text), arguments);
  const RE2 expression("\\s?" + splitter + "\\s?\\d+\\s?");
  re2::StringPiece rest = Piece(text);
  int64_t count = 0;
  while (RE2::FindAndConsume(&rest, expression)) {
    ++count;
  }
  return Is(count >= arguments.number);
}
Followed Title(std::string_view text, const Arguments&) { return Is(HasTitle(text)); }

Followed Postscript(std::string_view text, const Arguments& arguments) {
  const std::string lower = LowerCaseText(text);
  if (arguments.text == "P.P.S") {
    return Is(Finds(lower, "p\\.\\s?p\\.\\s?s"));
  }
  return Is(arguments.text == "P.S." ? Finds(lower, "p\\.\\s?s\\.") : lower.find(LowerCaseText(arguments.text)) != std::string::npos);
}

Followed ConstrainedResponse(std::string_view text, const Arguments&) {
  constexpr std::array<std::string_view, 3> kOptions = {"My answer is yes.", "My answer is no.", "My answer is maybe."};
  return Is(std::ranges::any_of(kOptions, [&](std::string_view option) { return text.find(option) != std::string_view::npos; }));
}

Followed JsonFormat(std::string_view text, const Arguments&) {
  text = TrimSpace(text);
  for (const std::string_view fence : {"```json", "```Json", "```JSON", "```"}) {
    text.remove_prefix(text.starts_with(fence) ? fence.size() : 0);
  }
  text.remove_suffix(text.ends_with("```") ? 3 : 0);
  return Is(nlohmann::json::accept(TrimSpace(text)));
}

Followed TwoResponses(std::string_view text, const Arguments&) { return Is(HasTwoResponses(text)); }
Followed RepeatsPrompt(std::string_view text, const Arguments& arguments) {
  return Is(LowerCaseText(TrimSpace(text)).starts_with(LowerCaseText(TrimSpace(arguments.text))));
}

std::string_view StripQuotes(std::string_view text) {
  while (text.starts_with('"')) {
    text.remove_prefix(1);
  }
  while (text.ends_with('"')) {
    text.remove_suffix(1);
  }
  return text;
}
Followed EndsWith(std::string_view text, const Arguments& arguments) {
  return Is(LowerCaseText(StripQuotes(TrimSpace(text))).ends_with(LowerCaseText(TrimSpace(arguments.text))));
}
Followed Quotation(std::string_view text, const Arguments&) {
  text = TrimSpace(text);
  return Is(text.size() > 1 && text.front() == '"' && text.back() == '"');
}
Followed NoComma(std::string_view text, const Arguments&) { return Is(text.find(',') == std::string_view::npos); }

std::string JoinLines(std::string_view text, size_t drop_first, size_t drop_last) {
  std::vector<std::string_view> lines;
  size_t begin = 0;
  for (size_t end = text.find('\n'); end != std::string_view::npos; begin = end + 1, end = text.find('\n', begin)) {
    lines.push_back(text.substr(begin, end - begin));
  }
  lines.push_back(text.substr(begin));
  const size_t last = lines.size() > drop_last ? lines.size() - drop_last : 0;
  std::string joined;
  for (size_t i = drop_first; i < last; ++i) {
    joined += (i > drop_first ? "\n" : "") + std::string(lines[i]);
  }
  return std::string(TrimSpace(joined));
}

}  // namespace

const std::vector<Instruction>& Instructions() {
  static const std::vector<Instruction> instructions = {
      {"change_case:capital_word_frequency", "capital_frequency", "capital_relation", "", "", &CapitalWords},
      {"change_case:english_capital", "", "", "", "", &EnglishCapitals},
      {"change_case:english_lowercase", "", "", "", "", &EnglishSmall},
      {"combination:repeat_prompt", "", "", "prompt_to_repeat", "", &RepeatsPrompt},
      {"combination:two_responses", "", "", "", "", &TwoResponses},
      {"detectable_content:number_placeholders", "num_placeholders", "", "", "", &Placeholders},
      {"detectable_content:postscript", "", "", "postscript_marker", "", &Postscript},
      {"detectable_format:constrained_response", "", "", "", "", &ConstrainedResponse},
      {"detectable_format:json_format", "", "", "", "", &JsonFormat},
      {"detectable_format:multiple_sections", "num_sections", "", "section_spliter", "", &Sections},
      {"detectable_format:number_bullet_lists", "num_bullets", "", "", "", &Bullets},
      {"detectable_format:number_highlighted_sections", "num_highlights", "", "", "", &Highlights},
      {"detectable_format:title", "", "", "", "", &Title},
      {"keywords:existence", "", "", "", "keywords", &HasKeywords},
      {"keywords:forbidden_words", "", "", "", "forbidden_words", &NoForbiddenWords},
      {"keywords:frequency", "frequency", "relation", "keyword", "", &KeywordFrequency},
      {"keywords:letter_frequency", "let_frequency", "let_relation", "letter", "", &LetterFrequency},
      {"language:response_language", "", "", "language", "", &ResponseLanguage},
      {"length_constraints:nth_paragraph_first_word", "num_paragraphs", "", "first_word", "", &NthParagraph},
      {"length_constraints:number_paragraphs", "num_paragraphs", "", "", "", &NumberOfParagraphs},
      {"length_constraints:number_sentences", "num_sentences", "relation", "", "", &NumberOfSentences},
      {"length_constraints:number_words", "num_words", "relation", "", "", &NumberOfWords},
      {"punctuation:no_comma", "", "", "", "", &NoComma},
      {"startend:end_checker", "", "", "end_phrase", "", &EndsWith},
      {"startend:quotation", "", "", "", "", &Quotation},
  };
  return instructions;
}

absl::Status CheckArguments(const Instruction& instruction, const InstructionArguments& arguments) {
  if (arguments.relation != "less than" && arguments.relation != "at least") {
    return InvalidArgument("{}: relation \"{}\"; expected \"less than\" or \"at least\"", instruction.id, arguments.relation);
  }
  std::vector<std::string> patterns = arguments.words;
  patterns.push_back(arguments.text);
  for (const std::string& pattern : patterns) {
    if (const RE2 expression(pattern, IgnoringCase()); arguments.raw_regex && !expression.ok()) {
      return InvalidArgument("{}: \"{}\" is no regular expression: {}", instruction.id, pattern, expression.error());
    }
  }
  return absl::OkStatus();
}

Followed FollowsStrictly(const Instruction& instruction, const InstructionArguments& arguments, std::string_view text) {
  return TrimSpace(text).empty() ? Followed::kNo : instruction.check(text, arguments);
}

Followed FollowsLoosely(const Instruction& instruction, const InstructionArguments& arguments, std::string_view text) {
  Followed best = Followed::kNo;
  const std::array<std::string, 4> variants = {std::string(text), JoinLines(text, 1, 0), JoinLines(text, 0, 1), JoinLines(text, 1, 1)};
  for (const std::string& variant : variants) {
    std::string plain = variant;
    std::erase(plain, '*');
    for (const std::string& one : {variant, plain}) {
      const Followed followed = FollowsStrictly(instruction, arguments, one);
      if (followed == Followed::kYes) {
        return followed;
      }
      best = followed == Followed::kUndecided ? followed : best;
    }
  }
  return best;
}

}  // namespace cupel
