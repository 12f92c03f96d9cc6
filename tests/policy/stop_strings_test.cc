// Strings that end a completion, against a search of the whole text after every token. Alone: build/release/tests/policy_engine_test
// "[stop_strings]"

#include "policy/engine/stop_strings.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/random.h"
#include "policy/generation.h"

namespace cupel {
namespace {

// Token i stands for the i-th text.
class PieceTokenizer final : public Tokenizer {
 public:
  explicit PieceTokenizer(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  int vocab_size() const override { return static_cast<int>(pieces_.size()); }
  std::vector<TokenId> Encode(std::string_view) const override { return {}; }
  std::string_view TokenBytes(TokenId token) const override { return pieces_[static_cast<size_t>(token)]; }
  std::optional<TokenId> ControlToken(std::string_view) const override { return {}; }
  std::string_view ControlSpelling(TokenId) const override { return {}; }
  const std::vector<TokenId>& stop_tokens() const override { return stop_tokens_; }
  std::vector<File> ToFiles() const override { return {}; }

 private:
  std::vector<std::string> pieces_;
  std::vector<TokenId> stop_tokens_ = {0};
};

bool Contains(const std::string& text, const std::vector<std::string>& strings) {
  return std::any_of(strings.begin(), strings.end(), [&](const std::string& s) { return text.find(s) != std::string::npos; });
}

}  // namespace

TEST_CASE("a stop string is found in the token that completes it, wherever token borders fall", "[stop_strings]") {
  const PieceTokenizer tokenizer({"", "a", "b", "ab", "ba", "aab", "bbb", "\xc3", "\xa9", "\xc3\xa9"});
  RandomStream random(3, RandomPurpose::kTaskContent);
  int num_found = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> strings;
    for (int64_t n = random.Between(1, 3); n > 0; --n) {
      std::string string;
      for (int64_t length = random.Between(1, 6); length > 0; --length) {
        string += tokenizer.TokenBytes(static_cast<TokenId>(random.Between(1, 9)));
      }
      strings.push_back(string);
    }
    StopStringMatcher matcher(&tokenizer, strings);
    std::string text;
    bool is_found = false;
    for (int i = 0; i < 40 && !is_found; ++i) {
      const auto token = static_cast<TokenId>(random.Between(0, 9));
      text += tokenizer.TokenBytes(token);
      const std::string* match = matcher.Push(token);
      is_found = Contains(text, strings);
      REQUIRE((match != nullptr) == is_found);
      if (is_found) {
        CHECK(text.find(*match) != std::string::npos);
        ++num_found;
      }
    }
  }
  CHECK(num_found > 500);
}

TEST_CASE("of several stop strings the one that ends first counts", "[stop_strings]") {
  const PieceTokenizer tokenizer({"", "abcd"});
  const std::vector<std::string> strings = {"bcd", "ab", "c"};
  StopStringMatcher matcher(&tokenizer, strings);
  const std::string* match = matcher.Push(1);
  REQUIRE(match != nullptr);
  CHECK(*match == "ab");
}

TEST_CASE("a string that was passed over is not found again", "[stop_strings]") {
  const PieceTokenizer tokenizer({"", "x", "stop"});
  const std::vector<std::string> strings = {"stop", "a long string that never comes"};
  StopStringMatcher matcher(&tokenizer, strings);
  CHECK(matcher.Push(2) != nullptr);
  CHECK(matcher.Push(1) == nullptr);
  CHECK(matcher.Push(2) != nullptr);
}

TEST_CASE("a stream keeps back what may be the beginning of a stop string", "[stop_strings]") {
  const std::vector<std::string> strings = {"\nQ:", "END"};
  CHECK(PossibleStopBytes("text", strings) == 0);
  CHECK(PossibleStopBytes("text\n", strings) == 1);
  CHECK(PossibleStopBytes("text\nQ", strings) == 2);
  CHECK(PossibleStopBytes("E", strings) == 1);
  CHECK(PossibleStopBytes("EE", strings) == 1);
  CHECK(PossibleStopBytes("", strings) == 0);
  CHECK(PossibleStopBytes("EN", strings) == 2);
  Completion completion;
  completion.stop_string = "END";
  CHECK(TextBeforeStopString("one ENDtwo END", completion) == "one ");
  completion.stop_string.clear();
  CHECK(TextBeforeStopString("one END", completion) == "one END");
}

}  // namespace cupel
