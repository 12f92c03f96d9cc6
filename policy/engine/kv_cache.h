#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "policy/kernels/cpu/kernels.h"

namespace cupel {

class KvCache;

// Keys and values of up to `capacity` consecutive tokens, in every layer. Belongs to its owner and returns to the cache when destroyed.
// Within a layer the rows of keys lie back to back, [capacity, KH * d], and so do those of values.
class KvBlock {
 public:
  KvBlock() = default;
  KvBlock(KvBlock&& other) noexcept { *this = std::move(other); }
  KvBlock& operator=(KvBlock&& other) noexcept;
  ~KvBlock() { Release(); }

  int64_t first_row() const { return first_row_; }  // of the cache's
  int64_t capacity() const { return capacity_; }
  // Addresses, and what goes through them, only where the cache has memory of its own.
  std::byte* KeyRow(int64_t layer, int64_t row) const;
  std::byte* ValueRow(int64_t layer, int64_t row) const;
  // Copies the first `rows` rows of every layer from a block of the same cache.
  void CopyRows(const KvBlock& from, int64_t rows) const;
  // The first `rows` rows of a layer as attention reads them.
  kernels::KeyValueRun Run(int64_t layer, int64_t rows) const;

 private:
  friend class KvCache;
  KvBlock(KvCache* cache, int64_t first_row, int64_t capacity) : cache_(cache), first_row_(first_row), capacity_(capacity) {}
  void Release();

  KvCache* cache_ = nullptr;  // borrowed; null for an empty block
  int64_t first_row_ = 0;
  int64_t capacity_ = 0;
};

// The memory for keys and values of all running samples: one arena, planned up front. A row holds one token's keys and values in all
// layers. Blocks are contiguous and placed first-fit, so an empty cache can always place blocks that together do not exceed it. Must
// outlive its blocks. Not thread-safe; rows of blocks may be read and written from any thread.
class KvCache {
 public:
  // `bytes` of memory, of which the system hands out only what is touched.
  KvCache(int64_t bytes, int64_t num_layers, int64_t kv_size, kernels::DType type);
  // Plans rows whose memory lies elsewhere: row r of every layer belongs to the block with first_row() <= r < first_row() + capacity().
  KvCache(int64_t capacity_rows, int64_t row_bytes);
  KvCache(const KvCache&) = delete;
  KvCache& operator=(const KvCache&) = delete;
  ~KvCache();

  // Null when no gap is wide enough. Of no rows: an empty block.
  std::optional<KvBlock> Allocate(int64_t rows);

  int64_t capacity_rows() const { return capacity_rows_; }
  int64_t used_rows() const { return used_rows_; }
  int64_t row_bytes() const { return row_bytes_; }

 private:
  friend class KvBlock;
  struct Free {
    void operator()(std::byte* memory) const;
  };
  void Return(int64_t first_row, int64_t rows);

  int64_t num_layers_ = 0;
  int64_t kv_size_ = 0;     // elements of one token's keys in one layer, KH * d
  int64_t side_bytes_ = 0;  // bytes of the same
  int64_t row_bytes_;
  int64_t capacity_rows_ = 0;
  int64_t used_rows_ = 0;
  std::unique_ptr<std::byte, Free> memory_;
  std::map<int64_t, int64_t> gaps_;  // first row -> rows; neighbours are merged
};

}  // namespace cupel
