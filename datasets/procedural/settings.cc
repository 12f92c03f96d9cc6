#include "datasets/procedural/settings.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/config.h"
#include "base/json.h"
#include "base/status.h"

namespace cupel {
namespace {

using Kind = Settings::Kind;
using Value = Settings::Value;

std::vector<std::string> SplitBars(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const size_t bar = text.find('|');
    parts.emplace_back(text.substr(0, bar));
    if (bar == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(bar + 1);
  }
}

std::string_view ValueAtLevel(std::string_view value, int64_t level) {
  for (int64_t i = 1; i < level && value.find('|') != std::string_view::npos; ++i) {
    value.remove_prefix(value.find('|') + 1);
  }
  return value.substr(0, value.find('|'));
}

std::string_view KindName(Kind kind) {
  constexpr std::string_view kNames[] = {"a whole number", "a number", "true or false", "a text", "a list of texts", "a list of numbers"};
  return kNames[static_cast<size_t>(kind)];
}

Kind KindOf(const Json& json) {
  if (json.is_boolean()) {
    return Kind::kFlag;
  }
  if (json.is_array()) {
    return !json.empty() && json[0].is_number() ? Kind::kReals : Kind::kTexts;
  }
  return json.is_string() ? Kind::kText : json.is_number_float() ? Kind::kReal : Kind::kInt;
}

// Whether `json` is a value of `kind`; fills it in if so.
bool Assign(const Json& json, Value& value) {
  const auto all = [&](auto is) { return json.is_array() && !json.empty() && std::ranges::all_of(json, is); };
  switch (value.kind) {
    case Kind::kInt:
      value.integer = json.is_number_integer() ? json.get<int64_t>() : 0;
      return json.is_number_integer() && !(json.is_number_unsigned() && json.get<uint64_t>() > uint64_t{1} << 62);
    case Kind::kReal:
      value.real = json.is_number() ? json.get<double>() : 0;
      return json.is_number() && std::isfinite(value.real);
    case Kind::kFlag:
      value.integer = json.is_boolean() && json.get<bool>() ? 1 : 0;
      return json.is_boolean();
    case Kind::kText:
      value.text = json.is_string() ? json.get<std::string>() : "";
      return json.is_string();
    case Kind::kTexts:
      if (!all([](const Json& element) { return element.is_string(); })) {
        return false;
      }
      value.texts = json.get<std::vector<std::string>>();
      return true;
    case Kind::kReals:
      if (!all([](const Json& element) { return element.is_number(); })) {
        return false;
      }
      value.reals = json.get<std::vector<double>>();
      return true;
  }
  return false;
}

absl::Status CheckBounds(std::string_view family, const Setting& setting, const Value& value) {
  std::vector<double> numbers = value.reals;
  if (value.kind == Kind::kInt || value.kind == Kind::kReal) {
    numbers.push_back(value.kind == Kind::kInt ? static_cast<double>(value.integer) : value.real);
  }
  for (const double number : numbers) {
    if (!(number >= setting.low && number <= setting.high)) {
      return InvalidArgument("{}: {} is {}; expected {} to {}", family, setting.name, number, setting.low, setting.high);
    }
  }
  std::vector<std::string> texts = value.texts;
  if (value.kind == Kind::kText) {
    texts.push_back(value.text);
  }
  const std::vector<std::string> choices = SplitBars(setting.choices);
  for (const std::string& text : texts) {
    if (!setting.choices.empty() && std::ranges::find(choices, text) == choices.end()) {
      return InvalidArgument("{}: {} is \"{}\"; expected one of {}", family, setting.name, text, fmt::join(choices, ", "));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<const Setting*> FindSetting(std::string_view family, std::span<const Setting> table, std::string_view name) {
  const auto setting = std::ranges::find(table, name, &Setting::name);
  if (setting != table.end()) {
    return &*setting;
  }
  std::vector<std::string> names;
  for (const Setting& row : table) {
    names.emplace_back(row.name);
  }
  const std::string nearest = NearestName(name, names);
  return InvalidArgument("{}: there is no setting \"{}\"{}; settings are {}", family, name,
                         nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest), fmt::join(names, ", "));
}

// The value as JSON; a bare word is a text, and a bare list of words needs no quotes in "operators=+,-".
Json ReadValue(std::string_view text, Kind kind) {
  const absl::StatusOr<Json> json = ParseJson(text, "value");
  if (json.ok()) {
    return *json;
  }
  if (kind != Kind::kTexts) {
    return Json(std::string(text));
  }
  Json list = Json::array();
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    list.push_back(std::string(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return list;
}

double NumberOf(const Value& value) { return value.kind == Kind::kInt ? static_cast<double>(value.integer) : value.real; }

absl::Status CheckPairs(std::string_view family, const std::vector<Value>& values) {
  for (const Value& low : values) {
    if (!low.name.starts_with("min_")) {
      continue;
    }
    const auto high =
        std::ranges::find_if(values, [&](const Value& v) { return v.name.starts_with("max_") && v.name.substr(4) == low.name.substr(4); });
    if (high != values.end() && NumberOf(low) > NumberOf(*high)) {
      return InvalidArgument("{}: {} is {}, above {}, which is {}; raise the one or lower the other", family, low.name, NumberOf(low),
                             high->name, NumberOf(*high));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Settings> Settings::Create(std::string_view family, std::span<const Setting> table, int64_t level,
                                          std::span<const std::string> overrides) {
  Settings settings;
  settings.level_ = level;
  for (const Setting& row : table) {
    const Json json = ParseJson(ValueAtLevel(row.value, level), row.name).value();
    Value value;
    value.name = row.name;
    value.kind = KindOf(json);
    // "0|0.5|1|1|1" is a number at every level.
    value.kind = value.kind == Kind::kInt && row.value.find('.') != std::string_view::npos ? Kind::kReal : value.kind;
    Check(Assign(json, value), "a default has the type it stands for");
    settings.values_.push_back(std::move(value));
  }
  for (const std::string& assignment : overrides) {
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos) {
      return InvalidArgument("{}: \"{}\" is not of the form name=value", family, assignment);
    }
    const std::string_view name = std::string_view(assignment).substr(0, equals);
    CUPEL_ASSIGN_OR_RETURN(const Setting* row, FindSetting(family, table, name));
    Value& value = settings.values_[static_cast<size_t>(row - table.data())];
    const Json json = ReadValue(std::string_view(assignment).substr(equals + 1), value.kind);
    if (!Assign(json, value)) {
      return InvalidArgument("{}: {} is {}; expected {}", family, name, DumpJson(json), KindName(value.kind));
    }
    CUPEL_RETURN_IF_ERROR(CheckBounds(family, *row, value));
  }
  CUPEL_RETURN_IF_ERROR(CheckPairs(family, settings.values_));
  return settings;
}

const Settings::Value& Settings::Find(std::string_view name, Kind kind) const {
  const auto value = std::ranges::find(values_, name, &Value::name);
  Check(value != values_.end() && value->kind == kind, "a generator asks only for settings of its table");
  return *value;
}

int64_t Settings::Int(std::string_view name) const { return Find(name, Kind::kInt).integer; }
double Settings::Real(std::string_view name) const { return Find(name, Kind::kReal).real; }
bool Settings::Flag(std::string_view name) const { return Find(name, Kind::kFlag).integer != 0; }
const std::string& Settings::Text(std::string_view name) const { return Find(name, Kind::kText).text; }
const std::vector<std::string>& Settings::Texts(std::string_view name) const { return Find(name, Kind::kTexts).texts; }
const std::vector<double>& Settings::Reals(std::string_view name) const { return Find(name, Kind::kReals).reals; }

std::string Settings::ToJson() const {
  Json object = Json::object();
  for (const Value& value : values_) {
    Json& json = object[std::string(value.name)];
    switch (value.kind) {
      case Kind::kInt:
        json = value.integer;
        break;
      case Kind::kReal:
        json = value.real;
        break;
      case Kind::kFlag:
        json = value.integer != 0;
        break;
      case Kind::kText:
        json = value.text;
        break;
      case Kind::kTexts:
        json = value.texts;
        break;
      case Kind::kReals:
        json = value.reals;
        break;
    }
  }
  return DumpJson(object);
}

}  // namespace cupel
