#define CUPEL_KERNEL_PATH avx512bf16
#include "policy/kernels/cpu/table.h"
