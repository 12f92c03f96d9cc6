// Arithmetic of matrices and vectors: sums, multiples, products, powers, transposes, inverses and determinants become one matrix or value.

#include <algorithm>

#include "verifiers/math/comparer.h"
#include "verifiers/math/evaluate.h"

namespace cupel::math {
namespace {

constexpr size_t kMaxCells = 36;
constexpr int kMaxProducts = 16;         // of matrices of numbers, whose cells are computed at once
constexpr int kMaxSymbolicProducts = 3;  // of others, whose cells grow with every product
constexpr int64_t kMaxDeterminant = 4;

bool IsNumber(Expr expr) { return expr->Is(Kind::kNumber); }

}  // namespace

Expr Comparer::Times(Expr a, Expr b) {
  Rational left;
  Rational right;
  if (EvaluateRational(a, arena_.budget(), left) == EvalStatus::kOk && EvaluateRational(b, arena_.budget(), right) == EvalStatus::kOk &&
      left.Bits() + right.Bits() < 4096) {
    return arena_.Number(left * right);
  }
  return arena_.Make(Kind::kMultiply, {a, b});
}

Expr Comparer::Plus(Expr a, Expr b) {
  return IsNumber(a) && IsNumber(b) ? arena_.Number(a->value + b->value) : arena_.Make(Kind::kAdd, {a, b});
}

// Null where the sizes do not fit or the work would be too much.
Expr Comparer::Product(Expr left, Expr right) {
  const auto inner = static_cast<size_t>(left->info);
  const size_t rows = left->kids.size() / inner;
  const auto columns = static_cast<size_t>(right->info);
  if (right->kids.size() / columns != inner || rows * columns > kMaxCells) {
    return nullptr;
  }
  std::vector<Expr> cells;
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      Expr sum = Times(left->kid(i * inner), right->kid(j));
      for (size_t k = 1; k < inner; ++k) {
        sum = Plus(sum, Times(left->kid(i * inner + k), right->kid(k * columns + j)));
      }
      cells.push_back(sum);
    }
  }
  const int limit = std::ranges::all_of(cells, &IsNumber) ? kMaxProducts : kMaxSymbolicProducts;
  return ++matrix_products_ > limit ? nullptr : arena_.Make(Kind::kMatrix, std::move(cells), {}, right->info);
}

// By the first row; null beyond 4 x 4 and for what is not square.
Expr Comparer::Determinant(Expr matrix) {
  const int64_t n = matrix->info;
  if (n * n != std::ssize(matrix->kids) || n > kMaxDeterminant || n < 1) {
    return nullptr;
  }
  if (n == 1) {
    return matrix->kid(0);
  }
  Expr sum = nullptr;
  for (int64_t j = 0; j < n; ++j) {
    std::vector<Expr> minor;
    for (int64_t i = n; i < n * n; ++i) {
      if (i % n != j) {
        minor.push_back(matrix->kid(static_cast<size_t>(i)));
      }
    }
    const Expr part = Determinant(arena_.Make(Kind::kMatrix, std::move(minor), {}, n - 1));
    const Expr first = matrix->kid(static_cast<size_t>(j));
    const Expr term = Times(j % 2 == 0 ? first : Times(arena_.Number(-1), first), part);
    sum = sum == nullptr ? term : Plus(sum, term);
  }
  return sum;
}

// The adjugate over the determinant.
Expr Comparer::Inverse(Expr matrix) {
  const Expr determinant = Determinant(matrix);
  const int64_t n = matrix->info;
  if (determinant == nullptr || n < 2 || n > 3 || IsZero(determinant, arena_).is_equal()) {
    return nullptr;
  }
  std::vector<Expr> cells;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      std::vector<Expr> minor;  // without row j and column i
      for (int64_t k = 0; k < n * n; ++k) {
        if (k / n != j && k % n != i) {
          minor.push_back(matrix->kid(static_cast<size_t>(k)));
        }
      }
      const Expr cofactor = Determinant(arena_.Make(Kind::kMatrix, std::move(minor), {}, n - 1));
      cells.push_back(arena_.Make(Kind::kDivide, {(i + j) % 2 == 0 ? cofactor : Times(arena_.Number(-1), cofactor), determinant}));
    }
  }
  return arena_.Make(Kind::kMatrix, std::move(cells), {}, n);
}

