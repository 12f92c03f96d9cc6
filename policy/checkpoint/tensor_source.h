#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "base/chat_message.h"
#include "policy/chat/chat_template.h"
#include "policy/model_config.h"
#include "policy/tokenizer.h"

namespace cupel {

// The weights of a model file by their Hugging Face names, as 32-bit floats, whatever the file stores (GGUF blocks are dequantised, the
// q/k row order of llama GGUF files is undone). Reads on demand; thread-safe.
class TensorSource {
 public:
  struct Entry {
    std::string name;            // "model.layers.0.self_attn.q_proj.weight"
    std::vector<int64_t> shape;  // row-major, [out, in] for matrices
    std::string stored_type;     // "Q4_1", "BF16": for messages and `doctor`
  };
  virtual ~TensorSource() = default;
  virtual const std::vector<Entry>& entries() const = 0;
  // Fills `out` (exactly the number of elements). NotFound for an unknown name, DataLoss for a damaged file.
  virtual absl::Status Read(std::string_view name, std::span<float> out) const = 0;
};

// Everything a model file brings. Owning.
struct ModelFile {
  std::string path;
  std::string format;  // "gguf", "safetensors" or "tiny"
  ModelConfig config;
  std::unique_ptr<Tokenizer> tokenizer;
  std::string chat_template;              // Jinja text as found; may be empty
  std::unique_ptr<TensorSource> tensors;  // null for "tiny": weights are drawn from the run's seed
};

// Opens `path`: a .gguf file, a Hugging Face directory, or the word "tiny" for the built-in model (two layers, byte tokenizer). Checks
// every length, offset and shape before trusting it. Errors name the file, the entry and the cure: missing file, truncation, unknown
// architecture or quantisation type, tokenizer without merges, tensors missing or of the wrong shape for the architecture.
absl::StatusOr<ModelFile> OpenModel(const std::string& path);

// The built-in model for tests and first steps.
ModelConfig TinyModelConfig();
std::unique_ptr<Tokenizer> MakeByteTokenizer();

}  // namespace cupel
