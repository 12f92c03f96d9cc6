#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

// When two questions are the same, or nearly. Words are runs of ASCII letters and digits (in small letters) and of bytes beyond ASCII, and
// each of the signs + - * / = < > ^ % by itself, so that 7 - 5 is not 7 + 5. They are compared by 64-bit hashes (FNV-1a, the same on every
// machine): among a million questions of a hundred words, one pair of different runs in about 3,000 data sets has the same hash.

namespace cupel {

// The hash of every word, in order.
std::vector<uint64_t> WordHashes(std::string_view text);

// The runs of `length` words of some questions; of a shorter question, all of it.
class WordRuns {
 public:
  explicit WordRuns(int64_t length) : length_(length) {}
  // `tag` is what Find gives back; the first question with a run keeps it.
  void Add(std::string_view question, int64_t tag);
  // The tag of a question that shares a run with this one, or -1.
  int64_t Find(std::string_view question) const;

 private:
  int64_t length_;
  absl::flat_hash_map<uint64_t, int64_t> tag_of_run_;
};

// For each question the first earlier one that is at least so similar and not itself a duplicate, or -1. The similarity of two questions is
// the share of their runs of three words that both have (Jaccard: common / all; of fewer words the question is one run). 0 < similarity <=
// 1. Exact, by prefix filtering (Chaudhuri, Ganti and Kaushik, "A primitive operator for similarity joins in data cleaning", ICDE 2006): of
// two sets this similar, the rarest (1 - similarity) |x| + 1 runs of one share a run with those of the other.
std::vector<int64_t> FindNearDuplicates(std::span<const std::string_view> questions, double similarity);

}  // namespace cupel
