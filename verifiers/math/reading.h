#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verifiers/math/ast.h"
#include "verifiers/math/options.h"

namespace cupel::math {

// One way to read an answer.
struct Reading {
  Expr expr = nullptr;
  std::vector<std::string> parameters;  // declared whole numbers and constants
  bool is_decimal_comma = false;        // "2,74" as a number
};

// An answer as text, tokens and trees.
struct Answer {
  std::string canonical;          // equal for equal token sequences
  std::string words;              // plain words, lower case
  char choice = '\0';             // the letter of multiple choice that the answer is or begins with
  bool is_choice_only = false;    // and nothing else
  bool is_text = false;           // words and no mathematics
  bool is_clock = false;          // "3:45", "12:00 PM"
  std::vector<Reading> readings;  // candidates; the first is the likeliest
  std::string_view problem;       // why there are none
};

Answer ReadAnswer(std::string_view text, Arena& arena);

}  // namespace cupel::math
