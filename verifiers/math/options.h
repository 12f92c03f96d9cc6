#pragma once

namespace cupel::math {

// What counts as the same answer. Defaults are those of docs/verifiers.md; each is a member of a task's metadata.
struct Options {
  bool gold_decimal_rounding = true;  // a gold with k decimals accepts an exact answer that rounds or truncates to it
  bool decimal_refines_gold = true;   // and, from 3 significant digits on, a decimal with more digits
  int pred_decimal_min_sig = 4;       // an exact gold accepts a correctly rounded decimal with so many significant digits; 0: none
  bool percent_is_fraction = true;    // n % equals n / 100
  bool percent_is_bare = false;       // n % equals n
  bool degree_radian = true;          // a degree sign converts, and may be missing on one side
  bool unit_omitted = true;           // a unit may be missing on one side
  bool unit_convert = true;           // different units of the same kind are converted
  bool currency_omitted = true;
  bool interval_relation = true;  // interval = inequality = set-builder
  bool labels = true;             // "x = 5" is 5
  bool assignments_as_tuple = true;
  bool bound_rename = true;             // f(x) = .. up to the name of x
  bool param_rename = true;             // parameters declared as whole numbers or constants
  bool symbol_case_fold = false;        // X is x
  bool vector_tuple = true;             // column, row and tuple are one
  bool ratio = true;                    // 2:4 is 1:2 and 1/2
  bool imaginary_j = true;              // j is i where the gold uses i
  bool numeric_constants = true;        // constants that no exact test decides and that agree to 4096 bits are equal
  bool plus_minus_independent = true;   // several signs of plus or minus may each go their own way; else they are linked only
  bool equation_vs_expression = true;   // "y = 2x" is 2x
  bool antiderivative_constant = true;  // a constant of integration may be missing from the answer
  bool base_subscript = true;           // the base of a numeral counts; else only its value
  bool words = true;                    // number words and phrases such as "no solution" are read
  bool clock_literal = true;            // 3:45 is a time, equal to 3:45 PM, and no ratio
  bool choice = true;                   // letters of multiple choice
};

}  // namespace cupel::math
