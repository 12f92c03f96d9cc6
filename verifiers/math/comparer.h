#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "verifiers/math/ast.h"
#include "verifiers/math/equality.h"
#include "verifiers/math/options.h"
#include "verifiers/math/reading.h"

namespace cupel::math {

// One interval; a missing end is infinite.
struct Piece {
  Expr low = nullptr;
  Expr high = nullptr;
  bool low_closed = false;
  bool high_closed = false;
};

// start + step * k for all whole k.
struct Progression {
  Expr start = nullptr;
  Expr step = nullptr;
};

// Compares two parsed answers by their types. Parts in scalar.cc (numbers with units, decimals, percent, angles), intervals.cc,
// relations.cc, collections.cc (lists, sets, tuples), assignments.cc, matrices.cc, families.cc (solutions with an integer parameter),
// affine.cc (with real ones).
class Comparer {
 public:
  Comparer(Arena& arena, const Options& options) : arena_(arena), options_(options) {}

  // Names that the answers' clauses declare as integer parameters or constants.
  void Declare(const Reading& gold, const Reading& pred) {
    gold_parameters_ = gold.parameters;
    pred_parameters_ = pred.parameters;
    gold_reals_ = gold.real_parameters;
    pred_reals_ = pred.real_parameters;
    const auto reals = [](const std::vector<std::string>& names) {
      std::map<std::string, char> sets;
      for (const std::string& name : names) {
        sets[name] = 'R';
      }
      return sets;
    };
    gold_sets_ = reals(gold_reals_);
    pred_sets_ = reals(pred_reals_);
    is_bounded_ = HasBound(gold) || HasBound(pred);
    are_bounded_ = HasBound(gold) && HasBound(pred);
    are_conditioned_ = !ConditionsOf(gold).empty() || !ConditionsOf(pred).empty();
    gold_constants_ = gold.constants;
    pred_constants_ = pred.constants;
    gold_is_arbitrary_ = gold.are_arbitrary;
    pred_is_arbitrary_ = pred.are_arbitrary;
    gold_is_span_ = IsSpan(gold);
    pred_is_span_ = IsSpan(pred);
    are_unrestricted_ = IsUnrestricted(gold) && IsUnrestricted(pred);
  }

  Judgement Compare(Expr gold, Expr pred);

  // Whether the answers take their parameters from different sets, Z and R. After Compare. Not asked of arguments and unknowns, whose set
  // comes from the question.
  bool DeclareOtherwise(Expr gold, Expr pred) const;

  // Different where both answers bound a parameter, or say where a value is taken, and not in the same way: "2^k, k >= 1" and "2^k, k >=
  // 0".
  Equality CompareConditions(const Reading& gold, const Reading& pred);

 private:
  // --- comparer.cc
  Judgement CompareInner(Expr gold, Expr pred);
  Judgement CompareByType(Expr gold, Expr pred);
  static bool AreTransposedSizes(Expr gold, Expr pred);
  Judgement CompareRelated(Expr gold, Expr pred, bool& applies);
  Judgement CompareLabelled(Expr gold, Expr pred, bool& applies);
  Judgement CompareStructures(Expr gold, Expr pred);
  Judgement CompareIntervals(Expr gold, Expr pred, bool& applies);
  Judgement CompareTuples(Expr gold, Expr pred, bool& applies);
  Judgement CompareLists(Expr gold, Expr pred, bool& applies);
  static bool IsPeriodic(Expr expr);

  // --- conditions.cc
  bool HasBound(const Reading& reading);
  std::vector<Expr> ConditionsOf(const Reading& reading);
  std::optional<std::vector<Piece>> Allowed(const std::vector<Expr>& conditions, std::string_view name, bool are_exceptions);
  bool ConditionsConflict(const std::vector<Expr>& gold, const std::vector<Expr>& pred);
  bool NamesConflict(const std::vector<Expr>& gold, std::string_view gold_name, const std::vector<Expr>& pred, std::string_view pred_name);

  // --- collections.cc
  Judgement CompareSequences(const std::vector<Expr>& gold, const std::vector<Expr>& pred);
  Judgement CompareParts(const std::vector<Expr>& gold, const std::vector<Expr>& pred);
  Judgement CompareUnordered(const std::vector<Expr>& gold, const std::vector<Expr>& pred);
  Judgement CompareCases(Expr gold, Expr pred);
  std::optional<std::vector<Expr>> TupleItems(Expr expr);
  std::optional<std::vector<Expr>> ListItems(Expr expr);
  std::optional<std::vector<Expr>> WholeNumbers(Expr expr);
  Expr WithoutDeclarations(Expr expr, std::vector<std::string>& parameters, std::vector<std::string>& reals);
  Expr SplitPlusMinus(Expr expr, unsigned minus, int& index);
  void ExpandPlusMinus(Expr expr, std::vector<Expr>& items);
  bool IsTupleLike(Expr expr);

