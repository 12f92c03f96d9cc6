#include "verifiers/judging.h"

#include "verifiers/answer/characters.h"
#include "verifiers/code/extract.h"

namespace cupel {

std::string_view PartName(Part part) {
  switch (part) {
    case Part::kText:
      return "text";
    case Part::kResponse:
      return "response";
    case Part::kReasoning:
      break;
  }
  return "reasoning";
}

Part PartNamed(std::string_view name) {
  return name == PartName(Part::kReasoning) ? Part::kReasoning : name == PartName(Part::kResponse) ? Part::kResponse : Part::kText;
}

std::string_view PartOf(std::string_view text, Part part) {
  constexpr std::string_view kBegin = "<think>", kEnd = "</think>";
  const size_t end = text.rfind(kEnd);
  if (part == Part::kResponse) {
    const std::string_view response = end == std::string_view::npos ? text : text.substr(end + kEnd.size());
    return TrimSpace(response).starts_with(kBegin) ? std::string_view() : response;
  }
  if (part == Part::kReasoning) {
    const std::string_view reasoning = text.substr(0, end);
    const size_t begin = TrimSpace(reasoning).starts_with(kBegin) ? reasoning.find(kBegin) + kBegin.size() : 0;
    return reasoning.substr(begin);
  }
  return text;
}

Verdict BeginPart(std::string_view text, Part part, std::string_view& part_text) {
  part_text = PartOf(text, part);
  Verdict verdict;
  verdict.rule = PartName(part);
  verdict.span.begin = part_text.empty() ? 0 : part_text.data() - text.data();
  verdict.span.end = verdict.span.begin + std::ssize(part_text);
  verdict.extracted = CutText(TrimSpace(part_text), 200);
  verdict.cost = std::ssize(text);
  if (std::ssize(text) > kMaxAnswerBytes) {
    Settle(verdict, Outcome::kUndecided, fmt::format("the text has {} bytes; at most {} are judged", text.size(), kMaxAnswerBytes));
  }
  return verdict;
}

std::string_view Spanned(std::string_view text, const TextSpan& span) {
  return text.substr(static_cast<size_t>(span.begin), static_cast<size_t>(span.end - span.begin));
}

std::optional<std::string_view> LastFence(std::string_view text) {
  const code::CodeExtraction found = code::ExtractCode(text, sandbox::Language::kPython, code::ExtractRule::kLastOfAny, false);
  return found.rule.empty() ? std::nullopt : std::optional(Spanned(text, found.span));
}

void PointTo(std::string_view found, std::string_view response, Verdict& verdict) {
  if (found.empty()) {
    verdict.rule.clear();
    verdict.span = {};
    verdict.extracted.clear();
    return;
  }
  verdict.span.begin += found.data() - response.data();
  verdict.span.end = verdict.span.begin + std::ssize(found);
  verdict.extracted = CutText(TrimSpace(found), 200);
}

}  // namespace cupel
