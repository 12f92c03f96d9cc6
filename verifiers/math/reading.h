#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "verifiers/math/ast.h"
#include "verifiers/math/options.h"
#include "verifiers/math/text_answers.h"

namespace cupel::math {

// One way to read an answer.
struct Reading {
  Expr expr = nullptr;
  std::vector<std::string> parameters;       // declared whole numbers and constants
  std::vector<std::string> real_parameters;  // declared arbitrary real numbers
  bool is_decimal_comma = false;             // "2,74" as a number
  std::vector<std::string> words;            // that stood around the value and were passed over
  bool needs_unit = false;                   // "5 m" as metres: only against an answer with a unit
  int extreme = 0;                           // which of two things its label named, as in Trimmed
  std::vector<Expr> conditions;              // "k >= 1" of a clause that was cut
  std::vector<std::string> constants;        // names that a clause says are real numbers or constants, and nothing else
  bool are_arbitrary = false;                // "for any real t", "arbitrary constants", no "constant"
  bool is_restricted = false;                // a label, or a clause that says anything else, was passed over
};

// "t \in R"
bool IsAnyReal(Expr expr);

// k >= 1, 0 < x < 2, x \ne 1, x \in (0, 2): what bounds a variable.
bool IsBound(Expr expr);

// The whole numbers that an answer declares its parameters to be.
enum class Domain : uint8_t { kUnsaid, kAll, kNatural };

// An answer as text, tokens and trees.
struct Answer {
  std::string canonical;     // equal for equal token sequences
  Statement statement;       // what its words say
  Choice choice;             // the letter of multiple choice that it is or begins with
  Choices choices;           // several letters
  std::string capitals;      // one word of capitals: an order or a Roman numeral, no product
  Clock clock;               // "3:45", "12:00 PM"
  bool is_text = false;      // words and no mathematics
  bool is_question = false;  // "What is 6 times 7?"
  Domain domain = Domain::kUnsaid;
  std::vector<Reading> readings;  // candidates; the first is the likeliest
  std::string_view problem;       // why there are none
};

Answer ReadAnswer(std::string_view text, const Options& options, Arena& arena);

}  // namespace cupel::math
