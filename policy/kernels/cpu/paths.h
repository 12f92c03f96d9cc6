#pragma once

#include "policy/kernels/cpu/kernels.h"

// What the path files (avx2.cc and so on) and kernels.cc need of each other.

namespace cupel::kernels {

// What this processor can run: AVX2 with FMA; that and AVX-512 F, BW, DQ and VL.
bool HasAvx2();
bool HasAvx512();

// Not inline, so that the path files emit no code of AlignedBuffer.
void* PackedData(PackedMatrix& matrix);
const void* PackedData(const PackedMatrix& matrix);
// Aborts with a message unless the head size is one that attention takes.
void CheckAttentionShape(const AttentionShape& shape);

namespace avx512bf16 {
extern const KernelTable kTable;
}
namespace avx512 {
extern const KernelTable kTable;
}
namespace avx2 {
extern const KernelTable kTable;
}

}  // namespace cupel::kernels
