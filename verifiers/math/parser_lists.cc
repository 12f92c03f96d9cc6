#include <algorithm>

#include "verifiers/math/parser_impl.h"

namespace cupel::math {

bool Parser::EndsList() const {
  return At(Tok::kEnd) || At(Tok::kClose) || At(Tok::kBraceClose) || At(Tok::kFinish) || At(Tok::kAmpersand) || At(Tok::kBar);
}

bool Parser::BeginsItem(size_t position) const {
  if (position == 0) {
    return true;
  }
  const Tok before = tokens_[position - 1].kind;
  return before == Tok::kComma || before == Tok::kSemicolon || before == Tok::kAnd || before == Tok::kOr || before == Tok::kRow ||
         before == Tok::kGap;
}

bool Parser::EatSeparator(char& separator) {
  separator = '\0';
  while (true) {
    char next = '\0';
    switch (Now().kind) {
      case Tok::kComma:
        next = ',';
        break;
      case Tok::kSemicolon:
      case Tok::kRow:
        next = ';';
        break;
      case Tok::kAnd:
        next = '&';
        break;
      case Tok::kOr:
        next = '|';
        break;
      case Tok::kGap:
        next = ' ';
        break;
      default:
        return separator != '\0';
    }
    // ", and" is "and"; a gap says least.
    if (separator == '\0' || separator == ' ' || (next != ' ' && next != ',' && next != ';')) {
      separator = next;
    }
    ++position_;
  }
}

Expr Parser::ParseList() {
  while (Eat(Tok::kGap)) {
  }
  std::vector<Expr> items;
  std::string separators;
  char separator = '\0';
  do {
    const bool begins_bars = At(Tok::kBar) && !context_.in_bars;  // x \in Z, |x| < 2
    if (EndsList() && !begins_bars && !items.empty()) {
      separators.pop_back();
      break;
    }
    const Expr item = ParseItem();
    if (item == nullptr) {
      return nullptr;
    }
    items.push_back(item);
    if (EndsList() || !EatSeparator(separator)) {
      break;
    }
    separators += separator == ' ' ? ',' : separator;
  } while (true);
  if (separators.find(';') != std::string::npos && separators.find_first_not_of(';') != std::string::npos) {
    return MakeNestedList(items, separators);
  }
  return items.size() == 1 ? items[0] : MakeList(std::move(items), separators);
}

// A list as it is meant: "x = 1, y = 2 or x = 2, y = 1" repeats its names and is a list of lists; "x = 1, 3 (mod 4)" gives every item the
// modulus; "a if p and b if q" is one value by cases.
Expr Parser::MakeList(std::vector<Expr> items, const std::string& separators) {
  if (std::ranges::all_of(items, [](Expr item) { return item->Is(Kind::kCases) && item->kids.size() == 2; })) {
    std::vector<Expr> cases;
    for (const Expr item : items) {
      cases.insert(cases.end(), item->kids.begin(), item->kids.end());
    }
    return arena_.Make(Kind::kCases, std::move(cases));
  }
  const auto is_congruence = [](Expr item) { return item->Is(Kind::kRelation) && item->text == "c"; };
  if (items.back()->Is(Kind::kModular) && is_congruence(items[0])) {
    for (Expr& item : items) {
      item = item->Is(Kind::kModular) ? item : arena_.Make(Kind::kModular, {item, items.back()->kid(1)});
    }
  }
  const auto name = [&](size_t i) {
    return items[i]->Is(Kind::kRelation) && items[i]->text == "=" && items[i]->kid(0)->Is(Kind::kSymbol)
               ? std::string_view(items[i]->kid(0)->text)
               : std::string_view();
  };
  size_t period = 1;
  while (period < items.size() && name(period) != name(0)) {
    ++period;
  }
  bool repeats = period >= 2 && period < items.size() && items.size() % period == 0;
  for (size_t i = 0; repeats && i < items.size(); ++i) {
    repeats = !name(i).empty() && name(i) == name(i % period);
  }
  if (!repeats) {
    return arena_.Make(Kind::kList, std::move(items), separators);
  }
  std::vector<Expr> outer;
  for (size_t i = 0; i < items.size(); i += period) {
    const auto begin = items.begin() + static_cast<std::ptrdiff_t>(i);
    outer.push_back(
        arena_.Make(Kind::kList, std::vector<Expr>(begin, begin + static_cast<std::ptrdiff_t>(period)), std::string(period - 1, ',')));
  }
  const std::string semicolons(outer.size() - 1, ';');
  return arena_.Make(Kind::kList, std::move(outer), semicolons);
}

// "p = 5, q = 2; p = 7, q = 2" is a list of lists.
Expr Parser::MakeNestedList(const std::vector<Expr>& items, const std::string& separators) {
  std::vector<Expr> outer;
  std::vector<Expr> inner;
  std::string inner_separators;
  for (size_t i = 0; i < items.size(); ++i) {
    inner.push_back(items[i]);
    if (i == separators.size() || separators[i] == ';') {
      outer.push_back(inner.size() == 1 ? inner[0] : arena_.Make(Kind::kList, inner, inner_separators));
      inner.clear();
      inner_separators.clear();
    } else {
      inner_separators += separators[i];
    }
  }
  return arena_.Make(Kind::kList, outer, std::string(outer.size() - 1, ';'));
}

Expr Parser::ParseItem() {
  const Expr left = ParseRelation();
  if (left != nullptr && left->Is(Kind::kText) && (left->text.ends_with(" is") || left->text.ends_with(" are")) &&
      (StartsOperand() || At(Tok::kMinus))) {
    const Expr value = ParseItem();  // "the least is 3"
    const Expr name = arena_.Make(Kind::kText, {}, std::string_view(left->text).substr(0, left->text.rfind(' ')));
    return value == nullptr ? nullptr : arena_.Make(Kind::kRelation, {name, value}, ":");
  }
  if (left != nullptr && AtCondition() && !left->Is(Kind::kText)) {
    return ParseCondition(left);
  }
  if (left == nullptr || !At(Tok::kColon) || context_.in_braces) {
    return left;
  }
  if (left->Is(Kind::kRelation)) {
    return Fail("a colon behind a relation");
  }
  ++position_;
  const Expr right = ParseItem();
  return right == nullptr ? nullptr : arena_.Make(Kind::kRelation, {left, right}, ":");
}

bool Parser::AtCondition() const {
  return At(Tok::kWord) && Now().is_prose &&
         (Now().text == "if" || Now().text == "when" || Now().text == "whenever" || Now().text == "otherwise" || Now().text == "for");
}

// "n/2 if n is even" as a value with its case.
Expr Parser::ParseCondition(Expr value) {
  const bool is_rest = Now().text == "otherwise";
  position_ += is_rest ? 0 : 1;
  const Expr condition = ParseRelation();
  return condition == nullptr ? nullptr : arena_.Make(Kind::kCases, {value, condition});
}

}  // namespace cupel::math
