#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <absl/status/statusor.h>
#include <nlohmann/json_fwd.hpp>

// A subset of JSON Schema, draft 2020-12 (https://json-schema.org/draft/2020-12/schema), with the meaning that the standard gives it:
//
//   any value    type (a name or a list of names), enum, const
//   numbers      minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf (of a whole number)
//   texts        minLength, maxLength (in code points), pattern (RE2, found anywhere)
//   lists        items, prefixItems, minItems, maxItems, uniqueItems, contains, minContains, maxContains
//   objects      properties, patternProperties, additionalProperties, propertyNames, required, dependentRequired, minProperties,
//                maxProperties
//   composition  allOf, anyOf, oneOf, not, if, then, else, $defs and $ref of the form "#" or "#/$defs/NAME"
//   no effect    title, description, default, examples, deprecated, readOnly, writeOnly, $comment, $schema (of this draft)
//
// Everything else is refused by name: a keyword that is passed over would let answers through that its author means to refuse. That
// includes `format`, which the standard calls an annotation (use `pattern`), unevaluatedProperties, unevaluatedItems, $anchor and
// $dynamicRef. Numbers are equal by value: 1, 1.0 and 1e0 are one, and whole.

namespace cupel {

class JsonSchema {
 public:
  // Checks every keyword with its value. The message names the place ("/properties/age/type").
  static absl::StatusOr<JsonSchema> Compile(const nlohmann::ordered_json& schema);
  JsonSchema(JsonSchema&&) noexcept;
  JsonSchema& operator=(JsonSchema&&) noexcept;
  ~JsonSchema();

  struct Result {
    bool is_valid = false;
    bool is_beyond_budget = false;  // the work limit was reached before it was known
    std::string problem = {};       // the first that was found, with its place in the value: "/age: 12.5 is no integer"
    int64_t steps = 0;
  };
  // The value must not be nested deeper than JsonLimits allows. At most kMaxSteps of work. Thread-safe.
  Result Validate(const nlohmann::ordered_json& value) const;
  static constexpr int64_t kMaxSteps = 2'000'000;

 private:
  struct Compiled;
  explicit JsonSchema(std::unique_ptr<const Compiled> compiled);
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace cupel
