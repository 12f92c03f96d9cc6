#include <optional>

#include "base/status.h"
#include "policy/checkpoint/gguf_model.h"

namespace cupel {
namespace {

using Kind = BpeSpec::Kind;

// tokenizer.ggml.token_type: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused (6, byte, belongs to SentencePiece).
absl::StatusOr<Kind> KindOf(int64_t type, size_t id, const std::string& path) {
  switch (type) {
    case 1:
      return Kind::kNormal;
    case 2:
    case 3:
      return Kind::kControl;
    case 4:
      return Kind::kAdded;
    case 5:
      return Kind::kUnused;
    default:
      return Unimplemented("{}: tokenizer.ggml.token_type[{}] is {}, expected 1 to 5", path, id, type);
  }
}

absl::Status ReadTokens(const GgufFile& file, BpeSpec& spec) {
  const auto* tokens = file.FindStrings("tokenizer.ggml.tokens");
  if (tokens == nullptr || tokens->empty())
    return DataLoss("{}: no list of strings tokenizer.ggml.tokens: the file has no vocabulary", file.path());
  const auto* types = file.FindInts("tokenizer.ggml.token_type");
  if (types != nullptr && types->size() != tokens->size()) {
    return DataLoss("{}: {} entries in tokenizer.ggml.token_type for {} tokens", file.path(), types->size(), tokens->size());
  }
  for (size_t id = 0; id < tokens->size(); ++id) {
    CUPEL_ASSIGN_OR_RETURN(const Kind kind, KindOf(types != nullptr ? (*types)[id] : 1, id, file.path()));
    spec.tokens.push_back({(*tokens)[id], kind, false});
  }
  return absl::OkStatus();
}

absl::Status ReadMerges(const GgufFile& file, BpeSpec& spec) {
  const auto* merges = file.FindStrings("tokenizer.ggml.merges");
  if (merges == nullptr)
    return DataLoss("{}: no list of strings tokenizer.ggml.merges: a byte-level BPE tokenizer needs its merges", file.path());
  for (const std::string& merge : *merges) {
    const size_t space = merge.find(' ', 1);  // the left token is not empty, and may itself begin with a space
    if (space == std::string::npos || space + 1 == merge.size()) {
      return DataLoss("{}: tokenizer.ggml.merges[{}] is \"{}\", expected two tokens with a space between", file.path(), spec.merges.size(),
                      ReplaceInvalidUtf8(merge.substr(0, 60)));
    }
    spec.merges.emplace_back(merge.substr(0, space), merge.substr(space + 1));
  }
  return absl::OkStatus();
}

// Ids of special tokens; they must lie in the vocabulary.
absl::Status ReadSpecialIds(const GgufFile& file, BpeSpec& spec) {
  FieldReader fields = file.Fields("tokenizer.ggml.");
  const auto id = [&](std::string_view key) -> std::optional<TokenId> {
    if (!fields.Has(key)) return std::nullopt;
    return static_cast<TokenId>(fields.Int(key, 0, static_cast<int64_t>(spec.tokens.size()) - 1));
  };
  spec.bos_token = id("bos_token_id");
  spec.eos_token = id("eos_token_id");
  spec.pad_token = id("padding_token_id");
  spec.unk_token = id("unknown_token_id");
  for (const auto stop : {spec.eos_token, id("eot_token_id"), id("eom_token_id")}) {
    if (stop) spec.stop_tokens.push_back(*stop);
  }
  return fields.status();
}

}  // namespace

absl::StatusOr<BpeSpec> GgufTokenizerSpec(const GgufFile& file) {
  const std::string* model = file.FindString("tokenizer.ggml.model");
  if (model == nullptr || *model != "gpt2") {
    return Unimplemented("{}: tokenizer.ggml.model is {}, only \"gpt2\" (byte-level BPE) is supported", file.path(),
                         model == nullptr ? "missing" : fmt::format("\"{}\"", ReplaceInvalidUtf8(model->substr(0, 60))));
  }
  const std::string* pre = file.FindString("tokenizer.ggml.pre");
  const TokenizerFamily* family = pre == nullptr ? nullptr : FindTokenizerFamily(*pre);
  if (family == nullptr) {
    return Unimplemented("{}: tokenizer.ggml.pre is {}; supported: {}", file.path(),
                         pre == nullptr ? "missing" : fmt::format("\"{}\"", ReplaceInvalidUtf8(pre->substr(0, 60))),
                         TokenizerFamilyNames());
  }
  BpeSpec spec;
  spec.ignore_merges = family->ignore_merges;
  CUPEL_ASSIGN_OR_RETURN(spec.pre_tokenizer, ParseJson(family->pre_tokenizer, "built-in pre_tokenizer"));
  CUPEL_RETURN_IF_ERROR(ReadTokens(file, spec));
  CUPEL_RETURN_IF_ERROR(ReadMerges(file, spec));
  CUPEL_RETURN_IF_ERROR(ReadSpecialIds(file, spec));
  return spec;
}

}  // namespace cupel
