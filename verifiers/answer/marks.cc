#include "verifiers/answer/marks.h"

#include <algorithm>
#include <vector>

#include "verifiers/answer/characters.h"
#include "verifiers/answer/number.h"

namespace cupel {
namespace {

constexpr auto kNone = std::string_view::npos;

TextSpan SpanOf(size_t begin, size_t end) { return {static_cast<int64_t>(begin), static_cast<int64_t>(end)}; }

// Length of "\boxed" or "\fbox" at the front of `text`; 0 when it begins otherwise or with a longer command.
size_t BoxCommandLength(std::string_view text) {
  for (const std::string_view command : {"\\boxed", "\\fbox"}) {
    if (text.starts_with(command) && !IsLetter(CharAt(text, command.size()))) {
      return command.size();
    }
  }
  return 0;
}

// The pass behind ScanBoxes. `depth_` counts open braces; a box remembers the depth of its own brace.
class BoxScanner {
 public:
  explicit BoxScanner(std::string_view text) : text_(text) {}

  BoxScan Run() {
    while (position_ < text_.size()) {
      Step(text_[position_]);
    }
    scan_.unclosed = std::ssize(open_);
    return scan_;
  }

 private:
  struct OpenBox {
    size_t begin;  // of the contents
    int64_t depth;
  };

  void Step(char c) {
    if (c == '\\') {
      Command();
      return;
    }
    if (c == '{') {
      ++depth_;
    } else if (c == '}' && depth_ > 0) {
      if (!open_.empty() && open_.back().depth == depth_) {
        Close(open_.back().begin, position_, scan_.filled);
        open_.pop_back();
      }
      --depth_;
    }
    ++position_;
  }

  // A backslash takes the next character with it, except before a box whose own backslash is doubled ("\\boxed{5}").
  void Command() {
    const size_t length = BoxCommandLength(text_.substr(position_));
    if (length == 0) {
      position_ += BoxCommandLength(text_.substr(position_ + 1)) > 0 ? 1 : 2;
      return;
    }
    position_ += length;
    while (IsSpace(CharAt(text_, position_))) {
      ++position_;
    }
    if (CharAt(text_, position_) == '{') {
      open_.push_back({++position_, ++depth_});
      return;
    }
    const size_t begin = position_;
    while (position_ < text_.size() && !IsSpace(text_[position_]) && !IsOneOf(text_[position_], "{}\\$")) {
      ++position_;
    }
    Close(begin, position_, scan_.bare);
  }

  void Close(size_t begin, size_t end, int64_t& count) {
    if (TrimSpace(text_.substr(begin, end - begin)).empty()) {
      ++scan_.blank;
      return;
    }
    ++count;
    if (scan_.spans.size() < kMaxBoxes) {
      scan_.spans.push_back(SpanOf(begin, end));
    }
    if (!scan_.last || scan_.last->begin < static_cast<int64_t>(begin)) {
      scan_.last = SpanOf(begin, end);
    }
  }

