// Covers verdicts: what becomes of every ending of a job and of every forged, missing or doubled result, with a sandbox that runs nothing.
// Alone: build/release/tests/code_test "[judge]"

#include "verifiers/code/judge/judge.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/verifiers/code/fake_sandbox.h"
#include "verifiers/code/code_verifier.h"
#include "verifiers/code/judge/protocol.h"

namespace cupel::code {
namespace {

using sandbox::Ending;
using sandbox::FakeSandbox;
using sandbox::Job;
using sandbox::JobResult;

Problem TwoCalls(bool is_isolated) {
  Problem problem;
  problem.is_isolated = is_isolated;
  for (int i = 0; i < 2; ++i) {
    CallTest test;
    test.id = std::to_string(i);
    test.target = "f";
    test.args = {Value::Int(i)};
    test.expected = {Value::Int(1000 + i)};
    problem.calls.push_back(test);
  }
  return problem;
}

// The nonces that the driver would read: first that of loading, then those of the calls.
std::vector<std::string> NoncesOf(const Job& job) {
  std::string problem;
  const Value request = Decode(job.channel_input, problem).value();
  std::vector<std::string> nonces = {request.items[1].text};
  for (const Value& call : request.items[2].items) {
    nonces.push_back(call.items[0].text);
  }
  return nonces;
}

std::string FrameOf(const std::string& nonce, uint32_t index, const Value& value) {
  const std::string payload = Encode(value);
  std::string bytes = nonce;
  for (const uint32_t word : {index, static_cast<uint32_t>(payload.size())}) {
    bytes.append(reinterpret_cast<const char*>(&word), 4);
  }
  return bytes + payload;
}

Value Returned(Value value) { return Value::Sequence(Kind::kTuple, {Value::String("V"), std::move(value)}); }

// The frames of an honest run in which call i returned first + i.
std::vector<std::string> HonestFrames(const Job& job, int first) {
  const std::vector<std::string> nonces = NoncesOf(job);
  std::vector<std::string> frames = {FrameOf(nonces[0], 0, Returned(Value::None()))};
  for (size_t i = 1; i < nonces.size(); ++i) {
    frames.push_back(FrameOf(nonces[i], static_cast<uint32_t>(i), Returned(Value::Int(first + static_cast<int>(i) - 1))));
  }
  return frames;
}

std::string Joined(const std::vector<std::string>& frames) {
  std::string text;
  for (const std::string& frame : frames) {
    text += frame;
  }
  return text;
}

JobResult WithResult(std::string bytes) {
  JobResult result;
  result.result = std::move(bytes);
  return result;
}
JobResult Printing(std::string text) {
  JobResult result;
  result.standard_output = std::move(text);
  return result;
}
JobResult Exit(int code) {
  JobResult result;
  result.exit_code = code;
  return result;
}
JobResult Ended(Ending ending) {
  JobResult result;
  result.ending = ending;
  return result;
}
JobResult Truncated(bool is_truncated) {
  JobResult result;
  result.is_output_truncated = is_truncated;
  return result;
}

Report JudgeWith(const Problem& problem, const FakeSandbox::Answer& answer) {
  FakeSandbox sandbox(answer);
  return JudgeProgram(sandbox, problem, "program");
}

TEST_CASE("right values from a clean run are accepted, anything else is not", "[judge]") {
  const auto with = [](int first) { return [first](const Job& job) { return WithResult(Joined(HonestFrames(job, first))); }; };
  CHECK(JudgeWith(TwoCalls(false), with(1000)).mark == Mark::kAccepted);
  CHECK(JudgeWith(TwoCalls(false), with(1001)).mark == Mark::kWrong);
  CHECK(JudgeWith(TwoCalls(false), [](const Job&) { return JobResult{}; }).mark == Mark::kRuntime);
  CHECK(JudgeWith(TwoCalls(false), [](const Job&) { return Printing("PASS 1000 1001"); }).mark == Mark::kRuntime);
}

TEST_CASE("what is expected never enters the sandbox", "[judge]") {
  for (const bool is_isolated : {false, true}) {
    FakeSandbox sandbox([](const Job& job) { return WithResult(Joined(HonestFrames(job, 1000))); });
    JudgeProgram(sandbox, TwoCalls(is_isolated), "program");
    CHECK(sandbox.jobs().size() >= 1);
    for (const Job& job : sandbox.jobs()) {
      std::string everything = job.channel_input + job.input + job.driver + job.entry;
      for (const sandbox::JobFile& file : job.files) {
        everything += file.name + file.bytes;
      }
      CHECK(everything.find("1000") == std::string::npos);
      CHECK(everything.find("1001") == std::string::npos);
    }
  }
}

TEST_CASE("damaged, doubled, missing or foreign frames are a runtime error", "[judge]") {
  const auto judge = [](const std::function<std::string(const Job&, std::vector<std::string>)>& change) {
    return JudgeWith(TwoCalls(false), [&](const Job& job) { return WithResult(change(job, HonestFrames(job, 1000))); });
  };
  const auto joined = [](const Job&, const std::vector<std::string>& frames) { return Joined(frames); };
  REQUIRE(judge(joined).mark == Mark::kAccepted);
  CHECK(judge([](const Job&, auto frames) { return Joined({frames[0], frames[1]}); }).mark == Mark::kRuntime);
  CHECK(judge([](const Job&, auto frames) { return Joined({frames[0], frames[1], frames[1], frames[2]}); }).mark == Mark::kRuntime);
  CHECK(judge([](const Job&, auto frames) { return Joined({frames[0], frames[0], frames[1], frames[2]}); }).mark == Mark::kRuntime);
  CHECK(judge([](const Job&, auto frames) { return "x" + Joined(frames); }).mark == Mark::kRuntime);
  CHECK(judge([](const Job&, auto frames) { return Joined(frames) + "x"; }).mark == Mark::kRuntime);
  CHECK(judge([](const Job&, auto frames) { return Joined(frames).substr(0, Joined(frames).size() - 1); }).mark == Mark::kRuntime);
  CHECK(judge([](const Job& job, auto frames) {  // the nonce of another call
          return frames[0] + FrameOf(NoncesOf(job)[2], 1, Returned(Value::Int(1000))) + frames[2];
        })
            .mark == Mark::kRuntime);
  CHECK(judge([](const Job& job, auto frames) {  // a value that is no outcome
          return frames[0] + FrameOf(NoncesOf(job)[1], 1, Value::Int(1000)) + frames[2];
        })
            .mark == Mark::kRuntime);
}

TEST_CASE("every bad ending has its mark, with and without valid results before it", "[judge]") {
  const std::vector<std::pair<JobResult, Mark>> endings = {{Exit(1), Mark::kRuntime},
                                                           {Ended(Ending::kSignalled), Mark::kRuntime},
                                                           {Ended(Ending::kCpuLimit), Mark::kTime},
                                                           {Ended(Ending::kWallLimit), Mark::kTime},
                                                           {Ended(Ending::kMemoryLimit), Mark::kMemory},
                                                           {Ended(Ending::kOutputLimit), Mark::kOutput},
                                                           {Ended(Ending::kCompileError), Mark::kCompile},
                                                           {Ended(Ending::kCompileLimit), Mark::kCompile}};
  Problem runs;
  runs.stdio = {{"0", "in", ""}};
  for (const auto& [ending, mark] : endings) {
    CAPTURE(sandbox::EndingName(ending.ending));
    for (const bool has_results : {false, true}) {
      const Report report = JudgeWith(TwoCalls(false), [&](const Job& job) {
        JobResult result = ending;
        result.result = has_results ? Joined(HonestFrames(job, 1000)) : "";
        return result;
      });
      CHECK(report.mark == mark);
      CHECK(report.score == 0);
    }
    CHECK(JudgeWith(runs, [&](const Job&) { return ending; }).mark == mark);
  }
  CHECK(JudgeWith(runs, [&](const Job&) { return Truncated(true); }).mark == Mark::kOutput);
}

TEST_CASE("trouble of the sandbox is SE, an error and no score", "[judge]") {
  const auto broken = [](const Job&) { return absl::StatusOr<JobResult>(Unavailable("no slot")); };
  Problem runs;
  runs.stdio = {{"0", "in", "out"}};
  Problem asserts;
  asserts.asserts = AssertTests{};
  for (const Problem& problem : {TwoCalls(true), TwoCalls(false), runs, asserts}) {
    const Report report = JudgeWith(problem, broken);
    CHECK(report.mark == Mark::kSystem);
    CHECK(OutcomeOf(report) == Outcome::kError);
    CHECK_THAT(report.reason, Catch::Contains("no slot"));
  }
  // A failure seen before the trouble decides; where fractions count, nothing can be said.
  Problem three = TwoCalls(true);
  int count = 0;
  const auto second_fails = [&](const Job& job) -> absl::StatusOr<JobResult> {
    if (count++ == 0) {
      return WithResult(Joined(HonestFrames(job, 1)));
    }
    return Unavailable("no slot");
  };
  CHECK(JudgeWith(three, second_fails).mark == Mark::kWrong);
  count = 0;
  three.scoring = Scoring::kPartial;
  CHECK(JudgeWith(three, second_fails).mark == Mark::kSystem);
}

TEST_CASE("no tests is SE, never a pass", "[judge]") {
  const auto fine = [](const Job&) { return JobResult{}; };
  CHECK(JudgeWith(Problem(), fine).mark == Mark::kSystem);
  Problem asserts;
  asserts.asserts = AssertTests{};
  CHECK(JudgeWith(asserts, fine).mark == Mark::kSystem);
  CHECK(Summarise({}, 0, Scoring::kPassFail).mark == Mark::kSystem);
}

TEST_CASE("scores by all, by fraction and by weighted sum", "[judge]") {
  Problem problem;
  problem.stdio = {{"0", "", "a"}, {"1", "", "b"}, {"2", "", "a"}, {"3", "", "a"}};
  const auto says_a = [](const Job&) { return Printing("a\n"); };
  CHECK(JudgeWith(problem, says_a).score == 0);
  CHECK(JudgeWith(problem, says_a).tests.size() == 2);  // judging stopped at the failure
  problem.scoring = Scoring::kPartial;
  CHECK(JudgeWith(problem, says_a).score == 0.75);
  problem.scoring = Scoring::kWeightedSum;
  CHECK(JudgeWith(problem, says_a).score == Approx(0.075));
  problem.stdio[1].expected = "a";
  CHECK(JudgeWith(problem, says_a).score == Approx(1.1));
}

TEST_CASE("a subtask is worth its smallest share of points", "[judge]") {
  std::vector<TestReport> tests(3);
  tests[0].mark = Mark::kAccepted;
  tests[1].mark = tests[2].mark = Mark::kWrong;
  tests[1].share = 0.5;
  tests[2].share = 0.25;
  CHECK(Summarise(tests, 3, Scoring::kMinimum).score == 0.25);
  tests[2].mark = Mark::kTime;
  tests[2].share = 0;
  CHECK(Summarise(tests, 3, Scoring::kMinimum).score == 0);
  tests.resize(1);
  CHECK(Summarise(tests, 1, Scoring::kMinimum).score == 1);
}

TEST_CASE("a checker that fails on an output is its own trouble only if it fails on the expected one too", "[judge]") {
  Problem problem;
  problem.stdio = {{"0", "in", "answer"}};
  problem.checker = Checker{sandbox::Language::kPython, "source", false, {}};
  const auto checker = [](int code_on_answer) {
    return [code_on_answer](const Job& job) {
      if (job.entry != "checker.py") {
        return Printing("something else");
      }
      const auto output = std::ranges::find(job.files, "output.txt", &sandbox::JobFile::name);
      return Exit(output->bytes == "answer" ? code_on_answer : 3);
    };
  };
  CHECK(JudgeWith(problem, checker(0)).mark == Mark::kWrong);
  CHECK(JudgeWith(problem, checker(1)).mark == Mark::kSystem);
  CHECK(JudgeWith(problem, checker(3)).mark == Mark::kSystem);
}

TEST_CASE("output that differs in white space only is PE", "[judge]") {
  Problem problem;
  problem.stdio = {{"0", "", "a b"}};
  const auto says = [](std::string text) { return [text](const Job&) { return Printing(text); }; };
  CHECK(JudgeWith(problem, says("a  b")).mark == Mark::kPresentation);
  CHECK(JudgeWith(problem, says("a b\n")).mark == Mark::kAccepted);
  CHECK(JudgeWith(problem, says("a c")).mark == Mark::kWrong);
  CHECK(JudgeWith(problem, says("")).mark == Mark::kWrong);
}

TEST_CASE("a checker's and an interactor's exit codes are marks, their failures SE", "[judge]") {
  Problem problem;
  problem.stdio = {{"0", "in", "answer"}};
  problem.checker = Checker{sandbox::Language::kPython, "source", false, {}};
  const auto checker_ends = [](JobResult end) {
    return [end](const Job& job) { return job.entry == "checker.py" ? end : Printing("out"); };
  };
  const std::vector<std::pair<int, Mark>> codes = {
      {0, Mark::kAccepted}, {1, Mark::kWrong}, {2, Mark::kPresentation}, {3, Mark::kSystem}, {7, Mark::kSystem}};
  for (const auto& [code, mark] : codes) {
    CHECK(JudgeWith(problem, checker_ends(Exit(code))).mark == mark);
  }
  CHECK(JudgeWith(problem, checker_ends(Ended(Ending::kCpuLimit))).mark == Mark::kSystem);
  problem.checker->prints_score = true;
  CHECK(JudgeWith(problem, checker_ends(Printing("1\n"))).mark == Mark::kAccepted);
  CHECK(JudgeWith(problem, checker_ends(Printing("0.5\n"))).mark == Mark::kWrong);
  CHECK(JudgeWith(problem, checker_ends(Printing("yes\n"))).mark == Mark::kSystem);
  CHECK(JudgeWith(problem, checker_ends(Exit(1))).mark == Mark::kSystem);
  problem.checker.reset();
  problem.interactor = Interactor{sandbox::Language::kPython, "source"};
  for (const auto& [code, mark] : codes) {
    CHECK(JudgeWith(problem, checker_ends(Exit(code))).mark == mark);
  }
  const auto program_ends = [](JobResult end) { return [end](const Job& job) { return job.entry == "checker.py" ? JobResult{} : end; }; };
  CHECK(JudgeWith(problem, program_ends(Exit(1))).mark == Mark::kRuntime);
  CHECK(JudgeWith(problem, program_ends(Ended(Ending::kCpuLimit))).mark == Mark::kTime);
}

TEST_CASE("a program that cannot be loaded is CE or RE", "[judge]") {
  const auto loading = [](const std::string& name) {
    return [name](const Job& job) {
      const Value names = Value::Sequence(Kind::kList, {Value::String(name)});
      return WithResult(FrameOf(NoncesOf(job)[0], 0, Value::Sequence(Kind::kTuple, {Value::String("X"), names, Value::String("no")})));
    };
  };
  CHECK(JudgeWith(TwoCalls(false), loading("SyntaxError")).mark == Mark::kCompile);
  CHECK(JudgeWith(TwoCalls(false), loading("NameError")).mark == Mark::kRuntime);
  CHECK(JudgeWith(TwoCalls(false), loading("MemoryError")).mark == Mark::kMemory);
}

TEST_CASE("a text without a program is no answer, one that is too long is not decided", "[judge]") {
  auto sandbox = std::make_unique<FakeSandbox>([](const Job& job) { return WithResult(Joined(HonestFrames(job, 6))); });
  const CodeVerifier verifier(std::move(sandbox));
  Task task{
      "t", {{"user", "?"}}, "", "code", R"({"format": "call", "record": {"function": "f", "tests": [{"args": [5], "expected": 6}]}})"};
  CHECK(verifier.Verify(task, "```python\nx\n```").outcome == Outcome::kCorrect);
  const Verdict none = verifier.Verify(task, "no program here");
  CHECK(none.outcome == Outcome::kNoAnswer);
  CHECK_THAT(none.reason, Catch::StartsWith("CE(no_code)"));
  CHECK(verifier.Verify(task, std::string(size_t{2} << 20, 'x')).outcome == Outcome::kUndecided);
  CHECK(verifier.Verify(task, "```python\n\0\n```").outcome != Outcome::kError);
  task.metadata = R"({"format": "call", "record": {"function": "f", "tests": []}})";
  CHECK(verifier.Verify(task, "```python\nx\n```").outcome == Outcome::kError);
  CHECK_THAT(verifier.Verify(task, "```python\nx\n```").reason, Catch::Contains("no tests"));
}

}  // namespace
}  // namespace cupel::code
