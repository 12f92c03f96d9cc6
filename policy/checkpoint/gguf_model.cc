#include "policy/checkpoint/gguf_model.h"

#include <algorithm>
#include <map>

#include "base/status.h"
#include "policy/arch/architecture.h"
#include "policy/checkpoint/tensor_check.h"

namespace cupel {
namespace {

// Undoes the row order of llama.cpp, which keeps the two halves of a rotated pair next to each other: file row (head, i, s) is row (head,
// s, i) of the model, i in [0, d/2), s in {0, 1}.
void UnpairRows(int64_t num_heads, const std::vector<int64_t>& shape, std::span<float> weights) {
  const auto width = static_cast<size_t>(shape.size() > 1 ? shape[1] : 1);
  const size_t head_dim = static_cast<size_t>(shape[0] / num_heads);
  const size_t half = head_dim / 2;
  std::vector<float> head(head_dim * width);
  for (size_t begin = 0; begin < weights.size(); begin += head.size()) {
    std::copy_n(weights.begin() + static_cast<ptrdiff_t>(begin), head.size(), head.begin());
    for (size_t row = 0; row < head_dim; ++row) {
      const size_t target = row % 2 * half + row / 2;
      std::copy_n(head.begin() + static_cast<ptrdiff_t>(row * width), width,
                  weights.begin() + static_cast<ptrdiff_t>(begin + target * width));
    }
  }
}

class GgufTensorSource final : public TensorSource {
 public:
  GgufTensorSource(GgufFile file, const std::vector<TensorSpec>& specs) : file_(std::move(file)) {
    for (const TensorSpec& spec : specs) {
      const GgufFile::Tensor* tensor = file_.Find(spec.gguf_name);
      entries_.push_back({spec.name, spec.shape, std::string(tensor->type->name)});
      by_name_.emplace(spec.name, Weight{tensor, spec.gguf_paired_heads});
    }
  }

  const std::vector<Entry>& entries() const override { return entries_; }

  absl::Status Read(std::string_view name, std::span<float> out) const override {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return NotFound("{}: no tensor {}", file_.path(), name);
    const auto& [tensor, paired_heads] = found->second;
    CUPEL_RETURN_IF_ERROR(file_.ReadFloats(*tensor, out));
    if (paired_heads != 0) UnpairRows(paired_heads, tensor->shape, out);
    return absl::OkStatus();
  }

 private:
  struct Weight {
    const GgufFile::Tensor* tensor;  // of file_
    int64_t paired_heads;
  };
  GgufFile file_;
  std::vector<Entry> entries_;
  std::map<std::string, Weight, std::less<>> by_name_;
};

absl::StatusOr<const Architecture*> ArchitectureOf(const GgufFile& file) {
  const std::string* type = file.FindString("general.type");
  if (type != nullptr && *type != "model")
    return Unimplemented("{}: general.type is \"{}\", expected a model", file.path(), type->substr(0, 60));
  const std::string* name = file.FindString("general.architecture");
  if (name == nullptr) return DataLoss("{}: no string general.architecture: this GGUF file holds no model", file.path());
  return FindArchitecture(*name, file.path());
}

absl::StatusOr<ModelConfig> ConfigOf(const GgufFile& file, const Architecture& architecture, const BpeSpec& tokenizer) {
  FieldReader fields = file.Fields(fmt::format("{}.", architecture.name));
  ModelConfig config = architecture.from_gguf(fields);
  const auto num_tokens = static_cast<int64_t>(tokenizer.tokens.size());
  config.vocab_size = fields.Int("vocab_size", num_tokens, BpeTokenizer::kMaxVocabSize, num_tokens);
  CUPEL_RETURN_IF_ERROR(fields.status());
  CUPEL_RETURN_IF_ERROR(CheckModelConfig(config, file.path()));
  if (file.Find("rope_freqs.weight") != nullptr) {
    return Unimplemented("{}: rotary frequency factors (rope_freqs.weight, Llama 3.1 and later) are not supported", file.path());
  }
  config.tie_word_embeddings = file.Find("output.weight") == nullptr;
  config.bos_token = tokenizer.bos_token.value_or(-1);
  return config;
}

absl::Status CheckGgufTensors(const GgufFile& file, const std::vector<TensorSpec>& specs) {
  TensorCheck check;
  check.where = file.path();
  check.shape_of = [&file](const TensorSpec& spec) -> const std::vector<int64_t>* {
    const GgufFile::Tensor* tensor = file.Find(spec.gguf_name);
    return tensor == nullptr ? nullptr : &tensor->shape;
  };
  check.name_of = [](const TensorSpec& spec) { return spec.gguf_name; };
  for (const auto& tensor : file.tensors()) check.names.push_back(tensor.name);
  check.is_ignored = [](std::string_view) { return false; };
  return CheckTensors(specs, check);
}

}  // namespace

absl::StatusOr<ModelFile> OpenGgufModel(const std::string& path) {
  CUPEL_ASSIGN_OR_RETURN(GgufFile file, GgufFile::Open(path));
  CUPEL_ASSIGN_OR_RETURN(const Architecture* architecture, ArchitectureOf(file));
  CUPEL_ASSIGN_OR_RETURN(BpeSpec spec, GgufTokenizerSpec(file));
  ModelFile model;
  model.path = path;
  model.format = "gguf";
  CUPEL_ASSIGN_OR_RETURN(model.config, ConfigOf(file, *architecture, spec));
  CUPEL_ASSIGN_OR_RETURN(model.tokenizer, BpeTokenizer::Create(std::move(spec), path));
  model.config.eos_tokens = model.tokenizer->stop_tokens();
  const std::vector<TensorSpec> specs = architecture->tensors(model.config);
  CUPEL_RETURN_IF_ERROR(CheckGgufTensors(file, specs));
  if (const std::string* chat_template = file.FindString("tokenizer.chat_template")) model.chat_template = *chat_template;
  model.tensors = std::make_unique<GgufTensorSource>(std::move(file), specs);
  return model;
}

}  // namespace cupel
