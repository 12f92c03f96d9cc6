#pragma once

#include "policy/kernels/cpu/attention.h"
#include "policy/kernels/cpu/elementwise.h"
#include "policy/kernels/cpu/gemm.h"
#include "policy/kernels/cpu/softmax.h"

// The table of the path that CUPEL_KERNEL_PATH names. Each path file consists of that name and this include; policy/kernels/CMakeLists.txt
// gives it its instruction set.

#define CUPEL_QUOTE_NAME(name) #name
#define CUPEL_QUOTE(name) CUPEL_QUOTE_NAME(name)

namespace cupel::kernels::CUPEL_KERNEL_PATH {

const KernelTable kTable = {
    .name = CUPEL_QUOTE(CUPEL_KERNEL_PATH),
    .panel = kPanel,
    .multiplies_bf16 = kMultipliesBf16,
    .pack = Pack,
    .gemm = Gemm,
    .rms_norm = RmsNorm,
    .rms_norm_backward = RmsNormBackward,
    .rope = Rope,
    .attention = Attention,
    .attention_backward = AttentionBackward,
    .swiglu = SwiGlu,
    .swiglu_backward = SwiGluBackward,
    .softmax_stats = ComputeSoftmaxStats,
    .softmax_backward = SoftmaxBackward,
    .softmax_entropy_backward = SoftmaxEntropyBackward,
    .sample = Sample,
    .argmax = Argmax,
    .adamw = AdamW,
    .sum_of_squares = SumOfSquares,
    .to_bf16 = RoundToBf16,
};

}  // namespace cupel::kernels::CUPEL_KERNEL_PATH
