#include "policy/tokenizer/bpe_merge.h"

#include <optional>
#include <queue>
#include <tuple>

namespace cupel {
namespace {

struct Candidate {
  uint32_t rank;
  int32_t position;  // of the left symbol
  TokenId result;

  // std::priority_queue hands out the largest, so "greater" means merged later.
  bool operator<(const Candidate& other) const { return std::tie(rank, position) > std::tie(other.rank, other.position); }
};

// The symbols as a list: merging unlinks the right one. A removed symbol has token kRemoved.
class SymbolList {
 public:
  static constexpr TokenId kRemoved = -1;
  static constexpr int32_t kNone = -1;

  SymbolList(const MergeTable& table, std::vector<TokenId>& tokens) : table_(table), tokens_(tokens) {
    const auto count = static_cast<int32_t>(tokens.size());
    previous_.resize(tokens.size());
    next_.resize(tokens.size());
    for (int32_t i = 0; i < count; ++i) {
      previous_[static_cast<size_t>(i)] = i - 1;
      next_[static_cast<size_t>(i)] = i + 1 < count ? i + 1 : kNone;
    }
    std::vector<Candidate> candidates;
    candidates.reserve(tokens.size());
    for (int32_t i = 0; i + 1 < count; ++i) {
      if (const auto candidate = CandidateAt(i)) candidates.push_back(*candidate);
    }
    heap_ = std::priority_queue<Candidate>({}, std::move(candidates));
  }

  int64_t MergeAll() {
    int64_t steps = 0;
    for (; !heap_.empty(); ++steps) {
      const Candidate best = heap_.top();
      heap_.pop();
      Apply(best);
    }
    std::erase(tokens_, kRemoved);
    return steps;
  }

 private:
  TokenId& token(int32_t i) { return tokens_[static_cast<size_t>(i)]; }
  int32_t& previous(int32_t i) { return previous_[static_cast<size_t>(i)]; }
  int32_t& next(int32_t i) { return next_[static_cast<size_t>(i)]; }

  // The pair that begins at `left`, if it merges.
  std::optional<Candidate> CandidateAt(int32_t left) {
    if (left == kNone || next(left) == kNone) return std::nullopt;
    const auto* merge = table_.Find(token(left), token(next(left)));
    if (merge == nullptr) return std::nullopt;
    return Candidate{merge->rank, left, merge->result};
  }

  void AddCandidate(int32_t left) {
    if (const auto candidate = CandidateAt(left)) heap_.push(*candidate);
  }

  // Candidates whose symbols have changed since are stale; the one at the same place that still gives the same token is taken, as the
  // Hugging Face library does.
  void Apply(const Candidate& candidate) {
    const int32_t left = candidate.position;
    if (token(left) == kRemoved || next(left) == kNone) return;
    const int32_t right = next(left);
    const auto* merge = table_.Find(token(left), token(right));
    if (merge == nullptr || merge->result != candidate.result) return;
    token(left) = candidate.result;
    token(right) = kRemoved;
    next(left) = next(right);
    if (next(left) != kNone) previous(next(left)) = left;
    AddCandidate(previous(left));
    AddCandidate(left);
  }

  const MergeTable& table_;
  std::vector<TokenId>& tokens_;
  std::vector<int32_t> previous_, next_;
  std::priority_queue<Candidate> heap_;
};

}  // namespace

int64_t MergeSymbols(const MergeTable& table, std::vector<TokenId>& symbols) {
  if (symbols.size() < 2) return 0;
  return SymbolList(table, symbols).MergeAll();
}

}  // namespace cupel
