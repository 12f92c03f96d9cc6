#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/check.h"
#include "base/status.h"
#include "verifiers/code/judge/call_driver.h"
#include "verifiers/code/judge/judge.h"
#include "verifiers/code/judge/protocol.h"

namespace cupel::code {
namespace {

std::string DescribeCall(const CallTest& test) {
  const std::string args = Describe(Value::Sequence(Kind::kTuple, test.args), 80);
  return test.target + (test.args.size() == 1 && args.ends_with(",)") ? args.substr(0, args.size() - 2) + ")" : args);
}

// What sorted(value) and set(value) iterate over; nullopt for what is no collection.
std::optional<std::vector<Value>> ItemsOf(const Value& value) {
  std::vector<Value> items;
  switch (value.kind) {
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kSet:
      return value.items;
    case Kind::kDict:
      for (size_t i = 0; i < value.items.size(); i += 2) {
        items.push_back(value.items[i]);
      }
      return items;
    default:
      return std::nullopt;
  }
}

// What Python would say of the truth of a plain value.
bool IsTruthy(const Value& value) {
  switch (value.kind) {
    case Kind::kNone:
    case Kind::kObject:
      return false;
    case Kind::kBool:
      return value.truth;
    case Kind::kInt:
      return value.text != "0";
    case Kind::kFloat:
    case Kind::kComplex:
      return value.number != 0 || value.imaginary != 0;
    case Kind::kString:
    case Kind::kBytes:
      return !value.text.empty();
    default:
      return !value.items.empty();
  }
}

bool IsExpectedValue(const CallTest& test, const Value& actual, std::string& why) {
  ValueRules rules = test.rules;
  Value subject = actual;
  if (test.transform != Transform::kNone) {
    std::optional<std::vector<Value>> items = ItemsOf(actual);
    if (!items) {
      why = fmt::format("expected a collection, found {} ({})", Describe(actual), KindName(actual.kind));
      return false;
    }
    const bool is_set = test.transform == Transform::kSet;
    if (is_set) {
      std::map<std::string, Value> distinct;
      for (Value& item : *items) {
        std::string key = Encode(item);
        distinct.insert_or_assign(std::move(key), std::move(item));
      }
      items->clear();
      for (auto& [key, item] : distinct) {
        items->push_back(std::move(item));
      }
    }
    rules.is_unordered = true;
    subject = Value::Sequence(is_set ? Kind::kSet : Kind::kList, *std::move(items));
  }
  return std::ranges::any_of(test.expected, [&](const Value& expected) { return IsEqual(expected, subject, rules, why); });
}

bool IsAccepted(const CallTest& test, const Value& actual, std::string& why) {
  switch (test.expectation) {
    case Expectation::kEqual:
      return IsExpectedValue(test, actual, why);
    case Expectation::kTruthy:
      why = fmt::format("expected something true, found {}", Describe(actual));
      return IsTruthy(actual);
    case Expectation::kFalsy:
      why = fmt::format("expected something false, found {}", Describe(actual));
      return actual.kind != Kind::kObject && !IsTruthy(actual);
    case Expectation::kNotNone:
      why = "expected anything but None";
      return actual.kind != Kind::kNone;
  }
  return false;
}

// MLE and OLE for the exceptions that mean it, RE for all others.
Mark MarkOfException(const CallOutcome& outcome, std::string& detail) {
  const std::string name = outcome.exception.empty() ? "an exception" : outcome.exception.front().substr(0, 60);
  detail = fmt::format("raised {}{}{}", name, outcome.message.empty() ? "" : ": ", outcome.message.substr(0, 160));
  if (std::ranges::find(outcome.exception, "MemoryError") != outcome.exception.end()) {
    return Mark::kMemory;
  }
  return name == "TooBig" ? Mark::kOutput : Mark::kRuntime;
}

Mark MarkOfPayload(const CallTest& test, std::string_view payload, std::string& detail) {
  std::string why;
  const std::optional<CallOutcome> outcome = ReadOutcome(payload, why);
  if (!outcome) {
    detail = fmt::format("unreadable result: {}", why);
    return Mark::kRuntime;
  }
  if (!outcome->has_value) {
    return MarkOfException(*outcome, detail);
  }
  if (IsAccepted(test, outcome->value, why)) {
    return Mark::kAccepted;
  }
  detail = fmt::format("{}: {}", DescribeCall(test), why);
  return Mark::kWrong;
}

bool IsSyntaxError(const CallOutcome& loading) { return std::ranges::find(loading.exception, "SyntaxError") != loading.exception.end(); }

// One process and the tests it ran.
class CallGroup {
 public:
  CallGroup(std::span<const CallTest> tests, const sandbox::JobResult& result) : tests_(tests), result_(result) {}

