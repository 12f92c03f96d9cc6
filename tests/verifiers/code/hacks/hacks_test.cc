// Programs that try to be scored without solving the task, in every harness style, and honest ones beside them. Needs a sandbox.
// Alone: build/release/tests/code_hacks_test

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "verifiers/code/code_verifier.h"

namespace cupel::code {
namespace {

using Section = std::map<std::string, std::string>;  // "name", and the parts of the section

// "=== NAME" begins a section, "part:" a part; what follows on the line or on the lines after is its text.
std::vector<Section> ReadSections(const std::string& file) {
  LineReader reader = LineReader::Open(CUPEL_SOURCE_DIR "/tests/verifiers/code/hacks/" + file).value();
  std::vector<Section> sections;
  std::string part;
  while (const auto view = reader.Next().value()) {
    const std::string line(*view);
    const auto is_part = [&](std::string_view name) {
      return line.starts_with(name) && line.size() > name.size() && line[name.size()] == ':';
    };
    const std::vector<std::string> names = {"import", "body", "value", "task", "only", "form", "lang", "code"};
    const auto name = std::ranges::find_if(names, is_part);
    if (line.starts_with("=== ")) {
      sections.push_back({{"name", line.substr(4)}});
      part = "";
    } else if (name != names.end()) {
      part = *name;
      const std::string rest = line.substr(name->size() + 1);
      sections.back()[part] = rest.starts_with(' ') ? rest.substr(1) : rest;
    } else if (!part.empty()) {
      sections.back()[part] += line + "\n";
    }
  }
  return sections;
}

std::string Get(const Section& section, const std::string& part, const std::string& fallback) {
  const auto it = section.find(part);
  return it == section.end() || it->second.empty() ? fallback : it->second;
}

std::string Indented(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    out += "    " + text.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return out;
}

std::string FunctionForm(const Section& section) {
  return Get(section, "import", "") + "\ndef f(x):\n" + Indented(Get(section, "body", "pass\n")) + "    return " +
         Get(section, "value", "0\n");
}

std::string ScriptForm(const Section& section) {
  std::string value = Get(section, "value", "0\n");
  value.pop_back();
  return "x = int(input())\n" + Get(section, "import", "") + "\n" + Get(section, "body", "") + "\nprint(" + value + ")\n";
}

constexpr int kInputs[] = {2, 11, 40};

// What a task expects of x, as JSON and as Python write it, and what a program prints.
Json Expected(const std::string& task, int x) {
  if (task == "half") {
    return x / 2.0 + 0.25;
  }
  if (task == "pair") {
    return {x, x + 1};
  }
  if (task == "text") {
    std::string text;
    for (int i = 0; i < x; ++i) {
      text += "ab";
    }
    return text;
  }
  return task == "one" ? 1 : 3 * x + 7;
}

std::string PythonText(const Json& value) { return value.is_string() ? "'" + value.get<std::string>() + "'" : value.dump(); }

std::string Printed(const Json& value) {
  return value.is_string()  ? value.get<std::string>()
         : value.is_array() ? "[" + value[0].dump() + ", " + value[1].dump() + "]"
                            : value.dump();
}

std::string Assertion(const std::string& function, const std::string& task, int x) {
  const std::string call = function + "(" + std::to_string(x) + ")";
  const std::string expected = PythonText(Expected(task, x));
  return task == "half" ? "assert abs(" + call + " - " + expected + ") < 1e-6" : "assert " + call + " == " + expected;
}

// The task in a harness style: Task::metadata.
std::string Metadata(const std::string& style, const std::string& task, const std::string& language) {
  Json record;
  Json options = {{"time_limit_ms", 500}, {"memory_mb", language == "javascript" ? 1024 : 256}, {"language", language}};
  std::string format = style;
  if (style == "assert") {
    format = "mbpp";
    record["test_list"] = Json::array();
  } else if (style == "pytest") {
    record["test"] = "import math\nfrom solution import f\n";
  } else if (style == "check") {
    format = "humaneval";
    record = {{"prompt", "def f(x):\n    \"\"\" a function \"\"\"\n"},
              {"entry_point", "f"},
              {"test", "def check(candidate):\n    for i in range(1):\n        pass\n"}};
  } else {
    record = {{"language", language}, {"function", "f"}, {"tests", Json::array()}};
    if (task == "half") {
      options["absolute_tolerance"] = 1e-6;
    }
  }
  for (const int x : kInputs) {
    const Json expected = Expected(task, x);
    if (style == "call") {
      record["tests"].push_back({{"args", {x}}, {"expected", expected}});
    } else if (style == "stdio") {
      record["tests"].push_back({{"input", std::to_string(x) + "\n"}, {"output", Printed(expected) + "\n"}});
    } else if (style == "assert") {
      record["test_list"].push_back(Assertion("f", task, x));
    } else if (style == "pytest") {
      record["test"] = record["test"].get<std::string>() + "def test_" + std::to_string(x) + "():\n    " + Assertion("f", task, x) + "\n";
    } else {
      record["test"] = record["test"].get<std::string>() + "    " + Assertion("candidate", task, x) + "\n";
    }
  }
  return Json({{"format", format}, {"record", record}, {"options", options}}).dump();
}

struct Try {
  std::string name;
  Task task;
  std::string text;
  Outcome outcome = Outcome::kError;
  std::string reason;
};

Try MakeTry(const std::string& name, const std::string& style, const std::string& task, const std::string& language,
            const std::string& program) {
  return {name + " [" + style + "]",
          {"t", {{"user", "?"}}, "", "code", Metadata(style, task, language)},
          "```" + language + "\n" + program + "\n```\n",
          Outcome::kError,
          ""};
}

bool IsMeantFor(const Section& section, const std::string& style) {
  return Get(section, "only", "call stdio assert pytest check").find(style) != std::string::npos;
}

std::vector<Try> PythonTries(const std::string& file) {
  std::vector<Try> tries;
  for (const Section& section : ReadSections(file)) {
    for (const char* style : {"call", "stdio", "assert", "pytest", "check"}) {
      if (IsMeantFor(section, style)) {
        const bool is_script = std::string_view(style) == "stdio";
        tries.push_back(MakeTry(section.at("name"), style, Get(section, "task", "linear"), "python",
                                is_script ? ScriptForm(section) : FunctionForm(section)));
      }
    }
  }
  return tries;
}

std::vector<Try> OtherTries(const std::string& file) {
  std::vector<Try> tries;
  for (const Section& section : ReadSections(file)) {
    const std::string language = section.at("lang") == "cpp" ? "cpp" : "javascript";
    for (const char* style : {"call", "stdio"}) {
      if (section.at("form").find(style) != std::string::npos) {
        const bool is_cpp_call = language == "cpp" && std::string_view(style) == "call";
        tries.push_back(
            MakeTry(section.at("name"), style, "linear", language, (is_cpp_call ? "#define CUPEL_CALL\n" : "") + section.at("code")));
      }
    }
  }
  return tries;
}

const CodeVerifier& Shared() {
  static const CodeVerifier verifier{sandbox::Config{}};
  return verifier;
}

// False, after saying why, on a machine without a sandbox: the test is then skipped.
bool HasSandbox() {
  const absl::Status status = Shared().Open();
  if (!status.ok()) {
    WARN("SKIPPED: " << Message(status));
  }
  return status.ok();
}

void JudgeAll(std::vector<Try>& tries) {
  const CodeVerifier& verifier = Shared();
  ThreadPool pool(std::max(2, static_cast<int>(std::thread::hardware_concurrency())), 1024);
  for (Try& one : tries) {
    pool.Submit([&one, &verifier] {
      const Verdict verdict = verifier.Verify(one.task, one.text);
      one.outcome = verdict.outcome;
      one.reason = verdict.reason;
    });
  }
  pool.Wait();
}

void RequireNeverScored(std::vector<Try> tries) {
  if (!HasSandbox()) {
    return;
  }
  JudgeAll(tries);
  size_t num_refused = 0;
  for (const Try& one : tries) {
    INFO(one.name << ": " << OutcomeName(one.outcome) << ", " << one.reason << "\n" << one.text);
    CHECK(one.outcome == Outcome::kIncorrect);
    num_refused += one.outcome == Outcome::kIncorrect ? 1 : 0;
  }
  WARN("hacks: " << num_refused << " refused, " << tries.size() - num_refused << " not");
}

TEST_CASE("no hack in Python is ever scored, in any harness style", "[hacks]") { RequireNeverScored(PythonTries("python_hacks.txt")); }

TEST_CASE("no hack in C++ or JavaScript is ever scored", "[hacks]") { RequireNeverScored(OtherTries("cpp_js_hacks.txt")); }

TEST_CASE("no hack of the second corpus is ever scored", "[hacks]") {
  RequireNeverScored(PythonTries("fresh_python.txt"));
  RequireNeverScored(OtherTries("fresh_cpp_js.txt"));
}

// The rows of fresh_cases.jsonl: a task of any format with a hack and an honest answer.
std::vector<Try> CaseTries(const std::string& which) {
  const std::string path = CUPEL_SOURCE_DIR "/tests/verifiers/code/hacks/fresh_cases.jsonl";
  std::vector<Try> tries;
  LineReader reader = LineReader::Open(path).value();
  while (const auto line = reader.Next().value()) {
    const Json item = ParseJson(*line, path).value();
    const Json metadata = {{"format", item["format"]}, {"record", item["record"]}, {"options", item.value("options", Json::object())}};
    if (item.contains(which)) {
      tries.push_back({item["name"], {"t", {{"user", "?"}}, "", "code", metadata.dump()}, item[which], Outcome::kError, ""});
    }
  }
  return tries;
}

// A text without a program scores as nothing too.
TEST_CASE("no hack of a format's own is ever scored", "[hacks]") {
  if (!HasSandbox()) {
    return;
  }
  std::vector<Try> tries = CaseTries("hack");
  JudgeAll(tries);
  for (const Try& one : tries) {
    INFO(one.name << ": " << OutcomeName(one.outcome) << ", " << one.reason << "\n" << one.text);
    CHECK((one.outcome == Outcome::kIncorrect || one.outcome == Outcome::kNoAnswer));
  }
}

TEST_CASE("the honest answers to the same tasks pass", "[hacks]") {
  if (!HasSandbox()) {
    return;
  }
  std::vector<Try> tries = CaseTries("honest");
  JudgeAll(tries);
  for (const Try& one : tries) {
    INFO(one.name << ": " << OutcomeName(one.outcome) << ", " << one.reason << "\n" << one.text);
    CHECK(one.outcome == Outcome::kCorrect);
  }
}

// tests/verifiers/code/cases/runs.jsonl: every format with right and wrong programs, checkers, interactors, patches.
TEST_CASE("a task of every format is judged as the cases say", "[runs]") {
  const std::string path = CUPEL_SOURCE_DIR "/tests/verifiers/code/cases/runs.jsonl";
  if (!HasSandbox()) {
    return;
  }
  const CodeVerifier& verifier = Shared();
  LineReader reader = LineReader::Open(path).value();
  while (const auto line = reader.Next().value()) {
    const Json item = ParseJson(*line, path).value();
    const Json metadata = {{"format", item["format"]}, {"record", item["record"]}, {"options", item.value("options", Json::object())}};
    const Judgement judgement = verifier.Judge({"t", {{"user", "?"}}, "", "code", metadata.dump()}, item["completion"].get<std::string>());
    INFO(item["name"] << ": " << judgement.report.reason);
    CHECK(MarkName(judgement.report.mark) == item["verdict"].get<std::string>());
  }
}

TEST_CASE("honest programs pass, whatever they do on the way", "[hacks]") {
  if (!HasSandbox()) {
    return;
  }
  std::vector<Try> tries = PythonTries("honest.txt");
  CHECK(tries.size() >= 180);
  tries.push_back(MakeTry("js", "call", "linear", "javascript", "function f(x) { return 3 * x + 7; }"));
  tries.push_back(MakeTry("js arrow", "call", "linear", "javascript", "const f = x => 3 * x + 7;"));
  tries.push_back(MakeTry("js module", "call", "linear", "javascript", "module.exports = {f: x => 3 * x + 7};"));
  tries.push_back(MakeTry("js class", "call", "linear", "javascript", "class Solution { f(x) { return 3 * x + 7; } }"));
  tries.push_back(MakeTry("js big", "call", "linear", "javascript", "function f(x) { return 3n * BigInt(x) + 7n; }"));
  tries.push_back(MakeTry("js text", "call", "text", "javascript", "function f(x) { return 'ab'.repeat(x); }"));
  tries.push_back(MakeTry("js pair", "call", "pair", "javascript", "function f(x) { return [x, x + 1]; }"));
  tries.push_back(MakeTry("js half", "call", "half", "javascript", "function f(x) { return x / 2 + 0.25; }"));
  tries.push_back(MakeTry("js", "stdio", "linear", "javascript", "console.log(3 * Number(require('fs').readFileSync(0, 'utf8')) + 7);"));
  tries.push_back(MakeTry("cpp", "call", "linear", "cpp", "long long f(int x) { return 3LL * x + 7; }"));
  tries.push_back(
      MakeTry("cpp text", "call", "text", "cpp",
              "#include <bits/stdc++.h>\nusing namespace std;\nstring f(int x) { string s; while (x--) s += \"ab\"; return s; }"));
  tries.push_back(MakeTry("cpp pair", "call", "pair", "cpp", "#include <vector>\nstd::vector<int> f(int x) { return {x, x + 1}; }"));
  tries.push_back(MakeTry("cpp half", "call", "half", "cpp", "double f(double x) { return x / 2 + 0.25; }"));
  tries.push_back(MakeTry("cpp", "stdio", "linear", "cpp",
                          "#include <iostream>\nint main() { long long x; std::cin >> x; std::cout << 3 * x + 7 << std::endl; }"));
  JudgeAll(tries);
  for (const Try& one : tries) {
    INFO(one.name << ": " << OutcomeName(one.outcome) << ", " << one.reason << "\n" << one.text);
    CHECK(one.outcome == Outcome::kCorrect);
  }
  WARN("honest programs: " << std::ranges::count(tries, Outcome::kCorrect, &Try::outcome) << " of " << tries.size() << " passed");
}

}  // namespace
}  // namespace cupel::code
