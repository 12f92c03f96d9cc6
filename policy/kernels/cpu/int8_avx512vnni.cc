#define CUPEL_KERNEL_PATH avx512vnni
#define CUPEL_INT8_NAME "avx512vnni"
#include "policy/kernels/cpu/int8_gemm.h"
