// Exact zero tests: constants through calcium's fields, rational functions through FLINT's multivariate polynomials.

#include "verifiers/math/calcium.h"
#include "verifiers/math/equality.h"
#include "verifiers/math/evaluate.h"

namespace cupel::math {
namespace {

// Calcium cannot be interrupted, so only expressions of a size that it decides at once are given to it.
constexpr int kMaxAlgebraicNodes = 24;
constexpr int kMaxRoots = 3;
constexpr int64_t kMaxPower = 12;
constexpr int64_t kMaxTerms = 2'000;
constexpr slong kMaxBits = 20'000;  // of the coefficients of two rational functions together

class AlgebraicEvaluator {
 public:
  AlgebraicEvaluator() {
    ca_ctx_init(context_);
    ca_ctx_set_option(context_, CA_OPT_PREC_LIMIT, 512);
    ca_ctx_set_option(context_, CA_OPT_QQBAR_DEG_LIMIT, 24);
    ca_ctx_set_option(context_, CA_OPT_LLL_PREC, 64);
  }
  ~AlgebraicEvaluator() { ca_ctx_clear(context_); }
  AlgebraicEvaluator(const AlgebraicEvaluator&) = delete;
  AlgebraicEvaluator& operator=(const AlgebraicEvaluator&) = delete;

  Equality Compare(Expr a, Expr b) {
    ca_t left;
    ca_t right;
    ca_init(left, context_);
    ca_init(right, context_);
    Equality result = Equality::kUnknown;
    if (Evaluate(a, left) && Evaluate(b, right)) {
      const truth_t truth = ca_check_equal(left, right, context_);
      result = truth == T_TRUE ? Equality::kEqual : truth == T_FALSE ? Equality::kDifferent : Equality::kUnknown;
    }
    ca_clear(left, context_);
    ca_clear(right, context_);
    return result;
  }

 private:
  bool Evaluate(Expr expr, ca_t value) {
    switch (expr->kind) {
      case Kind::kNumber:
        ca_set_fmpq(value, expr->value.get(), context_);
        return true;
      case Kind::kSymbol:
        if (expr->text == "i") {
          ca_i(value, context_);
          return true;
        }
        if (expr->text == "e") {
          ca_one(value, context_);
          ca_exp(value, value, context_);
          return true;
        }
        return false;
      case Kind::kConstant:
        ca_pi(value, context_);
        return expr->text == "pi";
      case Kind::kNegate:
        return Evaluate(expr->kid(0), value) && (ca_neg(value, value, context_), true);
      case Kind::kDegree:
      case Kind::kPercent:
        return Scaled(expr, value);
      case Kind::kAdd:
      case Kind::kMultiply:
      case Kind::kDivide:
        return Fold(expr, value);
      case Kind::kPower:
        return Power(expr, value);
      case Kind::kFunction:
        return Function(expr, value);
      default:
        return false;
    }
  }

  bool Scaled(Expr expr, ca_t value) {
    if (!Evaluate(expr->kid(0), value)) {
      return false;
    }
    if (expr->Is(Kind::kDegree)) {
      ca_t pi;
      ca_init(pi, context_);
      ca_pi(pi, context_);
      ca_mul(value, value, pi, context_);
      ca_clear(pi, context_);
    }
    ca_div_si(value, value, expr->Is(Kind::kDegree) ? 180 : 100, context_);
    return true;
  }

  bool Fold(Expr expr, ca_t value) {
    if (!Evaluate(expr->kid(0), value)) {
      return false;
    }
    ca_t part;
    ca_init(part, context_);
    bool ok = true;
    for (size_t i = 1; ok && i < expr->kids.size(); ++i) {
      ok = Evaluate(expr->kid(i), part);
      if (ok) {
        (expr->Is(Kind::kAdd) ? ca_add : expr->Is(Kind::kMultiply) ? ca_mul : ca_div)(value, value, part, context_);
      }
    }
    ca_clear(part, context_);
    return ok;
  }

  bool Power(Expr expr, ca_t value) {
    const Expr exponent = expr->kid(1);
    if (!Evaluate(expr->kid(0), value)) {
      return false;
    }
    int64_t power = 0;
    const bool negative = exponent->Is(Kind::kNegate);
    const Expr digits = negative ? exponent->kid(0) : exponent;
    if (digits->Is(Kind::kNumber) && digits->value.ToInt(power)) {
      if (power > kMaxPower) {
        return false;
      }
      ca_pow_si(value, value, negative ? -power : power, context_);
      return true;
    }
    if (expr->kid(0)->IsSymbol("e")) {
      if (!Evaluate(exponent, value)) {
        return false;
      }
      ca_exp(value, value, context_);
      return true;
    }
    // A real root of a negative number is not the principal one: left to the balls.
    return false;
  }

