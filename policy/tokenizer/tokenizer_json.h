#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "policy/tokenizer/bpe.h"

// tokenizer.json and its companions, as the Hugging Face libraries read and write them (huggingface/tokenizers, tokenizer/serialization.rs
// and models/bpe/serialization.rs).

namespace cupel {

// Reads a tokenizer.json. Checked here: types, ids (unique, at most 65,536 of them unused), added tokens that contradict the vocabulary.
// Unimplemented, naming the component, for what would change ids and is not supported: normalizers, models other than BPE, unknown-token
// and byte fallback of SentencePiece vocabularies, added tokens that strip or demand neighbours. The post_processor is ignored: it only
// adds special tokens around a text, and Encode adds none. Special tokens become control tokens.
absl::StatusOr<BpeSpec> ParseTokenizerJson(std::string_view text, std::string_view where);

// tokenizer.json, tokenizer_config.json and special_tokens_map.json of a tokenizer: those of spec.files as they are, the others written.
std::vector<Tokenizer::File> TokenizerFiles(const BpeSpec& spec);

}  // namespace cupel
