#include "policy/engine/kv_cache.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <utility>

#include "base/check.h"

namespace cupel {

KvBlock& KvBlock::operator=(KvBlock&& other) noexcept {
  if (this != &other) {
    Release();
    cache_ = std::exchange(other.cache_, nullptr);
    first_row_ = std::exchange(other.first_row_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
  }
  return *this;
}

void KvBlock::Release() {
  if (cache_ != nullptr) {
    cache_->Return(first_row_, capacity_);
    cache_ = nullptr;
  }
}

// The block's bytes are [layers][keys, values][capacity][KH * d].
std::byte* KvBlock::KeyRow(int64_t layer, int64_t row) const {
  Check(cache_->memory_ != nullptr, "the rows lie in this cache's own memory");
  const int64_t sides_before = 2 * (first_row_ * cache_->num_layers_ + layer * capacity_);
  return cache_->memory_.get() + (sides_before + row) * cache_->side_bytes_;
}

std::byte* KvBlock::ValueRow(int64_t layer, int64_t row) const { return KeyRow(layer, row) + capacity_ * cache_->side_bytes_; }

void KvBlock::CopyRows(const KvBlock& from, int64_t rows) const {
  Check(cache_ == from.cache_ && rows <= capacity_ && rows <= from.capacity_, "rows are copied between blocks that have them");
  const auto bytes = static_cast<size_t>(rows * cache_->side_bytes_);
  for (int64_t layer = 0; layer < cache_->num_layers_; ++layer) {
    std::memcpy(KeyRow(layer, 0), from.KeyRow(layer, 0), bytes);
    std::memcpy(ValueRow(layer, 0), from.ValueRow(layer, 0), bytes);
  }
}

kernels::KeyValueRun KvBlock::Run(int64_t layer, int64_t rows) const {
  if (rows == 0) {
    return {};
  }
  return {.keys = KeyRow(layer, 0), .values = ValueRow(layer, 0), .rows = rows, .stride = cache_->kv_size_};
}

KvCache::KvCache(int64_t bytes, int64_t num_layers, int64_t kv_size, kernels::DType type)
    : num_layers_(num_layers), kv_size_(kv_size), side_bytes_(kv_size * kernels::SizeOf(type)), row_bytes_(2 * num_layers * side_bytes_) {
  Check(num_layers > 0 && kv_size > 0, "a row of the cache has bytes");
  capacity_rows_ = bytes / row_bytes();
  if (capacity_rows_ > 0) {
    // Huge pages: a decoding step touches every running sequence in every layer, at strides that defeat small pages.
    constexpr size_t kHugePage = size_t{2} << 20;
    const size_t size = (static_cast<size_t>(capacity_rows_ * row_bytes()) + kHugePage - 1) / kHugePage * kHugePage;
    memory_.reset(static_cast<std::byte*>(std::aligned_alloc(kHugePage, size)));
    if (memory_ == nullptr) {
      throw std::bad_alloc();
    }
    madvise(memory_.get(), size, MADV_HUGEPAGE);
    gaps_[0] = capacity_rows_;
  }
}

KvCache::KvCache(int64_t capacity_rows, int64_t row_bytes) : row_bytes_(row_bytes), capacity_rows_(capacity_rows) {
  Check(row_bytes > 0, "a row of the cache has bytes");
  if (capacity_rows > 0) {
    gaps_[0] = capacity_rows;
  }
}

KvCache::~KvCache() { Check(used_rows_ == 0, "every block is returned before its cache goes away"); }

void KvCache::Free::operator()(std::byte* memory) const { std::free(memory); }

std::optional<KvBlock> KvCache::Allocate(int64_t rows) {
  if (rows == 0) {
    return KvBlock();
  }
  const auto gap = std::find_if(gaps_.begin(), gaps_.end(), [&](const auto& entry) { return entry.second >= rows; });
  if (gap == gaps_.end()) {
    return std::nullopt;
  }
  const auto [first_row, width] = *gap;
  gaps_.erase(gap);
  if (width > rows) {
    gaps_[first_row + rows] = width - rows;
  }
  used_rows_ += rows;
  return KvBlock(this, first_row, rows);
}

void KvCache::Return(int64_t first_row, int64_t rows) {
  used_rows_ -= rows;
  const auto next = gaps_.lower_bound(first_row);
  if (next != gaps_.end() && next->first == first_row + rows) {
    rows += next->second;
    gaps_.erase(next);
  }
  const auto after = gaps_.lower_bound(first_row);
  if (after != gaps_.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second == first_row) {
      before->second += rows;
      return;
    }
  }
  gaps_[first_row] = rows;
}

}  // namespace cupel
