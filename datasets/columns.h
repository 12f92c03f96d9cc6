#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "base/json.h"

// The words in which a recipe names parts of a record (datasets/jsonl_config.h).

namespace cupel {

// The member that a path names, of "a|b" the first that there is; null members count as missing. A member that bears the whole name, dots
// and all, comes first. Null when there is none.
const Json* FindColumn(const Json& record, std::string_view columns);

// The same, or an error that names `where`, the setting and the members that there are.
absl::StatusOr<const Json*> RequireColumn(const Json& record, std::string_view columns, std::string_view setting, std::string_view where);

// The text of a column, trimmed, or of several joined: "a+b" with a blank, "a++b" with an empty line; "a?" may be missing. Numbers are
// taken as they are written. InvalidArgument also when a part is neither text nor number.
absl::StatusOr<std::string> ColumnText(const Json& record, std::string_view columns, std::string_view setting, std::string_view where);

std::string Trimmed(std::string_view text);  // without ASCII white space at both ends

}  // namespace cupel
