#include "verifiers/code/judge/call_driver.h"

#include <set>

#include <fmt/format.h>

#include "base/status.h"
#include "verifiers/code/judge/drivers.h"
#include "verifiers/code/judge/judge.h"
#include "verifiers/code/judge/python_scanner.h"

namespace cupel::code {
namespace {

Value NonceValue(const Nonce& nonce) { return Value::Bytes(std::string(nonce.data(), nonce.size())); }

// [setup, first nonce, [(nonce, target, arguments, keywords) ..]]
std::string CallRequest(const Problem& problem, std::span<const CallTest> tests, std::span<const Nonce> nonces) {
  std::vector<Value> calls;
  for (size_t i = 0; i < tests.size(); ++i) {
    std::vector<Value> keywords;
    for (const auto& [name, value] : tests[i].keywords) {
      keywords.push_back(Value::String(name));
      keywords.push_back(value);
    }
    calls.push_back(
        Value::Sequence(Kind::kTuple, {NonceValue(nonces[i + 1]), Value::String(tests[i].target),
                                       Value::Sequence(Kind::kList, tests[i].args), Value::Sequence(Kind::kDict, std::move(keywords))}));
  }
  return Encode(
      Value::Sequence(Kind::kList, {Value::String(problem.setup), NonceValue(nonces[0]), Value::Sequence(Kind::kList, std::move(calls))}));
}

bool IsPlainPath(std::string_view path) {
  bool is_start = true;
  for (const char c : path) {
    if (c == '.' ? is_start : is_start ? !IsNameStart(c) : !IsNameByte(c)) {
      return false;
    }
    is_start = c == '.';
  }
  return !path.empty() && !is_start;
}

// The main program of a C++ job: the judge's header first, then the judged text, then a table of the functions that are called.
absl::StatusOr<std::string> CppMain(std::span<const CallTest> tests, std::string_view program_file) {
  std::set<std::string> targets;
  for (const CallTest& test : tests) {
    if (!test.keywords.empty() || !IsPlainPath(test.target)) {
      return InvalidArgument("test {}: in C++ a call is the name of a function or Class.method with plain arguments, not \"{}\"", test.id,
                             test.target);
    }
    targets.insert(test.target);
  }
  std::string table;
  for (const std::string& target : targets) {
    const size_t dot = target.find('.');
    if (dot == std::string::npos) {
      table += fmt::format("      {{\"{}\", [](auto& call) {{ cupel_judge::CallFunction(call, &{}); }}}},\n", target, target);
    } else {
      table += fmt::format("      {{\"{}\", [](auto& call) {{ cupel_judge::CallMethod(call, &{}::{}); }}}},\n", target,
                           target.substr(0, dot), target.substr(dot + 1));
    }
  }
  return fmt::format("#include \"cupel_calls.h\"\n#include \"{}\"\n\nint main() {{\n  cupel_judge::RunCalls({{\n{}  }});\n}}\n",
                     program_file, table);
}

}  // namespace

absl::StatusOr<sandbox::Job> MakeCallJob(const Problem& problem, const std::string& program, std::span<const CallTest> tests,
                                         std::span<const Nonce> nonces) {
  sandbox::Job job = ProgramJob(problem, program);
  job.has_channels = true;
  job.channel_input = CallRequest(problem, tests, nonces);
  switch (problem.language) {
    case sandbox::Language::kPython:
      job.driver = kPythonCalls;
      return job;
    case sandbox::Language::kJavaScript:
      job.driver = kJavaScriptCalls;
      return job;
    case sandbox::Language::kCpp: {
      // The judged text is included, not compiled by itself, so that its functions need no declaration.
      job.files.back().name = "solution.h";
      CUPEL_ASSIGN_OR_RETURN(std::string main, CppMain(tests, job.files.back().name));
      job.entry = "main.cpp";
      job.files.push_back({job.entry, std::move(main), false});
      job.files.push_back({"cupel_calls.h", std::string(kCppCalls), false});
      return job;
    }
    default:
      return Unimplemented("functions written in {} cannot be called by the judge; use tests with input and output",
                           sandbox::LanguageName(problem.language));
  }
}

}  // namespace cupel::code
