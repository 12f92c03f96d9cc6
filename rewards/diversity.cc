// How different an answer is from its siblings. Of its different n-grams of words g (n = 3), with c(g) answers of the group that have g:
//
//   mean over g of  1 - (c(g) - 1) / (G - 1)        0 with fewer than n words, and in a group of one        range [0, 1]
//
// 1: no sibling shares a piece of it; 0: every sibling has all of it. The distinct-n of Li et al. (arXiv 1510.03055), taken over the group
// and given to each answer by what it adds. Answers without a verdict are no siblings.
//
// How it is gamed: by random words, the most diverse text there is. Give it only_if = "correct" and a small weight.

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include "base/status.h"
#include "rewards/ngrams.h"
#include "rewards/registry.h"
#include "rewards/settings.h"

namespace cupel {
namespace {

class Diversity final : public RewardFunction {
 public:
  explicit Diversity(int64_t n) : n_(n) {}
  std::string_view name() const override { return "diversity"; }
  double min_value() const override { return 0; }
  double max_value() const override { return 1; }

  absl::Status Score(const Task& /*task*/, std::span<const Candidate> group, std::span<double> scores) const override {
    std::vector<WordList> words;
    words.reserve(group.size());
    std::vector<absl::flat_hash_set<std::string_view>> ngrams(group.size());
    absl::flat_hash_map<std::string_view, int64_t> owners;
    int64_t num_siblings = -1;
    for (size_t i = 0; i < group.size(); ++i) {
      words.emplace_back(group[i].verdict->is_scored() ? group[i].text : "");
      num_siblings += group[i].verdict->is_scored() ? 1 : 0;
      for (int64_t k = 0; k + n_ <= words[i].size(); ++k) {
        ngrams[i].insert(words[i].Ngram(k, n_));
      }
      for (const std::string_view ngram : ngrams[i]) {
        ++owners[ngram];
      }
    }
    for (size_t i = 0; i < group.size(); ++i) {
      int64_t shared = 0;
      for (const std::string_view ngram : ngrams[i]) {
        shared += owners[ngram] - 1;
      }
      const double possible = static_cast<double>(ngrams[i].size()) * static_cast<double>(num_siblings);
      scores[i] = possible > 0 ? 1 - static_cast<double>(shared) / possible : 0;
    }
    return absl::OkStatus();
  }

 private:
  int64_t n_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeDiversityReward(const RewardTermConfig& config) {
  CUPEL_RETURN_IF_ERROR(RefuseOtherSettings(config, {"ngram"}));
  return std::make_unique<Diversity>(config.ngram > 0 ? config.ngram : 3);
}

}  // namespace cupel
