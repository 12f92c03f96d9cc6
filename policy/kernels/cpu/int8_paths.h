#pragma once

#include "policy/kernels/cpu/int8.h"

// What the int8 path files (int8_avx2.cc and so on) and int8.cc need of each other.

namespace cupel::kernels {

// Not inline, so that the path files emit no code of AlignedBuffer.
int8_t* Int8Values(Int8Matrix& matrix);
const int8_t* Int8Values(const Int8Matrix& matrix);
float* Int8Scales(Int8Matrix& matrix);
const float* Int8Scales(const Int8Matrix& matrix);

namespace avx512vnni {
extern const Int8Table kInt8Table;
}
namespace int8_avx2 {
extern const Int8Table kInt8Table;
}
namespace int8_generic {
extern const Int8Table kInt8Table;
}

}  // namespace cupel::kernels
