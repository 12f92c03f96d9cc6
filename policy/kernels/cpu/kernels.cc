#include "policy/kernels/cpu/kernels.h"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

#include "base/check.h"
#include "policy/kernels/cpu/paths.h"

namespace cupel::kernels {
namespace {

constexpr size_t kCacheLine = 64;
constexpr size_t kHugePage = size_t{2} << 20;

size_t RoundUp(size_t value, size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

bool HasAvx512Bf16() { return HasAvx512() && __builtin_cpu_supports("avx512bf16"); }

}  // namespace

bool HasAvx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool HasAvx512() {
  return HasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}

float ToFloat(bf16 value) { return std::bit_cast<float>(uint32_t{value.bits} << 16); }

bf16 ToBf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if (value != value) {
    return {static_cast<uint16_t>((bits >> 16) | 0x40u)};
  }
  return {static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
}

AlignedBuffer::AlignedBuffer(size_t bytes) : size_(bytes) {
  if (bytes == 0) {
    return;
  }
  // Weights are read from end to end in every step: large pages spare the address translation, where the system grants them.
  const bool is_large = bytes >= 2 * kHugePage;
  const size_t alignment = is_large ? kHugePage : kCacheLine;
  const size_t capacity = RoundUp(bytes, alignment);
  data_.reset(static_cast<std::byte*>(std::aligned_alloc(alignment, capacity)));
  Check(data_ != nullptr, "out of memory for kernel buffers");
  if (is_large) {
    madvise(data_.get(), capacity, MADV_HUGEPAGE);
  }
  std::memset(data_.get(), 0, bytes);
}

void AlignedBuffer::Free::operator()(std::byte* memory) const { std::free(memory); }

void* PackedData(PackedMatrix& matrix) { return matrix.data.data(); }
const void* PackedData(const PackedMatrix& matrix) { return matrix.data.data(); }

void CheckAttentionShape(const AttentionShape& shape) {
  Check(shape.head_dim > 0 && shape.head_dim % 16 == 0 && shape.head_dim <= kMaxHeadDim, "head size is a multiple of 16 and at most 256");
  Check(shape.num_kv_heads > 0 && shape.num_heads % shape.num_kv_heads == 0, "query heads are a multiple of key/value heads");
}

PackedMatrix MakePackedMatrix(const KernelTable& table, DType type, int64_t n, int64_t k) {
  Check(n > 0 && k > 0, "a packed matrix has rows and columns");
  const int64_t panels = (n + table.panel - 1) / table.panel;
  const int64_t padded_k = type == DType::kBf16 ? (k + 1) / 2 * 2 : k;
  PackedMatrix matrix;
  matrix.type = type;
  matrix.n = n;
  matrix.k = k;
  matrix.data = AlignedBuffer(static_cast<size_t>(panels * table.panel * padded_k * SizeOf(type)));
  return matrix;
}

std::vector<const KernelTable*> AvailableKernels() {
  std::vector<const KernelTable*> tables;
  if (HasAvx512Bf16()) {
    tables.push_back(&avx512bf16::kTable);
  }
  if (HasAvx512()) {
    tables.push_back(&avx512::kTable);
  }
  if (HasAvx2()) {
    tables.push_back(&avx2::kTable);
  }
  return tables;
}

const KernelTable* BestKernels() {
  const std::vector<const KernelTable*> tables = AvailableKernels();
  return tables.empty() ? nullptr : tables.front();
}

std::vector<std::string_view> CpuFeatures() {
  std::vector<std::string_view> features;
  const auto add = [&features](bool is_present, std::string_view name) {
    if (is_present) {
      features.push_back(name);
    }
  };
  add(__builtin_cpu_supports("avx2"), "avx2");
  add(__builtin_cpu_supports("fma"), "fma");
  add(__builtin_cpu_supports("avx512f"), "avx512f");
  add(__builtin_cpu_supports("avx512bw"), "avx512bw");
  add(__builtin_cpu_supports("avx512dq"), "avx512dq");
  add(__builtin_cpu_supports("avx512vl"), "avx512vl");
  add(__builtin_cpu_supports("avx512vnni"), "avx512vnni");
  add(__builtin_cpu_supports("avx512bf16"), "avx512bf16");
  add(__builtin_cpu_supports("amx-tile"), "amx_tile");
  add(__builtin_cpu_supports("amx-int8"), "amx_int8");
  add(__builtin_cpu_supports("amx-bf16"), "amx_bf16");
  return features;
}

}  // namespace cupel::kernels
