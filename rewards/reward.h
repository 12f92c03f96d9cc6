#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "base/config.h"
#include "datasets/task.h"
#include "verifiers/verifier.h"

namespace cupel {

// What a reward function may look at: one completion of the group. Borrowed views, valid during the call.
struct Candidate {
  std::string_view text;                 // decoded completion without control tokens
  const Verdict* verdict;                // of the task's verifier
  int64_t num_tokens;                    // stop token included
  bool is_truncated;                     // ended by length
  std::span<const int32_t> tokens = {};  // [num_tokens] token ids; empty where nobody knows them
};

// Scores all completions of one task at once, because length and diversity rewards are relative. const, deterministic, thread-safe.
class RewardFunction {
 public:
  virtual ~RewardFunction() = default;
  virtual std::string_view name() const = 0;
  virtual double min_value() const = 0;
  virtual double max_value() const = 0;
  // Writes one value in [min_value, max_value] per candidate, or NaN where the function itself failed for that candidate; an error status
  // says that it failed for the whole group, and why. A failure is never a low score: the composition turns it into an error of the
  // candidate. Candidates whose verdict is not scored (undecided, error) are neither rewarded nor punished: callers leave them out of the
  // group, and what is written for them does not depend on the verdict.
  virtual absl::Status Score(const Task& task, std::span<const Candidate> group, std::span<double> scores) const = 0;
};

// One weighted component of a recipe. A name may appear several times with different settings. Every function has its own use for some of
// the settings, explained in its file, and refuses those that it has none for.
struct RewardTermConfig {
  std::string name = "correctness";  // name in rewards/registry.def
  double weight = 1.0;
  std::string pattern = {};   // which format, language or kind is asked for
  int64_t max_tokens = 0;     // for "soft_overlong" and "cosine_length"
  int64_t margin_tokens = 0;  // for "soft_overlong" and "target_length"
  int64_t target_tokens = 0;  // for "target_length"
  int64_t ngram = 0;          // for "repetition" and "diversity"; 0: 3
  std::string unit = {};      // for "cosine_length" and "repetition"
  std::string variant = {};   // for published rewards: "published" or "full_match"
  std::vector<double> correct_range = {};
  std::vector<double> wrong_range = {};
  std::vector<std::string> command = {};  // for "external"
  std::vector<double> range = {};         // for "external"
  int64_t deadline_ms = 10'000;           // for "external"
  int64_t memory_mb = 2048;               // for "external"
  // What the composition does with the value of any function.
  std::string only_if = {};
  std::vector<double> clip = {};
  std::string normalize = {};
  std::vector<int64_t> schedule_steps = {};
  std::vector<double> schedule_factors = {};
  template <class Field>
  void VisitFields(Field&& field) {
    field("name", name, "reward function");
    field("weight", weight, "factor of this reward in the sum", Range{-1e6, 1e6});
    field("pattern", pattern,
          "format: which form; language: which language; correctness: empty or \"partial\"; target_length: empty or \"at_most\"");
    field("max_tokens", max_tokens, "soft_overlong: answers longer than this are punished in full; cosine_length: where the curve ends",
          Range{0, 1e9});
    field("margin_tokens", margin_tokens,
          "soft_overlong: the punishment grows over so many tokens before that; target_length: beyond the target", Range{0, 1e9});
    field("target_tokens", target_tokens, "target_length: the length that is asked for", Range{0, 1e9});
    field("ngram", ngram, "repetition, diversity: words or tokens that are compared together; 0: 3", Range{0, 1000});
    field("unit", unit, "cosine_length: \"tokens\" or \"characters\"; repetition: \"words\" or \"tokens\"");
    field("variant", variant, "format, cosine_length: \"published\" does as the published code, faults included; empty is strict");
    field("correct_range", correct_range, "cosine_length: worth of the longest and of the shortest correct answer; empty: [0.5, 1]");
    field("wrong_range", wrong_range, "cosine_length: worth of the shortest and of the longest wrong answer; empty: [-1, -0.5]");
    field("command", command, "external: the program and its arguments");
    field("range", range, "external: lowest and highest score that the program may give; empty: [0, 1]");
    field("deadline_ms", deadline_ms, "external: how long one group may take; beyond it the group is an error", Range{1, 86'400'000});
    field("memory_mb", memory_mb, "external: address space of the program", Range{16, 1 << 24});
    field("only_if", only_if,
          "the value counts only for such answers, others get 0: empty (all), \"correct\", \"incorrect\" or \"finished\"");
    field("clip", clip, "lowest and highest value that counts; empty: as the function gives it");
    field("normalize", normalize, "empty, or \"group\": less the group's mean, divided by its standard deviation");
    field("schedule_steps", schedule_steps, "training steps at which the factors of the weight are given, rising");
    field("schedule_factors", schedule_factors,
          "the factors at these steps, straight lines between; [99, 100] and [0, 1] switch on at step 100");
  }
};

struct RewardConfig {
  std::vector<RewardTermConfig> terms = {RewardTermConfig{}};
  std::vector<double> clip = {};  // of the sum
  double stop_properly = 1;       // factor of a truncated answer's positive reward
  template <class Field>
  void VisitFields(Field&& field) {
    field("terms", terms, "reward components; the reward is their weighted sum");
    field("clip", clip, "lowest and highest reward; empty: as the sum gives it");
    field("stop_properly", stop_properly, "factor of the positive reward of an answer that was cut at the length limit; 1: none",
          Range{0, 1});
  }
};

// One component's contribution to one completion. The sum of value times weight over a completion's terms is its reward before the limits
// of RewardConfig.
struct RewardTerm {
  std::string name;
  double value = 0;   // as the function gave it, after the term's gate, clip and normalisation
  double weight = 1;  // after the schedule: the same for all of a group
};

// The weighted sum of reward functions. For every term, in this order: the function's value v; 0 where the gate `only_if` is closed;
// clipped; normalised over the scored members of the group, (v - mean) / (std + 1e-6) with the sample's standard deviation; times weight
// times the schedule's factor. The sum of an answer that was cut is multiplied by stop_properly if positive (NeMo's "stop properly
// penalty", ProRLv2; it multiplies negative ones too, which would reward the cut); then the sum is clipped.
//
// A function that fails (an error status, NaN, infinity, a value out of its range) makes an error of the candidates concerned: their reward
// is 0 and without meaning, and `errors` says which function and why.
class RewardComposition {
 public:
  // InvalidArgument: no terms, unknown name (nearest suggested), twice the same term, unusable settings, non-finite weight.
  static absl::StatusOr<RewardComposition> Create(const RewardConfig& config);
  // The same with functions that stand in no registry: one per element of `config.terms`, whose names and settings are not looked at but
  // for what the composition does.
  static absl::StatusOr<RewardComposition> Create(const RewardConfig& config, std::vector<std::unique_ptr<RewardFunction>> functions);

  struct Result {
    std::vector<std::vector<RewardTerm>> terms;  // [G][number of terms]
    std::vector<double> rewards;                 // [G]; 0 where the verdict is not scored or a function failed
    std::vector<std::string> errors;             // [G]; "external(judge.py): ..." where a function failed, else empty
  };
  // `step` is the training step that schedules look at.
  Result Score(const Task& task, std::span<const Candidate> group, int64_t step = 0) const;
  std::vector<std::string> term_names() const;

 private:
  struct Term {
    std::unique_ptr<RewardFunction> function;
    std::string label;  // "format(boxed)"
    RewardTermConfig config;
  };
  absl::Status Add(const RewardTermConfig& config, std::unique_ptr<RewardFunction> function);
  void AddTerm(const Term& term, const Task& task, std::span<const Candidate> group, int64_t step, Result& result) const;

  std::vector<Term> terms_;
  RewardConfig config_;
};

std::vector<std::string_view> RewardNames();  // sorted

}  // namespace cupel
