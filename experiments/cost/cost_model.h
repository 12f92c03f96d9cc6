#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "policy/model_config.h"

namespace cupel {

// What a step costs on paper. All counts are of floating-point operations (a multiplication and an addition are two), attention included,
// norms and softmax left out. N: parameters that a token is multiplied with, the head included, the look-up of the embedding not.
//
//   training     6 N + 3 S w L    per token; 8 N instead of 6 N when activations are computed again
//   prefill      2 N + S w L      per token of a sequence of S tokens, causal: the mean context is S / 2
//   decoding     2 N + 2 C w L    per token with C tokens in the cache
//
// with L layers and attention width w = heads x (key size + value size). Sources: Kaplan et al., arXiv 2001.08361, for 6 N; the attention
// terms count the two products with scores.
struct ModelShape {
  std::string name;
  int64_t layers = 0;
  double attention_width = 0;  // w
  double active_params = 0;    // N; of a mixture of experts, those of the experts that a token visits
  double all_params = 0;       // what is held in memory and read when every expert is busy; the embedding once
  double kv_numbers = 0;       // cached numbers per token, all layers together
};

ModelShape ShapeOf(const std::string& name, const ModelConfig& config);
// A published model by name ("smollm2-135m", "qwen2.5-1.5b", "671b"); NotFound names those that are known.
absl::StatusOr<ModelShape> FindShape(std::string_view name);
std::vector<std::string_view> ShapeNames();

double TrainFlops(const ModelShape& shape, double sequence_tokens, bool recomputes_activations);  // per token
double PrefillFlops(const ModelShape& shape, double sequence_tokens);                             // per token
double DecodeFlops(const ModelShape& shape, double context_tokens);                               // per token
double KvBytes(const ModelShape& shape, double bytes_per_number);                                 // per token

// A processor's dense bf16 peak (FLOP/s) and memory bandwidth (bytes/s).
struct Device {
  std::string name;
  double peak = 0;
  double bandwidth = 0;
};
// "h100", "h200", "h800", "a100"; NotFound names those that are known.
absl::StatusOr<Device> FindDevice(std::string_view name);

// Seconds that one decoding step of `batch` sequences takes at least: every weight and every cached number is read once.
double DecodeStepBound(const ModelShape& shape, const Device& device, double batch, double context_tokens, double bytes_per_weight,
                       double bytes_per_kv);

// One step of group-relative policy optimisation.
struct StepWork {
  double questions = 0;
  double group_size = 0;
  double prompt_tokens = 0;      // mean
  double completion_tokens = 0;  // mean
  bool shares_prompts = true;    // the prompt of a group is trained on once
  bool recomputes_old = false;   // a forward pass for the log-probabilities of the policy that sampled
  bool has_reference = false;    // a forward pass of the reference policy
  bool recomputes_activations = false;
  double passes = 1;  // over the step's samples
};
struct StepFlops {
  double sample = 0;
  double score = 0;  // old and reference log-probabilities
  double train = 0;
  double total() const { return sample + score + train; }
};
StepFlops CountStep(const ModelShape& shape, const StepWork& work);

}  // namespace cupel
