// A punishment for saying the same again. Of the n-grams of an answer, with U different ones among N:
//
//   -(1 - U / N)      0 when the answer has fewer than n words or tokens          range (-1, 0]
//
// unit "words" (the default) takes text.lower().split(), as open-r1 does; "tokens" takes token ids, as TRL does, and fails for answers
// whose ids nobody knows. Source: arXiv 2502.03373, section 4.2; open-r1 and TRL get_repetition_penalty_reward with max_penalty = -weight,
// n 3.
//
// How it is gamed: by answers of fewer than n words; by paraphrase, or a counter in every repeated line. Alone it pays for random words.

#include <cmath>

#include <absl/container/flat_hash_set.h>

#include "base/status.h"
#include "rewards/ngrams.h"
#include "rewards/registry.h"
#include "rewards/settings.h"

namespace cupel {
namespace {

// -(1 - U / N) over the n-grams `at(0)` .. `at(size - n)`.
template <class At>
double Penalty(int64_t size, int64_t n, At at) {
  const int64_t total = size - n + 1;
  if (total < 1) {
    return 0;
  }
  absl::flat_hash_set<std::string_view> different;
  for (int64_t i = 0; i < total; ++i) {
    different.insert(at(i));
  }
  return static_cast<double>(different.size()) / static_cast<double>(total) - 1;
}

class Repetition final : public RewardFunction {
 public:
  Repetition(int64_t n, bool by_tokens) : n_(n), by_tokens_(by_tokens) {}
  std::string_view name() const override { return "repetition"; }
  double min_value() const override { return -1; }
  double max_value() const override { return 0; }

  absl::Status Score(const Task& /*task*/, std::span<const Candidate> group, std::span<double> scores) const override {
    for (size_t i = 0; i < group.size(); ++i) {
      scores[i] = by_tokens_ ? OfTokens(group[i]) : OfWords(group[i].text);
    }
    return absl::OkStatus();
  }

 private:
  double OfWords(std::string_view text) const {
    const WordList words(text);
    return Penalty(words.size(), n_, [&](int64_t i) { return words.Ngram(i, n_); });
  }
  double OfTokens(const Candidate& candidate) const {
    if (candidate.tokens.empty() && candidate.num_tokens > 0) {
      return std::nan("");
    }
    return Penalty(std::ssize(candidate.tokens), n_, [&](int64_t i) { return TokenNgram(candidate.tokens, i, n_); });
  }

  int64_t n_;
  bool by_tokens_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeRepetitionReward(const RewardTermConfig& config) {
  CUPEL_RETURN_IF_ERROR(RefuseOtherSettings(config, {"ngram", "unit"}));
  CUPEL_ASSIGN_OR_RETURN(const std::string unit, ReadChoice(config, "unit", config.unit, {"words", "tokens"}));
  return std::make_unique<Repetition>(config.ngram > 0 ? config.ngram : 3, unit == "tokens");
}

}  // namespace cupel
