#include "policy/tokenizer/added_tokens.h"

#include <re2/re2.h>

#include "base/status.h"

namespace cupel {

AddedTokenMatcher::AddedTokenMatcher(AddedTokenMatcher&&) noexcept = default;
AddedTokenMatcher& AddedTokenMatcher::operator=(AddedTokenMatcher&&) noexcept = default;
AddedTokenMatcher::~AddedTokenMatcher() = default;

absl::StatusOr<AddedTokenMatcher> AddedTokenMatcher::Create(const std::vector<Token>& tokens, std::string_view where) {
  AddedTokenMatcher result;
  std::string pattern;
  for (const Token& token : tokens) {
    pattern += fmt::format("{}{}", pattern.empty() ? "" : "|", re2::RE2::QuoteMeta(re2::StringPiece(token.text)));
    if (!token.is_control) result.ids_.emplace(token.text, token.id);
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_longest_match(true);
  result.regex_ = std::make_unique<re2::RE2>(re2::StringPiece(pattern), options);
  if (!result.regex_->ok()) return Unimplemented("{}: too many or too long added tokens: {}", where, result.regex_->error());
  return result;
}

void AddedTokenMatcher::Split(std::string_view text, const std::function<void(std::string_view)>& on_text,
                              const std::function<void(TokenId)>& on_token) const {
  const re2::StringPiece subject(text.data(), text.size());
  size_t begin = 0;
  size_t position = 0;
  re2::StringPiece match;
  while (position < text.size() && regex_->Match(subject, position, text.size(), re2::RE2::UNANCHORED, &match, 1)) {
    const auto match_begin = static_cast<size_t>(match.data() - text.data());
    position = match_begin + match.size();
    const auto found = ids_.find(std::string(match.data(), match.size()));
    if (found == ids_.end()) continue;
    if (match_begin > begin) on_text(text.substr(begin, match_begin - begin));
    on_token(found->second);
    begin = position;
  }
  if (begin < text.size()) on_text(text.substr(begin));
}

}  // namespace cupel
