#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grpo/step_metrics.h"
#include "policy/tokenizer.h"
#include "rollout/rollout.h"
#include "rollout/rollout_store.h"

// The stages of a step and how each is compared with its record. Each stage is done again from the record of the stages before it, so that
// a difference is found in the stage in which it arises and nowhere else.

namespace cupel {

// In the order in which a step goes through them.
enum class Stage { kStart, kPrompts, kSampling, kText, kVerdicts, kRewards, kAdvantages, kUpdate, kWeights };
std::string_view StageName(Stage stage);  // "start", "prompts", …

struct StageResult {
  Stage stage = Stage::kStart;
  std::string compared = {};    // what was: "128 completions, 1053 tokens"
  std::string difference = {};  // the first; empty when there is none
  std::string skipped = {};     // why it was not done; empty when it was
};

// How much the numbers of a replay may differ. All zero on the instruction-set path of the record, where they are the same bits.
struct ReplayBounds {
  bool is_exact = true;
  double logprob = 0;       // of one token, nats
  double relative = 0;      // of a metric, relative to its size (absolute below 1)
  std::string reason = {};  // why the record's bits are not expected: "the record was made on avx2, this is avx512bf16"
};

// The first difference between two vectors of groups in what one stage makes; empty when there is none. `recorded` and `replayed` have the
// same groups and rollouts, except for CompareSampling, which says so.
std::string ComparePrompts(const std::vector<RolloutGroup>& recorded, const std::vector<RolloutGroup>& replayed);
std::string CompareSampling(const std::vector<RolloutGroup>& recorded, const std::vector<RolloutGroup>& replayed,
                            const Tokenizer& tokenizer);
std::string CompareTexts(const std::vector<RolloutGroup>& recorded, const Tokenizer& tokenizer);
std::string CompareVerdicts(const std::vector<RolloutGroup>& recorded, const std::vector<RolloutGroup>& replayed);
std::string CompareRewards(const std::vector<RolloutGroup>& recorded, const std::vector<RolloutGroup>& replayed);
std::string CompareAdvantages(const std::vector<RolloutGroup>& recorded, const std::vector<RolloutGroup>& replayed);
// `logprobs`: of all completions, in order, as computed again.
std::string CompareLogprobs(const std::vector<RolloutGroup>& recorded, const std::vector<float>& logprobs, const ReplayBounds& bounds);
// Metrics that only one side has, and durations, are not compared, nor histograms unless exactly; `relative` as in ReplayBounds.
std::string CompareMetrics(const RolloutStore::Metrics& recorded, const StepMetrics& replayed, double relative);

int64_t NumRollouts(const std::vector<RolloutGroup>& groups);
int64_t NumTokens(const std::vector<RolloutGroup>& groups);

}  // namespace cupel
