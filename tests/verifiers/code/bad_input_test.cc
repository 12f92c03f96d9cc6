// Covers what the code verifier makes of bad input: texts without a program or with several, bytes, output without end, tasks without tests
// or with malformed ones, a language that is not installed. No sandbox is needed. Alone: build/release/tests/code_test "[bad]"

#include <catch2/catch.hpp>

#include "base/random.h"
#include "base/status.h"
#include "tests/verifiers/code/fake_sandbox.h"
#include "verifiers/code/code_verifier.h"
#include "verifiers/code/formats/formats.h"

namespace cupel::code {
namespace {

using sandbox::Ending;
using sandbox::FakeSandbox;
using sandbox::Job;
using sandbox::JobResult;

Task StdioTask(const std::string& language = "python") {
  return {"task-7",
          {{"user", "?"}},
          "",
          "code",
          R"({"format": "stdio", "record": {"language": ")" + language + R"(", "tests": [{"input": "", "output": "13"}]}})"};
}

// A verifier whose programs all print `output`.
Judgement JudgePrinted(const Task& task, const std::string& text, const std::string& output, bool is_cut = false) {
  const CodeVerifier verifier(std::make_unique<FakeSandbox>([&](const Job&) -> absl::StatusOr<JobResult> {
    JobResult result;
    result.standard_output = output;
    result.is_output_truncated = is_cut;
    return result;
  }));
  return verifier.Judge(task, text);
}

std::string Fenced(const std::string& tag, const std::string& text) { return "```" + tag + "\n" + text + "\n```\n"; }

TEST_CASE("a text without a program, or in another language, is no answer", "[bad]") {
  for (const std::string& text :
       {std::string(), std::string(" \n\t"), std::string("I do not know."), std::string("```python\n"), Fenced("python", "  "),
        Fenced("rust", "fn main() {}"), "<think>" + Fenced("python", "print(13)"), Fenced("python", "x").substr(0, 10)}) {
    CAPTURE(text);
    const Judgement judgement = JudgePrinted(StdioTask(), text, "13");
    CHECK(judgement.verdict.outcome == Outcome::kNoAnswer);
    CHECK_THAT(judgement.verdict.reason, Catch::StartsWith("CE(no_code)"));
  }
}

TEST_CASE("of two languages the wanted one is taken, of two blocks the last", "[bad]") {
  const std::string both =
      Fenced("cpp", "int main() {}") + Fenced("python", "first") + Fenced("python", "print(13)") + Fenced("bash", "exit 0");
  CHECK(JudgePrinted(StdioTask(), both, "13").verdict.extracted == "print(13)\n");
  CHECK(JudgePrinted(StdioTask("cpp"), both, "13").verdict.extracted == "int main() {}\n");
}

TEST_CASE("bytes of every kind are judged, and never scored by chance", "[bad]") {
  RandomStream random(11, RandomPurpose::kTaskContent);
  for (int i = 0; i < 300; ++i) {
    std::string text(random.Below(2000), '\0');
    for (char& c : text) {
      c = static_cast<char>(random.Below(256));
    }
    for (const std::string& whole : {text, Fenced("python", text)}) {
      const Outcome outcome = JudgePrinted(StdioTask(), whole, "12").verdict.outcome;
      CHECK((outcome == Outcome::kIncorrect || outcome == Outcome::kNoAnswer));
    }
  }
  const Judgement nul = JudgePrinted(StdioTask(), Fenced("python", std::string("x\0y", 3)), "13");
  CHECK_THAT(nul.verdict.reason, Catch::Contains("NUL"));
  CHECK(nul.verdict.outcome == Outcome::kIncorrect);
}

TEST_CASE("output that was cut off is OLE, even where it is right so far", "[bad]") {
  const Judgement judgement = JudgePrinted(StdioTask(), Fenced("python", "x"), "13\n" + std::string(1 << 20, '\n'), true);
  CHECK(MarkName(judgement.report.mark) == "OLE");
  CHECK(judgement.verdict.outcome == Outcome::kIncorrect);
}

TEST_CASE("a task without tests, or with malformed ones, is the task's trouble, by name and field", "[bad]") {
  const auto reason_of = [](const std::string& metadata) {
    const Judgement judgement = JudgePrinted({"task-7", {{"user", "?"}}, "", "code", metadata}, Fenced("python", "x"), "13");
    CHECK(judgement.verdict.outcome == Outcome::kError);
    CHECK(MarkName(judgement.report.mark) == "SE");
    CHECK_FALSE(judgement.verdict.is_scored());
    CHECK_THAT(judgement.verdict.reason, Catch::Contains("task-7"));
    return judgement.verdict.reason;
  };
  CHECK_THAT(reason_of(R"({"format": "stdio", "record": {"tests": []}})"), Catch::Contains("no tests"));
  CHECK_THAT(reason_of(R"({"format": "stdio", "record": {"tests": [{"output": 3}]}})"), Catch::Contains("field \"output\""));
  CHECK_THAT(reason_of(R"({"format": "call", "record": {"function": "f", "tests": [{"args": 1, "expected": 2}]}})"),
             Catch::Contains("\"args\""));
  CHECK_THAT(reason_of(R"({"format": "swe", "record": {"files": {}, "FAIL_TO_PASS": []}})"), Catch::Contains("field \"files\""));
  CHECK_THAT(reason_of("{\"format\": \"stdio\", \"record\": "), Catch::Contains("metadata"));
}

TEST_CASE("a language that is not installed is named with its package, and scores nothing", "[bad]") {
  const CodeVerifier verifier(std::make_unique<FakeSandbox>([](const Job&) -> absl::StatusOr<JobResult> {
    return NotFound("/usr/bin/node is not there, so javascript programs cannot be run: apt-get install nodejs");
  }));
  const Verdict verdict = verifier.Verify(StdioTask("javascript"), Fenced("js", "console.log(13)"));
  CHECK(verdict.outcome == Outcome::kError);
  CHECK_THAT(verdict.reason, Catch::Contains("apt-get install nodejs"));
  // What `cupel doctor` prints of each language.
  for (const sandbox::Language language :
       {sandbox::Language::kPython, sandbox::Language::kC, sandbox::Language::kCpp, sandbox::Language::kJavaScript}) {
    const absl::Status status = sandbox::CheckLanguage(language);
    CHECK((status.ok() || Message(status).find("apt-get install ") != std::string_view::npos));
  }
}

TEST_CASE("a machine without a sandbox makes every verdict an error that says what is missing", "[bad]") {
  sandbox::Config config;
  config.strongest_tier = sandbox::Tier::kNone;
  const CodeVerifier verifier(config);
  const Verdict verdict = verifier.Verify(StdioTask(), Fenced("python", "print(13)"));
  CHECK(verdict.outcome == Outcome::kError);
  CHECK_FALSE(verdict.reason.empty());
}

}  // namespace
}  // namespace cupel::code
