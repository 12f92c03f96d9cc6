#include "verifiers/puzzles/expression.h"

#include <numeric>

#include "verifiers/answer/characters.h"

namespace cupel {
namespace {

constexpr size_t kMaxBytes = 1024;
constexpr int kMaxDepth = 64;

struct Fraction {
  int64_t a = 0;
  int64_t b = 1;  // above 0
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<ExpressionReading> Read() {
    const Fraction value = Sum();
    Blanks();
    if (is_malformed_ || !text_.empty()) {
      return std::nullopt;
    }
    if (has_value_) {
      reading_.value = {value.a, value.b};
    }
    return reading_;
  }

 private:
  void Blanks() {
    while (!text_.empty() && IsSpace(text_[0])) {
      text_.remove_prefix(1);
    }
  }

  bool Eat(std::string_view ascii, std::string_view sign = {}) {
    Blanks();
    const std::string_view token = !sign.empty() && text_.starts_with(sign) ? sign : ascii;
    if (!text_.starts_with(token)) {
      return false;
    }
    text_.remove_prefix(token.size());
    return true;
  }

  // a / b in lowest terms; a value that does not fit makes the whole have none.
  Fraction Made(bool overflows, int64_t a, int64_t b) {
    if (overflows || b == 0 || a == INT64_MIN || b == INT64_MIN) {
      has_value_ = false;
      return {};
    }
    const int64_t common = std::gcd(a, b) * (b < 0 ? -1 : 1);
    return {a / common, b / common};
  }

  Fraction Add(const Fraction& x, const Fraction& y, int64_t sign) {
    int64_t left = 0, right = 0, bottom = 0, top = 0;
    const bool overflows = __builtin_mul_overflow(x.a, y.b, &left) || __builtin_mul_overflow(sign * y.a, x.b, &right) ||
                           __builtin_mul_overflow(x.b, y.b, &bottom) || __builtin_add_overflow(left, right, &top);
    return Made(overflows, top, bottom);
  }

  Fraction Multiply(const Fraction& x, int64_t a, int64_t b) {
    int64_t top = 0, bottom = 0;
    const bool overflows = __builtin_mul_overflow(x.a, a, &top) || __builtin_mul_overflow(x.b, b, &bottom);
    return Made(overflows, top, bottom);
  }

  Fraction Sum() {
    Fraction left = Product();
    while (!is_malformed_) {
      if (Eat("+")) {
        left = Add(left, Product(), 1);
      } else if (Eat("-", kMinusSign)) {
        left = Add(left, Product(), -1);
      } else {
        break;
      }
    }
    return left;
  }

  Fraction Product() {
    Fraction left = Atom();
    while (!is_malformed_) {
      if (Eat("*", "×")) {
        const Fraction right = Atom();
        left = Multiply(left, right.a, right.b);
      } else if (Eat("/", "÷")) {
        const Fraction right = Atom();
        left = Multiply(left, right.b, right.a);
      } else {
        break;
      }
    }
    return left;
  }

  Fraction Atom() {
    if (++depth_ > kMaxDepth) {
      is_malformed_ = true;
      return {};
    }
    Fraction value;
    if (Eat("(")) {
      value = Sum();
      is_malformed_ = is_malformed_ || !Eat(")");
    } else {
      value.a = Literal();
    }
    --depth_;
    return value;
  }

  int64_t Literal() {
    Blanks();
    int64_t value = 0;
    size_t size = 0;
    while (size < text_.size() && IsDigit(text_[size]) && size < 10) {
      value = value * 10 + (text_[size++] - '0');
    }
    is_malformed_ = is_malformed_ || size == 0 || size > 9 || (size > 1 && text_[0] == '0');
    text_.remove_prefix(size);
    reading_.numbers.push_back(value);
    return value;
  }

  std::string_view text_;
  ExpressionReading reading_;
  int depth_ = 0;
  bool is_malformed_ = false;
  bool has_value_ = true;
};

}  // namespace

std::optional<ExpressionReading> ReadExpression(std::string_view text) {
  return text.size() > kMaxBytes ? std::nullopt : Reader(text).Read();
}

}  // namespace cupel
