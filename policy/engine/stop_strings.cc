#include "policy/engine/stop_strings.h"

#include <algorithm>
#include <utility>

namespace cupel {

StopStringMatcher::StopStringMatcher(const Tokenizer* tokenizer, std::span<const std::string> strings)
    : tokenizer_(tokenizer), strings_(strings) {
  for (const std::string& string : strings_) {
    longest_ = std::max(longest_, string.size());
  }
}

const std::string* StopStringMatcher::Push(TokenId token) {
  if (strings_.empty()) {
    return nullptr;
  }
  const size_t seen = tail_.size();
  tail_ += tokenizer_->TokenBytes(token);
  const std::string* found = nullptr;
  std::pair<size_t, size_t> first{};  // end and begin of what was found
  for (const std::string& string : strings_) {
    const size_t begin = tail_.find(string, seen < string.size() ? 0 : seen - string.size() + 1);  // it ends in the new bytes
    if (begin != std::string::npos && (found == nullptr || std::pair(begin + string.size(), begin) < first)) {
      found = &string;
      first = {begin + string.size(), begin};
    }
  }
  if (tail_.size() >= longest_) {
    tail_.erase(0, tail_.size() - longest_ + 1);
  }
  return found;
}

size_t PossibleStopBytes(std::string_view text, std::span<const std::string> strings) {
  size_t longest = 0;
  for (const std::string& string : strings) {
    for (size_t size = std::min(string.size() - 1, text.size()); size > longest; --size) {
      if (std::string_view(string).substr(0, size) == text.substr(text.size() - size)) {
        longest = size;
      }
    }
  }
  return longest;
}

}  // namespace cupel
