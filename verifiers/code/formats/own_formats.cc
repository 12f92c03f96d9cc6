// "call" and "stdio": the forms in which tasks of our own are written (docs/code-verifier.md).

#include "base/status.h"
#include "verifiers/code/formats/record.h"

namespace cupel::code {
namespace {

absl::Status ReadCommon(const Json& record, Problem& problem) {
  CUPEL_ASSIGN_OR_RETURN(problem.id, TextField(record, "id", ""));
  CUPEL_ASSIGN_OR_RETURN(const std::string language, TextField(record, "language", "python"));
  CUPEL_ASSIGN_OR_RETURN(problem.language, LanguageOf(language));
  CUPEL_ASSIGN_OR_RETURN(const std::optional<double> milliseconds, PositiveField(record, "time_limit_ms"));
  CUPEL_ASSIGN_OR_RETURN(const std::optional<double> megabytes, PositiveField(record, "memory_mb"));
  SetLimits(problem, milliseconds ? std::optional(*milliseconds / 1000) : std::nullopt, megabytes);
  return absl::OkStatus();
}

std::string IdOf(const Json& test, size_t index) {
  const auto it = test.find("id");
  return it == test.end() ? std::to_string(index) : it->is_string() ? it->get<std::string>() : DumpJson(*it);
}

// "expected" as JSON, or "expected_python" as a Python literal, for what JSON cannot say: tuples, sets, bytes, big integers.
absl::StatusOr<Value> ReadValue(const Json& test, const std::string& key) {
  if (test.contains(key)) {
    return ValueOf(test[key]);
  }
  if (!test.contains(key + "_python")) {
    return InvalidArgument("there is neither \"{}\" nor \"{}_python\"", key, key);
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string text, TextField(test, key + "_python"));
  std::optional<Value> value = ParseLiteral(text);
  if (!value) {
    return InvalidArgument("field \"{}_python\": {} is no literal of Python", key, Describe(Value::String(text.substr(0, 60))));
  }
  return *std::move(value);
}

absl::StatusOr<CallTest> ReadCallTest(const Json& test, size_t index, const std::string& function) {
  CallTest call;
  if (!test.is_object()) {
    return InvalidArgument("expected an object with \"args\" and \"expected\", found {}", test.type_name());
  }
  call.id = IdOf(test, index);
  CUPEL_ASSIGN_OR_RETURN(call.target, TextField(test, "function", function));
  if (call.target.empty()) {
    return InvalidArgument("no function: give \"function\" in the record or in the test");
  }
  CUPEL_ASSIGN_OR_RETURN(Value args, ReadValue(test, "args"));
  if (args.kind != Kind::kList && args.kind != Kind::kTuple) {
    return InvalidArgument("\"args\" is {}, expected the list of arguments", KindName(args.kind));
  }
  call.args = std::move(args.items);
  if (test.contains("kwargs")) {
    const Value keywords = ValueOf(test["kwargs"]);
    if (keywords.kind != Kind::kDict) {
      return InvalidArgument("\"kwargs\" is {}, expected an object", KindName(keywords.kind));
    }
    for (size_t i = 0; i < keywords.items.size(); i += 2) {
      call.keywords.emplace_back(keywords.items[i].text, keywords.items[i + 1]);
    }
  }
  CUPEL_ASSIGN_OR_RETURN(Value expected, ReadValue(test, "expected"));
  call.rules = JsonEquality();
  if (test.contains("expected_python")) {  // written with types, so they count
    call.rules.sequences_alike = false;
    call.rules.keys_as_text = false;
  }
  call.expected.push_back(std::move(expected));
  return call;
}

absl::Status ReadHelper(const Json& record, const char* key, Problem& problem) {
  if (!record.contains(key)) {
    return absl::OkStatus();
  }
  const Json& helper = record[key];
  if (!helper.is_object()) {
    return InvalidArgument("field \"{}\": expected an object with \"language\" and \"source\", found {}", key, helper.type_name());
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string name, TextField(helper, "language", "python"));
  CUPEL_ASSIGN_OR_RETURN(const sandbox::Language language, LanguageOf(name));
  CUPEL_ASSIGN_OR_RETURN(const std::string source, TextField(helper, "source"));
  if (std::string_view(key) == "interactor") {
    problem.interactor = Interactor{language, source};
  } else {
    problem.checker = Checker{language, source, helper.value("prints_score", false), {}};
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Problem> ReadCall(const Json& record) {
  Problem problem;
  CUPEL_RETURN_IF_ERROR(ReadCommon(record, problem));
  CUPEL_ASSIGN_OR_RETURN(const std::string function, TextField(record, "function", ""));
  CUPEL_ASSIGN_OR_RETURN(const Json* tests, ArrayField(record, "tests"));
  for (size_t i = 0; tests != nullptr && i < tests->size(); ++i) {
    absl::StatusOr<CallTest> test = ReadCallTest((*tests)[i], i, function);
    CUPEL_RETURN_IF_ERROR(Annotate(test.status(), fmt::format("test {}", i)));
    problem.calls.push_back(*std::move(test));
  }
  return problem;
}

absl::StatusOr<Problem> ReadStdio(const Json& record) {
  Problem problem;
  CUPEL_RETURN_IF_ERROR(ReadCommon(record, problem));
  CUPEL_ASSIGN_OR_RETURN(const Json* tests, ArrayField(record, "tests"));
  for (size_t i = 0; tests != nullptr && i < tests->size(); ++i) {
    const Json& test = (*tests)[i];
    const std::string where = fmt::format("test {}", i);
    if (!test.is_object()) {
      return InvalidArgument("{}: expected an object with \"input\" and \"output\", found {}", where, test.type_name());
    }
    const absl::StatusOr<std::string> input = TextField(test, "input", "");
    const absl::StatusOr<std::string> output = TextField(test, "output");
    CUPEL_RETURN_IF_ERROR(Annotate(input.status(), where));
    CUPEL_RETURN_IF_ERROR(Annotate(output.status(), where));
    problem.stdio.push_back({IdOf(test, i), *input, *output});
  }
  CUPEL_RETURN_IF_ERROR(ReadHelper(record, "checker", problem));
  CUPEL_RETURN_IF_ERROR(ReadHelper(record, "interactor", problem));
  return problem;
}

}  // namespace cupel::code
