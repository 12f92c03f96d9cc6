// Task options: what may be said about judging over what the record says.

#include <algorithm>
#include <array>
#include <functional>

#include "base/config.h"
#include "base/status.h"
#include "verifiers/code/formats/record.h"

namespace cupel::code {
namespace {

template <class T, size_t n>
absl::Status Choose(const Json& value, const std::array<std::pair<std::string_view, T>, n>& choices, T& target) {
  if (value.is_string()) {
    const auto choice = std::ranges::find(choices, value.get_ref<const std::string&>(), [](const auto& entry) { return entry.first; });
    if (choice != choices.end()) {
      target = choice->second;
      return absl::OkStatus();
    }
  }
  std::vector<std::string_view> names;
  std::ranges::transform(choices, std::back_inserter(names), [](const auto& entry) { return entry.first; });
  return InvalidArgument("is {}; expected one of {}", DumpJson(value).substr(0, 60), fmt::join(names, ", "));
}

absl::Status SetFlag(const Json& value, bool& target) {
  if (!value.is_boolean()) {
    return InvalidArgument("is {}; expected true or false", DumpJson(value).substr(0, 60));
  }
  target = value.get<bool>();
  return absl::OkStatus();
}

absl::StatusOr<double> Number(const Json& value) {
  if (!value.is_number() || !(value.get<double>() >= 0)) {
    return InvalidArgument("is {}; expected a number that is not negative", DumpJson(value).substr(0, 60));
  }
  return value.get<double>();
}

// The same switch of every call test and of the runs.
template <class Set>
void ForRules(Problem& problem, Set set) {
  set(problem.text_rules);
  for (CallTest& test : problem.calls) {
    set(test.rules);
  }
}

absl::Status SetTolerance(const Json& value, bool is_absolute, Problem& problem) {
  CUPEL_ASSIGN_OR_RETURN(const double tolerance, Number(value));
  ForRules(problem, [&](auto& rules) { (is_absolute ? rules.absolute_tolerance : rules.relative_tolerance) = tolerance; });
  return absl::OkStatus();
}

absl::Status SetTypes(const Json& value, Problem& problem) {
  bool is_python = false;
  CUPEL_RETURN_IF_ERROR(
      Choose<bool>(value, std::array<std::pair<std::string_view, bool>, 2>{{{"exact", false}, {"python", true}}}, is_python));
  for (CallTest& test : problem.calls) {
    test.rules.float_for_int = is_python;
    test.rules.int_for_bool = is_python;
    test.rules.int_for_float = true;
  }
  return absl::OkStatus();
}

struct Option {
  std::string_view name;
  absl::Status (*apply)(const Json& value, Problem& problem);
};

constexpr std::array kOptions = {
    Option{"absolute_tolerance", [](const Json& value, Problem& problem) { return SetTolerance(value, true, problem); }},
    Option{"accepts_bare", [](const Json& value, Problem& problem) { return SetFlag(value, problem.accepts_bare); }},
    Option{"compare",
           [](const Json& value, Problem& problem) {
             return Choose<TextMode>(value,
                                     std::array<std::pair<std::string_view, TextMode>, 4>{{{"trailing", TextMode::kTrailing},
                                                                                           {"exact", TextMode::kExact},
                                                                                           {"tokens", TextMode::kTokens},
                                                                                           {"decimal", TextMode::kDecimal}}},
                                     problem.text_rules.mode);
           }},
    Option{"extract",
           [](const Json& value, Problem& problem) {
             return Choose<ExtractRule>(
                 value,
                 std::array<std::pair<std::string_view, ExtractRule>, 5>{{{"last", ExtractRule::kLastOfLanguage},
                                                                          {"first", ExtractRule::kFirstOfLanguage},
                                                                          {"last_any", ExtractRule::kLastOfAny},
                                                                          {"after_last_fence", ExtractRule::kAfterLastFence},
                                                                          {"whole", ExtractRule::kWhole}}},
                 problem.extract);
           }},
    Option{"ignore_case",
           [](const Json& value, Problem& problem) {
             bool flag = false;
             const absl::Status status = SetFlag(value, flag);
             ForRules(problem, [&](auto& rules) { rules.ignores_case = flag; });
             return status;
           }},
    Option{"isolated", [](const Json& value, Problem& problem) { return SetFlag(value, problem.is_isolated); }},
    Option{"language",
           [](const Json& value, Problem& problem) {
             const absl::StatusOr<sandbox::Language> language = LanguageOf(value.is_string() ? value.get<std::string>() : DumpJson(value));
             problem.language = language.ok() ? *language : problem.language;
             return language.status();
           }},
    Option{"memory_mb",
           [](const Json& value, Problem& problem) {
             const absl::StatusOr<double> number = Number(value);
             SetLimits(problem, std::nullopt, number.ok() ? std::optional(*number) : std::nullopt);
             return number.status();
           }},
    Option{"relative_tolerance", [](const Json& value, Problem& problem) { return SetTolerance(value, false, problem); }},
    Option{"scoring",
           [](const Json& value, Problem& problem) {
             return Choose<Scoring>(value,
                                    std::array<std::pair<std::string_view, Scoring>, 4>{{{"pass_fail", Scoring::kPassFail},
                                                                                         {"partial", Scoring::kPartial},
                                                                                         {"weighted_sum", Scoring::kWeightedSum},
                                                                                         {"minimum", Scoring::kMinimum}}},
                                    problem.scoring);
           }},
    Option{"time_limit_ms",
           [](const Json& value, Problem& problem) {
             const absl::StatusOr<double> number = Number(value);
             SetLimits(problem, number.ok() ? std::optional(*number / 1000) : std::nullopt, std::nullopt);
             return number.status();
           }},
    Option{"types", [](const Json& value, Problem& problem) { return SetTypes(value, problem); }},
    Option{"unordered",
           [](const Json& value, Problem& problem) {
             bool flag = false;
             const absl::Status status = SetFlag(value, flag);
             ForRules(problem, [&](auto& rules) { rules.is_unordered = flag; });
             return status;
           }},
};

}  // namespace

absl::Status ApplyOptions(const Json& options, Problem& problem) {
  if (options.is_null()) {
    return absl::OkStatus();
  }
  if (!options.is_object()) {
    return InvalidArgument("\"options\" is {}, expected an object", options.type_name());
  }
  for (const auto& [key, value] : options.items()) {
    const auto option = std::ranges::find(kOptions, key, &Option::name);
    if (option == kOptions.end()) {
      std::vector<std::string> names;
      std::ranges::transform(kOptions, std::back_inserter(names), [](const Option& one) { return std::string(one.name); });
      const std::string nearest = NearestName(key, names);
      return InvalidArgument("there is no option \"{}\"{}; options are {}", key,
                             nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest), fmt::join(names, ", "));
    }
    CUPEL_RETURN_IF_ERROR(Annotate(option->apply(value, problem), "option \"" + key + "\""));
  }
  return absl::OkStatus();
}

}  // namespace cupel::code
