#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/status.h>

#include "policy/lora_config.h"
#include "policy/model_config.h"
#include "policy/settings.h"

namespace cupel {

// What a training run will hold in memory, counted before anything is allocated. Bytes.
struct MemoryRequest {
  ModelConfig model;
  int64_t compute_bytes = 2;     // of an activation and a packed weight: 2 for bf16, 4 for fp32
  bool is_on_gpu = false;        // weights to compute with, keys and values, activations and head lie there, and are not counted
  bool widens_products = false;  // products of the backward pass in fp32, where the processor has none of bf16 (policy/model/forward.h)
  bool samples_int8 = false;     // a second layout of the weights, for sampling
  bool has_reference = false;
  bool recomputes_activations = false;
  int64_t trained_parameters = 0;  // 0: all; otherwise those of the adapters
  int64_t microbatch_tokens = 0;
  int64_t kv_cache_bytes = 0;
  int64_t num_threads = 1;
};

// What model and settings say of a request; the rest is the caller's.
MemoryRequest MemoryRequestOf(const ModelConfig& model, const ModelSettings& settings);

struct MemoryPart {
  std::string name;  // "gradients"
  int64_t bytes;
  std::string advice;  // what makes it smaller; empty: nothing does
};

std::vector<MemoryPart> PlanMemory(const MemoryRequest& request);
int64_t TotalBytes(const std::vector<MemoryPart>& plan);

// Parameters of the model, tied weights once.
int64_t CountParameters(const ModelConfig& model);

// Parameters of the adapters; 0 without.
int64_t CountAdapters(const LoraConfig& lora, const ModelConfig& model);

// ResourceExhausted when the plan is larger than `available`, with the parts that can be made smaller, largest first.
absl::Status CheckMemory(const std::vector<MemoryPart>& plan, int64_t available);

// What this process may still use: the smaller of the machine's available memory and what its control group leaves. Nothing is known: the
// largest number.
int64_t AvailableMemory();

}  // namespace cupel
