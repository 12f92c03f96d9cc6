#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace re2 {
class RE2;
}

namespace cupel {

// Cuts text at the matches of a regular expression written for Oniguruma (as in tokenizer.json): every match is a piece, and so is every
// gap between two matches. Linear in the length of the text, by RE2. Immutable, thread-safe.
//
// RE2 has no lookahead, and tokenizers use exactly one: the tail `|\s+(?!\S)|\s+`, "white space, but leave the last character to the word
// that follows". The first alternative of the tail is dropped from the pattern; when the second has matched more than one character and the
// text goes on, its last character is given back. That alternative needs no capture group to be recognised: no other one both begins and
// ends with white space, except `\s*[\r\n]+`, which ends in a line break.
class RegexSplitter {
 public:
  // Unimplemented, naming the construct, for what RE2 lacks (other lookarounds, backreferences) or understands differently (\w, \d, \b, ^,
  // $).
  static absl::StatusOr<RegexSplitter> Create(std::string_view pattern);
  // Splits at a literal text.
  static absl::StatusOr<RegexSplitter> CreateLiteral(std::string_view text);
  RegexSplitter(RegexSplitter&&) noexcept;
  RegexSplitter& operator=(RegexSplitter&&) noexcept;
  ~RegexSplitter();

  // Appends the pieces of `text` (valid UTF-8); together they are the text.
  void Split(std::string_view text, std::vector<std::string_view>& pieces) const;

 private:
  RegexSplitter(std::unique_ptr<re2::RE2> regex, bool gives_back, bool has_line_break_alternative);
  std::string_view FindFrom(std::string_view text, size_t position) const;
  size_t LengthAfterGivingBack(std::string_view match, bool text_goes_on) const;

  std::unique_ptr<re2::RE2> regex_;
  bool gives_back_;
  bool has_line_break_alternative_;
};

}  // namespace cupel
