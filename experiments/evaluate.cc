#include "experiments/evaluate.h"

#include <algorithm>
#include <chrono>
#include <iterator>

#include "base/status.h"

namespace cupel {
namespace {

constexpr int64_t kAnswersPerBlock = 512;  // rows in flight; more would only wait for memory

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The share of correct answers of one question; negative when no answer has a verdict.
double ShareCorrect(const RolloutGroup& group) {
  double scored = 0;
  double correct = 0;
  for (const Rollout& rollout : group.rollouts) {
    scored += rollout.verdict.is_scored() ? 1 : 0;
    correct += rollout.verdict.outcome == Outcome::kCorrect ? 1 : 0;
  }
  return scored > 0 ? correct / scored : -1;
}

void Summarize(EvaluationResult& result) {
  std::vector<double> shares;
  double tokens = 0;
  double truncated = 0;
  double answers = 0;
  for (const RolloutGroup& group : result.groups) {
    if (const double share = ShareCorrect(group); share >= 0) {
      shares.push_back(share);
    }
    for (const Rollout& rollout : group.rollouts) {
      answers += 1;
      tokens += static_cast<double>(rollout.completion.tokens.size());
      truncated += rollout.completion.finish_reason == FinishReason::kLength ? 1 : 0;
      result.unscored += rollout.verdict.is_scored() ? 0 : 1;
    }
  }
  result.mean_length = tokens / answers;
  result.truncated = truncated / answers;
  const MeanError pass = MeanAndError(shares);
  result.pass_at_1 = pass.mean;
  result.standard_error = pass.error;
}

// One vote count per question, by the verifier that its task names.
absl::StatusOr<std::vector<Votes>> CountAllVotes(const std::vector<RolloutGroup>& groups) {
  std::vector<Votes> questions;
  for (const RolloutGroup& group : groups) {
    CUPEL_ASSIGN_OR_RETURN(const Verifier* verifier, FindVerifier(group.task.verifier));
    questions.push_back(CountVotes(group, *verifier));
  }
  return questions;
}

}  // namespace

absl::StatusOr<EvaluationResult> Evaluate(const Dataset& dataset, const EvaluationRequest& request, RolloutWorkers& workers,
                                          const RolloutWorkers::ProgressCallback& progress,
                                          const RolloutWorkers::StopQuestion& should_stop) {
  const auto start = std::chrono::steady_clock::now();
  EvaluationResult result;
  result.num_questions = request.questions > 0 ? std::min(request.questions, dataset.size()) : dataset.size();
  result.samples = request.samples;
  const int64_t block = std::max<int64_t>(1, kAnswersPerBlock / request.samples);
  CollectProgress before;
  for (int64_t first = 0; first < result.num_questions; first += block) {
    CollectRequest collect;
    for (int64_t i = first; i < std::min(first + block, result.num_questions); ++i) {
      collect.tasks.push_back(dataset.At(i));
    }
    collect.group_size = request.samples;
    collect.sampling = request.sampling;
    collect.random = {.seed = request.seed, .purpose = RandomPurpose::kEvaluation, .step = 0, .prompt = static_cast<uint32_t>(first)};
    CollectProgress last;
    const auto report = [&](const CollectProgress& now) {
      last = now;
      if (progress) {
        progress({before.finished + now.finished, result.num_questions * request.samples, before.sampled_tokens + now.sampled_tokens,
                  SecondsSince(start)});
      }
    };
    CUPEL_ASSIGN_OR_RETURN(std::vector<RolloutGroup> groups, workers.Collect(collect, report, should_stop));
    before.finished += last.finished;
    before.sampled_tokens += last.sampled_tokens;
    std::move(groups.begin(), groups.end(), std::back_inserter(result.groups));
  }
  Summarize(result);
  CUPEL_ASSIGN_OR_RETURN(const std::vector<Votes> votes, CountAllVotes(result.groups));
  result.at_k = ScoresAtK(votes, request.samples);
  result.seconds = SecondsSince(start);
  return result;
}

Json EvaluationExamples(const EvaluationResult& result, int64_t count) {
  Json examples = Json::array();
  for (const RolloutGroup& group : result.groups) {
    if (static_cast<int64_t>(examples.size()) >= count) {
      break;
    }
    const Rollout& rollout = group.rollouts.front();
    examples.push_back({{"task", group.task.id},
                        {"question", group.task.prompt.back().content},
                        {"gold", group.task.answer},
                        {"answer", rollout.text},
                        {"outcome", OutcomeName(rollout.verdict.outcome)}});
  }
  return examples;
}

Json EvaluationQuestions(const EvaluationResult& result) {
  Json questions = Json::array();
  for (const RolloutGroup& group : result.groups) {
    const auto correct = std::count_if(group.rollouts.begin(), group.rollouts.end(),
                                       [](const Rollout& rollout) { return rollout.verdict.outcome == Outcome::kCorrect; });
    questions.push_back({{"task", group.task.id}, {"correct", correct}, {"samples", group.rollouts.size()}});
  }
  return questions;
}

Json EvaluationSummary(const EvaluationResult& result) {
  Json at_k = Json::array();
  for (const AtK& one : result.at_k) {
    at_k.push_back({{"k", one.k},
                    {"questions", one.questions},
                    {"pass@k", one.pass},
                    {"pass@k_error", one.pass_error},
                    {"cons@k", one.consensus},
                    {"cons@k_error", one.consensus_error}});
  }
  return {{"questions", result.num_questions},       {"samples", result.samples},   {"pass@1", result.pass_at_1},
          {"standard_error", result.standard_error}, {"unscored", result.unscored}, {"mean_length", result.mean_length},
          {"truncated", result.truncated},           {"seconds", result.seconds},   {"at_k", std::move(at_k)}};
}

}  // namespace cupel
