#include "verifiers/format/json_value.h"

#include <cmath>
#include <map>

#include <fmt/format.h>

namespace cupel {
namespace {

// A float that is a whole number of 64 bits, in digits; any other as it is written.
std::string NumberText(const Json& value) {
  constexpr double kMaxSigned = 9.2e18, kMaxUnsigned = 1.8e19;
  const double number = value.is_number_float() && IsWholeNumber(value) ? value.get<double>() : kMaxUnsigned;
  return std::abs(number) < kMaxSigned                   ? fmt::format("{}", static_cast<int64_t>(number))
         : number >= kMaxSigned && number < kMaxUnsigned ? fmt::format("{}", static_cast<uint64_t>(number))
                                                         : DumpJson(value);
}

void AppendCanonical(const Json& value, std::string& text) {
  if (value.is_array()) {
    text += '[';
    for (const Json& item : value) {
      AppendCanonical(item, text);
      text += ',';
    }
    text += ']';
  } else if (value.is_object()) {
    std::map<std::string, const Json*> members;
    for (const auto& item : value.items()) {
      members[item.key()] = &item.value();
    }
    text += '{';
    for (const auto& [name, member] : members) {
      text += DumpJson(Json(name)) + ":";
      AppendCanonical(*member, text);
      text += ',';
    }
    text += '}';
  } else {
    text += value.is_number() ? NumberText(value) : DumpJson(value);
  }
}

}  // namespace

bool IsWholeNumber(const Json& value) {
  return value.is_number_integer() || (value.is_number_float() && std::floor(value.get<double>()) == value.get<double>());
}

int CompareNumbers(const Json& a, const Json& b) {
  const auto x = a.get<long double>(), y = b.get<long double>();  // 64 bits of mantissa hold every whole number of 64 bits
  return x < y ? -1 : x > y ? 1 : 0;
}

std::string CanonicalJson(const Json& value) {
  std::string text;
  AppendCanonical(value, text);
  return text;
}

}  // namespace cupel
