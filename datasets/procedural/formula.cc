#include "datasets/procedural/formula.h"

namespace cupel {
namespace {

constexpr size_t kMaxBytes = 4096;
constexpr int kMaxDepth = 64;

class Reader {
 public:
  Reader(std::string_view text, std::string_view variables) : text_(text), variables_(variables) {}

  std::optional<TruthTable> Read() {
    const TruthTable table = Iff();
    Blanks();
    return failed_ || !text_.empty() ? std::nullopt : std::optional(table & AllRows(variables_.size()));
  }

 private:
  void Blanks() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\t')) {
      text_.remove_prefix(1);
    }
  }

  bool Eat(std::initializer_list<std::string_view> tokens) {
    Blanks();
    for (const std::string_view token : tokens) {
      if (text_.starts_with(token)) {
        text_.remove_prefix(token.size());
        return true;
      }
    }
    return false;
  }

  TruthTable Fail() {
    failed_ = true;
    return {};
  }

  TruthTable Iff() {
    const TruthTable left = Implies();
    if (!Eat({"↔", "<->", "<=>"})) {
      return left;
    }
    const TruthTable right = Implies();
    return Eat({"↔", "<->", "<=>"}) ? Fail() : ~(left ^ right);
  }

  TruthTable Implies() {
    const TruthTable left = Or();
    if (!Eat({"→", "->", "=>"})) {
      return left;
    }
    const TruthTable right = Or();
    return Eat({"→", "->", "=>"}) ? Fail() : ~left | right;
  }

  TruthTable Or() {
    TruthTable left = And();
    while (!failed_ && Eat({"∨", "||", "|"})) {
      left |= And();
    }
    return left;
  }

  TruthTable And() {
    TruthTable left = Not();
    while (!failed_ && Eat({"∧", "&&", "&"})) {
      left &= Not();
    }
    return left;
  }

  TruthTable Not() {
    if (failed_ || ++depth_ > kMaxDepth) {
      return Fail();
    }
    TruthTable value;
    if (Eat({"¬", "~", "!"})) {
      value = ~Not();
    } else if (Eat({"("})) {
      value = Iff();
      failed_ = failed_ || !Eat({")"});
    } else {
      value = Variable();
    }
    --depth_;
    return value;
  }

  TruthTable Variable() {
    Blanks();
    const size_t variable = text_.empty() ? std::string_view::npos : variables_.find(text_[0]);
    if (variable == std::string_view::npos || (text_.size() > 1 && text_[1] >= 'A' && text_[1] <= 'Z')) {
      return Fail();
    }
    text_.remove_prefix(1);
    TruthTable table;
    for (size_t row = 0; row < table.size(); ++row) {
      table[row] = (row >> variable & 1) != 0;
    }
    return table;
  }

  std::string_view text_;
  std::string_view variables_;
  int depth_ = 0;
  bool failed_ = false;
};

}  // namespace

TruthTable AllRows(size_t num_variables) { return ~TruthTable() >> (256 - (size_t{1} << num_variables)); }

std::optional<TruthTable> ReadFormula(std::string_view text, std::string_view variables) {
  return text.size() > kMaxBytes || variables.size() > 8 ? std::nullopt : Reader(text, variables).Read();
}

}  // namespace cupel
