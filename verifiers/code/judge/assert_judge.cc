#include <algorithm>

#include <fmt/format.h>

#include "base/status.h"
#include "verifiers/code/judge/drivers.h"
#include "verifiers/code/judge/judge.h"
#include "verifiers/code/judge/protocol.h"

namespace cupel::code {
namespace {

Value Strings(const std::vector<std::string>& texts) {
  Value list = Value::Sequence(Kind::kList, {});
  std::ranges::transform(texts, std::back_inserter(list.items), Value::String);
  return list;
}

// The sandbox of the tests: everything that is expected is here, nothing of the program.
sandbox::Job TestsJob(const Problem& problem, const Nonce& nonce) {
  const AssertTests& tests = *problem.asserts;
  std::vector<Value> units;
  for (const auto& [id, text] : tests.units) {
    units.push_back(Value::Sequence(Kind::kTuple, {Value::String(id), Value::String(text)}));
  }
  sandbox::Job job;
  job.language = sandbox::Language::kPython;
  job.driver = kPythonAsserts;
  job.entry = "tests.py";
  job.files = {{job.entry, "", false}};
  job.has_channels = true;
  job.channel_input = Encode(Value::Sequence(
      Kind::kList,
      {Value::String(tests.prelude), Strings(tests.names), Value::String(tests.source), Value::Sequence(Kind::kList, std::move(units)),
       Value::Bytes(std::string(nonce.data(), nonce.size())), Strings(tests.modules), Strings(tests.wanted)}));
  job.limits = problem.limits;
  // Wider than the program's, so that a program that computes or sleeps too long is the one that ends.
  job.limits.cpu_ms = 2 * problem.limits.cpu_ms + 5'000;
  job.limits.wall_ms = 6 * job.limits.cpu_ms + 10'000;
  job.limits.memory_bytes = int64_t{1} << 30;
  return job;
}

sandbox::Job ServeJob(const Problem& problem, std::vector<sandbox::JobFile> project, const std::string& entry) {
  sandbox::Job job;
  job.language = sandbox::Language::kPython;
  job.driver = kPythonServe;
  job.entry = entry;
  job.files = std::move(project);
  job.has_channels = true;
  job.channel_input = Encode(Value::Sequence(Kind::kList, {Value::String(problem.setup), Value::Bool(!problem.asserts->is_project)}));
  job.limits = problem.limits;
  return job;
}

struct UnitReport {
  std::string id;
  std::string state;
  std::string message;
};

std::optional<UnitReport> ReadUnit(std::string_view payload) {
  std::string problem;
  std::optional<Value> value = Decode(payload, problem);
  const bool is_unit = value && value->kind == Kind::kTuple && value->items.size() == 3 &&
                       std::ranges::all_of(value->items, [](const Value& item) { return item.kind == Kind::kString; });
  return is_unit ? std::optional(UnitReport{value->items[0].text, value->items[1].text, value->items[2].text}) : std::nullopt;
}

// The units in order; nullopt when the row is not whole.
std::optional<std::vector<UnitReport>> ReadUnits(const FrameRow& row) {
  if (row.is_damaged || row.is_cut || row.frames.empty() || row.frames.back().index != kLastFrame) {
    return std::nullopt;
  }
  std::vector<UnitReport> units;
  for (const Frame& frame : row.frames) {
    std::optional<UnitReport> unit = ReadUnit(frame.payload);
    const bool is_last = &frame == &row.frames.back();
    if (!unit || frame.index != (is_last ? kLastFrame : units.size()) || (is_last && unit->message != std::to_string(units.size()))) {
      return std::nullopt;
    }
    if (!is_last) {
      units.push_back(*std::move(unit));
    }
  }
  return units;
}

TestReport ReportOf(const UnitReport& unit, const sandbox::JobResult& program) {
  TestReport report;
  report.id = unit.id;
  report.cpu_ms = program.cpu_ms;
  report.wall_ms = program.wall_ms;
  report.peak_kb = program.peak_kb;
  report.detail = unit.message.empty() && unit.state == "F" ? "the assertion does not hold" : unit.message;
  if (unit.state == "S") {
    report.detail = fmt::format("{}{}", kSkipped, unit.message);
  }
  if (unit.state == "P") {
    report.mark = Mark::kAccepted;
  } else if (unit.state == "F") {
    report.mark = Mark::kWrong;
  } else if (unit.state == "X") {
    const bool is_syntax =
        unit.message.find("Error: while loading the program") != std::string::npos &&
        (unit.message.starts_with("SyntaxError") || unit.message.starts_with("IndentationError") || unit.message.starts_with("TabError"));
    report.mark = is_syntax ? Mark::kCompile : Mark::kRuntime;
    std::string ending;
    if (const Mark mark = MarkOfEnding(program, ending); mark != Mark::kAccepted) {
      report.mark = mark;
      report.detail = ending;
    }
  }
  return report;
}

}  // namespace

Report JudgeAsserts(sandbox::Sandbox& sandbox, const Problem& problem, std::vector<sandbox::JobFile> project, const std::string& entry) {
  const std::vector<Nonce> nonces = DrawNonces(1);
  const absl::StatusOr<sandbox::Conversation> conversation =
      sandbox.RunTogether(TestsJob(problem, nonces[0]), ServeJob(problem, std::move(project), entry));
  if (!conversation.ok()) {
    return Trouble(std::string(Message(conversation.status())));
  }
  const std::optional<std::vector<UnitReport>> units = ReadUnits(ReadFrames(conversation->first.result, nonces, true));
  if (!units) {
    std::string ending;
    const Mark mark = MarkOfEnding(conversation->first, ending);
    if (mark == Mark::kTime || mark == Mark::kMemory) {
      // What the tests work on came from the program; that they drowned in it is no trouble of ours.
      return Summarise({{"tests", mark, 0, 0, 0, "while the tests worked on the program's answers: " + ending}}, 1, problem.scoring);
    }
    return Trouble(
        fmt::format("the tests could not be run: {}", ending.empty() ? conversation->first.standard_error.substr(0, 200) : ending));
  }
  std::vector<TestReport> reports;
  std::ranges::transform(*units, std::back_inserter(reports), [&](const UnitReport& unit) { return ReportOf(unit, conversation->second); });
  const size_t num_tests = reports.size();
  Report report = Summarise(std::move(reports), num_tests, problem.scoring);
  report.tier = conversation->second.tier;
  return report;
}

}  // namespace cupel::code
