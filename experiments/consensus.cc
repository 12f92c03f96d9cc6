#include "experiments/consensus.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <span>

#include "base/check.h"

namespace cupel {
namespace {

// The first member of a class stands for it.
struct AnswerClass {
  const Rollout* first;
  bool is_correct;
};

bool SaysTheSame(const AnswerClass& known, const Rollout& rollout, const Task& task, const Verifier& verifier) {
  const bool is_correct = rollout.verdict.outcome == Outcome::kCorrect;
  if (is_correct || known.is_correct) {
    return is_correct && known.is_correct;
  }
  if (known.first->verdict.extracted == rollout.verdict.extracted) {
    return true;
  }
  Task other = task;
  other.answer = known.first->verdict.extracted;
  return verifier.CheckGold(other).ok() && verifier.Verify(other, rollout.text).outcome == Outcome::kCorrect;
}

double VoteOfBlock(std::span<const int64_t> classes, int64_t correct_class) {
  std::map<int64_t, int64_t> sizes;
  for (const int64_t one : classes) {
    if (one != Votes::kNone) {
      ++sizes[one];
    }
  }
  const auto found = sizes.find(correct_class);
  if (correct_class == Votes::kNone || found == sizes.end()) {
    return 0;
  }
  int64_t tied = 0;
  for (const auto& [one, size] : sizes) {
    if (size > found->second) {
      return 0;
    }
    tied += size == found->second ? 1 : 0;
  }
  return 1.0 / static_cast<double>(tied);
}

}  // namespace

Votes CountVotes(const RolloutGroup& group, const Verifier& verifier) {
  Votes votes;
  std::vector<AnswerClass> classes;
  for (const Rollout& rollout : group.rollouts) {
    if (!rollout.verdict.is_scored()) {
      continue;
    }
    if (rollout.verdict.outcome == Outcome::kNoAnswer) {
      votes.classes.push_back(Votes::kNone);
      continue;
    }
    const auto known =
        std::ranges::find_if(classes, [&](const AnswerClass& one) { return SaysTheSame(one, rollout, group.task, verifier); });
    const auto index = static_cast<int64_t>(known - classes.begin());
    const bool is_correct = rollout.verdict.outcome == Outcome::kCorrect;
    if (known == classes.end()) {
      classes.push_back({&rollout, is_correct});
    }
    votes.classes.push_back(index);
    if (is_correct) {
      ++votes.correct;
      votes.correct_class = index;
    }
  }
  return votes;
}

double PassAtK(int64_t n, int64_t c, int64_t k) {
  Check(k >= 1 && k <= n && c >= 0 && c <= n, "k answers are drawn from n, c of them right");
  if (n - c < k) {
    return 1;
  }
  double all_wrong = 1;
  for (int64_t i = n - c + 1; i <= n; ++i) {
    all_wrong *= 1.0 - static_cast<double>(k) / static_cast<double>(i);
  }
  return 1 - all_wrong;
}

double ConsensusAtK(const Votes& votes, int64_t k) {
  Check(k >= 1 && k <= votes.samples(), "k answers vote");
  const int64_t blocks = votes.samples() / k;
  double sum = 0;
  for (int64_t block = 0; block < blocks; ++block) {
    sum += VoteOfBlock(std::span(votes.classes).subspan(static_cast<size_t>(block * k), static_cast<size_t>(k)), votes.correct_class);
  }
  return sum / static_cast<double>(blocks);
}

double SampleMean(std::span<const double> values) {
  return values.empty() ? std::nan("") : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double SampleDeviation(std::span<const double> values, double mean) {
  double squares = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  return values.size() > 1 ? std::sqrt(squares / static_cast<double>(values.size() - 1)) : 0;
}

MeanError MeanAndError(std::span<const double> values) {
  if (values.empty()) {
    return {};
  }
  const double mean = SampleMean(values);
  return {mean, SampleDeviation(values, mean) / std::sqrt(static_cast<double>(values.size()))};
}

std::vector<AtK> ScoresAtK(const std::vector<Votes>& questions, int64_t samples) {
  std::vector<int64_t> ks;
  for (int64_t k = 1; k < samples; k *= 2) {
    ks.push_back(k);
  }
  ks.push_back(samples);
  std::vector<AtK> scores;
  for (const int64_t k : ks) {
    std::vector<double> pass;
    std::vector<double> consensus;
    for (const Votes& votes : questions) {
      if (votes.samples() >= k) {
        pass.push_back(PassAtK(votes.samples(), votes.correct, k));
        consensus.push_back(ConsensusAtK(votes, k));
      }
    }
    if (pass.empty()) {
      continue;
    }
    const MeanError passed = MeanAndError(pass);
    const MeanError agreed = MeanAndError(consensus);
    scores.push_back({k, static_cast<int64_t>(pass.size()), passed.mean, passed.error, agreed.mean, agreed.error});
  }
  return scores;
}

}  // namespace cupel
