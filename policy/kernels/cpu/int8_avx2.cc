#define CUPEL_KERNEL_PATH int8_avx2
#define CUPEL_INT8_NAME "avx2"
#include "policy/kernels/cpu/int8_gemm.h"
