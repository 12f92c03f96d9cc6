#include "policy/arch/field_reader.h"

#include <cmath>

#include "base/status.h"

namespace cupel {
namespace {

std::string Describe(const FieldReader::Value& value) {
  struct Visitor {
    std::string operator()(std::monostate) const { return "nothing"; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(int64_t v) const { return fmt::format("{}", v); }
    std::string operator()(double v) const { return fmt::format("{}", v); }
    std::string operator()(const std::string& v) const { return fmt::format("\"{}\"", v.substr(0, 60)); }
    std::string operator()(const FieldReader::Other& v) const { return v.type; }
  };
  return std::visit(Visitor{}, value);
}

}  // namespace

void FieldReader::Fail(absl::Status status) {
  if (status_.ok()) status_ = std::move(status);
}

void FieldReader::FailType(std::string_view key, std::string_view expected, const Value& found) {
  Fail(InvalidArgument("{}: {} must be {}, found {}", where_, key, expected, Describe(found)));
}

int64_t FieldReader::Int(std::string_view key, int64_t low, int64_t high, std::optional<int64_t> fallback) {
  const Value value = lookup_(key);
  if (std::holds_alternative<std::monostate>(value) && fallback) return *fallback;
  if (const int64_t* number = std::get_if<int64_t>(&value); number != nullptr && *number >= low && *number <= high) return *number;
  FailType(key, fmt::format("an integer from {} to {}", low, high), value);
  return low;
}

double FieldReader::Number(std::string_view key, double low, double high, std::optional<double> fallback) {
  const Value value = lookup_(key);
  if (std::holds_alternative<std::monostate>(value) && fallback) return *fallback;
  double number = std::nan("");
  if (const double* real = std::get_if<double>(&value)) number = *real;
  if (const int64_t* integer = std::get_if<int64_t>(&value)) number = static_cast<double>(*integer);
  if (number >= low && number <= high) return number;
  FailType(key, fmt::format("a number from {} to {}", low, high), value);
  return low;
}

bool FieldReader::Bool(std::string_view key, bool fallback) {
  const Value value = lookup_(key);
  if (std::holds_alternative<std::monostate>(value)) return fallback;
  if (const bool* flag = std::get_if<bool>(&value)) return *flag;
  FailType(key, "true or false", value);
  return fallback;
}

std::string FieldReader::Text(std::string_view key, std::string_view fallback) {
  const Value value = lookup_(key);
  if (std::holds_alternative<std::monostate>(value)) return std::string(fallback);
  if (const std::string* text = std::get_if<std::string>(&value)) return *text;
  FailType(key, "a string", value);
  return std::string(fallback);
}

void FieldReader::RequireText(std::string_view key, std::string_view only) {
  const std::string text = Text(key, only);
  if (text != only) Fail(Unimplemented("{}: {} = \"{}\" is not supported, only \"{}\" is", where_, key, text.substr(0, 60), only));
}

void FieldReader::RequireFalse(std::string_view key) {
  if (Bool(key, false)) Fail(Unimplemented("{}: {} = true is not supported", where_, key));
}

}  // namespace cupel
