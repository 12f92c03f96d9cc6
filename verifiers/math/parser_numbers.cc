#include <algorithm>

#include "verifiers/answer/characters.h"
#include "verifiers/math/parser_impl.h"
#include "verifiers/math/units.h"

namespace cupel::math {
namespace {

Rational WholeNumber(std::string_view digits) {
  Rational value;
  fmpz_set_str(fmpq_numref(value.get()), std::string(digits).c_str(), 10);
  return value;
}

// "0.1(6)" is 0.1 + 6 / 90.
Rational RepeatingDecimal(std::string_view digits, size_t open) {
  const size_t point = digits.find('.');
  const std::string whole(digits.substr(0, point));
  const std::string fixed(digits.substr(point + 1, open - point - 1));
  const std::string block(digits.substr(open + 1, digits.size() - open - 2));
  const Rational before = WholeNumber("0" + whole + fixed) / PowerOfTen(std::ssize(fixed));
  const Rational period = WholeNumber(block) / (PowerOfTen(std::ssize(block)) - Rational(1));
  return before + period / PowerOfTen(std::ssize(fixed));
}

}  // namespace

Expr Parser::NumberNode(std::string_view digits) {
  if (std::ssize(digits) * 4 > arena_.budget().limits().max_bits || !arena_.budget().Spend(std::ssize(digits) / 8 + 1)) {
    return Fail("too many digits");
  }
  Node node;
  node.info = -1;
  if (const size_t slash = digits.find('/'); slash != std::string_view::npos) {
    node.value = WholeNumber(digits.substr(0, slash)) / WholeNumber(digits.substr(slash + 1));
    node.info = -2;  // a fraction in one sign, which makes a mixed number with what stands before
    return arena_.Add(std::move(node));
  }
  if (const size_t open = digits.find('('); open != std::string_view::npos) {
    node.value = RepeatingDecimal(digits, open);
    return arena_.Add(std::move(node));
  }
  const size_t e = digits.find('e');
  int64_t exponent = 0;
  if (e != std::string_view::npos) {
    const std::string_view tail = digits.substr(e + 1);
    const bool negative = tail.front() == '-';
    for (const char c : tail) {
      exponent = IsDigit(c) ? exponent * 10 + (c - '0') : exponent;
    }
    exponent = negative ? -exponent : exponent;
    if (std::abs(exponent) * 4 > arena_.budget().limits().max_bits) {
      return Fail("too many digits");
    }
  }
  const std::string_view mantissa = digits.substr(0, e);
  std::string plain;
  std::ranges::copy_if(mantissa, std::back_inserter(plain), IsDigit);
  const size_t point = mantissa.find('.');
  const int64_t decimals = point == std::string_view::npos ? 0 : std::ssize(mantissa) - static_cast<int64_t>(point) - 1;
  node.value = WholeNumber(plain) * PowerOfTen(exponent - decimals);
  if (point != std::string_view::npos || e != std::string_view::npos) {
    node.info = std::max<int64_t>(decimals - exponent, 0);
    const size_t leading = plain.find_first_not_of('0');
    node.count = leading == std::string::npos ? 0 : std::ssize(plain) - static_cast<int64_t>(leading);
  }
  return arena_.Add(std::move(node));
}

// 1\frac{4}{5}, 1 4/5 and 1½ are sums.
Expr Parser::MixedNumber(Expr whole) {
  const size_t begin = position_;
  Expr part = nullptr;
  if (At(Tok::kFraction)) {
    part = ParseFraction();
    if (part == nullptr) {
      return nullptr;
    }
    const bool is_proper =
        IsInteger(part->kid(0)) && IsInteger(part->kid(1)) && part->kid(0)->value < part->kid(1)->value && part->kid(0)->value.sign() > 0;
    if (!is_proper && IsInteger(part->kid(0)) && IsInteger(part->kid(1))) {
      return Fail("a whole number beside an improper fraction, which may be a sum or a product");
    }
    part = is_proper ? arena_.Number(part->kid(0)->value / part->kid(1)->value) : nullptr;
  } else if (At(Tok::kNumber) && Now().text.find('/') != std::string::npos) {
    part = NumberNode(Now().text);
    ++position_;
  } else if (At(Tok::kNumber) && Now().space_before && Ahead().kind == Tok::kSlash && Ahead(2).kind == Tok::kNumber) {
    const Expr numerator = NumberNode(Now().text);
    const Expr denominator = NumberNode(Ahead(2).text);
    if (numerator != nullptr && denominator != nullptr && IsInteger(numerator) && IsInteger(denominator) &&
        numerator->value < denominator->value) {
      position_ += 3;
      part = arena_.Number(numerator->value / denominator->value);
    }
  }
  if (part == nullptr) {
    position_ = begin;
    return whole;
  }
  return arena_.Number(whole->value + part->value);
}

// Digits to a base, behind the digits.
Expr Parser::ParseBase(std::string_view digits) {
  ++position_;
  const bool braced = Eat(Tok::kBrace);
  const bool bracketed = !braced && Eat(Tok::kOpen);
  const Expr base = ParseAtom();
  int64_t value = 0;
  if (base == nullptr || (braced && !Eat(Tok::kBraceClose)) || (bracketed && !Eat(Tok::kClose)) || !base->Is(Kind::kNumber) ||
      !base->value.ToInt(value) || value < 2 || value > 36) {
    return Fail("a subscript behind digits that is no base");
  }
  return arena_.Make(Kind::kBased, {}, digits, value);
}

Expr Parser::ParseNumber() {
  const Token token = Now();
  Expr number = NumberNode(token.text);
  if (number == nullptr) {
    return nullptr;
  }
  ++position_;
  if (At(Tok::kUnder)) {
    return ParseBase(token.text);
  }
  return IsInteger(number) ? MixedNumber(number) : number;
}

Expr Parser::ParseMoney() {
  Node node;
  node.kind = Kind::kQuantity;
  node.text = Now().text + "1";
  node.value = Rational(1);
  ++position_;
  if (!At(Tok::kNumber)) {
    return Fail("a currency sign without an amount");
  }
  const Expr amount = ParseNumber();
  if (amount == nullptr) {
    return nullptr;
  }
  node.kids = {amount};
  return arena_.Add(std::move(node));
}

// One unit with its power. `sign` is -1 behind "per" and a slash.
bool Parser::ReadUnitFactor(std::string& dimension, Rational& size, int sign) {
  int power = 1;
  bool has_power = false;
  std::string word = Now().text;
  std::string lower = LowerCaseText(word);
  for (const auto& [prefix, value] : {std::pair{"square", 2}, std::pair{"sq", 2}, std::pair{"cubic", 3}, std::pair{"cu", 3}}) {
    if (lower == prefix && Ahead().kind == Tok::kWord) {
      power = value;
      has_power = true;
      ++position_;
      word = Now().text;
      lower = LowerCaseText(word);
      break;
    }
  }
  if (!IsHarmlessWord(lower)) {
    return false;
  }
  ++position_;
  if (At(Tok::kCaret) && !AtDegree()) {
    const size_t begin = position_;
    ++position_;
    const Expr exponent = ParseScript();
    int64_t value = 0;
    const bool negative = exponent != nullptr && exponent->Is(Kind::kNegate);
    const Expr digits = negative ? exponent->kid(0) : exponent;
    if (digits == nullptr || !digits->Is(Kind::kNumber) || !digits->value.ToInt(value) || value < 1 || value > 9 || has_power) {
      position_ = begin;
      return false;
    }
    power = static_cast<int>(negative ? -value : value);
  } else if (At(Tok::kWord) && (Now().text == "squared" || Now().text == "cubed")) {
    power = Now().text == "squared" ? 2 : 3;
    ++position_;
  }
  std::optional<Unit> unit = FindUnit(word);
  if (!unit && word.size() > 2) {
    unit = FindUnit(lower);
  }
  if (unit) {
    const int total = power * sign;
    Rational factor = unit->size;
    fmpq_pow_si(factor.get(), factor.get(), total);
    size = size * factor;
    if (!unit->dimension.empty()) {
      dimension += std::string(unit->dimension) + std::to_string(unit->power * total) + " ";
    }
  } else if (lower != "the" && lower != "a" && lower != "an" && lower != "of" && lower != "in" && lower != "per" && lower != "each" &&
             lower != "total" && lower != "different" && lower != "possible" && lower != "distinct" && lower != "u" && lower != "ways") {
    dimension += "#" + Stem(lower) + std::to_string(sign) + " ";
  }
  return true;
}

// Words behind a number. Only numbers take nouns; any expression takes a unit of measurement.
Expr Parser::ParseUnits(Expr value) {
  if (value == nullptr || !At(Tok::kWord) || !Now().is_prose || value->Is(Kind::kText) || value->Is(Kind::kRelation)) {
    return value;
  }
  if (AtCondition()) {
    return value;
  }
  std::string dimension;
  Rational size(1);
  int sign = 1;
  const size_t begin = position_;
  while (At(Tok::kWord) && Now().is_prose) {
    if (LowerCaseText(Now().text) == "per") {
      sign = -1;
      ++position_;
      continue;
    }
    if (!ReadUnitFactor(dimension, size, sign)) {
      position_ = begin;
      return Fail("words that change the value");
    }
    if (At(Tok::kSlash) && Ahead().kind == Tok::kWord) {
      sign = -1;
      ++position_;
    } else if (At(Tok::kTimes) && Ahead().kind == Tok::kWord) {
      ++position_;
    }
  }
  Node node;
  node.kind = Kind::kQuantity;
  node.kids = {value};
  node.text = NormalDimension(dimension);
  node.value = size;
  const Expr quantity = node.text.empty() && size == Rational(1) ? value : arena_.Add(std::move(node));
  return AddSmallerUnit(quantity);
}

// "3 hours 45 minutes" and "1 hour and 15 minutes" in hours.
Expr Parser::AddSmallerUnit(Expr quantity) {
  if (!quantity->Is(Kind::kQuantity) || !IsInteger(quantity->kid(0))) {
    return quantity;
  }
  Rational total = quantity->kid(0)->value;
  Rational smallest = quantity->value;
  while (true) {
    const size_t skip = At(Tok::kAnd) || At(Tok::kComma) ? 1 : 0;
    const Token& number = Ahead(skip);
    const std::optional<Unit> unit =
        number.kind == Tok::kNumber && Ahead(skip + 1).kind == Tok::kWord ? FindUnit(Ahead(skip + 1).text) : std::nullopt;
    if (!unit || NormalDimension(std::string(unit->dimension) + std::to_string(unit->power)) != quantity->text ||
        !(unit->size < smallest)) {
      break;
    }
    const Expr amount = NumberNode(number.text);
    if (amount == nullptr) {
      return nullptr;
    }
    // What reaches the next larger unit is an answer of its own.
    if (!(amount->value * unit->size < smallest)) {
      break;
    }
    position_ += skip + 2;
    smallest = unit->size;
    total = total + amount->value * unit->size / quantity->value;
  }
  if (total == quantity->kid(0)->value) {
    return quantity;
  }
  Node node = *quantity;
  node.kids = {arena_.Number(total)};
  return arena_.Add(std::move(node));
}

// "{}^{10}C_3" and "^{10}C_3".
Expr Parser::ParseIndexedBinomial() {
  ++position_;
  const Expr n = ParseScript();
  if (n == nullptr) {
    return nullptr;
  }
  const std::string letter = Now().text;
  if (!At(Tok::kLetter) || (letter != "C" && letter != "P") || Ahead().kind != Tok::kUnder) {
    return Fail("an exponent without a base");
  }
  position_ += 2;
  const Expr k = ParseScript();
  return k == nullptr ? nullptr : arena_.Make(Kind::kFunction, {n, k}, letter == "C" ? "binom" : "perm");
}

// C_n^k and C^k_n, which some write the other way round; likewise A and P for permutations.
Expr Parser::MakeChosen(std::string_view name, Expr n, Expr k) {
  if (k == nullptr) {
    return nullptr;
  }
  if (IsInteger(n) && IsInteger(k) && n->value < k->value) {
    std::swap(n, k);
  }
  return arena_.Make(Kind::kFunction, {n, k}, name == "C" ? "binom" : "perm");
}

// x^2_1: the square of x_1.
Expr Parser::ParseIndex(Expr symbol, Expr exponent) {
  ++position_;
  if (symbol->text == "C" || symbol->text == "A" || symbol->text == "P") {
    const Expr low = ParseScript();
    return low == nullptr ? nullptr : MakeChosen(symbol->text, low, exponent);
  }
  return arena_.Make(Kind::kPower, {arena_.Symbol(symbol->text + "_" + ScriptText()), exponent});
}

// "6C2" and "6P2"; in 2C_1 the letter is a constant.
bool Parser::AtChosen() const {
  const bool is_count = Ahead().kind == Tok::kLetter && (Ahead().text == "C" || Ahead().text == "P") && !Ahead().space_before;
  const Token& last = Ahead(2);
  const auto is_whole = [](const Token& token) { return token.kind == Tok::kNumber && std::ranges::all_of(token.text, &IsDigit); };
  return is_count && is_whole(Now()) && is_whole(last) && !last.space_before;
}

Expr Parser::ParseChosen() {
  const Expr n = NumberNode(Now().text);
  const std::string_view name = Ahead().text == "C" ? "binom" : "perm";
  position_ += 2;
  const Expr k = NumberNode(Now().text);
  ++position_;
  return n == nullptr || k == nullptr ? nullptr : arena_.Make(Kind::kFunction, {n, k}, name);
}

}  // namespace cupel::math