  std::vector<TestReport> Judge(std::span<const Nonce> nonces) {
    reports_.resize(tests_.size());
    for (size_t i = 0; i < tests_.size(); ++i) {
      reports_[i].id = tests_[i].id;
      reports_[i].cpu_ms = result_.cpu_ms;
      reports_[i].wall_ms = result_.wall_ms;
      reports_[i].peak_kb = result_.peak_kb;
    }
    std::string ending_detail;
    const Mark ending = MarkOfEnding(result_, ending_detail);
    const FrameRow row = ReadFrames(result_.result, nonces, false);
    if (row.is_damaged || (row.is_cut && ending == Mark::kAccepted)) {
      return All(Mark::kRuntime, "something other than the judge's driver wrote to the result descriptor");
    }
    if (const bool is_loaded = ReadLoading(row); !is_loaded) {
      return reports_;
    }
    if (!Place(row)) {
      return All(Mark::kRuntime, "two results for one call");
    }
    const bool is_complete = std::ranges::none_of(is_missing_, [](bool missing) { return missing; });
    for (size_t i = 0; i < tests_.size(); ++i) {
      TestReport& report = reports_[i];
      if (is_missing_[i]) {
        report.mark = ending == Mark::kAccepted ? Mark::kRuntime : ending;
        report.detail = ending == Mark::kAccepted ? "the program ended without a result" : ending_detail;
      } else if (is_complete && ending != Mark::kAccepted && report.mark == Mark::kAccepted) {
        report.mark = ending;  // valid results do not excuse what came after them
        report.detail = ending_detail;
      }
    }
    return reports_;
  }

 private:
  std::vector<TestReport> All(Mark mark, const std::string& detail) {
    for (TestReport& report : reports_) {
      report.mark = mark;
      report.detail = detail;
    }
    return reports_;
  }

  // Whether the program was loaded; if not, every test says why. No word about loading and no results is left to the ending.
  bool ReadLoading(const FrameRow& row) {
    const auto frame = std::ranges::find(row.frames, 0U, &Frame::index);
    if (frame == row.frames.end()) {
      return true;
    }
    std::string problem;
    const std::optional<CallOutcome> loading = ReadOutcome(frame->payload, problem);
    if (loading && loading->has_value) {
      return true;
    }
    std::string detail = problem;
    const Mark mark = loading && !IsSyntaxError(*loading) ? MarkOfException(*loading, detail) : Mark::kCompile;
    if (loading && mark == Mark::kCompile) {
      MarkOfException(*loading, detail);
    }
    All(mark, fmt::format("while loading the program: {}", detail));
    return false;
  }

  // Judges each result that came. False when a call has two.
  bool Place(const FrameRow& row) {
    is_missing_.assign(tests_.size(), true);
    size_t num_loading = 0;
    for (const Frame& frame : row.frames) {
      if (frame.index == 0) {
        if (++num_loading > 1) {
          return false;
        }
        continue;
      }
      const size_t i = frame.index - 1;
      Check(i < tests_.size(), "a frame was checked against its nonce");
      if (!is_missing_[i]) {
        return false;
      }
      is_missing_[i] = false;
      reports_[i].mark = MarkOfPayload(tests_[i], frame.payload, reports_[i].detail);
    }
    return true;
  }

  std::span<const CallTest> tests_;
  const sandbox::JobResult& result_;
  std::vector<TestReport> reports_;
  std::vector<bool> is_missing_;
};

}  // namespace

absl::Status FillExpected(sandbox::Sandbox& sandbox, Problem& problem) {
  const std::vector<Nonce> nonces = DrawNonces(problem.calls.size() + 1);
  CUPEL_ASSIGN_OR_RETURN(const sandbox::Job job, MakeCallJob(problem, problem.reference, problem.calls, nonces));
  CUPEL_ASSIGN_OR_RETURN(const sandbox::JobResult result, sandbox.Run(job));
  const FrameRow row = ReadFrames(result.result, nonces, false);
  for (const Frame& frame : row.frames) {
    std::string why;
    std::optional<CallOutcome> outcome = ReadOutcome(frame.payload, why);
    if (frame.index > 0 && outcome && outcome->has_value) {
      problem.calls[frame.index - 1].expected = {std::move(outcome->value)};
    }
  }
  for (const CallTest& test : problem.calls) {
    if (test.expected.empty()) {
      std::string ending;
      MarkOfEnding(result, ending);
      return FailedPrecondition("the reference solution gives no value for test {}{}{}", test.id, ending.empty() ? "" : ": ", ending);
    }
  }
  return absl::OkStatus();
}

Report JudgeCalls(sandbox::Sandbox& sandbox, const Problem& problem, const std::string& program) {
  const std::span<const CallTest> all = problem.calls;
  const size_t group_size = problem.is_isolated ? 1 : all.size();
  std::vector<TestReport> reports;
  sandbox::Tier tier = sandbox.tier();
  for (size_t begin = 0; begin < all.size(); begin += group_size) {
    const std::span<const CallTest> tests = all.subspan(begin, group_size);
    const std::vector<Nonce> nonces = DrawNonces(tests.size() + 1);
    const absl::StatusOr<sandbox::Job> job = MakeCallJob(problem, program, tests, nonces);
    if (!job.ok()) {
      return Trouble(std::string(Message(job.status())));
    }
    const absl::StatusOr<sandbox::JobResult> result = sandbox.Run(*job);
    if (!result.ok()) {
      reports.push_back({tests[0].id, Mark::kSystem, 0, 0, 0, std::string(Message(result.status()))});
    } else {
      tier = result->tier;
      std::ranges::move(CallGroup(tests, *result).Judge(nonces), std::back_inserter(reports));
    }
    if (problem.scoring == Scoring::kPassFail && reports.back().mark != Mark::kAccepted) {
      break;
    }
  }
  Report report = Summarise(std::move(reports), all.size(), problem.scoring);
  report.tier = tier;
  return report;
}

}  // namespace cupel::code
