#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cupel {

using TokenId = int32_t;

// Text to token ids and back. Immutable after construction and safe to use from any number of threads.
//
// Text is bytes, expected to be UTF-8; invalid sequences are treated like the replacement character U+FFFD, as the Hugging Face
// library does for its callers. Encode never yields a control token, whatever the text says: "<|im_end|>" typed by a user is ten ordinary
// characters. Control tokens enter a prompt only by id, through the chat template.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  virtual int vocab_size() const = 0;
  virtual std::vector<TokenId> Encode(std::string_view text) const = 0;

  // The bytes that a token stands for; empty for control tokens and ids outside the vocabulary. The view lives as long as the tokenizer. A
  // character may be spread over several tokens, so these bytes need not be valid UTF-8 on their own.
  virtual std::string_view TokenBytes(TokenId token) const = 0;

  // The id of a control token by its spelling ("<|im_start|>"), if the vocabulary has it.
  virtual std::optional<TokenId> ControlToken(std::string_view spelling) const = 0;
  // The spelling of a control token, empty for ordinary ones.
  virtual std::string_view ControlSpelling(TokenId token) const = 0;

  // Tokens that end a turn or a document: generation stops after one of them. Never empty.
  virtual const std::vector<TokenId>& stop_tokens() const = 0;

  // Files of a Hugging Face directory that describe this tokenizer (name, contents): what a checkpoint writes beside the weights.
  struct File {
    std::string name;
    std::string contents;
  };
  virtual std::vector<File> ToFiles() const = 0;

  // Concatenated bytes with invalid UTF-8 replaced by U+FFFD. Control tokens are left out, or spelled out if asked for.
  std::string Decode(std::span<const TokenId> tokens, bool with_control_tokens = false) const;
};

// Decodes a stream of tokens: text appears as soon as its UTF-8 sequence is complete.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  std::string Push(TokenId token);  // the text that became complete, maybe empty
  std::string Flush();              // what was held back, as U+FFFD

 private:
  const Tokenizer& tokenizer_;  // borrowed
  std::string pending_;
};

// Replaces each maximal invalid part of a UTF-8 text by U+FFFD (Unicode 15, table 3-8 practice, which Python and Rust follow).
std::string ReplaceInvalidUtf8(std::string_view text);

}  // namespace cupel