Expr Comparer::MatrixPower(Expr matrix, Expr exponent) {
  const auto columns = static_cast<size_t>(matrix->info);
  const size_t rows = matrix->kids.size() / columns;
  if (exponent->IsSymbol("T") || exponent->IsSymbol("t") || exponent->IsSymbol("top")) {
    std::vector<Expr> cells;
    for (size_t j = 0; j < columns; ++j) {
      for (size_t i = 0; i < rows; ++i) {
        cells.push_back(matrix->kid(i * columns + j));
      }
    }
    return arena_.Make(Kind::kMatrix, std::move(cells), {}, static_cast<int64_t>(rows));
  }
  Rational value;
  int64_t power = 0;
  if (rows != columns || EvaluateRational(exponent, arena_.budget(), value) != EvalStatus::kOk || !value.ToInt(power) || power == 0 ||
      std::abs(power) > kMaxProducts) {
    return nullptr;
  }
  const Expr base = power < 0 ? Inverse(matrix) : matrix;
  Expr result = base;
  for (int64_t i = 1; result != nullptr && i < std::abs(power); ++i) {
    result = Product(result, base);
  }
  return result;
}

// One matrix; null for everything else. A tuple inside a sum or multiple is a column.
Expr Comparer::MatrixValue(Expr expr) {
  const auto map = [&](Expr matrix, const auto& change) {
    std::vector<Expr> cells;
    for (const Expr cell : matrix->kids) {
      cells.push_back(change(cell));
    }
    return arena_.Make(Kind::kMatrix, std::move(cells), {}, matrix->info);
  };
  switch (expr->kind) {
    case Kind::kMatrix:
      return expr->kids.size() <= kMaxCells ? expr : nullptr;
    case Kind::kGroup: {
      const bool is_vector = expr->kids.size() > 1 && expr->kids.size() <= kMaxCells && (expr->text == "()" || expr->text == "<>") &&
                             std::ranges::all_of(expr->kids, [&](Expr kid) { return IsScalar(kid); });
      return is_vector ? arena_.Make(Kind::kMatrix, expr->kids, {}, 1) : nullptr;
    }
    case Kind::kNegate: {
      const Expr inner = MatrixValue(expr->kid(0));
      return inner == nullptr ? nullptr : map(inner, [&](Expr cell) { return Times(arena_.Number(-1), cell); });
    }
    case Kind::kDivide: {
      const Expr inner = IsScalar(expr->kid(1)) ? MatrixValue(expr->kid(0)) : nullptr;
      return inner == nullptr ? nullptr : map(inner, [&](Expr cell) { return arena_.Make(Kind::kDivide, {cell, expr->kid(1)}); });
    }
    case Kind::kPower: {
      const Expr base = MatrixValue(expr->kid(0));
      return base == nullptr ? nullptr : MatrixPower(base, expr->kid(1));
    }
    case Kind::kMultiply: {
      Expr product = nullptr;
      std::vector<Expr> scalars;
      for (const Expr kid : expr->kids) {
        const Expr factor = MatrixValue(kid);
        if (factor == nullptr && !IsScalar(kid)) {
          return nullptr;
        }
        if (factor == nullptr) {
          scalars.push_back(kid);
        } else if (product != nullptr && (kid->Is(Kind::kGroup) || (product = Product(product, factor)) == nullptr)) {
          return nullptr;
        } else {
          product = product == nullptr ? factor : product;
        }
      }
      for (const Expr scalar : scalars) {
        product = product == nullptr ? nullptr : map(product, [&](Expr cell) { return Times(scalar, cell); });
      }
      return product;
    }
    case Kind::kAdd: {
      Expr sum = MatrixValue(expr->kid(0));
      for (size_t i = 1; sum != nullptr && i < expr->kids.size(); ++i) {
        const Expr other = MatrixValue(expr->kid(i));
        if (other == nullptr || other->info != sum->info || other->kids.size() != sum->kids.size()) {
          return nullptr;
        }
        size_t at = 0;
        sum = map(sum, [&](Expr cell) { return Plus(cell, other->kid(at++)); });
      }
      return sum;
    }
    default:
      return nullptr;
  }
}

