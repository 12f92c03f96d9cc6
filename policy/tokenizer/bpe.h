#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>

#include "base/json.h"
#include "policy/tokenizer.h"
#include "policy/tokenizer/added_tokens.h"
#include "policy/tokenizer/bpe_merge.h"
#include "policy/tokenizer/pre_tokenizer.h"

namespace cupel {

// Everything that defines a byte-level BPE tokenizer, whichever file it was read from.
struct BpeSpec {
  enum class Kind : uint8_t {
    kNormal,
    kControl,  // never produced from text, no bytes of its own
    kAdded,    // recognised in text as a whole before anything else ("<think>")
    kUnused,   // an id without a token
  };
  struct Token {
    std::string text;  // normal tokens in the byte alphabet (byte_alphabet.h), others as spelled
    Kind kind = Kind::kUnused;
    bool is_normalized = false;  // added tokens only: matched in the second pass, as tokenizer.json has it
  };
  std::vector<Token> tokens;                                // [V], by id
  std::vector<std::pair<std::string, std::string>> merges;  // by rank
  Json pre_tokenizer;                                       // component of a tokenizer.json
  bool ignore_merges = false;                               // a piece that is a token is taken whole
  std::vector<TokenId> stop_tokens;                         // tokens known by name to end a turn or document are added to these
  std::optional<TokenId> bos_token, eos_token, pad_token, unk_token;
  // The files that it was read from, for ToFiles to give back as they were. What is missing is written anew.
  std::vector<Tokenizer::File> files;
};

// Byte-level byte-pair encoding, as GPT-2, SmolLM2, Qwen2 and Llama 3 use it; gives the ids that the Hugging Face `tokenizers` library
// gives without added special tokens. Bytes for which the vocabulary has no token vanish, as they do there. Encode takes O(n log n) time.
class BpeTokenizer final : public Tokenizer {
 public:
  // Bounds that no published vocabulary comes near.
  static constexpr int kMaxVocabSize = 1 << 22;
  static constexpr size_t kMaxTokenBytes = 1 << 16;

  // InvalidArgument, naming token or merge, for: duplicate tokens, a merge of or into something that is not in the vocabulary, a merge that
  // would form a control token, no merges although tokens are longer than a byte, no stop token. `where` names the file in messages.
  static absl::StatusOr<std::unique_ptr<BpeTokenizer>> Create(BpeSpec spec, std::string_view where);

  int vocab_size() const override { return static_cast<int>(spec_.tokens.size()); }
  std::vector<TokenId> Encode(std::string_view text) const override;
  std::string_view TokenBytes(TokenId token) const override;
  std::optional<TokenId> ControlToken(std::string_view spelling) const override;
  std::string_view ControlSpelling(TokenId token) const override;
  const std::vector<TokenId>& stop_tokens() const override { return spec_.stop_tokens; }
  std::vector<File> ToFiles() const override;

 private:
  BpeTokenizer(BpeSpec spec, PreTokenizer pre_tokenizer) : spec_(std::move(spec)), pre_tokenizer_(std::move(pre_tokenizer)) {}
  absl::Status IndexTokens(std::string_view where);
  absl::Status IndexMerges(std::string_view where);
  absl::Status CompleteStopTokens(std::string_view where);
  void EncodeText(std::string_view text, std::vector<TokenId>& ids) const;
  void EncodePiece(std::string_view piece, std::vector<TokenId>& ids) const;

  BpeSpec spec_;
  PreTokenizer pre_tokenizer_;
  std::vector<std::string> bytes_;                        // [V]
  absl::flat_hash_map<std::string, TokenId> id_of_text_;  // by spelling, as in the vocabulary
  std::array<TokenId, 256> id_of_byte_{};                 // -1: the vocabulary lacks the byte
  MergeTable merges_;
  std::vector<AddedTokenMatcher> added_;  // passes over the text, in order
};

// The vocabulary of the built-in model: ids 0-255 are the bytes, then <|endoftext|>, <|im_start|>, <|im_end|>. No merges.
BpeSpec ByteTokenizerSpec();

}  // namespace cupel
