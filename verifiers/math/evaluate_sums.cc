#include "verifiers/math/ball_evaluator.h"

namespace cupel::math {

// An integral, a limit or an endless sum.
bool BallEvaluator::IsLimit(Expr expr) {
  const bool is_endless = expr->text == "sum" && expr->kid(2)->Is(Kind::kConstant) && expr->kid(2)->text == "inf";
  return expr->text == "int" || expr->text == "lim" || is_endless;
}

EvalStatus BallEvaluator::Analysis(Expr expr, Ball& value) {
  Bindings inner = bindings_;
  inner.values.insert(inner.values.end(), bound_.begin(), bound_.end());
  if (expr->text == "int") {
    return EvaluateIntegral(expr, inner, precision_, budget_, value);
  }
  if (bindings_.is_integrand) {
    return EvalStatus::kUnsupported;
  }
  return (expr->text == "lim" ? EvaluateLimit : EvaluateSeries)(expr, inner, precision_, budget_, value);
}

// The value of the first condition that holds.
EvalStatus BallEvaluator::Cases(Expr expr, Ball& value) {
  for (size_t i = 0; i + 1 < expr->kids.size(); i += 2) {
    bool holds = false;
    if (const EvalStatus status = Holds(expr->kid(i + 1), holds); status != EvalStatus::kOk) {
      return status;
    }
    if (holds) {
      return Evaluate(expr->kid(i), value);
    }
  }
  return EvalStatus::kUndefined;
}

// A chain of real comparisons or a congruence of whole numbers. Undefined where the balls do not decide.
EvalStatus BallEvaluator::Holds(Expr condition, bool& holds) {
  if (condition->Is(Kind::kText)) {
    holds = condition->text == "otherwise";
    return holds ? EvalStatus::kOk : EvalStatus::kUnsupported;
  }
  if (condition->Is(Kind::kModular)) {
    return Congruent(condition, holds);
  }
  if (!condition->Is(Kind::kRelation) || condition->text.find_first_not_of("<>lg=!") != std::string::npos) {
    return EvalStatus::kUnsupported;
  }
  holds = true;
  for (size_t i = 0; i < condition->text.size(); ++i) {
    Ball left;
    Ball right;
    if (const EvalStatus status = Evaluate(condition->kid(i), left); status != EvalStatus::kOk) {
      return status;
    }
    if (const EvalStatus status = Evaluate(condition->kid(i + 1), right); status != EvalStatus::kOk) {
      return status;
    }
    acb_sub(left.get(), left.get(), right.get(), precision_);
    const bool zero = acb_is_zero(left.get()) != 0;
    if (!left.is_real() || (!zero && left.ContainsZero())) {
      return EvalStatus::kUndefined;
    }
    const bool positive = arb_is_positive(left.real()) != 0;
    switch (condition->text[i]) {
      case '<':
        holds = holds && !positive && !zero;
        break;
      case 'l':
        holds = holds && !positive;
        break;
      case '>':
        holds = holds && positive;
        break;
      case 'g':
        holds = holds && (positive || zero);
        break;
      default:
        holds = holds && zero == (condition->text[i] == '=');
    }
  }
  return EvalStatus::kOk;
}

EvalStatus BallEvaluator::Congruent(Expr condition, bool& holds) {
  const Expr relation = condition->kid(0);
  if (!relation->Is(Kind::kRelation) || relation->kids.size() != 2) {
    return EvalStatus::kUnsupported;
  }
  Ball left;
  Ball right;
  Ball modulus;
  for (const auto& [ball, part] :
       {std::pair{&left, relation->kid(0)}, std::pair{&right, relation->kid(1)}, std::pair{&modulus, condition->kid(1)}}) {
    if (const EvalStatus status = Evaluate(part, *ball); status != EvalStatus::kOk) {
      return status;
    }
  }
  acb_sub(left.get(), left.get(), right.get(), precision_);
  const EvalStatus status = WholeNumbers("mod", modulus, left);
  holds = acb_is_zero(left.get()) != 0;
  return status;
}

EvalStatus BallEvaluator::Sum(Expr expr, Ball& value) {
  Ball low;
  Ball high;
  if (const EvalStatus status = Evaluate(expr->kid(1), low); status != EvalStatus::kOk) {
    return status;
  }
  if (const EvalStatus status = Evaluate(expr->kid(2), high); status != EvalStatus::kOk) {
    return status;
  }
  Rational first;
  Rational last;
  int64_t begin = 0;
  int64_t end = 0;
  if (!low.HasUniqueInteger(fmpq_numref(first.get())) || !high.HasUniqueInteger(fmpq_numref(last.get()))) {
    return EvalStatus::kUndefined;
  }
  if (!first.ToInt(begin) || !last.ToInt(end) || !HasFewTerms(begin, end)) {
    return EvalStatus::kTooBig;
  }
  if (end < begin - 1) {
    return EvalStatus::kUndefined;  // formulas for sums hold where there are terms, or just none
  }
  const bool adds = expr->text == "sum";
  value = Ball(adds ? 0 : 1);
  for (int64_t i = begin; i <= end; ++i) {
    Ball term;
    bound_.emplace_back(expr->name, Ball(i));
    const EvalStatus status = Evaluate(expr->kid(0), term);
    bound_.pop_back();
    if (status != EvalStatus::kOk) {
      return status;
    }
    (adds ? acb_add : acb_mul)(value.get(), value.get(), term.get(), precision_);
  }
  return EvalStatus::kOk;
}

}  // namespace cupel::math