  // --- assignments.cc
  Judgement CompareAssignments(Expr gold, Expr pred, bool& applies);
  Judgement CompareNamedPoints(Expr gold, Expr pred, bool& applies);
  bool ReadAssignments(Expr expr, std::vector<Expr>& names, std::vector<Expr>& values);

  // --- affine.cc
  // a + C_1 f_1 + C_2 f_2 .., component by component.
  struct AffineFamily {
    std::vector<Expr> names;  // of the components; none for a tuple
    Expr label = nullptr;     // y of "y = C e^x"
    std::vector<Expr> parts;
    bool is_vector = false;
    bool is_equation = false;  // the one part is zero: F(x, y) - C
    bool names_point = false;  // written as (1, 2, 3) + t (4, 5, 6)
    bool is_set = false;       // written as {.. | t \in R}
    std::vector<std::string> declared;
    std::vector<std::string> parameters;
    bool may_be_whole = false;  // of the gold: nobody says that the parameters are real numbers
    bool must_be_term = false;  // of the gold: the parameter is a given number unless it is a term by itself, as C of F(x) + C
    std::vector<Expr> point;
    std::vector<std::vector<Expr>> basis;
  };
  struct Place {
    size_t part = 0;
    std::vector<Expr> values;  // of the variables
  };
  static bool IsUnrestricted(const Reading& reading);
  static bool IsSpan(const Reading& reading);
  Expr TakeDeclared(Expr expr, AffineFamily& family);
  bool ReadParts(Expr value, AffineFamily& family);
  bool ReadSpan(Expr set, AffineFamily& family);
  bool ReadAffine(Expr expr, AffineFamily& family);
  bool SolveFor(Expr label, AffineFamily& family);
  bool AlignAffine(AffineFamily& gold, AffineFamily& pred);
  static bool ChooseParameters(AffineFamily& gold, AffineFamily& pred);
  bool IsWholeChange(const std::vector<std::vector<Rational>>& rows);
  Expr With(Expr expr, const std::vector<std::string>& names, const std::vector<Expr>& values);
  bool ResolveAffine(AffineFamily& family);
  bool AsLevels(AffineFamily& family);
  Expr ValueAt(const Place& place, const std::vector<std::string>& variables, const std::vector<Expr>& parts);
  bool FindPlaces(const AffineFamily& family, const std::vector<std::string>& variables, std::vector<Place>& places);
  Judgement IsInSpan(const std::vector<Expr>& parts, const AffineFamily& family, const std::vector<std::string>& variables,
                     const std::vector<Place>& places, std::vector<Rational>& coefficients);
  bool AreListsOfVectors(Expr gold, Expr pred);
  Judgement CompareAffine(Expr gold, Expr pred);

  // --- matrices.cc
  Expr MatrixValue(Expr expr);
  Expr WithoutMatrixArithmetic(Expr expr, Expr other);
  Expr Determinant(Expr matrix);
  Expr Inverse(Expr matrix);
  Expr Product(Expr left, Expr right);
  Expr MatrixPower(Expr matrix, Expr exponent);
  Expr Times(Expr a, Expr b);
  Expr Plus(Expr a, Expr b);
  std::optional<std::vector<Expr>> MatrixItems(Expr expr, int64_t& columns);
  std::optional<std::vector<Expr>> VectorItems(Expr expr, size_t size);

  // --- scalar.cc
  bool IsScalar(Expr expr);
  Judgement CompareScalars(Expr gold, Expr pred);
  Judgement CompareValues(Expr gold, Expr pred);
  Judgement CompareDecimals(Expr gold, Expr pred, bool& applies);
  Judgement CompareRatios(Expr gold, Expr pred);

  // --- sums.cc
  bool HaveSameTerms(Expr a, Expr b);
  Expr WithSumsOf(Expr gold, Expr pred);

