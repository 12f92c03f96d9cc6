#include "verifiers/format/json_schema.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/json.h"
#include "base/status.h"
#include "verifiers/answer/extract.h"
#include "verifiers/format/json_schema_compile.h"
#include "verifiers/format/json_value.h"

namespace cupel {
namespace {

int64_t CodePoints(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

bool HasType(const Json& value, std::string_view type) {
  return type == "object"    ? value.is_object()
         : type == "array"   ? value.is_array()
         : type == "string"  ? value.is_string()
         : type == "number"  ? value.is_number()
         : type == "integer" ? value.is_number() && IsWholeNumber(value)
         : type == "boolean" ? value.is_boolean()
                             : value.is_null();
}

// Validates one value; the first problem ends it.
class Validator {
 public:
  Validator(const Json& root, const JsonPatterns& patterns) : root_(root), patterns_(patterns) {}

  int64_t steps() const { return steps_; }
  bool is_beyond_budget() const { return is_beyond_budget_; }

  // Empty when the value is valid.
  std::string Check(const Json& schema, const Json& value, const std::string& where, int depth) {
    if (!Spend(1) || depth > kMaxDepth) {
      is_beyond_budget_ = true;
      return "the work limit was reached";
    }
    if (schema.is_boolean()) {
      return schema.get<bool>() ? "" : Problem(where, value, "is forbidden");
    }
    for (const auto check : {&Validator::CheckAny, &Validator::CheckNumber, &Validator::CheckText, &Validator::CheckList,
                             &Validator::CheckObject, &Validator::CheckComposition}) {
      if (std::string problem = (this->*check)(schema, value, where, depth); !problem.empty()) {
        return problem;
      }
    }
    return {};
  }

 private:
  static constexpr int kMaxDepth = 1000;  // of schemas applied inside each other

  bool Spend(int64_t steps) {
    steps_ += steps;
    is_beyond_budget_ = is_beyond_budget_ || steps_ > JsonSchema::kMaxSteps;
    return !is_beyond_budget_;
  }

  template <class... Args>
  static std::string Problem(const std::string& where, const Json& value, fmt::format_string<Args...> format, Args&&... args) {
    return fmt::format("{}: {} {}", where.empty() ? "the value" : where, Excerpt(DumpJson(value), 40),
                       fmt::format(format, std::forward<Args>(args)...));
  }

  static const Json* Find(const Json& schema, const char* keyword) {
    const auto it = schema.find(keyword);
    return it == schema.end() ? nullptr : &*it;
  }

  bool IsValid(const Json& schema, const Json& value, int depth) { return Check(schema, value, "", depth + 1).empty(); }

  bool Finds(const std::string& pattern, const std::string& text) {
    Spend(static_cast<int64_t>(text.size() / 16));
    return RE2::PartialMatch(text, *patterns_.at(pattern));
  }

  std::string CheckAny(const Json& schema, const Json& value, const std::string& where, int /*depth*/) {
    if (const Json* type = Find(schema, "type"); type != nullptr) {
      const bool fits = type->is_string()
                            ? HasType(value, type->get_ref<const std::string&>())
                            : std::ranges::any_of(*type, [&](const Json& one) { return HasType(value, one.get<std::string>()); });
      if (!fits) {
        return Problem(where, value, "is not of type {}", type->is_string() ? type->get<std::string>() : type->dump());
      }
    }
    if (const Json* wanted = Find(schema, "const"); wanted != nullptr && !IsEqual(*wanted, value)) {
      return Problem(where, value, "is not {}", Excerpt(DumpJson(*wanted)));
    }
    const Json* list = Find(schema, "enum");
    if (list != nullptr && std::ranges::none_of(*list, [&](const Json& one) { return IsEqual(one, value); })) {
      return Problem(where, value, "is none of {}", Excerpt(DumpJson(*list), 100));
    }
    return {};
  }

  bool IsEqual(const Json& a, const Json& b) {
    if (a.is_primitive() || b.is_primitive()) {
      return a.is_number() && b.is_number() ? CompareNumbers(a, b) == 0 : a == b;
    }
    std::string one = CanonicalJson(a), other = CanonicalJson(b);
    Spend(static_cast<int64_t>((one.size() + other.size()) / 16));
    return one == other;
  }

  std::string CheckNumber(const Json& schema, const Json& value, const std::string& where, int /*depth*/) {
    if (!value.is_number()) {
      return {};
    }
    if (const Json* limit = Find(schema, "minimum"); limit != nullptr && CompareNumbers(value, *limit) < 0) {
      return Problem(where, value, "is less than {}", limit->dump());
    }
    if (const Json* limit = Find(schema, "maximum"); limit != nullptr && CompareNumbers(value, *limit) > 0) {
      return Problem(where, value, "is more than {}", limit->dump());
    }
    if (const Json* limit = Find(schema, "exclusiveMinimum"); limit != nullptr && CompareNumbers(value, *limit) <= 0) {
      return Problem(where, value, "is not more than {}", limit->dump());
    }
    if (const Json* limit = Find(schema, "exclusiveMaximum"); limit != nullptr && CompareNumbers(value, *limit) >= 0) {
      return Problem(where, value, "is not less than {}", limit->dump());
    }
    const Json* factor = Find(schema, "multipleOf");
    if (factor != nullptr && std::fmod(value.get<long double>(), factor->get<long double>()) != 0) {
      return Problem(where, value, "is no multiple of {}", factor->dump());
    }
    return {};
  }

  std::string CheckText(const Json& schema, const Json& value, const std::string& where, int /*depth*/) {
    if (!value.is_string()) {
      return {};
    }
    const std::string& text = value.get_ref<const std::string&>();
    if (std::string problem = CheckCount(schema, "minLength", "maxLength", CodePoints(text), "characters", where, value);
        !problem.empty()) {
      return problem;
    }
    const Json* pattern = Find(schema, "pattern");
    return pattern != nullptr && !Finds(pattern->get<std::string>(), text)
               ? Problem(where, value, "does not match {}", Excerpt(pattern->get<std::string>()))
               : std::string();
  }

  static std::string CheckCount(const Json& schema, const char* least, const char* most, int64_t count, std::string_view what,
                                const std::string& where, const Json& value) {
    if (const Json* limit = Find(schema, least); limit != nullptr && static_cast<double>(count) < limit->get<double>()) {
      return Problem(where, value, "has {} {}, fewer than {}", count, what, limit->dump());
    }
    const Json* limit = Find(schema, most);
    return limit != nullptr && static_cast<double>(count) > limit->get<double>()
               ? Problem(where, value, "has {} {}, more than {}", count, what, limit->dump())
               : std::string();
  }

  std::string CheckList(const Json& schema, const Json& value, const std::string& where, int depth) {
    if (!value.is_array()) {
      return {};
    }
    if (std::string problem = CheckCount(schema, "minItems", "maxItems", std::ssize(value), "items", where, value); !problem.empty()) {
      return problem;
    }
    const Json* prefix = Find(schema, "prefixItems");
    const Json* items = Find(schema, "items");
    for (size_t i = 0; i < value.size() && (prefix != nullptr || items != nullptr); ++i) {
      const Json* one = prefix != nullptr && i < prefix->size() ? &(*prefix)[i] : items;
      if (one == nullptr) {
        break;
      }
      if (std::string problem = Check(*one, value[i], fmt::format("{}/{}", where, i), depth + 1); !problem.empty()) {
        return problem;
      }
    }
    if (const Json* unique = Find(schema, "uniqueItems"); unique != nullptr && unique->get<bool>() && !HasUniqueItems(value)) {
      return Problem(where, value, "holds the same twice");
    }
    return CheckContains(schema, value, where, depth);
  }

  bool HasUniqueItems(const Json& list) {
    std::set<std::string> seen;
    return std::ranges::all_of(list, [&](const Json& item) {
      std::string text = CanonicalJson(item);
      Spend(1 + static_cast<int64_t>(text.size() / 16));
      return seen.insert(std::move(text)).second;
    });
  }

  std::string CheckContains(const Json& schema, const Json& value, const std::string& where, int depth) {
    const Json* wanted = Find(schema, "contains");
    if (wanted == nullptr) {
      return {};
    }
    const auto count = std::ranges::count_if(value, [&](const Json& item) { return IsValid(*wanted, item, depth); });
    const Json* least = Find(schema, "minContains");
    const Json* most = Find(schema, "maxContains");
    if (static_cast<double>(count) < (least == nullptr ? 1.0 : least->get<double>())) {
      return Problem(where, value, "contains {} of the items wanted, fewer than {}", count, least == nullptr ? "1" : least->dump());
    }
    return most != nullptr && static_cast<double>(count) > most->get<double>()
               ? Problem(where, value, "contains {} of the items wanted, more than {}", count, most->dump())
               : std::string();
  }

  std::string CheckObject(const Json& schema, const Json& value, const std::string& where, int depth) {
    if (!value.is_object()) {
      return {};
    }
    if (std::string problem = CheckCount(schema, "minProperties", "maxProperties", std::ssize(value), "members", where, value);
        !problem.empty()) {
      return problem;
    }
    if (std::string problem = CheckRequired(schema, value, where); !problem.empty()) {
      return problem;
    }
    for (const auto& item : value.items()) {
      if (std::string problem = CheckMember(schema, item.key(), item.value(), where + "/" + item.key(), depth); !problem.empty()) {
        return problem;
      }
    }
    return {};
  }

  std::string CheckRequired(const Json& schema, const Json& value, const std::string& where) {
    const auto missing = [&](const Json& names) {
      const auto name = std::ranges::find_if(names, [&](const Json& one) { return !value.contains(one.get<std::string>()); });
      return name == names.end() ? std::string() : Problem(where, value, "has no member {}", name->dump());
    };
    if (const Json* required = Find(schema, "required"); required != nullptr) {
      Spend(std::ssize(*required));
      if (std::string problem = missing(*required); !problem.empty()) {
        return problem;
      }
    }
    if (const Json* dependent = Find(schema, "dependentRequired"); dependent != nullptr) {
      for (const auto& item : dependent->items()) {
        if (std::string problem = value.contains(item.key()) ? missing(item.value()) : ""; !problem.empty()) {
          return problem;
        }
      }
    }
    return {};
  }

  std::string CheckMember(const Json& schema, const std::string& name, const Json& value, const std::string& where, int depth) {
    bool is_known = false;
    if (const Json* names = Find(schema, "propertyNames"); names != nullptr && !IsValid(*names, Json(name), depth)) {
      return fmt::format("{}: this name is not allowed", where);
    }
    if (const Json* properties = Find(schema, "properties"); properties != nullptr && properties->contains(name)) {
      is_known = true;
      if (std::string problem = Check((*properties)[name], value, where, depth + 1); !problem.empty()) {
        return problem;
      }
    }
    if (const Json* patterns = Find(schema, "patternProperties"); patterns != nullptr) {
      for (const auto& item : patterns->items()) {
        const bool matches = Finds(item.key(), name);
        is_known = is_known || matches;
        if (std::string problem = matches ? Check(item.value(), value, where, depth + 1) : ""; !problem.empty()) {
          return problem;
        }
      }
    }
    const Json* others = is_known ? nullptr : Find(schema, "additionalProperties");
    return others == nullptr  ? ""
           : *others == false ? fmt::format("{}: no such member is allowed", where)
                              : Check(*others, value, where, depth + 1);
  }

  std::string CheckComposition(const Json& schema, const Json& value, const std::string& where, int depth) {
    if (const Json* reference = Find(schema, "$ref"); reference != nullptr) {
      const std::string target = reference->get<std::string>();
      const Json& found = target == "#" ? root_ : root_["$defs"][target.substr(target.rfind("#/$defs/") + 8)];
      if (std::string problem = Check(found, value, where, depth + 1); !problem.empty()) {
        return problem;
      }
    }
    if (const Json* all = Find(schema, "allOf"); all != nullptr) {
      for (const Json& one : *all) {
        if (std::string problem = Check(one, value, where, depth + 1); !problem.empty()) {
          return problem;
        }
      }
    }
    const auto count = [&](const Json& list) {
      return std::ranges::count_if(list, [&](const Json& one) { return IsValid(one, value, depth); });
    };
    if (const Json* any = Find(schema, "anyOf"); any != nullptr && count(*any) == 0) {
      return Problem(where, value, "fits none of {} schemas", any->size());
    }
    if (const Json* one = Find(schema, "oneOf"); one != nullptr) {
      if (const auto found = count(*one); found != 1) {
        return Problem(where, value, "fits {} of {} schemas, where one is wanted", found, one->size());
      }
    }
    if (const Json* other = Find(schema, "not"); other != nullptr && IsValid(*other, value, depth)) {
      return Problem(where, value, "fits a schema that it must not fit");
    }
    return CheckCondition(schema, value, where, depth);
  }

  std::string CheckCondition(const Json& schema, const Json& value, const std::string& where, int depth) {
    const Json* condition = Find(schema, "if");
    if (condition == nullptr) {
      return {};
    }
    const Json* branch = Find(schema, IsValid(*condition, value, depth) ? "then" : "else");
    return branch == nullptr ? "" : Check(*branch, value, where, depth + 1);
  }

  const Json& root_;
  const JsonPatterns& patterns_;
  int64_t steps_ = 0;
  bool is_beyond_budget_ = false;
};

}  // namespace

struct JsonSchema::Compiled {
  Json schema;
  JsonPatterns patterns;
};

JsonSchema::JsonSchema(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
JsonSchema::JsonSchema(JsonSchema&&) noexcept = default;
JsonSchema& JsonSchema::operator=(JsonSchema&&) noexcept = default;
JsonSchema::~JsonSchema() = default;

absl::StatusOr<JsonSchema> JsonSchema::Compile(const Json& schema) {
  auto compiled = std::make_unique<Compiled>();
  compiled->schema = schema;
  CUPEL_RETURN_IF_ERROR(CompileJsonSchema(compiled->schema, compiled->patterns));
  return JsonSchema(std::move(compiled));
}

JsonSchema::Result JsonSchema::Validate(const Json& value) const {
  Validator validator(compiled_->schema, compiled_->patterns);
  Result result;
  result.problem = validator.Check(compiled_->schema, value, "", 0);
  result.is_beyond_budget = validator.is_beyond_budget();
  result.is_valid = result.problem.empty() && !result.is_beyond_budget;
  result.steps = validator.steps();
  return result;
}

}  // namespace cupel
