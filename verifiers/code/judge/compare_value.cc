#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "verifiers/answer/characters.h"
#include "verifiers/code/judge/compare.h"

namespace cupel::code {
namespace {

// The digits of a float that is a whole number; empty for any other.
std::string WholeDigits(double number) {
  if (!std::isfinite(number) || std::trunc(number) != number) {
    return "";
  }
  const std::string digits = fmt::format("{:.0f}", number);
  return digits == "-0" ? "0" : digits;
}

bool IsSequence(Kind kind) { return kind == Kind::kList || kind == Kind::kTuple; }

bool HoldsNan(const Value& value) {
  const bool is_nan =
      (value.kind == Kind::kFloat || value.kind == Kind::kComplex) && (std::isnan(value.number) || std::isnan(value.imaginary));
  return is_nan || std::ranges::any_of(value.items, HoldsNan);
}

// A value as the members of sets and the keys of dictionaries are compared: equal values, and only those, have the same encoding.
Value Normalised(const Value& value, const ValueRules& rules) {
  Value normal = value;
  for (Value& item : normal.items) {
    item = Normalised(item, rules);
  }
  if (value.kind == Kind::kFloat) {
    const std::string digits = WholeDigits(value.number);
    normal.number = value.number == 0 ? 0 : value.number;  // -0.0 is 0.0
    return rules.float_for_int && !digits.empty() ? Value::BigInt(digits) : normal;
  }
  if (value.kind == Kind::kString && rules.ignores_case) {
    normal.text = LowerCaseText(value.text);
  } else if (value.kind == Kind::kTuple && rules.sequences_alike) {
    normal.kind = Kind::kList;
  } else if (value.kind == Kind::kSet) {
    std::ranges::sort(normal.items, {}, Encode);
  }
  return normal;
}

std::string KeyOf(const Value& key, const ValueRules& rules) {
  if (rules.keys_as_text && key.kind == Kind::kInt) {
    return Encode(Value::String(key.text));
  }
  return Encode(Normalised(key, rules));
}

struct Entry {
  std::string key;
  const Value* value;  // of the pair; the member itself for sets
};

std::vector<Entry> SortedEntries(const Value& value, const ValueRules& rules) {
  std::vector<Entry> entries;
  const size_t step = value.kind == Kind::kDict ? 2 : 1;
  for (size_t i = 0; i + step <= value.items.size(); i += step) {
    entries.push_back({KeyOf(value.items[i], rules), &value.items[i + step - 1]});
  }
  std::ranges::stable_sort(entries, {}, &Entry::key);
  return entries;
}

class Comparer {
 public:
  Comparer(const ValueRules& rules, std::string& why) : rules_(rules), why_(why) {}

  bool Compare(const Value& expected, const Value& actual, bool is_outermost) {
    if (const std::optional<bool> numbers = CompareNumbers(expected, actual)) {
      return *numbers || Differ(expected, actual);
    }
    const bool same_kind = expected.kind == actual.kind || (rules_.sequences_alike && IsSequence(expected.kind) && IsSequence(actual.kind));
    if (!same_kind) {
      why_ = fmt::format("expected {} ({}), found {} ({})", Describe(expected), KindName(expected.kind), Describe(actual),
                         KindName(actual.kind));
      return false;
    }
    switch (expected.kind) {
      case Kind::kNone:
        return true;
      case Kind::kString:
        return (rules_.ignores_case ? LowerCaseText(expected.text) == LowerCaseText(actual.text) : expected.text == actual.text) ||
               Differ(expected, actual);
      case Kind::kBytes:
        return expected.text == actual.text || Differ(expected, actual);
      case Kind::kList:
      case Kind::kTuple:
        return is_outermost && rules_.is_unordered ? CompareEntries(expected, actual) : CompareItems(expected, actual);
      case Kind::kSet:
      case Kind::kDict:
        return CompareEntries(expected, actual);
      default:
        return Differ(expected, actual);  // objects of the judged program equal nothing
    }
  }

 private:
  bool Differ(const Value& expected, const Value& actual) {
    why_ = fmt::format("expected {}, found {}", Describe(expected), Describe(actual));
    return false;
  }

