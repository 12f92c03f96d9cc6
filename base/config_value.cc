#include "base/config_value.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/status.h"

namespace cupel::config_internal {
namespace {

constexpr size_t kMaxTomlBytes = size_t{4} << 20;
constexpr int kMaxDotsInARow = 512;
constexpr size_t kMaxQuotedBytes = 60;

// toml++ bounds how deep values nest but not how long a dotted key is, and both it and we recurse over the tables that one makes. The dots
// between two characters that end a key bound its length; strings are not told apart, but none in a recipe has this many sentences without
// a comma.
bool HasEndlessDottedKey(std::string_view text) {
  int dots = 0;
  for (const char c : text) {
    if (c == '.') {
      if (++dots > kMaxDotsInARow) {
        return true;
      }
    } else if (std::string_view("\n,=[]{}").find(c) != std::string_view::npos) {
      dots = 0;
    }
  }
  return false;
}

ConfigValue FromToml(const toml::node& node);

ConfigTable FromTomlTable(const toml::table& table) {
  struct Member {
    uint32_t line;
    uint32_t column;
    std::string name;
    const toml::node* node;
  };
  std::vector<Member> members;
  for (const auto& [key, node] : table) {
    members.push_back({key.source().begin.line, key.source().begin.column, std::string(key.str()), &node});
  }
  // toml++ sorts by name; the order of the file makes the first error reported the first in the file.
  std::ranges::sort(members, {}, [](const Member& member) { return std::tie(member.line, member.column); });
  ConfigTable result;
  for (Member& member : members) {
    ConfigValue value = FromToml(*member.node);
    value.line = member.line;
    result.emplace_back(std::move(member.name), std::move(value));
  }
  return result;
}

ConfigValue FromToml(const toml::node& node) {
  ConfigValue value;
  value.line = node.source().begin.line;
  if (const auto* const table = node.as_table()) {
    value.data = FromTomlTable(*table);
  } else if (const auto* const array = node.as_array()) {
    ConfigList list;
    for (const toml::node& element : *array) {
      list.push_back(FromToml(element));
    }
    value.data = std::move(list);
  } else if (const auto* const text = node.as_string()) {
    value.data = text->get();
  } else if (const auto* const integer = node.as_integer()) {
    value.data = integer->get();
  } else if (const auto* const number = node.as_floating_point()) {
    value.data = number->get();
  } else if (const auto* const boolean = node.as_boolean()) {
    value.data = boolean->get();
  } else {
    value.data = Unsupported{"a date or time"};
  }
  return value;
}

}  // namespace

absl::StatusOr<ConfigValue> ParseTomlTable(std::string_view text, std::string_view where) {
  if (text.size() > kMaxTomlBytes) {
    return ResourceExhausted("{}: {} bytes are more than a recipe may have ({})", where, text.size(), kMaxTomlBytes);
  }
  if (HasEndlessDottedKey(text)) {
    return InvalidArgument("{}: a key with more than {} dots is nested too deep", where, kMaxDotsInARow);
  }
  try {
    return FromToml(toml::parse(text, where));
  } catch (const toml::parse_error& error) {
    const toml::source_position position = error.source().begin;
    return InvalidArgument("{}:{}:{}: {}", where, position.line, position.column, error.description());
  }
}

ConfigValue ConfigValueFromJson(const Json& json) {
  ConfigValue value;
  switch (json.type()) {
    case Json::value_t::boolean:
      value.data = json.get<bool>();
      break;
    case Json::value_t::number_integer:
      value.data = json.get<int64_t>();
      break;
    case Json::value_t::number_unsigned:
      if (const auto number = json.get<uint64_t>(); number <= uint64_t{std::numeric_limits<int64_t>::max()}) {
        value.data = static_cast<int64_t>(number);
      } else {
        value.data = static_cast<double>(number);
      }
      break;
    case Json::value_t::number_float:
      value.data = json.get<double>();
      break;
    case Json::value_t::string:
      value.data = json.get<std::string>();
      break;
    case Json::value_t::array: {
      ConfigList list;
      for (const Json& element : json) {
        list.push_back(ConfigValueFromJson(element));
      }
      value.data = std::move(list);
      break;
    }
    case Json::value_t::object: {
      ConfigTable table;
      for (const auto& [key, member] : json.items()) {
        table.emplace_back(key, ConfigValueFromJson(member));
      }
      value.data = std::move(table);
      break;
    }
    default:
      value.data = Unsupported{json.type_name()};
  }
  return value;
}

std::string DescribeValue(const ConfigValue& value) {
  struct Describer {
    std::string operator()(bool boolean) const { return TomlFrom(boolean); }
    std::string operator()(int64_t integer) const { return TomlFrom(integer); }
    std::string operator()(double number) const { return TomlFrom(number); }
    std::string operator()(const std::string& text) const {
      const bool is_long = text.size() > kMaxQuotedBytes;
      return fmt::format("the text {}{}", TomlFrom(text.substr(0, kMaxQuotedBytes)), is_long ? "..." : "");
    }
    std::string operator()(const ConfigList&) const { return "a list"; }
    std::string operator()(const ConfigTable&) const { return "a section"; }
    std::string operator()(const Unsupported& unsupported) const { return unsupported.what; }
  };
  return std::visit(Describer{}, value.data);
}

std::string TomlFrom(bool value) { return value ? "true" : "false"; }

std::string TomlFrom(int64_t value) { return fmt::format("{}", value); }

std::string TomlFrom(double value) {
  if (std::isnan(value)) {
    return "nan";
  }
  std::string text = fmt::format("{}", value);  // the shortest that reads back to the same bits
  if (text.find_first_not_of("-0123456789") == std::string::npos) {
    text += ".0";
  }
  return text;
}

std::string TomlFrom(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '\t') {
      text += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      text += fmt::format("\\u{:04X}", byte);
    } else {
      text += c;
    }
  }
  return text + '"';
}

std::string JoinPath(std::string_view section, std::string_view name) {
  return section.empty() ? std::string(name) : fmt::format("{}.{}", section, name);
}

}  // namespace cupel::config_internal
