#include "verifiers/options.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/status.h"

namespace cupel {
namespace {

absl::Status UnknownFlag(const std::string& name, std::span<const FlagOption> flags) {
  std::vector<std::string> names;
  for (const FlagOption& flag : flags) {
    names.emplace_back(flag.name);
  }
  const std::string nearest = NearestName(name, names);
  return InvalidArgument("verifier options: there is no option \"{}\"{}; options are {}", name,
                         nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest), fmt::join(names, ", "));
}

}  // namespace

absl::Status ReadFlags(std::string_view metadata, std::span<const FlagOption> flags) {
  if (metadata.empty()) {
    return absl::OkStatus();
  }
  CUPEL_ASSIGN_OR_RETURN(const Json object, ParseJson(metadata, "verifier options"));
  if (!object.is_object()) {
    return InvalidArgument("verifier options: expected a JSON object, found {}", object.type_name());
  }
  for (const auto& item : object.items()) {
    const auto flag = std::ranges::find(flags, std::string_view(item.key()), &FlagOption::name);
    if (flag == flags.end()) {
      return UnknownFlag(item.key(), flags);
    }
    if (!item.value().is_boolean()) {
      return InvalidArgument("verifier options: \"{}\" is {}; expected true or false", item.key(), DumpJson(item.value()));
    }
    *flag->value = item.value().get<bool>();
  }
  return absl::OkStatus();
}

}  // namespace cupel
