#include "verifiers/answer/extract.h"

#include <optional>

#include <absl/strings/escaping.h>
#include <fmt/format.h>

#include "verifiers/answer/characters.h"
#include "verifiers/answer/marks.h"

namespace cupel {
namespace {

constexpr size_t kMaxExtracted = 256;
constexpr std::string_view kThinkOpen = "<think>";
constexpr std::string_view kThinkClose = "</think>";

// The only filled pair <answer>..</answer>: the box inside it, or all that it holds. nullopt when there is none or more than one.
std::optional<Extraction> OnlyTag(const TagScan& tags, std::string_view text) {
  if (tags.opening != 1 || tags.closing != 1 || !tags.last) {
    return std::nullopt;
  }
  const auto begin = static_cast<size_t>(tags.last->begin);
  const BoxScan boxes = ScanBoxes(text.substr(begin, static_cast<size_t>(tags.last->end) - begin));
  if (!boxes.last) {
    return Extraction{"answer_tag", *tags.last, {}};
  }
  return Extraction{"boxed", {boxes.last->begin + tags.last->begin, boxes.last->end + tags.last->begin}, {}};
}

// The rules on a text without thinking; spans count from its beginning.
Extraction ApplyRules(std::string_view text, AnswerKind kind) {
  const TagScan tags = ScanTag(text, "<answer>", "</answer>");
  if (const std::optional<Extraction> only = OnlyTag(tags, text)) {
    return *only;
  }
  const BoxScan boxes = ScanBoxes(text);
  if (boxes.last) {
    return {"boxed", *boxes.last, {}};
  }
  if (boxes.unclosed > 0) {
    return {{}, {}, "a box is opened and never closed"};
  }
  if (tags.last) {
    return {"answer_tag", *tags.last, {}};
  }
  if (tags.ends_open) {
    return {{}, {}, "<answer> is opened and never closed"};
  }
  if (const auto span = FindHashMark(text, kind == AnswerKind::kNumber)) {
    return {"hash", *span, {}};
  }
  if (const auto span = FindAnswerPhrase(text)) {
    return {"answer_is", *span, {}};
  }
  if (kind == AnswerKind::kText) {
    return {{}, {}, "no box, <answer>, #### or \"answer is\" in the text"};
  }
  if (const auto span = FindLastNumeral(text)) {
    return {"last_number", *span, {}};
  }
  return {{}, {}, "no number in the text"};
}

}  // namespace

Extraction ExtractAnswer(std::string_view text, AnswerKind kind) {
  const size_t close = text.rfind(kThinkClose);
  const size_t begin = close == std::string_view::npos ? 0 : close + kThinkClose.size();
  const std::string_view answer = text.substr(begin);
  if (answer.find(kThinkOpen) != std::string_view::npos) {
    return {{}, {}, "<think> is opened and never closed"};
  }
  Extraction extraction = ApplyRules(answer, kind);
  if (extraction.problem.empty()) {
    extraction.span.begin += static_cast<int64_t>(begin);
    extraction.span.end += static_cast<int64_t>(begin);
  }
  return extraction;
}

Verdict BeginVerdict(std::string_view text, AnswerKind kind, std::string_view& span_text) {
  Verdict verdict;
  span_text = {};
  if (std::ssize(text) > kMaxAnswerBytes) {
    verdict.outcome = Outcome::kUndecided;
    verdict.reason = fmt::format("the text has {} bytes; at most {} are judged", text.size(), kMaxAnswerBytes);
    return verdict;
  }
  const Extraction extraction = ExtractAnswer(text, kind);
  verdict.outcome = Outcome::kNoAnswer;
  verdict.rule = extraction.rule;
  verdict.reason = extraction.problem;
  verdict.span = extraction.span;
  span_text = text.substr(static_cast<size_t>(extraction.span.begin), static_cast<size_t>(extraction.span.end - extraction.span.begin));
  verdict.extracted = CutText(TrimSpace(span_text), kMaxExtracted);
  verdict.cost = std::ssize(text) + std::ssize(span_text);
  return verdict;
}

namespace {

// The length of a name and its equals sign, "y_1 = ", at the front; 0 where there is none.
size_t AssignedName(std::string_view gap) {
  const size_t sign = gap.find('=');
  if (sign == std::string_view::npos || sign == 0) {
    return 0;
  }
  const std::string_view name = TrimSpace(gap.substr(0, sign));
  const bool is_name =
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_{}()") == std::string_view::npos;
  return is_name && !name.empty() ? sign + 1 : 0;
}

// Whether a text between two boxes only joins them.
bool OnlyJoins(std::string_view gap) {
  bool has_joint = false;
  while (true) {
    gap = TrimSpace(gap);
    bool eaten = false;
    for (const std::string_view part :
         {"$", ",", ";", "}", "\\quad", "\\qquad", "\\text{", "\\textbf{", "\\(", "\\)", "\\,", "\\ ", "and", "or", "\\"}) {
      if (!gap.empty() && gap.starts_with(part)) {
        gap.remove_prefix(part.size());
        eaten = true;
        has_joint = has_joint || part == "," || part == ";" || part == "and" || part == "or";
        break;
      }
    }
    if (const size_t name = has_joint && !eaten ? AssignedName(gap) : 0; name > 0) {
      gap.remove_prefix(name);
      eaten = true;
    }
    if (!eaten) {
      return gap.empty();
    }
  }
}

}  // namespace

std::string JoinedBoxes(std::string_view text, bool is_gold) {
  const size_t close = text.rfind(kThinkClose);
  text.remove_prefix(close == std::string_view::npos ? 0 : close + kThinkClose.size());
  const std::vector<TextSpan> spans = ScanBoxes(text).spans;
  if (spans.size() < 2 || spans.size() >= kMaxBoxes) {
    return {};
  }
  const auto held = [&](const TextSpan& span) {
    return text.substr(static_cast<size_t>(span.begin), static_cast<size_t>(span.end - span.begin));
  };
  std::string joined(held(spans.back()));
  bool differ = false;
  for (size_t i = spans.size() - 1; i > 0; --i) {
    const auto begin = static_cast<size_t>(spans[i - 1].end) + 1;
    const size_t box = begin < static_cast<size_t>(spans[i].begin) ? text.substr(0, static_cast<size_t>(spans[i].begin)).rfind('\\') : 0;
    if (box < begin || box == std::string_view::npos || box - begin > 80) {
      break;
    }
    const std::string_view gap = text.substr(begin, box - begin);
    const bool gold_goes_on = is_gold && gap.find('.') == std::string_view::npos &&
                              (gap.find(" and ") != std::string_view::npos || gap.find(", ") != std::string_view::npos);
    if (!OnlyJoins(gap) && !gold_goes_on) {
      break;
    }
    differ = differ || held(spans[i - 1]) != held(spans[i]);
    joined = std::string(held(spans[i - 1])) + ", " + joined;
  }
  return differ ? joined : std::string();
}

std::string_view CutText(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) {
    return text;
  }
  size_t end = max_bytes;
  while (end > 0 && max_bytes - end < 3 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;
  }
  return text.substr(0, end);
}

std::string Excerpt(std::string_view text, size_t max_bytes) {
  const std::string_view cut = CutText(text, max_bytes);
  return absl::Utf8SafeCEscape({cut.data(), cut.size()}) + (cut.size() < text.size() ? "..." : "");
}

}  // namespace cupel
