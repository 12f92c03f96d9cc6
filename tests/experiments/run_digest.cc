#include "tests/experiments/run_digest.h"

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "base/sha256.h"
#include "rollout/rollout_store.h"

namespace cupel::testing {
namespace {

std::string Hex(double value) { return fmt::format("{:016x}", std::bit_cast<uint64_t>(value)); }

template <class T>
void AddBytes(const std::vector<T>& values, Sha256& digest) {
  digest.Update(std::as_bytes(std::span(values)));
}

void AddRollout(const Rollout& rollout, Sha256& digest) {
  const Completion& completion = rollout.completion;
  AddBytes(completion.tokens, digest);
  AddBytes(completion.logprobs, digest);
  AddBytes(completion.raw_logprobs, digest);
  digest.Update(fmt::format("{}|{}|{}|{}|", completion.sample_idx, FinishReasonName(completion.finish_reason), completion.policy_version,
                            rollout.text));
  digest.Update(fmt::format("{}|{}|{}|{}|", OutcomeName(rollout.verdict.outcome), rollout.verdict.extracted, Hex(rollout.reward),
                            Hex(rollout.advantage)));
  for (const RewardTerm& term : rollout.terms) {
    digest.Update(fmt::format("{}={}|", term.name, Hex(term.value)));
  }
}

std::string Rollouts(const RolloutStore& store) {
  Sha256 digest;
  const std::vector<int64_t> steps = store.StepNumbers().value();
  for (const int64_t step : steps) {
    const std::vector<RolloutGroup> groups = store.ReadStep(step).value();
    for (const RolloutGroup& group : groups) {
      digest.Update(fmt::format("{}|{}|{}|{}|", step, group.group_idx, group.task.id, group.task.answer));
      AddBytes(group.prompt, digest);
      for (const Rollout& rollout : group.rollouts) {
        AddRollout(rollout, digest);
      }
    }
  }
  return digest.Hex();
}

bool IsTiming(const std::string& name) { return name.starts_with("time/") || name == "step_time"; }

std::string Metrics(const RolloutStore& store) {
  Sha256 digest;
  const std::vector<int64_t> steps = store.StepNumbers().value();
  for (const int64_t step : steps) {
    const RolloutStore::Metrics metrics = store.ReadMetrics(step).value();
    for (const auto& [name, value] : metrics) {
      digest.Update(IsTiming(name) ? "" : fmt::format("{}|{}|{}|", step, name, Hex(value)));
    }
  }
  return digest.Hex();
}

std::string Evaluations(const RolloutStore& store) {
  std::string text;
  const std::vector<RolloutStore::Evaluation> evaluations = store.ReadEvaluations().value();
  for (const RolloutStore::Evaluation& evaluation : evaluations) {
    text += fmt::format("{}|{}|{}|{}|{}\n", evaluation.step, evaluation.name, Hex(evaluation.pass_at_1), Hex(evaluation.standard_error),
                        DumpJson(evaluation.examples));
  }
  return Sha256Hex(text);
}

}  // namespace

std::map<std::string, std::string> DigestRun(const std::string& run_directory) {
  const RolloutStore store = RolloutStore::Open(run_directory + "/run.db", RolloutStore::Mode::kReadOnly).value();
  std::map<std::string, std::string> digests = {
      {"rollouts", Rollouts(store)}, {"metrics", Metrics(store)}, {"evaluations", Evaluations(store)}};
  const std::vector<RolloutStore::Checkpoint> checkpoints = store.ReadCheckpoints().value();
  if (!checkpoints.empty()) {
    digests["step"] = std::to_string(checkpoints.front().step);
    for (const char* file : {"model.safetensors", "optimizer.safetensors", "trainer.json"}) {
      digests[file] = Sha256File(run_directory + "/" + checkpoints.front().directory + "/" + file).value();
    }
  }
  return digests;
}

}  // namespace cupel::testing
