#include "experiments/data/data_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/status.h"
#include "datasets/filters.h"
#include "datasets/mixture.h"
#include "verifiers/check_golds.h"
#include "verifiers/verifier.h"

namespace cupel {
namespace {

constexpr size_t kMaxProblems = 10;
constexpr int64_t kProgressEvery = 64;

void SkipInJsonl(JsonlConfig& config) {
  config.on_bad_row = "skip";
  config.on_overlap = "skip";
  config.duplicates = config.duplicates == "refuse" ? "skip" : config.duplicates;
}

// The settings with every refusal of a row turned into leaving it out.
absl::StatusOr<DatasetConfig> Lenient(DatasetConfig config) {
  SkipInJsonl(config.jsonl);
  for (MixturePart& part : config.mixture) {
    CUPEL_ASSIGN_OR_RETURN(const DatasetConfig settings, PartConfig(config, part));
    part.set.insert(part.set.end(), {"jsonl.on_bad_row=skip", "jsonl.on_overlap=skip"});
    if (settings.jsonl.duplicates == "refuse") {
      part.set.emplace_back("jsonl.duplicates=skip");
    }
  }
  return config;
}

void JudgeGold(const Task& task, JudgedGolds& golds) {
  const absl::StatusOr<const Verifier*> verifier = FindVerifier(task.verifier);
  if (task.answer.empty() || !verifier.ok()) {
    return;
  }
  const Verdict verdict = (*verifier)->Verify(task, AnswerInWrapper(task));
  ++golds.judged;
  if (verdict.outcome == Outcome::kCorrect) {
    ++golds.correct;
  } else if (golds.problems.size() < kMaxProblems) {
    golds.problems.push_back(fmt::format("{}: {}: {}", task.id, OutcomeName(verdict.outcome), verdict.reason));
  }
}

SplitCheck CheckSplit(const Dataset& dataset, const DataCheckRequest& request) {
  SplitCheck check;
  check.tasks = dataset.size();
  const int64_t count = std::min(dataset.size(), kMostListed);
  for (int64_t i = 0; i < count; ++i) {
    const Task task = dataset.At(i);
    ++check.verifiers[task.verifier];
    if (request.judges_golds) {
      JudgeGold(task, check.golds);
      if (request.progress && i % kProgressEvery == 0) {
        request.progress(fmt::format("judging gold answers: {} of {}", i, count));
      }
    }
  }
  return check;
}

}  // namespace

std::string AnswerInWrapper(const Task& task) {
  if (task.verifier == "code") {
    return fmt::format("```python\n{}\n```\n", task.answer);
  }
  const bool is_boxed = task.verifier == "math" || task.verifier == "number";
  return is_boxed ? fmt::format("The answer is \\boxed{{{}}}.", task.answer) : fmt::format("<answer>{}</answer>", task.answer);
}

absl::StatusOr<DataCheck> CheckData(const DataCheckRequest& request) {
  DataCheck check;
  LoadContext context{.check_gold = &CheckGold, .report = &check.report, .progress = {}};
  if (request.progress) {
    context.progress = [&](const std::string& path, int64_t rows) { request.progress(fmt::format("{}: {} rows", path, rows)); };
  }
  CUPEL_ASSIGN_OR_RETURN(const DatasetConfig lenient, Lenient(request.config));
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> training, MakeDataset(lenient, request.seed, Split::kTrain, context));
  check.training = CheckSplit(*training, request);
  if (request.has_evaluation) {
    CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> evaluation, MakeDataset(lenient, request.seed, Split::kEval, context));
    check.evaluation = CheckSplit(*evaluation, request);
  }
  if (check.report.num_left_out() > check.report.outside_pass_rates) {
    context.report = nullptr;
    check.refusal = Message(MakeDataset(request.config, request.seed, Split::kTrain, context).status());
  }
  return check;
}

}  // namespace cupel
