#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "policy/tokenizer.h"

namespace cupel {

// The merges of a BPE vocabulary: which pair of neighbouring tokens becomes which token, and how early.
class MergeTable {
 public:
  struct Merge {
    uint32_t rank;  // lower merges first
    TokenId result;
  };
  // A pair given again replaces the earlier one, as in the Hugging Face library.
  void Add(TokenId left, TokenId right, Merge merge) { merges_.insert_or_assign(Key(left, right), merge); }
  // Null when the pair does not merge.
  const Merge* Find(TokenId left, TokenId right) const {
    const auto found = merges_.find(Key(left, right));
    return found == merges_.end() ? nullptr : &found->second;
  }
  void Reserve(size_t count) { merges_.reserve(count); }
  size_t size() const { return merges_.size(); }

 private:
  static uint64_t Key(TokenId left, TokenId right) { return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right); }
  absl::flat_hash_map<uint64_t, Merge> merges_;
};

// Merges neighbours in place, lowest rank first and leftmost among equals, until no pair merges. O(n log n) for n symbols: a heap of
// candidate pairs over a linked list; every merge adds at most two candidates. Returns the number of candidates taken from the heap (at
// most 3n).
int64_t MergeSymbols(const MergeTable& table, std::vector<TokenId>& symbols);

}  // namespace cupel
