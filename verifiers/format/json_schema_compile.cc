#include "verifiers/format/json_schema_compile.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/status.h"
#include "verifiers/answer/extract.h"
#include "verifiers/format/json_value.h"

namespace cupel {
namespace {

// What the value of a keyword must be.
enum class Shape {
  kAny,
  kType,
  kList,  // not empty
  kNumber,
  kFactor,  // a whole number from 1
  kCount,
  kFlag,
  kPattern,
  kTexts,
  kTextLists,  // an object of lists of texts
  kSchema,
  kSchemas,     // a list of schemas, not empty
  kSchemaMap,   // an object of schemas
  kPatternMap,  // the same, its keys patterns
  kReference,
  kDraft,
};

struct Keyword {
  std::string_view name;
  Shape shape;
};
constexpr auto kKeywords = std::to_array<Keyword>({
    {"$comment", Shape::kAny},
    {"$defs", Shape::kSchemaMap},
    {"$ref", Shape::kReference},
    {"$schema", Shape::kDraft},
    {"additionalProperties", Shape::kSchema},
    {"allOf", Shape::kSchemas},
    {"anyOf", Shape::kSchemas},
    {"const", Shape::kAny},
    {"contains", Shape::kSchema},
    {"default", Shape::kAny},
    {"dependentRequired", Shape::kTextLists},
    {"deprecated", Shape::kAny},
    {"description", Shape::kAny},
    {"else", Shape::kSchema},
    {"enum", Shape::kList},
    {"examples", Shape::kAny},
    {"exclusiveMaximum", Shape::kNumber},
    {"exclusiveMinimum", Shape::kNumber},
    {"if", Shape::kSchema},
    {"items", Shape::kSchema},
    {"maxContains", Shape::kCount},
    {"maxItems", Shape::kCount},
    {"maxLength", Shape::kCount},
    {"maxProperties", Shape::kCount},
    {"maximum", Shape::kNumber},
    {"minContains", Shape::kCount},
    {"minItems", Shape::kCount},
    {"minLength", Shape::kCount},
    {"minProperties", Shape::kCount},
    {"minimum", Shape::kNumber},
    {"multipleOf", Shape::kFactor},
    {"not", Shape::kSchema},
    {"oneOf", Shape::kSchemas},
    {"pattern", Shape::kPattern},
    {"patternProperties", Shape::kPatternMap},
    {"prefixItems", Shape::kSchemas},
    {"properties", Shape::kSchemaMap},
    {"propertyNames", Shape::kSchema},
    {"readOnly", Shape::kAny},
    {"required", Shape::kTexts},
    {"then", Shape::kSchema},
    {"title", Shape::kAny},
    {"type", Shape::kType},
    {"uniqueItems", Shape::kFlag},
    {"writeOnly", Shape::kAny},
});
static_assert(std::ranges::is_sorted(kKeywords, {}, &Keyword::name));

constexpr std::string_view kTypes[] = {"array", "boolean", "integer", "null", "number", "object", "string"};
constexpr std::string_view kDraft = "https://json-schema.org/draft/2020-12/schema";
constexpr std::string_view kDraftAsBase = "https://json-schema.org/draft/2020-12/schema#";
constexpr double kExactWhole = 9007199254740992.0;      // 2^53
constexpr int64_t kMaxPatternBytes = int64_t{8} << 20;  // of memory, for one compiled expression
constexpr size_t kMaxPatterns = 200;

bool AreTexts(const Json& list) {
  std::set<std::string> seen;
  return list.is_array() && std::ranges::all_of(list, [&](const Json& item) { return item.is_string() && seen.insert(item).second; });
}

bool IsTypeName(const Json& name) { return name.is_string() && std::ranges::find(kTypes, name.get<std::string>()) != std::end(kTypes); }

// Walks over a schema, refuses what this subset has not, and compiles the patterns.
class Compiler {
 public:
  Compiler(const Json& root, JsonPatterns& patterns) : root_(root), patterns_(patterns) {}

