#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace cupel {

// How many sentences an English text has: full stops, question and exclamation marks that end one, and what follows the last. A full stop
// after an abbreviation of a short list, after an initial, or inside a number or name ends none; one after "..." or an abbreviation does
// when the next word has a capital letter. After Kiss and Strunk's Punkt (2006), with lists in place of its trained statistics.
int64_t CountSentences(std::string_view text);

// The words of an English text as the Penn Treebank counts them: punctuation is apart, "don't" is "do" and "n't".
std::vector<std::string_view> TreebankWords(std::string_view text);

}  // namespace cupel
