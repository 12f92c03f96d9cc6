#include <filesystem>

#include "base/check.h"
#include "base/file.h"
#include "base/status.h"
#include "policy/checkpoint/gguf_model.h"
#include "policy/checkpoint/hf_directory.h"
#include "policy/checkpoint/tensor_source.h"

namespace cupel {
namespace {

ModelFile TinyModel() {
  ModelFile model;
  model.path = "tiny";
  model.format = "tiny";
  model.config = TinyModelConfig();
  model.tokenizer = MakeByteTokenizer();
  return model;
}

absl::StatusOr<ModelFile> OpenByKind(const std::string& path) {
  if (path == "tiny") return TinyModel();
  if (!Exists(path)) {
    return NotFound(
        "{}: no such model; give a .gguf file, a Hugging Face directory or \"tiny\" (`bash experiments/quickstart.sh` fetches the model of "
        "the "
        "first run)",
        path);
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return OpenHuggingFaceDirectory(path);
  if (path.ends_with(".safetensors")) return InvalidArgument("{}: give the directory that holds this file and its config.json", path);
  return OpenGgufModel(path);
}

}  // namespace

ModelConfig TinyModelConfig() {
  ModelConfig config;
  config.architecture = "llama";
  config.vocab_size = 259;
  config.hidden_size = 64;
  config.ffn_size = 128;
  config.num_layers = 2;
  config.num_heads = 4;
  config.num_kv_heads = 2;
  config.head_dim = 16;
  config.max_context = 512;
  config.tie_word_embeddings = true;
  config.eos_tokens = {258, 256};
  return config;
}

std::unique_ptr<Tokenizer> MakeByteTokenizer() {
  auto tokenizer = BpeTokenizer::Create(ByteTokenizerSpec(), "byte tokenizer");
  Check(tokenizer.ok(), "the byte tokenizer is valid");
  return *std::move(tokenizer);
}

absl::StatusOr<ModelFile> OpenModel(const std::string& path) {
  absl::StatusOr<ModelFile> model = OpenByKind(path);
  // A malformed file is damage, not a mistake in the caller's words; only the path itself can be that.
  if (absl::IsInvalidArgument(model.status()) && !path.ends_with(".safetensors")) {
    return DataLoss("{}", Message(model.status()));
  }
  return model;
}

}  // namespace cupel
