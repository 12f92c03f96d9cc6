#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "policy/lora_config.h"
#include "policy/model/decoder_weights.h"

namespace cupel {

// Gives the matrices that `config` names their adapters: A uniform in +-1/sqrt(in) (as PEFT draws it) from `seed`, B zero, so that the
// matrices are what they were. InvalidArgument when a target matches no matrix of the model.
absl::Status AttachAdapters(const LoraConfig& config, uint64_t seed, DecoderWeights& weights);

// The files of a PEFT adapter, adapter_config.json and adapter_model.safetensors, written into `directory` (must exist), fsynced. Returns
// names and SHA-256. base_model: what adapter_config.json names as the model below.
struct AdapterFile {
  std::string name;
  std::string sha256;
};
absl::StatusOr<std::vector<AdapterFile>> SaveAdapters(const std::string& directory, const LoraConfig& config, const std::string& base_model,
                                                      DecoderWeights& weights);

// The numbers of the adapters alone, under PEFT's names, as one fsynced file; returns its SHA-256. Reading: DataLoss when a tensor is
// missing or has another shape.
absl::StatusOr<std::string> WriteAdapters(const std::string& path, DecoderWeights& weights);
absl::Status ReadAdapters(const std::string& path, DecoderWeights& weights);

}  // namespace cupel