  bool Function(Expr expr, ca_t value) {
    if (expr->kids.size() != 1 || !Evaluate(expr->kid(0), value)) {
      return false;
    }
    const std::string& name = expr->text;
    if (name == "sqrt") {
      ca_sqrt(value, value, context_);
    } else if (name == "ln") {
      ca_log(value, value, context_);
    } else if (name == "exp") {
      ca_exp(value, value, context_);
    } else if (name == "sin") {
      ca_sin(value, value, context_);
    } else if (name == "cos") {
      ca_cos(value, value, context_);
    } else if (name == "tan") {
      ca_tan(value, value, context_);
    } else if (name == "arctan") {
      ca_atan(value, value, context_);
    } else {
      return false;
    }
    return true;
  }

  ca_ctx_t context_;
};

int CountNodes(Expr expr, int& roots) {
  int nodes = 1;
  roots += expr->Is(Kind::kFunction) || expr->Is(Kind::kPower) ? 1 : 0;
  for (const Expr kid : expr->kids) {
    nodes += CountNodes(kid, roots);
  }
  return nodes;
}

bool HasLargeNumber(Expr expr) {
  return AnyNode(expr, [](const Node& node) { return node.kind == Kind::kNumber && node.value.Bits() > 40; });
}

// --- Rational functions ---

class RationalFunctions {
 public:
  RationalFunctions(const std::vector<std::string>& names, Budget& budget) : names_(names), budget_(budget) {
    fmpz_mpoly_ctx_init(context_, static_cast<slong>(names.size()), ORD_LEX);
  }
  ~RationalFunctions() { fmpz_mpoly_ctx_clear(context_); }
  RationalFunctions(const RationalFunctions&) = delete;
  RationalFunctions& operator=(const RationalFunctions&) = delete;

  // As two equations a = 0 and b = 0.
  Equality CompareNumerators(Expr a, Expr b) {
    return CompareBy(a, b, [this](fmpz_mpoly_q_struct* left, fmpz_mpoly_q_struct* right) {
      const bool is_zero = fmpz_mpoly_q_is_zero(left, context_) != 0 || fmpz_mpoly_q_is_zero(right, context_) != 0;
      return is_zero                                                                   ? Equality::kUnknown
             : SameUpToConstant(fmpz_mpoly_q_numref(left), fmpz_mpoly_q_numref(right)) ? Equality::kEqual
                                                                                       : Equality::kDifferent;
    });
  }

  Equality Compare(Expr a, Expr b) {
    return CompareBy(a, b, [this](fmpz_mpoly_q_struct* left, fmpz_mpoly_q_struct* right) {
      return fmpz_mpoly_q_equal(left, right, context_) != 0 ? Equality::kEqual : Equality::kDifferent;
    });
  }

 private:
  template <class Test>
  Equality CompareBy(Expr a, Expr b, const Test& test) {
    fmpz_mpoly_q_t left;
    fmpz_mpoly_q_t right;
    fmpz_mpoly_q_init(left, context_);
    fmpz_mpoly_q_init(right, context_);
    const Equality result = Evaluate(a, left) && Evaluate(b, right) ? test(left, right) : Equality::kUnknown;
    fmpz_mpoly_q_clear(left, context_);
    fmpz_mpoly_q_clear(right, context_);
    return result;
  }

  bool SameUpToConstant(fmpz_mpoly_struct* a, fmpz_mpoly_struct* b) {
    for (fmpz_mpoly_struct* poly : {a, b}) {
      fmpz_mpoly_primitive_part(poly, poly, context_);  // with a positive leading coefficient
    }
    return fmpz_mpoly_equal(a, b, context_) != 0;
  }

  slong NumeratorTerms(const fmpz_mpoly_q_t value) { return fmpz_mpoly_length(fmpz_mpoly_q_numref(value), context_); }
  slong DenominatorTerms(const fmpz_mpoly_q_t value) { return fmpz_mpoly_length(fmpz_mpoly_q_denref(value), context_); }
  static slong Bits(const fmpz_mpoly_q_t value) {
    return std::abs(fmpz_mpoly_max_bits(fmpz_mpoly_q_numref(value))) + std::abs(fmpz_mpoly_max_bits(fmpz_mpoly_q_denref(value)));
  }

  // Whether a sum, or a product or quotient, of both may be computed: its terms and their digits are counted and paid before.
  bool MayCombine(const fmpz_mpoly_q_t a, const fmpz_mpoly_q_t b, bool adds) {
    const slong across = NumeratorTerms(a) * DenominatorTerms(b) + DenominatorTerms(a) * NumeratorTerms(b);
    const slong along = DenominatorTerms(a) * DenominatorTerms(b) + (adds ? 0 : NumeratorTerms(a) * NumeratorTerms(b));
    const slong bits = Bits(a) + Bits(b);
    return across + along <= 4 * kMaxTerms && bits <= kMaxBits && budget_.Spend(1 + (across + along) * (1 + bits / 64) / 16);
  }

