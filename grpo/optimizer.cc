#include "grpo/optimizer.h"

#include <algorithm>
#include <cmath>
#include <span>

#include <ATen/Parallel.h>

#include "base/check.h"
#include "base/status.h"
#include "grpo/schedule.h"
#include "policy/checkpoint/safetensors.h"
#include "policy/kernels/cpu/kernels.h"

namespace cupel {
namespace {

constexpr const char* kFileName = "optimizer.safetensors";
// Elements per unit of parallel work and per partial sum: fixed, so that the norm is the same for every thread count.
constexpr int64_t kBlock = 1 << 16;
constexpr double kNormEps = 1e-6;  // added to the norm that gradients are divided by, as torch.nn.utils.clip_grad_norm_ does

int64_t NumBlocks(int64_t n) { return (n + kBlock - 1) / kBlock; }

const kernels::KernelTable& Kernels() {
  const kernels::KernelTable* table = kernels::BestKernels();
  Check(table != nullptr, "a policy exists, so the processor has kernels");
  return *table;
}

double SumOfSquares(const float* values, int64_t n) {
  std::vector<double> partial(static_cast<size_t>(NumBlocks(n)));
  const auto sum_of_squares = Kernels().sum_of_squares;
  at::parallel_for(0, NumBlocks(n), 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block * kBlock;
      partial[static_cast<size_t>(block)] = sum_of_squares(values + first, std::min(kBlock, n - first));
    }
  });
  double sum = 0;
  for (double value : partial) {
    sum += value;
  }
  return sum;
}

}  // namespace

Optimizer::Optimizer(Policy& policy, const OptimizerConfig& config, int64_t total_updates)
    : policy_(policy), config_(config), total_updates_(total_updates), parameters_(TrainedParameters(policy.weights())) {
  for (const Parameter* parameter : parameters_) {
    Check(parameter->grad.defined(), "EnableTraining comes before the optimizer");
    const auto n = static_cast<size_t>(parameter->master.numel());
    moments_.push_back({std::vector<float>(n), std::vector<float>(n)});
  }
}

double Optimizer::GradientNorm() const {
  double sum = 0;
  for (const Parameter* parameter : parameters_) {
    sum += SumOfSquares(parameter->grad.const_data_ptr<float>(), parameter->grad.numel());
  }
  return std::sqrt(sum);
}

double Optimizer::LearningRate(int64_t update) const { return cupel::LearningRate(config_, update, total_updates_); }

void Optimizer::Apply(double gradient_norm, int64_t update) {
  ++num_applied_;
  const double t = static_cast<double>(num_applied_);
  const auto correction1 = static_cast<float>(1.0 - std::pow(config_.beta1, t));
  const auto correction2 = static_cast<float>(1.0 - std::pow(config_.beta2, t));
  const bool clips = config_.max_grad_norm > 0;
  const auto grad_scale = static_cast<float>(clips ? std::min(1.0, config_.max_grad_norm / (gradient_norm + kNormEps)) : 1.0);
  const auto learning_rate = static_cast<float>(LearningRate(update));
  const auto adamw = Kernels().adamw;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = *parameters_[i];
    auto* master = parameter.master.mutable_data_ptr<float>();
    const auto* grad = parameter.grad.const_data_ptr<float>();
    const int64_t n = parameter.master.numel();
    const auto decay = static_cast<float>(parameter.decays ? config_.weight_decay : 0.0);
    at::parallel_for(0, NumBlocks(n), 1, [&](int64_t begin, int64_t end) {
      const int64_t first = begin * kBlock;
      const int64_t count = std::min(end * kBlock, n) - first;
      adamw(master + first, moments_[i].first.data() + first, moments_[i].second.data() + first, grad + first, count, grad_scale,
            learning_rate, config_.beta1, config_.beta2, static_cast<float>(config_.eps), decay, correction1, correction2, nullptr);
    });
  }
  policy_.ZeroGradients();
  policy_.CommitUpdate();
}

absl::StatusOr<Policy::WrittenFile> Optimizer::Save(const std::string& directory) const {
  std::vector<SafetensorsWriteItem> items;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const std::vector<int64_t> shape = parameters_[i]->master.sizes().vec();
    const auto add = [&](const char* kind, const std::vector<float>& values) {
      items.push_back({fmt::format("{}/{}", kind, parameters_[i]->name), SafetensorsType::kF32, shape, std::as_bytes(std::span(values))});
    };
    add("first_moment", moments_[i].first);
    add("second_moment", moments_[i].second);
  }
  CUPEL_ASSIGN_OR_RETURN(std::string digest, WriteSafetensors(directory + "/" + kFileName, std::move(items)));
  return Policy::WrittenFile{kFileName, std::move(digest)};
}

absl::Status Optimizer::Load(const std::string& directory) {
  CUPEL_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::Open(directory + "/" + kFileName));
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const auto read = [&](const char* kind, std::vector<float>& values) -> absl::Status {
      const std::string name = fmt::format("{}/{}", kind, parameters_[i]->name);
      const SafetensorsFile::Tensor* tensor = file.Find(name);
      if (tensor == nullptr || tensor->shape != parameters_[i]->master.sizes().vec()) {
        return DataLoss("{}: {} is missing or has another shape than the model; this checkpoint belongs to another model", file.path(),
                        name);
      }
      return file.ReadFloats(*tensor, values);
    };
    CUPEL_RETURN_IF_ERROR(read("first_moment", moments_[i].first));
    CUPEL_RETURN_IF_ERROR(read("second_moment", moments_[i].second));
  }
  return absl::OkStatus();
}

}  // namespace cupel
