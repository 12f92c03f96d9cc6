#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "verifiers/math/token.h"

// Answers that are no mathematics: words, yes and no, letters of multiple choice, times of day.

namespace cupel::math {

// The letter of multiple choice that an answer is or begins with.
struct Choice {
  char letter = '\0';
  bool is_all = false;  // and nothing else
};

// "C", "(C)", "C)", "C.", "C: text", "(C) 12".
Choice FindChoice(const std::vector<Token>& tokens);

// Several letters of multiple choice: "ABD", "A, B and D". Empty for every other answer.
struct Choices {
  std::string letters;     // in order
  bool is_joined = false;  // written as one word
};
Choices FindChoices(const std::vector<Token>& tokens);

// Words and letters, and no mathematics.
bool IsTextOnly(const std::vector<Token>& tokens);

// "What is 6 times 7?", "Find the area", "5?": it asks for an answer and gives none.
bool IsQuestion(std::string_view text, const std::vector<Token>& tokens);

// A time of day: "3:45", "12:00 PM", "6 p.m.", "9 o'clock".
struct Clock {
  bool is_clock = false;
  int seconds = 0;           // since midnight, or since noon where it is not known which
  bool is_absolute = false;  // a.m. or p.m. was said, or the hour is beyond twelve
};
Clock FindClock(const std::vector<Token>& tokens);
bool SameClock(const Clock& a, const Clock& b);

// What an answer of words says.
struct Statement {
  std::string words;                      // plain words, lower case
  std::vector<std::string> content;       // the words that carry meaning, stemmed; ordinals and number words as digits
  int truth = 0;                          // 1 yes, true; -1 no, false; 0 neither
  bool is_truth = false;                  // begins with that word; else it is only said to be possible or impossible
  bool says_none = false;                 // "no such numbers exist"
  std::vector<std::string> denied_kinds;  // "positive" of "there are no positive solutions": others there may be
};
Statement ReadStatement(const std::vector<Token>& tokens, std::string_view words);

// Equal words, the same words that carry meaning, or a sentence that ends "... is WORDS" and does not deny it.
bool SameStatement(const Statement& a, const Statement& b);

}  // namespace cupel::math
