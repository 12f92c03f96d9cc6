#include "datasets/columns.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <absl/strings/ascii.h>

#include "base/status.h"

namespace cupel {
namespace {

const Json* Step(const Json& value, std::string_view name) {
  if (value.is_array()) {
    size_t index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    return error == std::errc() && end == name.data() + name.size() && index < value.size() ? &value[index] : nullptr;
  }
  const auto found = value.is_object() ? value.find(std::string(name)) : value.end();
  return value.is_object() && found != value.end() && !found->is_null() ? &*found : nullptr;
}

// Cuts what stands before `mark` from the front of `text`; all of it when there is no mark.
std::string_view CutFront(std::string_view& text, char mark) {
  const size_t end = std::min(text.find(mark), text.size());
  const std::string_view front = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return front;
}

const Json* FollowPath(const Json& record, std::string_view path) {
  if (const Json* whole = Step(record, path)) {
    return whole;
  }
  const Json* value = &record;
  while (value != nullptr && !path.empty()) {
    value = Step(*value, CutFront(path, '.'));
  }
  return value;
}

}  // namespace

std::string Trimmed(std::string_view text) { return std::string(absl::StripAsciiWhitespace({text.data(), text.size()})); }

const Json* FindColumn(const Json& record, std::string_view columns) {
  while (!columns.empty()) {
    if (const Json* found = FollowPath(record, CutFront(columns, '|'))) {
      return found;
    }
  }
  return nullptr;
}

absl::StatusOr<const Json*> RequireColumn(const Json& record, std::string_view columns, std::string_view setting, std::string_view where) {
  if (const Json* found = FindColumn(record, columns)) {
    return found;
  }
  std::vector<std::string> names;
  for (const auto& item : record.items()) {
    names.push_back(item.key());
  }
  return InvalidArgument("{}: there is no member \"{}\"; set data.jsonl.{} to one of: {}", where, columns, setting, fmt::join(names, ", "));
}

absl::StatusOr<std::string> ColumnText(const Json& record, std::string_view columns, std::string_view setting, std::string_view where) {
  std::string text;
  std::string_view glue;
  while (!columns.empty()) {
    std::string_view name = CutFront(columns, '+');
    const bool is_optional = name.ends_with('?');
    name.remove_suffix(is_optional ? 1 : 0);
    const std::string_view next_glue = columns.starts_with('+') ? "\n\n" : " ";
    columns.remove_prefix(columns.starts_with('+') ? 1 : 0);
    const Json* part = FindColumn(record, name);
    if (part == nullptr && !is_optional) {
      CUPEL_ASSIGN_OR_RETURN(part, RequireColumn(record, name, setting, where));
    }
    if (part != nullptr && !part->is_string() && !part->is_number()) {
      return InvalidArgument("{}: \"{}\" is of type {}; expected text or a number", where, name, part->type_name());
    }
    const std::string piece = part == nullptr ? "" : Trimmed(part->is_string() ? part->get<std::string>() : DumpJson(*part));
    text += text.empty() || piece.empty() ? "" : glue;
    text += piece;
    glue = next_glue;
  }
  return text;
}

}  // namespace cupel
