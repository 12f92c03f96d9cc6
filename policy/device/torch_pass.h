#pragma once

#include <memory>

#include "policy/model/training_pass.h"

namespace cupel {

// Training by LibTorch's operations and autograd on backend.device, with copies of the weights there (device_weights.h).
std::unique_ptr<TrainingPass> MakeTorchPass(const ComputeBackend& backend, DecoderWeights& weights);

}  // namespace cupel
