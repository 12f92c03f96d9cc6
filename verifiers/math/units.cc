#include "verifiers/math/units.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>

namespace cupel::math {
namespace {

struct Row {
  std::string_view names;  // separated by blanks
  std::string_view dimension;
  int power;
  int64_t numerator;
  uint64_t denominator;
};

constexpr auto kUnits = std::to_array<Row>({
    {"km kilometer kilometers kilometre kilometres kms", "L", 1, 1000, 1},
    {"m meter meters metre metres", "L", 1, 1, 1},
    {"dm decimeter decimeters decimetre decimetres", "L", 1, 1, 10},
    {"cm centimeter centimeters centimetre centimetres cms", "L", 1, 1, 100},
    {"mm millimeter millimeters millimetre millimetres", "L", 1, 1, 1000},
    {"nm nanometer nanometers", "L", 1, 1, 1'000'000'000},
    {"in inch inches", "L", 1, 254, 10'000},
    {"ft foot feet", "L", 1, 3048, 10'000},
    {"yd yard yards", "L", 1, 9144, 10'000},
    {"mi mile miles", "L", 1, 1'609'344, 1000},
    {"ha hectare hectares", "L", 2, 10'000, 1},
    {"l L liter liters litre litres", "L", 3, 1, 1000},
    {"dl deciliter deciliters", "L", 3, 1, 10'000},
    {"ml mL milliliter milliliters millilitre millilitres cc", "L", 3, 1, 1'000'000},
    {"kg kilogram kilograms kgs", "M", 1, 1000, 1},
    {"g gram grams", "M", 1, 1, 1},
    {"mg milligram milligrams", "M", 1, 1, 1000},
    {"t tonne tonnes", "M", 1, 1'000'000, 1},
    {"lb lbs pound pounds", "M", 1, 45'359'237, 100'000},
    {"oz ounce ounces", "M", 1, 45'359'237, 1'600'000},
    {"s sec secs second seconds", "T", 1, 1, 1},
    {"ms millisecond milliseconds", "T", 1, 1, 1000},
    {"min mins minute minutes", "T", 1, 60, 1},
    {"h hr hrs hour hours", "T", 1, 3600, 1},
    {"day days", "T", 1, 86'400, 1},
    {"week weeks", "T", 1, 604'800, 1},
    {"dollar dollars usd USD bucks", "$", 1, 1, 1},
    {"cent cents", "$", 1, 1, 100},
    {"euro euros EUR", "EUR", 1, 1, 1},
    {"GBP", "GBP", 1, 1, 1},
    {"JPY yen", "JPY", 1, 1, 1},
    {"rupee rupees Rs INR", "INR", 1, 1, 1},
    {"yuan RMB", "CNY", 1, 1, 1},
    {"K kelvin kelvins", "K", 1, 1, 1},
    {"N newton newtons", "N", 1, 1, 1},
    {"J joule joules", "J", 1, 1, 1},
    {"kJ", "J", 1, 1000, 1},
    {"W watt watts", "W", 1, 1, 1},
    {"kW", "W", 1, 1000, 1},
    {"V volt volts", "V", 1, 1, 1},
    {"A ampere amperes amp amps", "A", 1, 1, 1},
    {"Hz hertz", "T", -1, 1, 1},
    {"ohm ohms", "ohm", 1, 1, 1},
    {"month months", "month", 1, 1, 1},
    {"year years yr yrs", "month", 1, 12, 1},
    {"Pa pascal pascals", "Pa", 1, 1, 1},
    {"F farad farads", "F", 1, 1, 1},
    {"C coulomb coulombs", "C", 1, 1, 1},
    {"T tesla teslas", "T_", 1, 1, 1},
    {"eV", "eV", 1, 1, 1},
    {"cal calorie calories", "cal", 1, 1, 1},
    {"mol mole moles", "mol", 1, 1, 1},
    {"rad rads radian radians", "rad", 1, 1, 1},
    {"unit units", "", 1, 1, 1},
    {"dozen dozens", "", 1, 12, 1},
});

// What must not be passed over behind a number.
constexpr auto kHarmful = std::to_array<std::string_view>({
    "about",     "almost",     "alternatively", "and",      "another",    "approx",      "approximately",
    "around",    "at",         "besides",       "between",  "billion",    "but",         "cubed",
    "divided",   "doubled",    "eight",         "either",   "else",       "even",        "except",
    "exceeds",   "false",      "few",           "fewer",    "five",       "four",        "from",
    "greater",   "half",       "hundred",       "if",       "incorrect",  "instead",     "integer",
    "integers",  "irrational", "larger",        "least",    "less",       "maybe",       "million",
    "minus",     "more",       "most",          "multiple", "multiples",  "multiplied",  "nearly",
    "negative",  "neither",    "never",         "nine",     "no",         "none",        "nor",
    "not",       "odd",        "one",           "or",       "otherwise",  "over",        "perhaps",
    "plus",      "possibly",   "power",         "prime",    "primes",     "probably",    "quarter",
    "rather",    "roughly",    "seven",         "six",      "smaller",    "some",        "squared",
    "ten",       "than",       "then",          "third",    "thousand",   "three",       "through",
    "till",      "times",      "trillion",      "tripled",  "true",       "two",         "unless",
    "until",     "up",         "versus",        "vs",       "whenever",   "when",        "where",
    "with",      "within",     "without",       "wrong",    "yes",        "zero",        "to",
    "factorial", "percent",    "degrees",       "twice",    "thrice",     "north",       "south",
    "east",      "west",       "double",        "triple",   "above",      "below",       "under",
    "beyond",    "outside",    "halves",        "thirds",   "fourths",    "fifths",      "sixths",
    "sevenths",  "eighths",    "ninths",        "tenths",   "hundredths", "thousandths", "millionths",
});

struct Prefix {
  std::string_view sign;
  std::string_view word;
  int power_of_ten;
};

constexpr auto kPrefixes = std::to_array<Prefix>({
    {"T", "tera", 12},
    {"G", "giga", 9},
    {"M", "mega", 6},
    {"k", "kilo", 3},
    {"c", "centi", -2},
    {"m", "milli", -3},
    {"u", "micro", -6},
    {"n", "nano", -9},
});

// Units that take any prefix, by sign and by name; the table has the usual multiples of the others.
constexpr std::string_view kPrefixedSigns = "Hz Pa N J W V A F C T eV cal g ohm Omega mol";
constexpr std::string_view kPrefixedNames =
    "hertz pascal pascals newton newtons joule joules watt watts volt volts amp amps ampere amperes farad farads coulomb coulombs calorie "
    "calories ohm ohms meter meters metre metres gram grams second seconds liter liters litre litres mole moles";

bool HasName(std::string_view names, std::string_view word) {
  for (size_t at = names.find(word); at != std::string_view::npos; at = names.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || names[at - 1] == ' ') && (end == names.size() || names[end] == ' ')) {
      return true;
    }
  }
  return false;
}

std::optional<Unit> FindPlainUnit(std::string_view word) {
  for (const Row& row : kUnits) {
    if (HasName(row.names, word)) {
      return Unit{row.dimension, row.power, Rational(row.numerator, row.denominator)};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Unit> FindUnit(std::string_view word) {
  std::optional<Unit> unit = FindPlainUnit(word);
  for (const Prefix& prefix : kPrefixes) {
    if (unit) {
      break;
    }
    const bool is_word = word.starts_with(prefix.word) && HasName(kPrefixedNames, word.substr(prefix.word.size()));
    const bool is_sign = word.starts_with(prefix.sign) && HasName(kPrefixedSigns, word.substr(prefix.sign.size()));
    if (!is_word && !is_sign) {
      continue;
    }
    unit = FindPlainUnit(word.substr((is_word ? prefix.word : prefix.sign).size()));
    if (unit) {
      unit->size = unit->size * PowerOfTen(prefix.power_of_ten);
    }
  }
  return unit;
}

bool IsHarmlessWord(std::string_view lower_case) { return std::ranges::find(kHarmful, lower_case) == kHarmful.end(); }

std::string NormalDimension(std::string_view product) {
  std::map<std::string, int> powers;
  while (!product.empty()) {
    const size_t end = std::min(product.find(' '), product.size());
    const std::string_view item = product.substr(0, end);
    product.remove_prefix(std::min(end + 1, product.size()));
    const size_t name = item.find_last_not_of("-0123456789") + 1;
    powers[std::string(item.substr(0, name))] += std::atoi(std::string(item.substr(name)).c_str());
  }
  std::string text;
  for (const auto& [name, power] : powers) {
    if (power != 0) {
      text += (text.empty() ? "" : " ") + name + std::to_string(power);
    }
  }
  return text;
}

std::string Stem(std::string_view word) {
  std::string stem(word);
  if (stem.size() > 4 && stem.ends_with("ies")) {
    stem.replace(stem.size() - 3, 3, "y");
  } else if (stem.size() > 4 && stem.ends_with("es") && !stem.ends_with("ees")) {
    stem.resize(stem.size() - 2);
  } else if (stem.size() > 3 && stem.ends_with('s') && !stem.ends_with("ss")) {
    stem.resize(stem.size() - 1);
  }
  if (stem.size() > 3 && stem.ends_with('e')) {
    stem.pop_back();
  }
  return stem;
}

}  // namespace cupel::math
