#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "policy/tokenizer.h"

// Strings that end a completion. They are looked for in the bytes of the tokens, so it does not matter how tokens divide the text, nor
// whether a token ends inside a character.

namespace cupel {

// Follows one completion. Keeps as many bytes as the longest string can begin with.
class StopStringMatcher {
 public:
  StopStringMatcher() = default;                                                        // matches nothing
  StopStringMatcher(const Tokenizer* tokenizer, std::span<const std::string> strings);  // both borrowed

  // Takes the next token. The string that it completes, null if it completes none: of several, the one that ends first, then the one that
  // begins first.
  const std::string* Push(TokenId token);

 private:
  const Tokenizer* tokenizer_ = nullptr;
  std::span<const std::string> strings_;
  size_t longest_ = 0;
  std::string tail_;  // last bytes, fewer than the longest string
};

// How many bytes at the end of `text` may be the beginning of a stop string: a stream keeps them until it knows.
size_t PossibleStopBytes(std::string_view text, std::span<const std::string> strings);

}  // namespace cupel
