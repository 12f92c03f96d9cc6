#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

// Configuration structs that describe themselves. A struct lists its fields once:
//
//   struct OptimizerConfig {
//     double learning_rate = 1e-5;
//     std::string schedule = "constant";
//     template <class Field>
//     void VisitFields(Field&& field) {
//       field("learning_rate", learning_rate, "AdamW step size", Range{0.0, 1.0});
//       field("schedule", schedule, "how the step size changes", OneOf{{"constant", "linear"}});
//       field("inner", inner, "settings of ...");            // a nested struct is a section
//     }
//   };
//
// and parsing, range checks, --help, --set, JSON and TOML output are visitors over that list. Defaults live in the struct and nowhere
// else. Field types: bool, int64_t, double, std::string, std::vector<std::string>, std::vector<int64_t>, std::vector<double>, nested
// configuration structs and std::vector of them (TOML array of tables).
//
// Unknown keys are errors that suggest the nearest valid name (edit distance); duplicate keys, wrong types and values outside their range
// are errors that name file, line and key.

namespace cupel {

struct Range {  // inclusive bounds of a number
  double low;
  double high;
};
struct OneOf {  // the admitted values of a string
  std::vector<std::string> values;
};

// Overwrites the fields that the TOML text names. `where` is its file name.
template <class Config>
absl::Status ApplyToml(std::string_view toml_text, std::string_view where, Config& config);

// Overwrites fields from a JSON object (the `recipe` column of a run).
template <class Config>
absl::Status ApplyJson(const Json& object, std::string_view where, Config& config);

// Applies one "section.key=value" as given to --set. The value is read as TOML (true, 3, 1e-5, "text", [1, 2]); a bare word is a string.
template <class Config>
absl::Status ApplyOverride(std::string_view assignment, Config& config);

template <class Config>
Json ConfigToJson(const Config& config);

// A recipe that ApplyToml reads back to the same values; with_help adds each field's help as a comment.
template <class Config>
std::string ConfigToToml(const Config& config, bool with_help = false);

// One line per field for --help: "optimizer.learning_rate  AdamW step size (number, 0 to 1, default 1e-05)".
template <class Config>
std::string DescribeConfig();

// The name of `candidates` nearest to `name` by edit distance, or empty when none is near enough to suggest.
std::string NearestName(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace cupel

#include "base/config_inl.h"