  absl::Status Check(const Json& schema, const std::string& where) {
    if (schema.is_boolean()) {
      return absl::OkStatus();
    }
    if (!schema.is_object()) {
      return Refuse(where, schema, "a schema: an object, true or false");
    }
    for (const auto& item : schema.items()) {
      const auto keyword = std::ranges::find(kKeywords, std::string_view(item.key()), &Keyword::name);
      if (keyword == kKeywords.end()) {
        return UnknownKeyword(item.key(), where);
      }
      CUPEL_RETURN_IF_ERROR(CheckValue(keyword->shape, item.value(), where + "/" + item.key()));
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status Refuse(const std::string& where, const Json& found, std::string_view expected) {
    return InvalidArgument("JSON schema, {}: {} is not {}", where.empty() ? "root" : where, Excerpt(DumpJson(found)), expected);
  }

  static absl::Status UnknownKeyword(const std::string& name, const std::string& where) {
    std::vector<std::string> names;
    std::ranges::transform(kKeywords, std::back_inserter(names), [](const Keyword& keyword) { return std::string(keyword.name); });
    const std::string nearest = NearestName(name, names);
    return InvalidArgument("JSON schema, {}: the keyword \"{}\" is not among those that are checked{}; docs/verifiers.md lists them",
                           where.empty() ? "root" : where, Excerpt(name),
                           nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest));
  }

  absl::Status CheckValue(Shape shape, const Json& value, const std::string& where) {
    const auto demand = [&](bool holds, std::string_view expected) { return holds ? absl::OkStatus() : Refuse(where, value, expected); };
    switch (shape) {
      case Shape::kAny:
        return absl::OkStatus();
      case Shape::kType:
        return demand(IsTypeName(value) || (AreTexts(value) && !value.empty() && std::ranges::all_of(value, &IsTypeName)),
                      fmt::format("a type or a list of types; types are {}", fmt::join(kTypes, ", ")));
      case Shape::kList:
        return demand(value.is_array() && !value.empty(), "a list of values");
      case Shape::kNumber:
        return demand(value.is_number(), "a number");
      case Shape::kFactor:
        return demand(value.is_number() && IsWholeNumber(value) && value.get<double>() >= 1 && value.get<double>() <= kExactWhole,
                      "a whole number from 1 to 2^53; multiples of fractions are not exact");
      case Shape::kCount:
        return demand(value.is_number() && IsWholeNumber(value) && value.get<double>() >= 0 && value.get<double>() <= kExactWhole,
                      "a count");
      case Shape::kFlag:
        return demand(value.is_boolean(), "true or false");
      case Shape::kPattern:
        return value.is_string() ? AddPattern(value.get<std::string>(), where) : Refuse(where, value, "a regular expression");
      case Shape::kTexts:
        return demand(AreTexts(value), "a list of different texts");
      case Shape::kTextLists:
        return demand(value.is_object() && std::ranges::all_of(value, &AreTexts), "an object of lists of different texts");
      case Shape::kSchema:
        return Check(value, where);
      case Shape::kSchemas:
      case Shape::kSchemaMap:
      case Shape::kPatternMap:
        return CheckMany(shape, value, where);
      case Shape::kReference:
        return CheckReference(value, where);
      case Shape::kDraft:
        break;
    }
    const std::string draft = value.is_string() ? value.get<std::string>() : std::string();
    return demand(draft == kDraft || draft == kDraftAsBase, fmt::format("\"{}\", the draft that is read here", kDraft));
  }

  absl::Status CheckMany(Shape shape, const Json& value, const std::string& where) {
    const bool fits = shape == Shape::kSchemas ? value.is_array() && !value.empty() : value.is_object();
    if (!fits) {
      return Refuse(where, value, shape == Shape::kSchemas ? "a list of schemas" : "an object of schemas");
    }
    for (const auto& item : value.items()) {
      if (shape == Shape::kPatternMap) {
        CUPEL_RETURN_IF_ERROR(AddPattern(item.key(), where));
      }
      CUPEL_RETURN_IF_ERROR(Check(item.value(), where + "/" + item.key()));
    }
    return absl::OkStatus();
  }

  absl::Status AddPattern(const std::string& pattern, const std::string& where) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kMaxPatternBytes);
    auto expression = std::make_unique<const RE2>(pattern, options);
    if (!expression->ok()) {
      return InvalidArgument("JSON schema, {}: \"{}\" is no RE2 expression: {}", where, Excerpt(pattern), expression->error());
    }
    patterns_[pattern] = std::move(expression);
    return patterns_.size() <= kMaxPatterns ? absl::OkStatus()
                                            : InvalidArgument("JSON schema, {}: more than {} patterns", where, kMaxPatterns);
  }

  absl::Status CheckReference(const Json& value, const std::string& where) const {
    constexpr std::string_view kBegin = "#/$defs/";
    const std::string target = value.is_string() ? value.get<std::string>() : std::string();
    const bool is_plain = target.find_first_of("/~%", kBegin.size()) == std::string::npos;
    const bool has_place = is_plain && target.starts_with(kBegin) && root_.is_object() && root_.contains("$defs") &&
                           root_["$defs"].is_object() && root_["$defs"].contains(target.substr(kBegin.size()));
    return target == "#" || has_place ? absl::OkStatus()
                                      : Refuse(where, value, "\"#\" or \"#/$defs/NAME\" with a NAME of the root's $defs");
  }

  const Json& root_;
  JsonPatterns& patterns_;
};

}  // namespace

absl::Status CompileJsonSchema(const Json& schema, JsonPatterns& patterns) { return Compiler(schema, patterns).Check(schema, ""); }

}  // namespace cupel
