#define CUPEL_KERNEL_PATH avx2
#include "policy/kernels/cpu/table.h"