  bool CompareFloats(double expected, double actual) const {
    if (std::isnan(expected) || std::isnan(actual)) {
      return false;
    }
    if (expected == actual) {
      return true;
    }
    const double bound = std::max(rules_.absolute_tolerance, rules_.relative_tolerance * std::abs(expected));
    return std::isfinite(expected) && std::isfinite(actual) && std::abs(expected - actual) <= bound;
  }

  // Nullopt where the two are not both numbers or truth values that may be compared.
  std::optional<bool> CompareNumbers(const Value& expected, const Value& actual) const {
    const auto is = [&](Kind wanted, Kind found) { return expected.kind == wanted && actual.kind == found; };
    if (is(Kind::kInt, Kind::kInt)) {
      return expected.text == actual.text;
    }
    if (is(Kind::kFloat, Kind::kFloat)) {
      return CompareFloats(expected.number, actual.number);
    }
    if (is(Kind::kBool, Kind::kBool)) {
      return expected.truth == actual.truth;
    }
    if (is(Kind::kComplex, Kind::kComplex)) {
      return CompareFloats(expected.number, actual.number) && CompareFloats(expected.imaginary, actual.imaginary);
    }
    const bool has_tolerance = rules_.absolute_tolerance > 0 || rules_.relative_tolerance > 0;
    if (is(Kind::kFloat, Kind::kInt) && rules_.int_for_float) {
      return WholeDigits(expected.number) == actual.text ||
             (has_tolerance && actual.text.size() < 300 && CompareFloats(expected.number, std::stod(actual.text)));
    }
    if (is(Kind::kInt, Kind::kFloat) && rules_.float_for_int) {
      return WholeDigits(actual.number) == expected.text ||
             (has_tolerance && expected.text.size() < 300 && CompareFloats(std::stod(expected.text), actual.number));
    }
    if (is(Kind::kBool, Kind::kInt) && rules_.int_for_bool) {
      return actual.text == (expected.truth ? "1" : "0");
    }
    return std::nullopt;
  }

  bool CompareSizes(const Value& expected, const Value& actual) {
    if (expected.items.size() != actual.items.size()) {
      const size_t unit = expected.kind == Kind::kDict ? 2 : 1;
      why_ = fmt::format("expected {} items, found {}: expected {}, found {}", expected.items.size() / unit, actual.items.size() / unit,
                         Describe(expected), Describe(actual));
      return false;
    }
    return true;
  }

  bool CompareItems(const Value& expected, const Value& actual) {
    if (!CompareSizes(expected, actual)) {
      return false;
    }
    for (size_t i = 0; i < expected.items.size(); ++i) {
      if (!Compare(expected.items[i], actual.items[i], false)) {
        why_ = fmt::format("item {}: {}", i, why_);
        return false;
      }
    }
    return true;
  }

  // Sets, dictionaries and sequences without order: sorted by key, then pair by pair.
  bool CompareEntries(const Value& expected, const Value& actual) {
    if (!CompareSizes(expected, actual)) {
      return false;
    }
    const std::vector<Entry> wanted = SortedEntries(expected, rules_);
    const std::vector<Entry> found = SortedEntries(actual, rules_);
    const bool has_keys = !IsSequence(expected.kind);
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (has_keys && wanted[i].key != found[i].key) {
        return Differ(expected, actual);
      }
      if (expected.kind != Kind::kSet && !Compare(*wanted[i].value, *found[i].value, false)) {
        return false;
      }
    }
    return true;
  }

  const ValueRules& rules_;
  std::string& why_;
};

}  // namespace

ValueRules PythonEquality() {
  ValueRules rules;
  rules.float_for_int = true;
  rules.int_for_bool = true;
  return rules;
}

ValueRules JsonEquality() {
  ValueRules rules;
  rules.sequences_alike = true;
  rules.keys_as_text = true;
  return rules;
}

bool IsEqual(const Value& expected, const Value& actual, const ValueRules& rules, std::string& why) {
  why.clear();
  if (HoldsNan(actual)) {
    why = fmt::format("NaN equals nothing: found {}", Describe(actual));
    return false;
  }
  return Comparer(rules, why).Compare(expected, actual, true);
}

}  // namespace cupel::code
