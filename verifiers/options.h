#pragma once

#include <span>
#include <string_view>

#include <absl/status/status.h>

namespace cupel {

// A switch that Task::metadata may set: {"case_insensitive": true}.
struct FlagOption {
  std::string_view name;
  bool* value;  // borrowed; left as it is when the metadata does not name the switch
};

// Reads Task::metadata that holds nothing but switches. Empty metadata sets none. Errors: not a JSON object, an unknown name (nearest
// suggested), a value that is not true or false.
absl::Status ReadFlags(std::string_view metadata, std::span<const FlagOption> flags);

}  // namespace cupel
