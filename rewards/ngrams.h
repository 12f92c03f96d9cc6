#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cupel {

// A text in small letters (ASCII) with one blank between its words, and where the words stand in it: n-grams of words are then pieces of
// one string, compared without copies. What Python's text.lower().split() gives for ASCII.
class WordList {
 public:
  explicit WordList(std::string_view text);
  int64_t size() const { return static_cast<int64_t>(begins_.size()); }
  // The words first .. first + n - 1, which must exist.
  std::string_view Ngram(int64_t first, int64_t n) const;

 private:
  std::string text_;
  std::vector<size_t> begins_;
  std::vector<size_t> ends_;
};

// The bytes of tokens first .. first + n - 1, to be compared like an n-gram of words.
std::string_view TokenNgram(std::span<const int32_t> tokens, int64_t first, int64_t n);

}  // namespace cupel
