#pragma once

#include <cstddef>
#include <functional>
#include <span>

namespace cupel {

// What a training pass asks of the loss, once per completion of the batch and in their order, as soon as the completion's log-probabilities
// and entropies [T] are known: the gradients of the loss by them, written into the two last spans [T].
using LossGradient = std::function<void(size_t completion_idx, std::span<const float> logprobs, std::span<const float> entropies,
                                        std::span<float> logprob_gradients, std::span<float> entropy_gradients)>;

}  // namespace cupel
