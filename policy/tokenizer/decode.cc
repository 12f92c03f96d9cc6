#include "policy/tokenizer.h"
#include "policy/tokenizer/utf8.h"

namespace cupel {
namespace {

// Bytes at the end of `text` that begin a character whose rest is still to come.
size_t CutOffLength(std::string_view text) {
  for (size_t length = 1; length <= 3 && length <= text.size(); ++length) {
    const std::string_view tail = text.substr(text.size() - length);
    const Utf8Char c = DecodeUtf8(tail);
    if (c.is_cut_off && static_cast<size_t>(c.length) == length) return length;
  }
  return 0;
}

}  // namespace

std::string Tokenizer::Decode(std::span<const TokenId> tokens, bool with_control_tokens) const {
  std::string bytes;
  for (const TokenId token : tokens) {
    bytes += TokenBytes(token);
    if (with_control_tokens) bytes += ControlSpelling(token);
  }
  return ReplaceInvalidUtf8(bytes);
}

std::string StreamDecoder::Push(TokenId token) {
  pending_ += tokenizer_.TokenBytes(token);
  const size_t ready = pending_.size() - CutOffLength(pending_);
  std::string text = ReplaceInvalidUtf8(std::string_view(pending_).substr(0, ready));
  pending_.erase(0, ready);
  return text;
}

std::string StreamDecoder::Flush() {
  std::string text = ReplaceInvalidUtf8(pending_);
  pending_.clear();
  return text;
}

}  // namespace cupel
