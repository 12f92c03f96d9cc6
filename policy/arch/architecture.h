#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "policy/arch/field_reader.h"
#include "policy/model_config.h"

// An architecture maps what model files say to a ModelConfig and to the names and shapes of the weights. One file in this folder and one
// line in registry.def each; the mathematics is in policy/model/.

namespace cupel {

// One weight that an architecture needs.
struct TensorSpec {
  std::string name;            // Hugging Face: "model.layers.0.self_attn.q_proj.weight"
  std::vector<int64_t> shape;  // row-major, [out, in] for matrices
  std::string gguf_name;       // "blk.0.attn_q.weight"
  // Not 0: GGUF files store the rows of this many heads in the order that rotates adjacent pairs (rows 0, d/2, 1, d/2+1, ... of each head),
  // and reading restores the order of Hugging Face.
  int64_t gguf_paired_heads = 0;
};

struct Architecture {
  std::string_view name;              // registry name; `model_type` in config.json and `general.architecture` in GGUF files
  std::string_view huggingface_name;  // `architectures[0]`: "LlamaForCausalLM"

  // Settings of config.json. Token ids are filled by the caller, who has more files to look at. Unimplemented for settings that would
  // change the mathematics and are not supported.
  ModelConfig (*from_huggingface)(FieldReader& fields);
  // GGUF metadata; keys without the "llama." prefix. Vocabulary size, tying and token ids are filled by the caller.
  ModelConfig (*from_gguf)(FieldReader& fields);
  // What belongs in config.json beyond the token ids, readable by transformers 4 and 5.
  Json (*to_huggingface)(const ModelConfig& config);
  // Every weight of the model.
  std::vector<TensorSpec> (*tensors)(const ModelConfig& config);
};

// All architectures, sorted by name.
std::span<const Architecture> Architectures();
// Unimplemented, with the known names, when there is none of that name. `where` names the file.
absl::StatusOr<const Architecture*> FindArchitecture(std::string_view name, std::string_view where);

// Checks that sizes fit together (heads divide, the head dimension is even, products stay below 2^40) whatever file they came from.
absl::Status CheckModelConfig(const ModelConfig& config, std::string_view where);

}  // namespace cupel
