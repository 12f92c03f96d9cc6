#include "verifiers/code/formats/record.h"

#include <algorithm>

#include "base/status.h"

namespace cupel::code {
namespace {

const Json* Find(const Json& record, std::string_view key) {
  const auto it = record.find(std::string(key));
  return it == record.end() || it->is_null() ? nullptr : &*it;
}

}  // namespace

absl::StatusOr<std::string> TextField(const Json& record, std::string_view key) {
  const Json* member = Find(record, key);
  if (member == nullptr) {
    return InvalidArgument("field \"{}\" is missing", key);
  }
  if (!member->is_string()) {
    return InvalidArgument("field \"{}\": expected text, found {}", key, member->type_name());
  }
  return member->get<std::string>();
}

absl::StatusOr<std::string> TextField(const Json& record, std::string_view key, std::string_view fallback) {
  return Find(record, key) == nullptr ? absl::StatusOr<std::string>(std::string(fallback)) : TextField(record, key);
}

absl::StatusOr<std::optional<double>> PositiveField(const Json& record, std::string_view key) {
  const Json* member = Find(record, key);
  if (member == nullptr) {
    return std::nullopt;
  }
  if (!member->is_number() || member->get<double>() <= 0) {
    return InvalidArgument("field \"{}\": expected a positive number, found {}", key, DumpJson(*member).substr(0, 60));
  }
  return member->get<double>();
}

absl::StatusOr<const Json*> ArrayField(const Json& record, std::string_view key) {
  const Json* member = Find(record, key);
  if (member != nullptr && !member->is_array()) {
    return InvalidArgument("field \"{}\": expected a list, found {}", key, member->type_name());
  }
  return member;
}

absl::StatusOr<Json> NestedField(const Json& record, std::string_view key) {
  const Json* member = Find(record, key);
  if (member == nullptr) {
    return InvalidArgument("field \"{}\" is missing", key);
  }
  if (member->is_structured()) {
    return *member;
  }
  if (!member->is_string()) {
    return InvalidArgument("field \"{}\": expected an object, a list or JSON text, found {}", key, member->type_name());
  }
  CUPEL_ASSIGN_OR_RETURN(Json nested, ParseJson(member->get_ref<const std::string&>(), "field \"" + std::string(key) + "\""));
  if (!nested.is_structured()) {
    return InvalidArgument("field \"{}\": the JSON text holds {}, expected an object or a list", key, nested.type_name());
  }
  return nested;
}

absl::StatusOr<sandbox::Language> LanguageOf(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const auto is_one_of = [&](std::initializer_list<std::string_view> names) { return std::ranges::find(names, lower) != names.end(); };
  if (is_one_of({"python", "python3", "py"})) {
    return sandbox::Language::kPython;
  }
  if (is_one_of({"c"})) {
    return sandbox::Language::kC;
  }
  if (is_one_of({"cpp", "c++", "cc", "c++17", "c++20"})) {
    return sandbox::Language::kCpp;
  }
  if (is_one_of({"javascript", "js", "node"})) {
    return sandbox::Language::kJavaScript;
  }
  return InvalidArgument("language \"{}\" cannot be judged here; languages are python, c, cpp, javascript", name);
}

Value ValueOf(const Json& json) {
  if (json.is_boolean()) {
    return Value::Bool(json.get<bool>());
  }
  if (json.is_number_unsigned()) {
    return Value::BigInt(fmt::format("{}", json.get<uint64_t>()));
  }
  if (json.is_number_integer()) {
    return Value::Int(json.get<int64_t>());
  }
  if (json.is_number()) {
    return Value::Float(json.get<double>());
  }
  if (json.is_string()) {
    return Value::String(json.get<std::string>());
  }
  Value value;
  if (json.is_array()) {
    value.kind = Kind::kList;
    std::ranges::transform(json, std::back_inserter(value.items), ValueOf);
  } else if (json.is_object()) {
    value.kind = Kind::kDict;
    for (const auto& [key, member] : json.items()) {
      value.items.push_back(Value::String(key));
      value.items.push_back(ValueOf(member));
    }
  }
  return value;
}

void SetLimits(Problem& problem, std::optional<double> seconds, std::optional<double> megabytes) {
  if (seconds) {
    problem.limits.cpu_ms = std::clamp<int64_t>(static_cast<int64_t>(std::min(*seconds, 1e6) * 1000), 10, 600'000);
  }
  if (megabytes) {
    problem.limits.memory_bytes = std::clamp<int64_t>(static_cast<int64_t>(std::min(*megabytes, 1e6)), 16, 16'384) << 20;
  }
}

}  // namespace cupel::code
