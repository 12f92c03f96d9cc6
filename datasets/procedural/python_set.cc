#include "datasets/procedural/python_set.h"

#include <bit>

namespace cupel {

PythonSet::Entry* PythonSet::FindSlot(std::vector<Entry>& table, int64_t hash, int64_t id) {
  constexpr uint64_t kLinearProbes = 9;
  const uint64_t mask = table.size() - 1;
  uint64_t perturb = static_cast<uint64_t>(hash);
  uint64_t i = perturb & mask;
  while (true) {
    const uint64_t last = i + (i + kLinearProbes <= mask ? kLinearProbes : 0);
    for (uint64_t at = i; at <= last; ++at) {
      if (table[at].id < 0 || table[at].id == id) {
        return &table[at];
      }
    }
    perturb >>= 5;
    i = (i * 5 + 1 + perturb) & mask;
  }
}

void PythonSet::Add(int64_t hash, int64_t id) {
  Entry* slot = FindSlot(table_, hash, id);
  if (slot->id == id) {
    return;
  }
  *slot = {hash, id};
  ++used_;
  if (used_ * 5 >= (table_.size() - 1) * 3) {
    Grow();
  }
}

void PythonSet::Grow() {
  size_t size = 8;
  while (size <= used_ * (used_ > 50000 ? 2 : 4)) {
    size *= 2;
  }
  std::vector<Entry> larger(size, kEmpty);
  for (const Entry& entry : table_) {
    if (entry.id >= 0) {
      *FindSlot(larger, entry.hash, entry.id) = entry;
    }
  }
  table_ = std::move(larger);
}

std::vector<int64_t> PythonSet::Ids() const {
  std::vector<int64_t> ids;
  for (const Entry& entry : table_) {
    if (entry.id >= 0) {
      ids.push_back(entry.id);
    }
  }
  return ids;
}

int64_t PythonIntHash(int64_t value) {
  constexpr int64_t kModulus = (int64_t{1} << 61) - 1;
  const int64_t hash = value % kModulus;
  return hash == -1 ? -2 : hash;
}

int64_t PythonTupleHash(const std::vector<int64_t>& elements) {
  constexpr uint64_t kPrime1 = 11400714785074694791U;
  constexpr uint64_t kPrime2 = 14029467366897019727U;
  constexpr uint64_t kPrime5 = 2870177450012600261U;
  uint64_t hash = kPrime5;
  for (const int64_t element : elements) {
    hash += static_cast<uint64_t>(PythonIntHash(element)) * kPrime2;
    hash = std::rotl(hash, 31) * kPrime1;
  }
  hash += elements.size() ^ (kPrime5 ^ 3527539U);
  return hash == ~uint64_t{0} ? 1546275796 : static_cast<int64_t>(hash);
}

}  // namespace cupel
