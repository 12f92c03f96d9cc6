#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <absl/status/statusor.h>

#include "base/config.h"
#include "policy/checkpoint/tensor_source.h"
#include "policy/generation.h"
#include "policy/model/decoder_weights.h"
#include "policy/model/forward.h"
#include "policy/packed_batch.h"

namespace cupel {

struct ModelSettings {
  std::string path;  // .gguf file, Hugging Face directory or "tiny"
  std::string chat_template = "auto";
  std::string compute = "bf16";
  std::string linear = "auto";
  int64_t threads = 0;
  template <class Field>
  void VisitFields(Field&& field) {
    field("path", path, "model: a .gguf file, a Hugging Face directory, or \"tiny\" for the built-in one");
    field("chat_template", chat_template, "how a conversation becomes tokens; auto: as the model file says",
          OneOf{{"auto", "chatml", "plain"}});
    field("compute", compute, "number type of activations and products; master weights are always fp32", OneOf{{"bf16", "fp32"}});
    field("linear", linear, "matrix products: own kernels, oneDNN's packed ones, or auto (oneDNN where the processor has AMX)",
          OneOf{{"auto", "kernel", "onednn"}});
    field("threads", threads, "processor cores to use; 0: all", Range{0, 1024});
  }
};

// The log-probabilities of a packed batch's scored tokens.
struct TokenLogprobsResult {
  at::Tensor logprobs;  // [C] fp32; carries gradients when training
  at::Tensor entropy;   // [C] fp32, nats, of the same distribution; no gradient
};

// The policy: weights, tokenizer, chat template. The engine that samples and the forward that trains read the same memory; an update is
// visible to both at once. Not thread-safe except where said.
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
  int num_threads() const;
  std::string kernel_path() const;  // "avx512bf16", "onednn+avx512bf16": what products run on

  // log pi(target | before) / at the given temperature, for every scored token of the batch. With gradients on (at::GradMode) the result
  // can be differentiated: backward() adds into Parameter::grad. Needs EnableTraining before the first backward.
  TokenLogprobsResult TokenLogprobs(const PackedBatch& batch, double temperature);
  // The logits that predict the scored tokens, [C, V] fp32 at temperature 1: for tests and diagnostics, since they fill memory quickly.
  at::Tensor ScoredLogits(const PackedBatch& batch);

  void EnableTraining();  // allocates gradients (fp32, zero)
  void ZeroGradients();

  // Call after the masters changed: refreshes the packed layouts and counts one update.
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
  // Overwrites the masters from a Hugging Face directory of the same shape.
  absl::Status LoadWeights(const std::string& directory);

 private:
  struct State;
  explicit Policy(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct EngineSettings {
  int64_t kv_cache_mib = 512;
  template <class Field>
  void VisitFields(Field&& field) {
    field("kv_cache_mib", kv_cache_mib, "memory for keys and values of running samples, MiB; requests wait when it is full",
          Range{1, 1 << 20});
  }
};

// The engine over a policy's weights. The policy must outlive it; no Step may run during CommitUpdate.
std::unique_ptr<GenerationEngine> MakeEngine(const Policy& policy, const EngineSettings& settings);

}  // namespace cupel
