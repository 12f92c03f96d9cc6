#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "policy/tokenizer/regex_splitter.h"

namespace cupel {

// Cuts text into the pieces inside which BPE merges: the "pre_tokenizer" component of a tokenizer.json. Immutable, thread-safe.
//
// Supported: ByteLevel (last, without prefix space), Digits, Split (by regular expression or text, isolated), and Sequence of them.
class PreTokenizer {
 public:
  // Unimplemented, naming the component and setting, for anything else. `where` names the file in messages.
  static absl::StatusOr<PreTokenizer> FromJson(const Json& component, std::string_view where);

  // The pieces of a text (valid UTF-8); together they are the text.
  std::vector<std::string_view> Split(std::string_view text) const;

 private:
  PreTokenizer() = default;
  absl::Status AddComponent(const Json& component, std::string_view where);
  absl::Status AddByteLevel(const Json& component, std::string_view where);
  absl::Status AddDigits(const Json& component, std::string_view where);
  absl::Status AddSplit(const Json& component, std::string_view where);

  std::vector<RegexSplitter> steps_;  // each cuts the pieces of the one before
  bool has_byte_level_ = false;
};

// What GGUF files call `tokenizer.ggml.pre`: one word for a pre-tokenizer.
struct TokenizerFamily {
  std::string_view name;           // "smollm"
  std::string_view pre_tokenizer;  // the JSON component
  bool ignore_merges;              // a piece that is a token is taken whole (Llama 3)
};

// Null for an unknown name.
const TokenizerFamily* FindTokenizerFamily(std::string_view name);

// "gpt-2, llama-bpe, qwen2, smollm", for messages.
std::string TokenizerFamilyNames();

}  // namespace cupel
