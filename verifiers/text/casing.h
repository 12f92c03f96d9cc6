#pragma once

#include <string>
#include <string_view>

namespace cupel {

// Capital and small letters of ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic; others have no case here.
bool IsCapitalLetter(char32_t c);
bool IsSmallLetter(char32_t c);
char32_t SmallLetterOf(char32_t c);  // of a capital letter its small one; anything else stays
std::string SmallLetters(std::string_view text);
// At least one letter with case, and none of the other case: Python's isupper and islower.
bool IsAllCapitals(std::string_view text);
bool IsAllSmall(std::string_view text);

// A letter, digit, underscore or joiner: what \w matches in Python's module regex, for the scripts of text/script.h.
bool IsWordCharacter(char32_t c);
int64_t CountWordRuns(std::string_view text);  // of \w+

}  // namespace cupel
