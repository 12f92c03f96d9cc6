#include "base/config.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/config_value.h"

namespace cupel {
namespace {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);  // row[j]: distance of the first i characters of a to the first j of b
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substitute, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string NearestName(std::string_view name, const std::vector<std::string>& candidates) {
  constexpr size_t kLongestName = 200;
  if (name.size() > kLongestName) {
    return "";
  }
  std::string nearest;
  size_t best = name.size() / 3 + 2;  // one slip in a short name, more in a long one
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(name, candidate);
    if (distance < best && distance < candidate.size()) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

namespace config_internal {
namespace {

// Bounds read better without the ".0" that TOML wants.
std::string Plain(double number) { return fmt::format("{}", number); }

// ---- Applying values ----

// Where the value at hand comes from; messages begin with "FILE:LINE: KEY".
struct Context {
  std::string_view where;
  Fields& root;

  std::string Place(const ConfigValue& value) const {
    return value.line > 0 ? fmt::format("{}:{}", where, value.line) : std::string(where);
  }
  absl::Status MustBe(std::string_view expected, std::string_view key, const ConfigValue& value) const {
    return InvalidArgument("{}: {} must be {}, but is {}", Place(value), key, expected, DescribeValue(value));
  }
};

absl::Status CheckRange(const Context& context, std::string_view key, const Constraint& constraint, double number,
                        const ConfigValue& value) {
  const auto* const range = std::get_if<Range>(&constraint);
  if (range == nullptr || (number >= range->low && number <= range->high)) {
    return absl::OkStatus();
  }
  if (std::isinf(range->high)) {
    return context.MustBe(fmt::format("at least {}", Plain(range->low)), key, value);
  }
  return context.MustBe(fmt::format("between {} and {}", Plain(range->low), Plain(range->high)), key, value);
}

absl::Status Read(const Context& context, std::string_view key, const Constraint& /*constraint*/, const ConfigValue& value, bool& out) {
  const auto* const boolean = std::get_if<bool>(&value.data);
  if (boolean == nullptr) {
    return context.MustBe("true or false", key, value);
  }
  out = *boolean;
  return absl::OkStatus();
}

absl::Status Read(const Context& context, std::string_view key, const Constraint& constraint, const ConfigValue& value, int64_t& out) {
  const auto* const integer = std::get_if<int64_t>(&value.data);
  if (integer == nullptr) {
    return context.MustBe("an integer", key, value);
  }
  CUPEL_RETURN_IF_ERROR(CheckRange(context, key, constraint, static_cast<double>(*integer), value));
  out = *integer;
  return absl::OkStatus();
}

// A number; the texts "inf" and "-inf" stand for themselves, because JSON has no other way to write them.
std::optional<double> NumberFrom(const ConfigValue& value) {
  if (const auto* const integer = std::get_if<int64_t>(&value.data)) {
    return static_cast<double>(*integer);
  }
  if (const auto* const number = std::get_if<double>(&value.data); number != nullptr && !std::isnan(*number)) {
    return *number;
  }
  if (const auto* const text = std::get_if<std::string>(&value.data); text != nullptr && (*text == "inf" || *text == "-inf")) {
    return *text == "inf" ? HUGE_VAL : -HUGE_VAL;
  }
  return std::nullopt;
}

absl::Status Read(const Context& context, std::string_view key, const Constraint& constraint, const ConfigValue& value, double& out) {
  const std::optional<double> number = NumberFrom(value);
  if (!number) {
    return context.MustBe("a number", key, value);
  }
  CUPEL_RETURN_IF_ERROR(CheckRange(context, key, constraint, *number, value));
  out = *number;
  return absl::OkStatus();
}

absl::Status Read(const Context& context, std::string_view key, const Constraint& constraint, const ConfigValue& value, std::string& out) {
  const auto* const text = std::get_if<std::string>(&value.data);
  if (text == nullptr) {
    return context.MustBe("a text in quotes", key, value);
  }
  if (const auto* const one_of = std::get_if<OneOf>(&constraint);
      one_of != nullptr && std::ranges::find(one_of->values, *text) == one_of->values.end()) {
    const std::string nearest = NearestName(*text, one_of->values);
    const std::string hint = nearest.empty() ? "" : fmt::format("; did you mean \"{}\"?", nearest);
    return InvalidArgument("{}: {} must be one of {}, but is {}{}", context.Place(value), key, TomlFrom(one_of->values),
                           DescribeValue(value), hint);
  }
  out = *text;
  return absl::OkStatus();
}

template <class T>
absl::Status Read(const Context& context, std::string_view key, const Constraint& constraint, const ConfigValue& value,
                  std::vector<T>& out) {
  const auto* const list = std::get_if<ConfigList>(&value.data);
  if (list == nullptr) {
    return context.MustBe("a list in brackets", key, value);
  }
  std::vector<T> result(list->size());
  for (size_t i = 0; i < list->size(); ++i) {
    CUPEL_RETURN_IF_ERROR(Read(context, fmt::format("{}[{}]", key, i), constraint, (*list)[i], result[i]));
  }
  out = std::move(result);
  return absl::OkStatus();
}

absl::Status Read(const Context& context, std::string_view key, const ConfigValue& value, Fields& section);

absl::Status Read(const Context& context, std::string_view key, const ConfigValue& value, SectionList& sections) {
  const auto* const list = std::get_if<ConfigList>(&value.data);
  if (list == nullptr) {
    return context.MustBe(fmt::format("a list of sections ([[{}]])", key), key, value);
  }
  sections.Reset(list->size());
  for (size_t i = 0; i < list->size(); ++i) {
    Fields section = sections.At(i);
    CUPEL_RETURN_IF_ERROR(Read(context, JoinPath(key, std::to_string(i)), (*list)[i], section));
  }
  return absl::OkStatus();
}

absl::Status ReadField(const Context& context, std::string_view key, const ConfigValue& value, Field& field) {
  return std::visit(Overloaded{[&](Fields& section) { return Read(context, key, value, section); },
                               [&](std::unique_ptr<SectionList>& sections) { return Read(context, key, value, *sections); },
                               [&](auto* out) { return Read(context, key, field.constraint, value, *out); }},
                    field.value);
}

Field* Find(Fields& fields, std::string_view name) {
  const auto field = std::ranges::find(fields, name, &Field::name);
  return field == fields.end() ? nullptr : &*field;
}

std::vector<std::string> Names(const Fields& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) {
    names.push_back(field.name);
  }
  return names;
}

// The path of a field named exactly `name` in some section below `fields`, or empty.
std::string PathOfName(Fields& fields, std::string_view name, std::string_view prefix) {
  for (Field& field : fields) {
    const std::string path = JoinPath(prefix, field.name);
    if (!prefix.empty() && field.name == name) {
      return path;
    }
    if (auto* const section = std::get_if<Fields>(&field.value)) {
      if (std::string found = PathOfName(*section, name, path); !found.empty()) {
        return found;
      }
    }
  }
  return "";
}

// The path that `name`, unknown in the section at `section_key`, was probably meant to be, or empty. `name` may be dotted.
std::string Suggestion(const Context& context, std::string_view section_key, std::string_view name, const Fields& section) {
  if (const std::string nearest = NearestName(name, Names(section)); !nearest.empty()) {
    return JoinPath(section_key, nearest);
  }
  if (std::string elsewhere = PathOfName(context.root, name.substr(name.rfind('.') + 1), ""); !elsewhere.empty()) {
    return elsewhere;
  }
  const std::string nearest = NearestName(name.substr(0, name.find('.')), Names(section));
  return nearest.empty() ? "" : JoinPath(section_key, nearest);
}

absl::Status UnknownKey(const Context& context, std::string_view place, std::string_view section_key, std::string_view name,
                        const Fields& section) {
  const std::string start = fmt::format("{}: unknown key {}", place, JoinPath(section_key, name));
  if (const std::string suggestion = Suggestion(context, section_key, name, section); !suggestion.empty()) {
    return InvalidArgument("{}; did you mean {}?", start, suggestion);
  }
  return InvalidArgument("{}; {} has {}", start, section_key.empty() ? "the top level" : section_key, fmt::join(Names(section), ", "));
}

absl::Status Read(const Context& context, std::string_view key, const ConfigValue& value, Fields& section) {
  const auto* const table = std::get_if<ConfigTable>(&value.data);
  if (table == nullptr) {
    return context.MustBe("a section", key.empty() ? "the document" : key, value);
  }
  for (const auto& [name, member] : *table) {
    Field* const field = Find(section, name);
    if (field == nullptr) {
      return UnknownKey(context, context.Place(member), key, name, section);
    }
    CUPEL_RETURN_IF_ERROR(ReadField(context, JoinPath(key, name), member, *field));
  }
  return absl::OkStatus();
}

// ---- Overrides ----

// What --set gives: TOML where it reads as TOML, else the words as they are. Has no line number.
absl::StatusOr<ConfigValue> OverrideValue(std::string_view text, bool wants_text, std::string_view where) {
  constexpr std::string_view kQuotesAndBrackets = "\"'[{";
  const bool is_quoted = !text.empty() && kQuotesAndBrackets.find(text.front()) != std::string_view::npos;
  absl::StatusOr<ConfigValue> document = ParseTomlTable(fmt::format("value = {}", text), where);
  auto* const table = document.ok() ? std::get_if<ConfigTable>(&document->data) : nullptr;
  const bool is_toml = table != nullptr && table->size() == 1;
  if (is_toml && (is_quoted || !wants_text)) {
    ConfigValue value = std::move(table->front().second);
    value.line = 0;
    return value;
  }
  if (is_quoted) {
    return InvalidArgument("{}: {} starts like a TOML text, list or table but is not one", where, text);
  }
  ConfigValue value;
  value.data = std::string(text);
  if (!ParseTomlTable(fmt::format("value = {}", TomlFrom(std::string(text))), where).ok()) {
    return InvalidArgument("{}: the value is not UTF-8 text", where);
  }
  return value;
}

// Follows the names of a dotted path, `key` being the part already followed, and reads `text` into the field at its end.
absl::Status ApplyAt(const Context& context, std::string_view key, std::string_view path, std::string_view text, Fields& fields);

// The rest of the path after a list of sections begins with an index.
absl::Status ApplyInList(const Context& context, std::string_view key, std::string_view path, std::string_view text,
                         SectionList& sections) {
  const std::string_view name = path.substr(0, path.find('.'));
  size_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error != std::errc() || end != name.data() + name.size() || index >= sections.size()) {
    return InvalidArgument("{}: {} has {} section(s), counted from 0, and none is called {}", context.where, key, sections.size(), name);
  }
  Fields section = sections.At(index);
  const std::string next = JoinPath(key, name);
  if (name.size() == path.size()) {
    CUPEL_ASSIGN_OR_RETURN(const ConfigValue value, OverrideValue(text, false, context.where));
    return Read(context, next, value, section);
  }
  return ApplyAt(context, next, path.substr(name.size() + 1), text, section);
}

absl::Status ApplyAt(const Context& context, std::string_view key, std::string_view path, std::string_view text, Fields& fields) {
  const std::string_view name = path.substr(0, path.find('.'));
  Field* const field = Find(fields, name);
  if (field == nullptr) {
    return UnknownKey(context, context.where, key, name.size() < path.size() ? path : name, fields);
  }
  const std::string next = JoinPath(key, name);
  if (name.size() == path.size()) {
    const bool wants_text = std::holds_alternative<std::string*>(field->value);
    CUPEL_ASSIGN_OR_RETURN(const ConfigValue value, OverrideValue(text, wants_text, context.where));
    return ReadField(context, next, value, *field);
  }
  const std::string_view rest = path.substr(name.size() + 1);
  if (auto* const section = std::get_if<Fields>(&field->value)) {
    return ApplyAt(context, next, rest, text, *section);
  }
  if (auto* const sections = std::get_if<std::unique_ptr<SectionList>>(&field->value)) {
    return ApplyInList(context, next, rest, text, **sections);
  }
  return InvalidArgument("{}: {} is a value, not a section, so there is no {}", context.where, next, JoinPath(next, rest));
}

}  // namespace

absl::Status ApplyTomlToFields(std::string_view text, std::string_view where, Fields& fields) {
  CUPEL_ASSIGN_OR_RETURN(const ConfigValue document, ParseTomlTable(text, where));
  return Read(Context{where, fields}, "", document, fields);
}

absl::Status ApplyJsonToFields(const Json& object, std::string_view where, Fields& fields) {
  return Read(Context{where, fields}, "", ConfigValueFromJson(object), fields);
}

absl::Status ApplyOverrideToFields(std::string_view assignment, Fields& fields) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return InvalidArgument("--set {}: expected section.key=value", assignment);
  }
  const std::string_view path = assignment.substr(0, equals);
  const std::string where = fmt::format("--set {}", path);
  return ApplyAt(Context{where, fields}, "", path, assignment.substr(equals + 1), fields);
}

}  // namespace config_internal
}  // namespace cupel
