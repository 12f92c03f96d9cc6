#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <absl/status/statusor.h>

#include "base/json.h"

// Private to base: TOML and JSON brought to one form before config.cc applies it to a configuration.

namespace cupel::config_internal {

struct ConfigValue;
using ConfigList = std::vector<ConfigValue>;
using ConfigTable = std::vector<std::pair<std::string, ConfigValue>>;  // in the order of the source

// Anything that no field can hold; the text says what it is ("a date").
struct Unsupported {
  std::string what;
};

struct ConfigValue {
  std::variant<bool, int64_t, double, std::string, ConfigList, ConfigTable, Unsupported> data;
  int64_t line = 0;  // of the source file, 0 where unknown
};

// The table of a whole document. `where` is the file name in messages.
absl::StatusOr<ConfigValue> ParseTomlTable(std::string_view text, std::string_view where);
ConfigValue ConfigValueFromJson(const Json& json);

// "the text \"ten\"", "3", "a list": the found part of "must be X, but is Y".
std::string DescribeValue(const ConfigValue& value);

// TOML source of a value, exact when read back.
std::string TomlFrom(bool value);
std::string TomlFrom(int64_t value);
std::string TomlFrom(double value);
std::string TomlFrom(const std::string& value);
template <class T>
std::string TomlFrom(const std::vector<T>& values) {
  std::string list;
  for (const T& value : values) {
    list += (list.empty() ? "" : ", ") + TomlFrom(value);
  }
  return "[" + list + "]";
}

// "section.key".
std::string JoinPath(std::string_view section, std::string_view name);

// A visitor made of lambdas, for std::visit.
template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace cupel::config_internal