  bool IsSmall(const fmpz_mpoly_q_t value) {
    const slong terms = NumeratorTerms(value) + DenominatorTerms(value);
    return terms <= kMaxTerms && budget_.Spend(terms);
  }

  bool Evaluate(Expr expr, fmpz_mpoly_q_t value) {
    if (!budget_.Spend(4)) {
      return false;
    }
    switch (expr->kind) {
      case Kind::kNumber:
        if (expr->value.Bits() > 2'000) {
          return false;
        }
        fmpz_mpoly_q_set_fmpq(value, expr->value.get(), context_);
        return true;
      case Kind::kSymbol:
      case Kind::kConstant:
        for (size_t i = 0; i < names_.size(); ++i) {
          if (names_[i] == expr->text) {
            fmpz_mpoly_q_gen(value, static_cast<slong>(i), context_);
            return true;
          }
        }
        return false;
      case Kind::kNegate:
        return Evaluate(expr->kid(0), value) && (fmpz_mpoly_q_neg(value, value, context_), true);
      case Kind::kAdd:
      case Kind::kMultiply:
      case Kind::kDivide:
        return Fold(expr, value);
      case Kind::kPower:
        return Power(expr, value);
      default:
        return false;
    }
  }

  bool Fold(Expr expr, fmpz_mpoly_q_t value) {
    if (!Evaluate(expr->kid(0), value)) {
      return false;
    }
    fmpz_mpoly_q_t part;
    fmpz_mpoly_q_init(part, context_);
    bool ok = true;
    for (size_t i = 1; ok && i < expr->kids.size(); ++i) {
      ok = Evaluate(expr->kid(i), part) && !(expr->Is(Kind::kDivide) && fmpz_mpoly_q_is_zero(part, context_) != 0) &&
           MayCombine(value, part, expr->Is(Kind::kAdd));
      if (ok) {
        (expr->Is(Kind::kAdd)        ? fmpz_mpoly_q_add
         : expr->Is(Kind::kMultiply) ? fmpz_mpoly_q_mul
                                     : fmpz_mpoly_q_div)(value, value, part, context_);
        ok = IsSmall(value);
      }
    }
    fmpz_mpoly_q_clear(part, context_);
    return ok;
  }

  bool Power(Expr expr, fmpz_mpoly_q_t value) {
    Rational exponent;
    int64_t power = 0;
    if (EvaluateRational(expr->kid(1), budget_, exponent) != EvalStatus::kOk || !exponent.ToInt(power) || std::abs(power) > kMaxPower ||
        !Evaluate(expr->kid(0), value) || (fmpz_mpoly_q_is_zero(value, context_) != 0 && power <= 0)) {
      return false;
    }
    if (power < 0) {
      fmpz_mpoly_q_inv(value, value, context_);
    }
    fmpz_mpoly_q_t base;
    fmpz_mpoly_q_init(base, context_);
    fmpz_mpoly_q_set(base, value, context_);
    fmpz_mpoly_q_one(value, context_);
    bool ok = true;
    for (int64_t i = 0; ok && i < std::abs(power); ++i) {
      ok = MayCombine(value, base, false);
      if (ok) {
        fmpz_mpoly_q_mul(value, value, base, context_);
        ok = IsSmall(value);
      }
    }
    fmpz_mpoly_q_clear(base, context_);
    return ok;
  }

  const std::vector<std::string>& names_;
  Budget& budget_;
  fmpz_mpoly_ctx_t context_;
};

}  // namespace

Equality SameAlgebraic(Expr a, Expr b, Budget& budget) {
  int roots = 0;
  const int nodes = CountNodes(a, roots) + CountNodes(b, roots);
  if (nodes > kMaxAlgebraicNodes || roots > kMaxRoots || HasLargeNumber(a) || HasLargeNumber(b) || !budget.Spend(2'000)) {
    return Equality::kUnknown;
  }
  return AlgebraicEvaluator().Compare(a, b);
}

Equality SameInPi(Expr a, Expr b, Budget& budget) {
  const std::vector<std::string> names = {"pi"};
  return RationalFunctions(names, budget).Compare(a, b);
}

Equality SameNumerator(Expr a, Expr b, Budget& budget) {
  std::vector<std::string> names = FreeSymbols(a);
  if (names != FreeSymbols(b) || names.empty() || names.size() > 6) {
    return Equality::kUnknown;
  }
  return RationalFunctions(names, budget).CompareNumerators(a, b);
}

}  // namespace cupel::math
