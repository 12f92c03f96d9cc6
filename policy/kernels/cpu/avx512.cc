#define CUPEL_KERNEL_PATH avx512
#include "policy/kernels/cpu/table.h"
