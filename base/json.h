#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <nlohmann/json.hpp>

namespace cupel {

// Objects keep the order of their keys, so that what we print is what was written.
using Json = nlohmann::ordered_json;

struct JsonLimits {
  int max_depth = 64;  // arrays and objects inside each other; checked before parsing, which recurses
};

// Parses one JSON document. `where` names the source in messages ("tasks.jsonl:17"). Errors: malformed text, a duplicate key in any
// object, nesting deeper than the limit, bytes after the document.
absl::StatusOr<Json> ParseJson(std::string_view text, std::string_view where, const JsonLimits& limits = {});

// Compact text (indent < 0) or indented; never throws: invalid UTF-8 is replaced by U+FFFD.
std::string DumpJson(const Json& value, int indent = -1);

// A required string member, or an error that names `where`, the key and what was found instead.
absl::StatusOr<std::string> JsonString(const Json& object, std::string_view key, std::string_view where);

}  // namespace cupel
