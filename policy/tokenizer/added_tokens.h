#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>

#include "policy/tokenizer.h"

namespace re2 {
class RE2;
}

namespace cupel {

// Finds added tokens in text, leftmost first and longest among those. Control tokens take part in the search, so that a text which spells
// one is cut at the same places as by the Hugging Face library with encode_special_tokens, but they are passed over as ordinary text.
class AddedTokenMatcher {
 public:
  struct Token {
    std::string text;
    TokenId id;
    bool is_control;
  };
  static absl::StatusOr<AddedTokenMatcher> Create(const std::vector<Token>& tokens, std::string_view where);
  AddedTokenMatcher(AddedTokenMatcher&&) noexcept;
  AddedTokenMatcher& operator=(AddedTokenMatcher&&) noexcept;
  ~AddedTokenMatcher();

  // Calls `on_text` and `on_token` for the parts of `text` from left to right. Linear.
  void Split(std::string_view text, const std::function<void(std::string_view)>& on_text,
             const std::function<void(TokenId)>& on_token) const;

 private:
  AddedTokenMatcher() = default;
  std::unique_ptr<re2::RE2> regex_;
  absl::flat_hash_map<std::string, TokenId> ids_;  // without control tokens
};

}  // namespace cupel
