#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "base/config.h"
#include "base/json.h"
#include "datasets/dataset.h"
#include "experiments/recipe.h"
#include "rewards/reward.h"
#include "rollout/rollout.h"

namespace cupel {

// Rejection sampling (DeepSeek-R1, arXiv 2501.12948, section 2.3.3): answers of a policy become examples for fine-tuning if they pass every
// rule. The rules are asked in the order of Rejected, and an answer counts for the first that it fails.
struct KeepConfig {
  int64_t questions = 256;
  int64_t seed = 1;
  std::string format = "think_answer";
  std::string language = "en";
  double min_language = 0.95;
  int64_t ngram = 4;
  double max_repetition = 0.5;
  int64_t max_tokens = 0;
  int64_t per_question = 1;
  std::string add;
  int64_t add_rows = 0;
  template <class Field>
  void VisitFields(Field&& field) {
    field("questions", questions, "training questions that are asked", Range{1, 1e9});
    field("seed", seed, "of the order of questions and of sampling", Range{0, 9e15});
    field("format", format, "the form that an answer must have (a pattern of the reward \"format\"); empty: any");
    field("language", language, "the language of the reasoning (\"en\", \"zh\", ...); empty: any");
    field("min_language", min_language, "least share of its words in that language", Range{0, 1});
    field("ngram", ngram, "words that are compared together to find repetition", Range{1, 1000});
    field("max_repetition", max_repetition, "largest share of n-grams that say the same again; 1: any", Range{0, 1});
    field("max_tokens", max_tokens, "longest answer, in tokens; 0: any", Range{0, 1e9});
    field("per_question", per_question, "answers kept of one question", Range{1, 4096});
    field("add", add, "JSONL file of general examples that are added to what is kept; empty: none");
    field("add_rows", add_rows, "so many rows of it, from the first; 0: all", Range{0, 1e12});
  }
};

struct SampleRecipe {
  ModelSettings model;
  DatasetConfig data;
  RolloutSettings rollout;
  EngineSettings engine;
  KeepConfig keep;
  template <class Field>
  void VisitFields(Field&& field) {
    field("model", model, "the policy that answers");
    field("data", data, "the tasks; only those of the training split are asked");
    field("rollout", rollout, "sampling; prompts_per_step questions are asked and stored together");
    field("engine", engine, "the generation engine");
    field("keep", keep, "which answers are kept");
  }
};
absl::Status CheckSampleRecipe(const SampleRecipe& recipe);

enum class Rejected : uint8_t { kNo, kWrong, kTruncated, kForm, kLanguage, kCode, kRepetition, kLength, kDuplicate, kSurplus };
inline constexpr size_t kNumRejected = 10;
std::string_view RejectedName(Rejected why);  // "kept", "wrong", ...

// The rules over a run of groups, in their order. Not thread-safe.
class RejectionFilter {
 public:
  // The reward composition that answers must be sampled with: its terms are what the rules look at.
  static RewardConfig Rewards(const KeepConfig& config);
  explicit RejectionFilter(const KeepConfig& config) : config_(config) {}

  // Judges a group's answers, one element each, and adds the kept ones to rows().
  std::vector<Rejected> Add(const RolloutGroup& group);

  const std::array<int64_t, kNumRejected>& counts() const { return counts_; }
  int64_t kept() const { return counts_[0]; }
  const std::string& rows() const { return rows_; }  // JSON lines {"prompt", "completion", "task"}
  // {"answers", "kept", "removed": {"wrong": ...}}
  Json Summary() const;
  // FailedPrecondition when nothing was kept: how many each rule removed, and the setting to change.
  absl::Status CheckNotEmpty() const;

 private:
  Rejected Judge(const Rollout& rollout, const std::vector<std::string>& kept_texts) const;

  KeepConfig config_;
  std::array<int64_t, kNumRejected> counts_{};
  std::string rows_;
};

}  // namespace cupel
