#pragma once

#include <optional>
#include <string>
#include <vector>

#include "verifiers/math/ast.h"
#include "verifiers/math/equality.h"
#include "verifiers/math/options.h"

namespace cupel::math {

// One interval; a missing end is infinite.
struct Piece {
  Expr low = nullptr;
  Expr high = nullptr;
  bool low_closed = false;
  bool high_closed = false;
};

// Compares two parsed answers by their types. Parts in scalar.cc (numbers with units, decimals, percent, angles), intervals.cc,
// relations.cc, collections.cc (lists, sets, tuples, matrices, labels), families.cc (solutions with an integer parameter).
class Comparer {
 public:
  Comparer(Arena& arena, const Options& options) : arena_(arena), options_(options) {}

  // Names that the answers' clauses declare as integer parameters or constants.
  void Declare(std::vector<std::string> gold, std::vector<std::string> pred) {
    gold_parameters_ = std::move(gold);
    pred_parameters_ = std::move(pred);
  }

  Judgement Compare(Expr gold, Expr pred);

 private:
  // --- collections.cc
  Judgement CompareInner(Expr gold, Expr pred);
  Judgement CompareByType(Expr gold, Expr pred);
  Judgement CompareSequences(const std::vector<Expr>& gold, const std::vector<Expr>& pred);
  Judgement CompareUnordered(const std::vector<Expr>& gold, const std::vector<Expr>& pred);
  Judgement CompareCases(Expr gold, Expr pred);
  Judgement CompareAssignments(Expr gold, Expr pred, bool& applies);
  std::optional<std::vector<Expr>> TupleItems(Expr expr);
  std::optional<std::vector<Expr>> ListItems(Expr expr);
  Expr MatrixValue(Expr expr);
  std::optional<std::vector<Expr>> MatrixItems(Expr expr, int64_t& columns);
  Expr WithoutDeclarations(Expr expr, std::vector<std::string>& parameters);
  Expr SplitPlusMinus(Expr expr, bool upper);
  void ExpandPlusMinus(Expr expr, std::vector<Expr>& items);
  bool IsTupleLike(Expr expr);

  // --- scalar.cc
  bool IsScalar(Expr expr);
  Judgement CompareScalars(Expr gold, Expr pred);
  Judgement CompareValues(Expr gold, Expr pred);
  Judgement CompareDecimals(Expr gold, Expr pred, bool& applies);
  Judgement CompareRatios(Expr gold, Expr pred);

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
  Judgement CompareModular(Expr gold, Expr pred);
  Expr Minus(Expr a, Expr b);

  // --- families.cc
  Judgement CompareFamilies(Expr gold, Expr pred, bool& applies);
  Judgement CompareRenamed(Expr gold, Expr pred);

  Arena& arena_;
  const Options& options_;
  std::vector<std::string> gold_parameters_;
  std::vector<std::string> pred_parameters_;
  int depth_ = 0;
};

inline Judgement IsEqualBy(std::string_view rule) { return {Equality::kEqual, rule, {}}; }
inline Judgement IsDifferentBy(std::string_view rule) { return {Equality::kDifferent, rule, {}}; }
inline Judgement IsUnknownFor(std::string_view problem) { return {Equality::kUnknown, {}, problem}; }

}  // namespace cupel::math
