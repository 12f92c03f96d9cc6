#include "datasets/similarity.h"

#include <algorithm>
#include <cmath>

namespace cupel {
namespace {

constexpr uint64_t kFnvOffset = 0xCBF29CE484222325;
constexpr uint64_t kFnvPrime = 0x100000001B3;
constexpr int64_t kShingleWords = 3;

bool IsWordByte(char c) {
  return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}
bool IsSign(char c) { return std::string_view("+-*/=<>^%").find(c) != std::string_view::npos; }

uint64_t Mix(uint64_t hash, uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) {
    hash = (hash ^ (value >> shift & 0xFF)) * kFnvPrime;
  }
  return hash;
}

// The hashes of every run of `length` words; of a shorter text the whole of it is one; none of a text without words.
std::vector<uint64_t> RunHashes(std::string_view text, int64_t length) {
  const std::vector<uint64_t> words = WordHashes(text);
  const int64_t run = std::min(length, std::ssize(words));
  std::vector<uint64_t> runs;
  for (int64_t i = 0; run > 0 && i + run <= std::ssize(words); ++i) {
    uint64_t hash = kFnvOffset;
    std::for_each_n(words.begin() + i, run, [&](uint64_t word) { hash = Mix(hash, word); });
    runs.push_back(hash);
  }
  return runs;
}

void SortUnique(std::vector<uint64_t>& values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

double Jaccard(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  int64_t common = 0;
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
    common += *x == *y ? 1 : 0;
    const bool advances_x = *x <= *y, advances_y = *y <= *x;
    x += advances_x ? 1 : 0;
    y += advances_y ? 1 : 0;
  }
  return static_cast<double>(common) / static_cast<double>(std::ssize(a) + std::ssize(b) - common);
}

}  // namespace

std::vector<uint64_t> WordHashes(std::string_view text) {
  std::vector<uint64_t> hashes;
  bool is_inside = false;
  for (const char c : text) {
    if (!IsWordByte(c) && !IsSign(c)) {
      is_inside = false;
      continue;
    }
    if (!is_inside || IsSign(c)) {
      hashes.push_back(kFnvOffset);
    }
    is_inside = IsWordByte(c);
    const char lower = 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    hashes.back() = (hashes.back() ^ static_cast<unsigned char>(lower)) * kFnvPrime;
  }
  return hashes;
}

void WordRuns::Add(std::string_view question, int64_t tag) {
  for (const uint64_t run : RunHashes(question, length_)) {
    tag_of_run_.try_emplace(run, tag);
  }
}

int64_t WordRuns::Find(std::string_view question) const {
  for (const uint64_t run : RunHashes(question, length_)) {
    if (const auto found = tag_of_run_.find(run); found != tag_of_run_.end()) {
      return found->second;
    }
  }
  return -1;
}

std::vector<int64_t> FindNearDuplicates(std::span<const std::string_view> questions, double similarity) {
  std::vector<std::vector<uint64_t>> sets;
  absl::flat_hash_map<uint64_t, int64_t> frequency;
  for (const std::string_view question : questions) {
    sets.push_back(RunHashes(question, kShingleWords));
    SortUnique(sets.back());
    std::ranges::for_each(sets.back(), [&](uint64_t run) { ++frequency[run]; });
  }
  absl::flat_hash_map<uint64_t, std::vector<int64_t>> having;  // questions by the runs of their prefix
  std::vector<int64_t> duplicate_of(questions.size(), -1);
  for (int64_t i = 0; i < std::ssize(questions); ++i) {
    const std::vector<uint64_t>& set = sets[static_cast<size_t>(i)];
    std::vector<uint64_t> prefix = set;
    std::ranges::sort(prefix, {}, [&](uint64_t run) { return std::pair(frequency[run], run); });
    // Rounded so that an error in the last bit of the product makes the prefix longer, never shorter.
    const auto needed = static_cast<int64_t>(std::ceil(similarity * static_cast<double>(set.size()) - 1e-9));
    prefix.resize(static_cast<size_t>(std::clamp<int64_t>(std::ssize(set) - needed + 1, 0, std::ssize(set))));
    int64_t first = -1;
    for (const uint64_t run : prefix) {
      for (const int64_t other : having[run]) {
        if ((first < 0 || other < first) && Jaccard(set, sets[static_cast<size_t>(other)]) >= similarity) {
          first = other;
        }
      }
    }
    duplicate_of[static_cast<size_t>(i)] = first;
    if (first < 0) {
      std::ranges::for_each(prefix, [&](uint64_t run) { having[run].push_back(i); });
    }
  }
  return duplicate_of;
}

}  // namespace cupel
