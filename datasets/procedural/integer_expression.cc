#include "datasets/procedural/integer_expression.h"

#include <gmpxx.h>

namespace cupel {
namespace {

constexpr int kMaxDepth = 200;
constexpr long kMaxShift = 4096;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<mpz_class> Parse() {
    std::optional<mpz_class> value = Shift();
    Blanks();
    return text_.empty() && !failed_ ? value : std::nullopt;
  }

 private:
  void Blanks() {
    while (!text_.empty() && text_[0] == ' ') {
      text_.remove_prefix(1);
    }
  }

  bool Eat(std::string_view token) {
    Blanks();
    if (!text_.starts_with(token)) {
      return false;
    }
    text_.remove_prefix(token.size());
    return true;
  }

  mpz_class Fail() {
    failed_ = true;
    return 0;
  }

  mpz_class Shift() {
    mpz_class left = Sum();
    while (!failed_) {
      const bool is_left = Eat("<<");
      if (!is_left && !Eat(">>")) {
        break;
      }
      const mpz_class right = Sum();
      if (right < 0 || right > kMaxShift) {
        return Fail();
      }
      if (is_left) {
        left <<= right.get_ui();
      } else {
        mpz_fdiv_q_2exp(left.get_mpz_t(), left.get_mpz_t(), right.get_ui());
      }
    }
    return left;
  }

  mpz_class Sum() {
    mpz_class left = Product();
    while (!failed_) {
      if (Eat("+")) {
        left += Product();
      } else if (Eat("-")) {
        left -= Product();
      } else {
        break;
      }
    }
    return left;
  }

  mpz_class Product() {
    mpz_class left = Unary();
    while (!failed_) {
      if (Eat("*")) {
        left *= Unary();
      } else if (Eat("/")) {
        const mpz_class right = Unary();
        if (right == 0) {
          return Fail();
        }
        mpz_fdiv_q(left.get_mpz_t(), left.get_mpz_t(), right.get_mpz_t());
      } else {
        break;
      }
    }
    return left;
  }

  mpz_class Unary() {
    if (++depth_ > kMaxDepth) {
      return Fail();
    }
    mpz_class value;
    if (Eat("-")) {
      value = -Unary();
    } else if (Eat("+")) {
      value = Unary();
    } else if (Eat("(")) {
      value = Shift();
      failed_ = failed_ || !Eat(")");
    } else {
      value = Literal();
    }
    --depth_;
    return value;
  }

  mpz_class Literal() {
    const bool is_hex = Eat("0x");
    size_t size = 0;
    while (size < text_.size() && ((text_[size] >= '0' && text_[size] <= '9') || (is_hex && text_[size] >= 'a' && text_[size] <= 'f'))) {
      ++size;
    }
    if (size == 0) {
      return Fail();
    }
    const mpz_class value(std::string(text_.substr(0, size)), is_hex ? 16 : 10);
    text_.remove_prefix(size);
    return value;
  }

  std::string_view text_;
  int depth_ = 0;
  bool failed_ = false;
};

}  // namespace

std::optional<std::string> IntegerExpression::Evaluate(std::string_view text, int base) {
  const std::optional<mpz_class> value = Parser(text).Parse();
  if (!value) {
    return std::nullopt;
  }
  if (base == 10) {
    return value->get_str();
  }
  return (*value < 0 ? "-0x" : "0x") + mpz_class(abs(*value)).get_str(16);
}

std::optional<int64_t> IntegerExpression::EvaluateSmall(std::string_view text) {
  const std::optional<mpz_class> value = Parser(text).Parse();
  return value && value->fits_slong_p() ? std::optional<int64_t>(value->get_si()) : std::nullopt;
}

}  // namespace cupel
