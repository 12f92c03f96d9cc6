#include "policy/tokenizer/regex_splitter.h"

#include <re2/re2.h>

#include "base/status.h"
#include "policy/tokenizer/utf8.h"

namespace cupel {
namespace {

constexpr std::string_view kLookaheadTail = R"(|\s+(?!\S)|\s+)";
constexpr std::string_view kTailWithoutLookahead = R"(|\s+)";
constexpr std::string_view kLineBreakAlternative = R"(|\s*[\r\n]+)";
constexpr size_t kMaxPatternBytes = 10'000;

// The members of \s. RE2's own \s is ASCII and lacks the vertical tab.
constexpr std::string_view kSpaceMembers = R"(\t\n\x0b\f\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";

absl::Status UnsupportedConstruct(std::string_view pattern, std::string_view construct) {
  return Unimplemented("regular expression {} of a pre_tokenizer uses {}, which is not supported", pattern, construct);
}

// Rewrites an Oniguruma pattern so that RE2 reads it the same way.
absl::StatusOr<std::string> TranslatePattern(std::string_view pattern) {
  std::string result;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char escaped = pattern[++i];
      if (escaped == 's') {
        result += in_class ? std::string(kSpaceMembers) : fmt::format("[{}]", kSpaceMembers);
      } else if (std::string_view("SdDwWbBhHRXkgAzZGK").find(escaped) != std::string_view::npos) {
        return UnsupportedConstruct(pattern, fmt::format("\\{}", escaped));
      } else {
        result += {c, escaped};
      }
      continue;
    }
    if (in_class && (c == '[' || (c == '&' && pattern.substr(i, 2) == "&&")))
      return UnsupportedConstruct(pattern, "nested character classes");
    if (!in_class && (c == '^' || c == '$')) return UnsupportedConstruct(pattern, fmt::format("{}", c));
    if (c == '[') {
      in_class = true;
      if (i + 1 < pattern.size() && pattern[i + 1] == '^') result += pattern[i++];
    } else if (c == ']') {
      in_class = false;
    }
    result += pattern[i];
  }
  return result;
}

absl::StatusOr<std::unique_ptr<re2::RE2>> Compile(std::string_view translated, std::string_view original) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto regex = std::make_unique<re2::RE2>(re2::StringPiece(translated.data(), translated.size()), options);
  if (!regex->ok()) {
    return Unimplemented("regular expression {} of a pre_tokenizer is not supported: {}", original, regex->error());
  }
  return regex;
}

}  // namespace

RegexSplitter::RegexSplitter(std::unique_ptr<re2::RE2> regex, bool gives_back, bool has_line_break_alternative)
    : regex_(std::move(regex)), gives_back_(gives_back), has_line_break_alternative_(has_line_break_alternative) {}
RegexSplitter::RegexSplitter(RegexSplitter&&) noexcept = default;
RegexSplitter& RegexSplitter::operator=(RegexSplitter&&) noexcept = default;
RegexSplitter::~RegexSplitter() = default;

absl::StatusOr<RegexSplitter> RegexSplitter::Create(std::string_view pattern) {
  if (pattern.empty() || pattern.size() > kMaxPatternBytes) {
    return InvalidArgument("regular expression of a pre_tokenizer has {} bytes, expected 1 to {}", pattern.size(), kMaxPatternBytes);
  }
  const bool gives_back = pattern.ends_with(kLookaheadTail);
  std::string without_lookahead(pattern);
  if (gives_back) {
    without_lookahead.replace(pattern.size() - kLookaheadTail.size(), kLookaheadTail.size(), kTailWithoutLookahead);
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string translated, TranslatePattern(without_lookahead));
  CUPEL_ASSIGN_OR_RETURN(auto regex, Compile(translated, pattern));
  return RegexSplitter(std::move(regex), gives_back, pattern.find(kLineBreakAlternative) != std::string_view::npos);
}

absl::StatusOr<RegexSplitter> RegexSplitter::CreateLiteral(std::string_view text) {
  if (text.empty() || text.size() > kMaxPatternBytes) {
    return InvalidArgument("the text that a pre_tokenizer splits at has {} bytes, expected 1 to {}", text.size(), kMaxPatternBytes);
  }
  CUPEL_ASSIGN_OR_RETURN(auto regex, Compile(re2::RE2::QuoteMeta(re2::StringPiece(text.data(), text.size())), text));
  return RegexSplitter(std::move(regex), false, false);
}

// The leftmost match that is not empty, or an empty view. Nearly always it begins at `position`, and the anchored search is the faster one.
std::string_view RegexSplitter::FindFrom(std::string_view text, size_t position) const {
  const re2::StringPiece subject(text.data(), text.size());
  re2::StringPiece match;
  const bool found = regex_->Match(subject, position, text.size(), re2::RE2::ANCHOR_START, &match, 1) ||
                     regex_->Match(subject, position, text.size(), re2::RE2::UNANCHORED, &match, 1);
  return found ? std::string_view(match.data(), match.size()) : std::string_view();
}

size_t RegexSplitter::LengthAfterGivingBack(std::string_view match, bool text_goes_on) const {
  if (!gives_back_ || !text_goes_on || !IsUnicodeSpace(DecodeUtf8(match).code_point)) return match.size();
  const auto last_length = static_cast<size_t>(LastUtf8Length(match));
  const char32_t last = DecodeUtf8(match.substr(match.size() - last_length)).code_point;
  const bool is_line_break_alternative = has_line_break_alternative_ && (last == '\r' || last == '\n');
  if (last_length == match.size() || !IsUnicodeSpace(last) || is_line_break_alternative) return match.size();
  return match.size() - last_length;
}

void RegexSplitter::Split(std::string_view text, std::vector<std::string_view>& pieces) const {
  size_t gap_begin = 0;
  size_t position = 0;
  while (position < text.size()) {
    const std::string_view match = FindFrom(text, position);
    if (match.data() == nullptr) break;
    const auto match_begin = static_cast<size_t>(match.data() - text.data());
    if (match.empty()) {  // An empty match separates nothing; look behind the next character.
      position = match_begin;
      if (position < text.size()) position += static_cast<size_t>(DecodeUtf8(text.substr(position)).length);
      continue;
    }
    if (match_begin > gap_begin) pieces.push_back(text.substr(gap_begin, match_begin - gap_begin));
    const size_t match_end = match_begin + match.size();
    position = gap_begin = match_begin + LengthAfterGivingBack(match, match_end < text.size());
    pieces.push_back(text.substr(match_begin, position - match_begin));
  }
  if (gap_begin < text.size()) pieces.push_back(text.substr(gap_begin));
}

}  // namespace cupel