// The expression with what it says about matrices computed, where that is known and says more than a matrix or tuple as written.
Expr Comparer::WithoutMatrixArithmetic(Expr expr, Expr other) {
  const auto has_matrix = [](Expr e) {
    return AnyNode(e, [](const Node& node) { return node.kind == Kind::kMatrix || (node.kind == Kind::kGroup && node.kids.size() > 1); });
  };
  const bool is_plain = expr->Is(Kind::kMatrix) || expr->Is(Kind::kGroup) || expr->Is(Kind::kList) || expr->Is(Kind::kSet);
  if (is_plain || !has_matrix(expr)) {
    return expr;
  }
  const bool is_determinant = expr->Is(Kind::kFunction) && expr->kids.size() == 1 && (expr->text == "det" || expr->text == "abs");
  if (const Expr matrix = is_determinant ? MatrixValue(expr->kid(0)) : nullptr; matrix != nullptr && !expr->kid(0)->Is(Kind::kGroup)) {
    const Expr value = Determinant(matrix);
    return value == nullptr ? expr : value;
  }
  // A point "A(1, 2)" is no product where another point or tuple stands on the other side.
  if (expr->Is(Kind::kMultiply) && expr->kids.size() == 2 && TupleItems(expr) && TupleItems(other)) {
    return expr;
  }
  const Expr matrix = MatrixValue(expr);
  return matrix == nullptr ? expr : matrix;
}

// A matrix, or lists inside a list, of rows of one length.
std::optional<std::vector<Expr>> Comparer::MatrixItems(Expr expr, int64_t& columns) {
  if (expr->Is(Kind::kMatrix)) {
    columns = expr->info;
    return expr->kids;
  }
  if (!expr->Is(Kind::kGroup) || expr->kids.empty()) {
    return std::nullopt;
  }
  std::vector<Expr> cells;
  for (const Expr row : expr->kids) {
    if (!row->Is(Kind::kGroup) || row->kids.size() != expr->kid(0)->kids.size()) {
      return std::nullopt;
    }
    cells.insert(cells.end(), row->kids.begin(), row->kids.end());
  }
  columns = std::ssize(expr->kid(0)->kids);
  return cells;
}

// The components of 3i - 2j + k, where i, j and k are the unit vectors.
std::optional<std::vector<Expr>> Comparer::VectorItems(Expr expr, size_t size) {
  const bool has_j = AnyNode(expr, [](const Node& node) { return node.IsSymbol("j") || node.IsSymbol("hat j"); }) ||
                     (size == 3 && AnyNode(expr, [](const Node& node) { return node.IsSymbol("i"); }) &&
                      AnyNode(expr, [](const Node& node) { return node.IsSymbol("k"); }));
  if ((size != 2 && size != 3) || !IsScalar(expr) || !has_j) {
    return std::nullopt;
  }
  Expr named = expr;
  constexpr std::string_view kNames[] = {"i", "j", "k"};
  for (const std::string_view name : kNames) {  // the imaginary unit is no variable: other names for the sample points
    named = Substitute(arena_, named, name, arena_.Symbol(std::string("unit ") + std::string(name)));
    named = Substitute(arena_, named, "hat " + std::string(name), arena_.Symbol(std::string("unit ") + std::string(name)));
  }
  const auto at = [&](int ones) {
    Expr value = named;
    for (int i = 0; i < 3; ++i) {
      value = Substitute(arena_, value, "unit " + std::string(kNames[i]), arena_.Number(i == ones ? 1 : 0));
    }
    return value;
  };
  std::vector<Expr> items;
  Expr sum = arena_.Number(0);
  for (int i = 0; i < static_cast<int>(size); ++i) {
    items.push_back(at(i));
    sum = Plus(sum, Times(items.back(), arena_.Symbol("unit " + std::string(kNames[i]))));
  }
  return SameValue(named, sum, arena_).is_equal() ? std::optional(items) : std::nullopt;
}

}  // namespace cupel::math
