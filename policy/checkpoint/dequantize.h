#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// The element types of GGUF tensors and their conversion to float. A quantised row is a sequence of blocks: a few scales and small integers
// for 32 or 256 consecutive weights (ggml-org/ggml, ggml-common.h and ggml-quants.c, dequantize_row_*; docs of the layouts in
// dequantize.cc).

namespace cupel {

struct GgmlType {
  uint32_t id;             // as stored in the file
  std::string_view name;   // "Q4_1"
  int64_t block_elements;  // 1 for F32, F16, BF16
  int64_t block_bytes;
  // Converts `num_blocks` blocks. Products and sums are single float operations in the order of the reference.
  void (*to_float)(const uint8_t* blocks, int64_t num_blocks, float* out);
};

// Null for a type that is not supported.
const GgmlType* FindGgmlType(uint32_t id);

// The name of any type that ggml has, or "type 99".
std::string GgmlTypeName(uint32_t id);

// "F32, F16, Q4_0 ...": the supported types, for messages.
std::string GgmlTypeNames();

}  // namespace cupel