  std::string_view text_;
  size_t position_ = 0;
  int64_t depth_ = 0;
  std::vector<OpenBox> open_;
  BoxScan scan_;
};

bool IsWordAt(std::string_view text, size_t position, std::string_view lower_case_word) {
  if (text.size() - position < lower_case_word.size()) {
    return false;
  }
  for (size_t i = 0; i < lower_case_word.size(); ++i) {
    if (LowerCase(text[position + i]) != lower_case_word[i]) {
      return false;
    }
  }
  const bool begins_word = position == 0 || !IsLetter(text[position - 1]);
  return begins_word && !IsLetter(CharAt(text, position + lower_case_word.size()));
}

size_t SkipAny(std::string_view text, size_t position, std::string_view set) {
  while (position < text.size() && IsOneOf(text[position], set)) {
    ++position;
  }
  return position;
}

bool EndsSentence(std::string_view text, size_t position) {
  const char next = CharAt(text, position + 1);
  const bool is_command = position > 0 && text[position - 1] == '\\';  // \! and \; are spaces of TeX
  return !is_command && IsOneOf(text[position], ".!?;") && (next == '\0' || IsSpace(next) || IsOneOf(next, "*_$\"')<"));
}

bool EndsClause(std::string_view text, size_t position) {
  return text[position] == '\n' || text[position] == '\r' || EndsSentence(text, position);
}

// Where the answer begins if "answer is" or "answer:" stands at `position`.
std::optional<size_t> AfterAnswerPhrase(std::string_view text, size_t position) {
  constexpr std::string_view kEmphasis = " \t*_";
  if (!IsWordAt(text, position, "answer")) {
    return std::nullopt;
  }
  size_t after = SkipAny(text, position + 6, kEmphasis);
  const bool has_is = after < text.size() && IsWordAt(text, after, "is");
  if (has_is) {
    after = SkipAny(text, after + 2, kEmphasis);
  }
  if (CharAt(text, after) == ':') {
    ++after;
  } else if (!has_is) {
    return std::nullopt;
  }
  after = SkipAny(text, after, " \t\r\n*_");
  if (after == text.size() || EndsClause(text, after)) {
    return std::nullopt;  // "This is my answer: " and "what the answer is."
  }
  return after;
}

bool BeginsLikeNumber(std::string_view text) {
  constexpr std::string_view kBefore = " \t*_`$+-";
  text.remove_prefix(SkipAny(text, 0, kBefore));
  if (text.starts_with(kMinusSign)) {
    text.remove_prefix(kMinusSign.size());
  }
  text.remove_prefix(CurrencyLength(text));
  text.remove_prefix(SkipAny(text, 0, kBefore));
  const char first = CharAt(text, 0);
  return IsDigit(first) || first == '\\' || (first == '.' && IsDigit(CharAt(text, 1)));
}

// What makes one numeral with the digits around it; a comma in TeX braces too.
bool ContinuesNumeral(std::string_view text, size_t position) {
  const char c = CharAt(text, position);
  return IsDigit(c) || IsLetter(c) || IsOneOf(c, ".,:/^");
}

size_t NumeralEnd(std::string_view text, size_t begin) {
  size_t end = begin;
  while (end < text.size()) {
    const bool is_exponent_sign = end >= begin + 2 && IsOneOf(text[end], "+-") && IsOneOf(text[end - 1], "eE") && IsDigit(text[end - 2]) &&
                                  IsDigit(CharAt(text, end + 1));
    if (ContinuesNumeral(text, end) || is_exponent_sign) {
      ++end;
    } else if (text.substr(end).starts_with("{,}") && IsDigit(CharAt(text, end + 3))) {
      end += 3;
    } else {
      break;
    }
  }
  while (IsOneOf(text[end - 1], ".,:/")) {
    --end;
  }
  const size_t degree = text[end - 1] == '^' ? DegreeLength(text.substr(end - 1)) : 0;
  return degree > 0 ? end - 1 + degree : end;  // a power keeps its ^, which makes it no number
}

// With a percent sign behind it, if there is one on the same line.
size_t WithPercent(std::string_view text, size_t end) {
  const size_t after = SkipAny(text, end, " ");
  for (const std::string_view percent : {"%", "\\%"}) {
    if (text.substr(after).starts_with(percent)) {
      return after + percent.size();
    }
  }
  return end;
}

// A minus or plus directly before belongs to the numeral, unless it stands between two things, as in "10-3".
size_t WithSign(std::string_view text, size_t begin) {
  size_t sign = kNone;
  if (begin >= 1 && IsOneOf(text[begin - 1], "+-")) {
    sign = begin - 1;
  } else if (text.substr(0, begin).ends_with(kMinusSign)) {
    sign = begin - kMinusSign.size();
  }
  if (sign == kNone) {
    return begin;
  }
  const char before = sign == 0 ? ' ' : text[sign - 1];
  return IsDigit(before) || IsLetter(before) || IsOneOf(before, ")}]") ? begin : sign;
}

bool BeginsNumeral(std::string_view text, size_t position) {
  const char before = position == 0 ? ' ' : text[position - 1];
  if (!IsDigit(text[position]) && !(text[position] == '.' && before != '.' && IsDigit(CharAt(text, position + 1)))) {
    return false;
  }
  const std::string_view head = text.substr(0, position);
  return !IsLetter(before) && !IsOneOf(before, "_^") && !head.ends_with("^{") && !head.ends_with("_{");
}

}  // namespace

BoxScan ScanBoxes(std::string_view text) { return BoxScanner(text).Run(); }

TagScan ScanTag(std::string_view text, std::string_view opening, std::string_view closing) {
  TagScan scan;
  size_t begin = kNone;  // of the contents of the pair that is open
  for (size_t at = text.find('<'); at != kNone; at = text.find('<', at + 1)) {
    if (text.substr(at).starts_with(opening)) {
      ++scan.opening;
      begin = at + opening.size();
    } else if (text.substr(at).starts_with(closing)) {
      ++scan.closing;
      if (begin != kNone && !TrimSpace(text.substr(begin, at - begin)).empty()) {
        scan.last = SpanOf(begin, at);
      }
      begin = kNone;
    }
  }
  scan.ends_open = begin != kNone;
  return scan;
}

std::optional<TextSpan> FindHashMark(std::string_view text, bool numbers_only) {
  constexpr std::string_view kMark = "####";
  for (size_t at = text.rfind(kMark); at != kNone; at = at == 0 ? kNone : text.rfind(kMark, at - 1)) {
    if ((at > 0 && text[at - 1] == '#') || CharAt(text, at + kMark.size()) == '#') {
      continue;
    }
    const size_t begin = SkipAny(text, at + kMark.size(), " \t");
    const bool is_blank = begin == text.size() || text[begin] == '\n' || text[begin] == '\r';
    if (!is_blank && (!numbers_only || BeginsLikeNumber(text.substr(begin)))) {
      return SpanOf(begin, std::min(text.find_first_of("\r\n", begin), text.size()));
    }
  }
  return std::nullopt;
}

std::optional<TextSpan> FindAnswerPhrase(std::string_view text) {
  size_t begin = kNone;
  for (size_t at = text.find_first_of("aA"); at != kNone; at = text.find_first_of("aA", at + 1)) {
    begin = AfterAnswerPhrase(text, at).value_or(begin);
  }
  if (begin == kNone) {
    return std::nullopt;
  }
  size_t end = begin;
  while (end < text.size() && !EndsClause(text, end)) {
    ++end;
  }
  return SpanOf(begin, end);
}

std::optional<TextSpan> FindLastNumeral(std::string_view text) {
  std::optional<TextSpan> last;
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    if (const size_t fraction = text[at] == '\\' ? TexFractionLength(text.substr(at)) : 0; fraction > 0) {
      end = at + fraction;
      last = SpanOf(WithSign(text, at), WithPercent(text, end));
    } else if (BeginsNumeral(text, at)) {
      end = NumeralEnd(text, at);
      last = SpanOf(WithSign(text, at), WithPercent(text, end));
    } else if (IsDigit(text[at])) {
      end = NumeralEnd(text, at);  // the digits of a name or an exponent
    }
    at = end;
  }
  return last;
}

}  // namespace cupel
