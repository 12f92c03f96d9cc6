#include "rewards/ngrams.h"

#include "base/check.h"
#include "verifiers/answer/characters.h"

namespace cupel {

WordList::WordList(std::string_view text) {
  text_.reserve(text.size());
  bool is_inside = false;
  for (const char c : text) {
    if (IsSpace(c)) {
      if (is_inside) {
        ends_.push_back(text_.size());
      }
      is_inside = false;
      continue;
    }
    if (!is_inside) {
      text_ += text_.empty() ? "" : " ";
      begins_.push_back(text_.size());
      is_inside = true;
    }
    text_ += LowerCase(c);
  }
  if (is_inside) {
    ends_.push_back(text_.size());
  }
}

std::string_view WordList::Ngram(int64_t first, int64_t n) const {
  Check(0 <= first && n >= 1 && first + n <= size(), "an n-gram lies inside its text");
  const size_t begin = begins_[static_cast<size_t>(first)];
  return std::string_view(text_).substr(begin, ends_[static_cast<size_t>(first + n - 1)] - begin);
}

std::string_view TokenNgram(std::span<const int32_t> tokens, int64_t first, int64_t n) {
  const std::span<const int32_t> part = tokens.subspan(static_cast<size_t>(first), static_cast<size_t>(n));
  return {reinterpret_cast<const char*>(part.data()), part.size_bytes()};
}

}  // namespace cupel
