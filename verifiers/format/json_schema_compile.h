#pragma once

#include <map>
#include <memory>
#include <string>

#include <absl/status/status.h>
#include <nlohmann/json_fwd.hpp>
#include <re2/re2.h>

namespace cupel {

using JsonPatterns = std::map<std::string, std::unique_ptr<const RE2>>;  // by their text

// Checks that a schema has only the keywords of format/json_schema.h, each with a value that it may have, and compiles its patterns.
absl::Status CompileJsonSchema(const nlohmann::ordered_json& schema, JsonPatterns& patterns);

}  // namespace cupel
