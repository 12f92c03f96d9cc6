#include "verifiers/code/code_verifier.h"

#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "verifiers/answer/extract.h"
#include "verifiers/code/extract.h"
#include "verifiers/code/formats/formats.h"
#include "verifiers/code/judge/judge.h"
#include "verifiers/registry.h"

namespace cupel::code {
namespace {

constexpr size_t kMaxExtracted = 256;
constexpr size_t kMaxReason = 500;

Report NoCode(std::string_view problem) {
  Report report;
  report.mark = Mark::kCompile;
  report.has_code = false;
  report.reason = fmt::format("CE(no_code): {}", problem);
  return report;
}

void FillVerdict(const Report& report, Verdict& verdict) {
  verdict.outcome = OutcomeOf(report);
  verdict.reason = std::string_view(report.reason).substr(0, kMaxReason);
  for (const TestReport& test : report.tests) {
    verdict.cost += test.mark == Mark::kSystem ? 0 : 1;
  }
}

}  // namespace

struct CodeVerifier::State {
  sandbox::Config config;
  std::once_flag once;
  std::unique_ptr<sandbox::Sandbox> sandbox;
  absl::Status status;

  absl::Status Open() {
    std::call_once(once, [this] {
      if (sandbox == nullptr) {
        absl::StatusOr<std::unique_ptr<sandbox::Sandbox>> opened = sandbox::Sandbox::Open(config);
        status = opened.status();
        sandbox = opened.ok() ? *std::move(opened) : nullptr;
      }
    });
    return status;
  }
};

CodeVerifier::CodeVerifier(const sandbox::Config& config) : state_(std::make_unique<State>()) { state_->config = config; }
CodeVerifier::CodeVerifier(std::unique_ptr<sandbox::Sandbox> sandbox) : state_(std::make_unique<State>()) {
  state_->sandbox = std::move(sandbox);
}
CodeVerifier::~CodeVerifier() = default;

absl::Status CodeVerifier::Open() const { return state_->Open(); }

Judgement CodeVerifier::Judge(const Task& task, std::string_view answer) const {
  Judgement judgement;
  Verdict& verdict = judgement.verdict;
  const absl::StatusOr<Problem> problem = ReadTask(task);
  if (!problem.ok()) {
    judgement.report = Trouble(std::string(Message(problem.status())));
    FillVerdict(judgement.report, verdict);
    return judgement;
  }
  if (std::ssize(answer) > kMaxAnswerBytes) {
    judgement.report = Trouble(fmt::format("the text has {} bytes; texts beyond {} are not judged", answer.size(), kMaxAnswerBytes));
    FillVerdict(judgement.report, verdict);
    verdict.outcome = Outcome::kUndecided;
    return judgement;
  }
  const CodeExtraction extraction = ExtractCode(answer, problem->language, problem->extract, problem->accepts_bare);
  verdict.cost = std::ssize(answer);
  verdict.span = extraction.span;
  verdict.rule = extraction.rule;
  const std::string_view code =
      answer.substr(static_cast<size_t>(extraction.span.begin), static_cast<size_t>(extraction.span.end - extraction.span.begin));
  verdict.extracted = code.substr(0, kMaxExtracted);
  if (extraction.rule.empty()) {
    judgement.report = NoCode(extraction.problem);
  } else if (const absl::Status status = Open(); !status.ok()) {
    judgement.report = Trouble(std::string(Message(status)));
  } else {
    judgement.report = JudgeProgram(*state_->sandbox, *problem, code);
  }
  FillVerdict(judgement.report, verdict);
  return judgement;
}

Verdict CodeVerifier::Verify(const Task& task, std::string_view answer) const { return Judge(task, answer).verdict; }

absl::Status CodeVerifier::CheckGold(const Task& task) const { return ReadTask(task).status(); }

}  // namespace cupel::code

namespace cupel {

const Verifier& GetCodeVerifier() {
  static const code::CodeVerifier verifier{sandbox::Config{}};
  return verifier;
}

}  // namespace cupel
