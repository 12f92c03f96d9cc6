#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <absl/status/statusor.h>

#include "policy/checkpoint/tensor_source.h"
#include "policy/generation.h"
#include "policy/model/decoder_weights.h"
#include "policy/model/forward.h"
#include "policy/model/loss_gradient.h"
#include "policy/packed_batch.h"
#include "policy/settings.h"

namespace cupel {

struct DeviceWeights;

// The log-probabilities of a packed batch's scored tokens.
struct TokenLogprobsResult {
  at::Tensor logprobs;  // [C] fp32; carries gradients when training
  at::Tensor entropy;   // [C] fp32, nats, of the same distribution; no gradient
};

// The policy: weights, tokenizer, chat template. The engine that samples and the forward that trains read the same memory; an update is
// visible to both at once. Masters and gradients are the host's whatever model.device says; a device has copies (README.md). Not
// thread-safe except where said.
class Policy {
 public:
  // Loads weights (or draws the tiny model's from `seed`). Errors as OpenModel, plus unusable settings.
  static absl::StatusOr<std::unique_ptr<Policy>> Load(const ModelSettings& settings, uint64_t seed);
  ~Policy();

  const ModelConfig& config() const;
  const ModelSettings& settings() const;
  const Tokenizer& tokenizer() const;
  const ChatTemplate& chat() const;
  DecoderWeights& weights();
  const DecoderWeights& weights() const;
  const ComputeBackend& backend() const;
  // The copies that a device computes with (policy/device/device_weights.h); null when the processor's kernels do everything.
  const DeviceWeights* device_weights() const;
  int num_threads() const;
  std::string kernel_path() const;  // ComputeBackend::name(): what products run on

  // log pi(target | before) / at the given temperature, for every scored token of the batch. With gradients on (at::GradMode) the result
  // can be differentiated: backward() adds into Parameter::grad. Needs EnableTraining before the first backward.
  TokenLogprobsResult TokenLogprobs(const PackedBatch& batch, double temperature);
  // Forward and backward of a loss in one go, without a second computation of the logits: `loss` is asked once per completion. Adds into
  // the gradients of what is trained. Needs EnableTraining.
  void AccumulateGradients(const PackedBatch& batch, double temperature, bool recomputes_activations, const LossGradient& loss);
  // The logits that predict the scored tokens, [C, V] fp32 at temperature 1: for tests and diagnostics, since they fill memory quickly.
  at::Tensor ScoredLogits(const PackedBatch& batch);

  void EnableTraining();  // allocates gradients (fp32, zero) of what is trained: everything, or the adapters
  void ZeroGradients();

  // Call after the masters changed: refreshes the packed layouts, or the copies on the device, and counts one update.
  void CommitUpdate();
  uint64_t version() const;            // number of updates
  void set_version(uint64_t version);  // when a checkpoint is loaded

  // The files of a Hugging Face directory, written into `directory` (must exist), each fsynced: model.safetensors (fp32 masters),
  // config.json, generation_config.json, tokenizer files, chat_template.jinja. Returns file names with their SHA-256.
  struct WrittenFile {
    std::string name;
    std::string sha256;
  };
  absl::StatusOr<std::vector<WrittenFile>> SaveHuggingFace(const std::string& directory) const;
  // With adapters, SaveHuggingFace writes the weights with the adapters added and, as adapters.safetensors, the adapters alone; this writes
  // them as a PEFT adapter (adapter_config.json, adapter_model.safetensors).
  absl::StatusOr<std::vector<WrittenFile>> SaveAdapters(const std::string& directory) const;
  // Overwrites the masters from a Hugging Face directory of the same shape; with adapters, the adapters from its adapters.safetensors, the
  // masters staying those of the model below.
  absl::Status LoadWeights(const std::string& directory);

 private:
  struct State;
  explicit Policy(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The engine over a policy's weights. The policy must outlive it; no Step may run during CommitUpdate.
std::unique_ptr<GenerationEngine> MakeEngine(const Policy& policy, const EngineSettings& settings);

}  // namespace cupel
