#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "policy/checkpoint/gguf.h"
#include "policy/checkpoint/tensor_source.h"
#include "policy/tokenizer/bpe.h"

namespace cupel {

// A GGUF file as a model: OpenModel for paths of that kind.
absl::StatusOr<ModelFile> OpenGgufModel(const std::string& path);

// The tokenizer in a file's metadata (`tokenizer.ggml.*`). Unimplemented, naming the known ones, for models other than byte-level BPE
// ("gpt2") and for unknown pre-tokenizers.
absl::StatusOr<BpeSpec> GgufTokenizerSpec(const GgufFile& file);

}  // namespace cupel
