#pragma once

#include <cstdint>
#include <vector>

namespace cupel {

// The order in which CPython (3.11) iterates over a set of integers or of tuples of integers, which reasoning-gym lets decide what an item
// says. Such sets do not depend on PYTHONHASHSEED. Open addressing with nine linear probes; follows the layout of Objects/setobject.c.
class PythonSet {
 public:
  PythonSet() : table_(8, kEmpty) {}

  // Inserts element number `id` (any number >= 0 that tells elements apart) with its hash, if it is not there yet.
  void Add(int64_t hash, int64_t id);
  std::vector<int64_t> Ids() const;  // in the order of iteration

 private:
  struct Entry {
    int64_t hash;
    int64_t id;
  };
  static constexpr Entry kEmpty{0, -1};

  static Entry* FindSlot(std::vector<Entry>& table, int64_t hash, int64_t id);
  void Grow();

  std::vector<Entry> table_;
  uint64_t used_ = 0;
};

int64_t PythonIntHash(int64_t value);                           // hash(value)
int64_t PythonTupleHash(const std::vector<int64_t>& elements);  // hash(tuple(elements))

}  // namespace cupel
