#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What answers to puzzles are made of, read without any general engine: whole numbers, lists, grids, words. Every reader takes all of its
// text or gives nullopt; linear time; no number beyond 18 digits, no list beyond kMaxItems.

namespace cupel {

using Grid = std::vector<std::vector<int>>;

inline constexpr size_t kMaxItems = 20000;

// The answer inside a span: the last fenced block if there is one, else the span without emphasis, quotes and dollar signs.
std::string_view AnswerBody(std::string_view span);

std::optional<int64_t> ReadInteger(std::string_view text);                          // "-1,234", "−5", "+7"
std::vector<std::string_view> SplitTrimmed(std::string_view text, char separator);  // parts without white space around them
std::vector<std::string_view> Lines(std::string_view text);                         // lines that are not blank, trimmed
std::vector<std::string_view> Words(std::string_view text);                         // split at white space
std::optional<std::vector<int64_t>> ReadIntegers(std::string_view text);            // separated by commas or white space, perhaps in [ ]
std::optional<Grid> ReadGrid(std::string_view text);                                // rows on lines, or [[1, 2], [3, 4]]
std::optional<std::vector<std::string>> ReadTexts(std::string_view text);           // a JSON list of texts
std::optional<std::vector<std::pair<std::string, std::string>>> ReadPairs(std::string_view text, char sign);  // "A=1, B=2"

std::string WithAsciiMinus(std::string_view text);  // U+2212 becomes -

}  // namespace cupel
