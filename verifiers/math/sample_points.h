#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "verifiers/math/ast.h"
#include "verifiers/math/evaluate.h"

namespace cupel::math {

// Where two expressions are compared: values of their variables at some points, the same in every run. Points 0, 1, ... spread over small
// numbers: a third of them positive, a third of any sign, a third natural, or all natural where the expressions have a meaning for whole
// numbers only.
//
// Functions made of pieces (|x|, floor, max, cases, n choose k) can agree at all of these and differ elsewhere. For them there are break
// points: the numbers that stand in the expressions, what lies beside them, where the argument of a piece changes its sign, and far out.
// They can only refute: a point apart is a proof, and an expression without a value at one of them says nothing.
class SamplePoints {
 public:
  // may_be_complex: names that often stand for complex numbers are given such.
  SamplePoints(Expr a, Expr b, bool may_be_complex = true);

  bool has_variables() const { return !names_.empty(); }
  bool has_complex_names() const { return !complex_names_.empty(); }
  Bindings At(int point, bool log_is_natural, slong precision) const;

  // To be called once, where the other points have found no difference: finding the break points costs more than most comparisons.
  void AddBreaks(Expr a, Expr b, Arena& arena);
  int num_breaks() const { return static_cast<int>(breaks_.size() * names_.size()); }
  // One variable has a break's value, the others those of a point.
  Bindings AtBreak(int index, bool log_is_natural, slong precision) const;

 private:
  Ball Value(int point, RandomStream& random, slong precision) const;
  void AddBreak(const Rational& value);

  std::vector<std::string> names_;
  std::vector<Rational> breaks_;
  std::vector<std::string> complex_names_;
  bool for_integers_ = false;
  bool is_complex_ = false;
};

}  // namespace cupel::math
