#include "rewards/published_formats.h"

#include "verifiers/answer/characters.h"
#include "verifiers/answer/marks.h"

namespace cupel {
namespace {

constexpr std::string_view kThink = "<think>", kThinkEnd = "</think>", kAnswer = "<answer>", kAnswerEnd = "</answer>";
constexpr std::string_view kFence = "```";

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Removes the first `part` and everything before it; false, and nothing changed, when there is none.
bool SkipPast(std::string_view& text, std::string_view part) {
  const size_t at = text.find(part);
  if (at == std::string_view::npos) {
    return false;
  }
  text.remove_prefix(at + part.size());
  return true;
}

bool OccursOnce(std::string_view text, std::string_view part) { return SkipPast(text, part) && !Contains(text, part); }

// Whether `text` has `mark` followed by its end or a line end: what `mark$` finds in multi-line mode.
bool HasAtLineEnd(std::string_view text, std::string_view mark) {
  while (SkipPast(text, mark)) {
    if (text.empty() || text.front() == '\n') {
      return true;
    }
  }
  return false;
}

bool IsBlank(std::string_view text) { return TrimSpace(text).empty(); }

// What stands between the first `opening` and the first `closing` after it; empty when there is none.
std::string_view Between(std::string_view text, std::string_view opening, std::string_view closing) {
  return SkipPast(text, opening) ? text.substr(0, text.find(closing)) : std::string_view();
}

bool EachTagOnce(std::string_view text) {
  return OccursOnce(text, kThink) && OccursOnce(text, kThinkEnd) && OccursOnce(text, kAnswer) && OccursOnce(text, kAnswerEnd);
}

bool HasThoughtAndAnswer(std::string_view text) {
  return EachTagOnce(text) && !IsBlank(Between(text, kThink, kThinkEnd)) && !IsBlank(Between(text, kAnswer, kAnswerEnd));
}

// The tail of an open-r1 text after its first "\n</think>\n<answer>\n"; a later one leaves less to match in. Empty views do not match.
bool OpenR1Answer(std::string_view& text) {
  constexpr std::string_view kBegin = "<think>\n", kMiddle = "\n</think>\n<answer>\n";
  if (!text.starts_with(kBegin)) {
    return false;
  }
  text.remove_prefix(kBegin.size());
  return SkipPast(text, kMiddle);
}

constexpr std::string_view kEnd = "\n</answer>";

}  // namespace

bool IsOpenR1Published(std::string_view text) { return OpenR1Answer(text) && HasAtLineEnd(text, kEnd); }

bool IsOpenR1(std::string_view text) { return HasThoughtAndAnswer(text) && text.ends_with(kEnd) && IsOpenR1Published(text); }

bool IsOpenR1CodePublished(std::string_view text) {
  return OpenR1Answer(text) && SkipPast(text, "```python") && SkipPast(text, kFence) && HasAtLineEnd(text, kEnd);
}

bool IsOpenR1Code(std::string_view text) {
  const std::string_view answer = Between(text, kAnswer, kAnswerEnd);
  return IsOpenR1(text) && IsOpenR1CodePublished(text) && !IsBlank(Between(answer, "```python", kFence));
}

bool IsTrlThinkPublished(std::string_view text) {
  if (!text.starts_with(kThink)) {
    return false;
  }
  text.remove_prefix(kThink.size());
  return !Contains(text, kThink) && Contains(text, kThinkEnd);
}

bool IsTrlThink(std::string_view text) {
  if (!text.starts_with(kThink) || !OccursOnce(text, kThink) || !OccursOnce(text, kThinkEnd)) {
    return false;
  }
  std::string_view rest = text;
  SkipPast(rest, kThinkEnd);
  return !IsBlank(Between(text, kThink, kThinkEnd)) && !IsBlank(rest);
}

bool IsNanoAhaPublished(std::string_view text) {
  if (!text.starts_with(kThink)) {
    return false;
  }
  text.remove_prefix(kThink.size());
  const size_t end = text.find(kThinkEnd);
  if (end == std::string_view::npos || Contains(text.substr(0, end), kThink)) {
    return false;
  }
  text.remove_prefix(end + kThinkEnd.size());
  constexpr std::string_view kMiddle = "\n<answer>";
  if (!text.starts_with(kMiddle)) {
    return false;
  }
  text.remove_prefix(kMiddle.size());
  return text.ends_with(kAnswerEnd) || text.ends_with("</answer>\n");  // without MULTILINE, $ also matches before a last line end
}

bool IsNanoAha(std::string_view text) { return HasThoughtAndAnswer(text) && text.ends_with(kAnswerEnd) && IsNanoAhaPublished(text); }

bool IsGeo3kPublished(std::string_view text) {
  return text.starts_with(kThink) && SkipPast(text, kThink) && SkipPast(text, kThinkEnd) && SkipPast(text, "\\boxed{") &&
         Contains(text, "}");
}

bool IsGeo3k(std::string_view text) {
  if (!IsTrlThink(text)) {
    return false;
  }
  SkipPast(text, kThinkEnd);
  const BoxScan boxes = ScanBoxes(text);
  return boxes.filled == 1 && boxes.blank + boxes.bare + boxes.unclosed == 0;
}

}  // namespace cupel
