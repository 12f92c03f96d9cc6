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
  std::string_view text;   // decoded completion without control tokens
  const Verdict* verdict;  // of the task's verifier
  int64_t num_tokens;      // stop token included
  bool is_truncated;       // ended by length
};

// Scores all completions of one task at once, because length and diversity rewards are relative. const, deterministic, thread-safe.
class RewardFunction {
 public:
  virtual ~RewardFunction() = default;
  virtual std::string_view name() const = 0;
  virtual double min_value() const = 0;
  virtual double max_value() const = 0;
  // Writes one finite value in [min_value, max_value] per candidate. Candidates whose verdict is not scored (undecided, error) are neither
  // rewarded nor punished: callers leave them out of the group, and what is written for them does not depend on the verdict.
  virtual void Score(const Task& task, std::span<const Candidate> group, std::span<double> scores) const = 0;
};

// One weighted component of a recipe. A name may appear several times with different patterns.
struct RewardTermConfig {
  std::string name = "correctness";  // name in rewards/registry.def
  double weight = 1.0;
  std::string pattern;        // for "format": which format is asked for
  int64_t max_tokens = 0;     // for "soft_overlong"
  int64_t margin_tokens = 0;  // for "soft_overlong"
  template <class Field>
  void VisitFields(Field&& field) {
    field("name", name, "reward function");
    field("weight", weight, "factor of this reward in the sum", Range{-1e6, 1e6});
    field("pattern", pattern, "format: \"boxed\", \"answer_tag\" or \"think_answer\"");
    field("max_tokens", max_tokens, "soft_overlong: answers longer than this are punished in full", Range{0, 1e9});
    field("margin_tokens", margin_tokens, "soft_overlong: the punishment grows over so many tokens before that", Range{0, 1e9});
  }
};

struct RewardConfig {
  std::vector<RewardTermConfig> terms = {RewardTermConfig{}};
  template <class Field>
  void VisitFields(Field&& field) {
    field("terms", terms, "reward components; the reward is their weighted sum");
  }
};

// One component's contribution to one completion.
struct RewardTerm {
  std::string name;
  double value = 0;  // as the function gave it
  double weight = 1;
};

// The weighted sum of reward functions.
class RewardComposition {
 public:
  // InvalidArgument: no terms, unknown name (nearest suggested), duplicate name and pattern, non-finite weight.
  static absl::StatusOr<RewardComposition> Create(const RewardConfig& config);

  struct Result {
    std::vector<std::vector<RewardTerm>> terms;  // [G][number of terms]
    std::vector<double> rewards;                 // [G]; 0 where the verdict is not scored
  };
  Result Score(const Task& task, std::span<const Candidate> group) const;
  std::vector<std::string> term_names() const;

 private:
  struct Term {
    std::unique_ptr<RewardFunction> function;
    std::string label;  // "format(boxed)"
    double weight;
  };
  std::vector<Term> terms_;
};

std::vector<std::string_view> RewardNames();  // sorted

}  // namespace cupel