  // --- intervals.cc
  std::optional<std::vector<Piece>> Pieces(Expr expr, std::string& variable, bool is_set);
  std::optional<std::vector<Piece>> RelationPieces(Expr expr, std::string& variable);
  std::optional<std::vector<Piece>> ChainPieces(Expr expr, std::string& variable);
  std::optional<std::vector<Piece>> LinkPieces(Expr left, char operation, Expr right, std::string& variable);
  std::optional<std::vector<Piece>> Intersect(const std::vector<Piece>& a, const std::vector<Piece>& b);
  std::optional<std::vector<Piece>> Merge(std::vector<Piece> pieces);
  std::optional<int> Order(Expr a, Expr b);
  Judgement ComparePieces(const std::vector<Piece>& gold, const std::vector<Piece>& pred);
  bool IsIntervalLike(Expr expr);

  // --- relations.cc
  Expr StripLabel(Expr expr, bool for_value);
  bool IsLabel(Expr expr);
  Expr ChainValue(Expr relation, Judgement& problem);
  Judgement CompareRelations(Expr gold, Expr pred);
  Judgement CompareEquations(Expr gold, Expr pred);
  Judgement CompareInequalities(Expr gold, Expr pred);
  Judgement CompareDefinitions(Expr gold, Expr pred, bool& applies);
  Judgement CompareSequenceTerms(Expr gold, Expr pred, bool& applies);
  Judgement CompareModular(Expr gold, Expr pred);
  Judgement CompareSeveralEquations(Expr gold, Expr pred);
  Expr Minus(Expr a, Expr b);

  // --- families.cc
  Judgement CompareFamilies(Expr gold, Expr pred, bool& applies);
  bool SmallRatio(Expr a, Expr b, int64_t& p, int64_t& q);
  bool AddProgressions(Expr item, const std::vector<std::string>& declared, bool may_be_silent, std::vector<Progression>& result);

  // --- parameters.cc
  bool IsFunctionOfParameter(Expr expr) const;
  bool AreFunctionsOfParameters(Expr gold, Expr pred) const;
  std::vector<std::string> SharedParameters(const std::vector<Expr>& parts);
  std::vector<std::string> JoiningNames(const std::vector<Expr>& parts, const std::vector<Expr>& others);
  Judgement CompareJoined(const std::vector<Expr>& gold, const std::vector<Expr>& pred);
  Judgement CompareRenamed(Expr gold, Expr pred);
  bool DifferByConstant(Expr gold, Expr pred);

  Arena& arena_;
  const Options& options_;
  std::vector<std::string> gold_parameters_;
  std::vector<std::string> pred_parameters_;
  std::vector<std::string> gold_reals_;  // names declared as arbitrary real numbers
  std::vector<std::string> pred_reals_;
  std::map<std::string, char> gold_sets_;  // the letter of the set that a name is declared to be from: Z for N, + for a part of R
  std::map<std::string, char> pred_sets_;
  std::vector<std::string> gold_constants_;  // names that a clause says are constants or real numbers, and no more of them
  std::vector<std::string> pred_constants_;
  bool gold_is_arbitrary_ = false;  // and that they are arbitrary
  bool pred_is_arbitrary_ = false;
  bool gold_is_span_ = false;  // the span of a set's vectors
  bool pred_is_span_ = false;
  bool are_unrestricted_ = false;   // nothing bounds parameters: lines among the answers are no rays, segments or points
  bool are_families_ = false;       // while lists of lines and planes are compared
  bool is_bounded_ = false;         // one answer says from where on a parameter runs
  bool are_conditioned_ = false;    // an answer has conditions of any kind
  bool are_bounded_ = false;        // both answers say from where on a parameter runs
  bool are_parts_joined_ = false;   // while parts are compared that share a parameter: nothing is renamed or shifted
  bool independent_signs_ = false;  // while plus-minus is expanded: every sign by itself
  int matrix_products_ = 0;
  int depth_ = 0;
};

// The relation with its sides exchanged: '>' for '<', 'g' for 'l', any other as it is.
char Flipped(char relation);

// dy
bool IsDifferential(Expr expr);

inline bool HasName(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// C_1: a constant of integration wherever a variable is near. C_p and c_v are quantities, c_0 is a value at the start.
inline bool IsIndexedConstant(std::string_view name) {
  return (name.starts_with("C_") || name.starts_with("c_")) && name.size() == 3 && '1' <= name[2] && name[2] <= '9';
}

inline bool HasPlusMinus(Expr expr) {
  return AnyNode(expr, [](const Node& node) { return node.kind == Kind::kPlusMinus; });
}

inline Judgement IsEqualBy(std::string_view rule) { return {Equality::kEqual, rule, {}}; }
inline Judgement IsDifferentBy(std::string_view rule) { return {Equality::kDifferent, rule, {}}; }
inline Judgement IsUnknownFor(std::string_view problem) { return {Equality::kUnknown, {}, problem}; }

}  // namespace cupel::math
