#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verifiers/math/token.h"

namespace cupel::math {

// Words that mean mathematics become its tokens: "and", "infinity", "twenty-one", "all real numbers", "no solution", "percent". Words that
// are left are marked as prose unless they read as products of letters.
void ReadWords(std::vector<Token>& tokens, bool numbers_and_phrases = true);

// An answer without what stands around it.
struct Trimmed {
  std::vector<Token> tokens;
  std::vector<std::string> parameters;       // names that a clause declares as whole numbers or constants
  std::vector<std::string> real_parameters;  // and as arbitrary real numbers
  int extreme = 0;                           // 1 for a label such as "the larger root is", -1 for "the smaller root is"
  std::vector<Token> clause;                 // "where ...", "for all ...", "attained at ..." that was cut
  bool has_clause = false;                   // "where ...", "for all ..." was cut
  bool has_label = false;                    // "the answer is" was cut
};

// Cuts one clause behind ("where k is an integer", "for all n") and one label before ("The area is"), if both leave something that looks
// complete. Conditions ("if", "when", "otherwise") are no such clauses.
Trimmed TrimProse(std::vector<Token> tokens);

// Without harmless words before and behind: "We find that x > 3", "x > 3 is the solution". Empty when that leaves the tokens as they were,
// or nothing.
std::vector<Token> WithoutWordsAround(const std::vector<Token>& tokens);

// A statement without "for all n" at its end: "Bob wins for all positive integers n".
std::vector<Token> WithoutUniversal(const std::vector<Token>& tokens);

// The words and signs of an answer in lower case, one space between, without TeX's dress: what text answers are compared by.
std::string PlainWords(const std::vector<Token>& tokens);

}  // namespace cupel::math
