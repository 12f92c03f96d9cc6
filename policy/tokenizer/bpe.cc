#include "policy/tokenizer/bpe.h"

#include <algorithm>

#include "base/check.h"
#include "base/status.h"
#include "policy/tokenizer/byte_alphabet.h"
#include "policy/tokenizer/tokenizer_json.h"
#include "policy/tokenizer/utf8.h"

namespace cupel {
namespace {

using Kind = BpeSpec::Kind;

// Control tokens that end a turn or a document in published models, whatever the configuration lists: a model that emits one has finished.
constexpr std::array<std::string_view, 8> kEndTokens = {"<|im_end|>",      "<|endoftext|>", "<|eot_id|>", "<|eom_id|>",
                                                        "<|end_of_text|>", "<end_of_turn>", "<|end|>",    "<｜end▁of▁sentence｜>"};

// The bytes of a token. A normal one whose characters are not all of the byte alphabet stands for its own spelling.
std::string BytesOf(const BpeSpec::Token& token) {
  if (token.kind == Kind::kAdded) return token.text;
  if (token.kind != Kind::kNormal) return {};
  return AlphabetToBytes(token.text).value_or(token.text);
}

// Spelling for messages, shortened.
std::string Quote(std::string_view text) {
  constexpr size_t kMaxShown = 40;
  const std::string shown = ReplaceInvalidUtf8(text.substr(0, kMaxShown));
  return fmt::format("\"{}\"{}", shown, text.size() > kMaxShown ? "..." : "");
}

// The added tokens of one pass, and the control tokens that hide them.
std::vector<AddedTokenMatcher::Token> MatchedTokens(const BpeSpec& spec, bool is_normalized) {
  std::vector<AddedTokenMatcher::Token> result;
  bool has_added = false;
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    const BpeSpec::Token& token = spec.tokens[id];
    if ((token.kind != Kind::kAdded && token.kind != Kind::kControl) || token.is_normalized != is_normalized) continue;
    result.push_back({token.text, static_cast<TokenId>(id), token.kind == Kind::kControl});
    has_added |= token.kind == Kind::kAdded;
  }
  if (!has_added) result.clear();
  return result;
}

}  // namespace

absl::StatusOr<std::unique_ptr<BpeTokenizer>> BpeTokenizer::Create(BpeSpec spec, std::string_view where) {
  CUPEL_ASSIGN_OR_RETURN(PreTokenizer pre_tokenizer, PreTokenizer::FromJson(spec.pre_tokenizer, where));
  std::unique_ptr<BpeTokenizer> result(new BpeTokenizer(std::move(spec), std::move(pre_tokenizer)));
  CUPEL_RETURN_IF_ERROR(result->IndexTokens(where));
  CUPEL_RETURN_IF_ERROR(result->IndexMerges(where));
  CUPEL_RETURN_IF_ERROR(result->CompleteStopTokens(where));
  for (const bool is_normalized : {false, true}) {
    const auto tokens = MatchedTokens(result->spec_, is_normalized);
    if (tokens.empty()) continue;
    CUPEL_ASSIGN_OR_RETURN(AddedTokenMatcher matcher, AddedTokenMatcher::Create(tokens, where));
    result->added_.push_back(std::move(matcher));
  }
  return result;
}

absl::Status BpeTokenizer::IndexTokens(std::string_view where) {
  if (spec_.tokens.empty() || spec_.tokens.size() > kMaxVocabSize) {
    return InvalidArgument("{}: the vocabulary has {} tokens, expected 1 to {}", where, spec_.tokens.size(), kMaxVocabSize);
  }
  id_of_byte_.fill(-1);
  bytes_.reserve(spec_.tokens.size());
  id_of_text_.reserve(spec_.tokens.size());
  bool has_bytes = false;
  for (size_t i = 0; i < spec_.tokens.size(); ++i) {
    const auto& token = spec_.tokens[i];
    const auto id = static_cast<TokenId>(i);
    bytes_.push_back(BytesOf(token));
    if (token.kind == Kind::kUnused) continue;
    if (token.text.empty() || token.text.size() > kMaxTokenBytes) {
      return InvalidArgument("{}: token {} ({}) has {} bytes, expected 1 to {}", where, id, Quote(token.text), token.text.size(),
                             kMaxTokenBytes);
    }
    if (!IsValidUtf8(token.text)) return InvalidArgument("{}: token {} ({}) is not UTF-8", where, id, Quote(token.text));
    if (const auto [found, is_new] = id_of_text_.emplace(token.text, id); !is_new) {
      return InvalidArgument("{}: tokens {} and {} are both {}", where, found->second, id, Quote(token.text));
    }
    const std::string& bytes = bytes_.back();
    if (token.kind == Kind::kNormal && bytes.size() == 1 && token.text == ByteToAlphabet(static_cast<uint8_t>(bytes[0]))) {
      id_of_byte_[static_cast<uint8_t>(bytes[0])] = id;
      has_bytes = true;
    }
  }
  if (!has_bytes) return InvalidArgument("{}: the vocabulary has no token for any single byte, so it is not one of byte-level BPE", where);
  return absl::OkStatus();
}

absl::Status BpeTokenizer::IndexMerges(std::string_view where) {
  if (spec_.merges.empty()) {
    const auto is_long = [](const std::string& bytes) { return bytes.size() > 1; };
    for (size_t id = 0; id < bytes_.size(); ++id) {
      if (spec_.tokens[id].kind == Kind::kNormal && is_long(bytes_[id])) {
        return InvalidArgument("{}: the tokenizer has no merges, so token {} could never be formed; the file is incomplete", where,
                               Quote(spec_.tokens[id].text));
      }
    }
  }
  merges_.Reserve(spec_.merges.size());
  for (size_t rank = 0; rank < spec_.merges.size(); ++rank) {
    const auto& [left, right] = spec_.merges[rank];
    TokenId ids[3];
    const std::string* const texts[3] = {&left, &right, nullptr};
    const std::string merged = left + right;
    for (int i = 0; i < 3; ++i) {
      const std::string& text = i < 2 ? *texts[i] : merged;
      const auto found = id_of_text_.find(text);
      if (found == id_of_text_.end()) {
        return InvalidArgument("{}: merge {} ({} {}) needs token {}, which is not in the vocabulary", where, rank, Quote(left),
                               Quote(right), Quote(text));
      }
      ids[i] = found->second;
      if (spec_.tokens[static_cast<size_t>(ids[i])].kind == Kind::kControl) {
        return InvalidArgument("{}: merge {} ({} {}) would let text form control token {}", where, rank, Quote(left), Quote(right),
                               Quote(text));
      }
    }
    merges_.Add(ids[0], ids[1], {static_cast<uint32_t>(rank), ids[2]});
  }
  return absl::OkStatus();
}

absl::Status BpeTokenizer::CompleteStopTokens(std::string_view where) {
  std::vector<TokenId> stops;
  const auto add = [&stops](TokenId id) {
    if (std::find(stops.begin(), stops.end(), id) == stops.end()) stops.push_back(id);
  };
  for (const TokenId id : spec_.stop_tokens) {
    if (id < 0 || id >= vocab_size())
      return InvalidArgument("{}: stop token {} is outside the vocabulary of {} tokens", where, id, vocab_size());
    add(id);
  }
  for (const std::string_view name : kEndTokens) {
    if (const auto id = ControlToken(name)) add(*id);
  }
  if (stops.empty()) {
    return InvalidArgument("{}: no token ends a text: name one as eos_token_id (in generation_config.json or the GGUF metadata)", where);
  }
  spec_.stop_tokens = std::move(stops);
  return absl::OkStatus();
}

std::vector<TokenId> BpeTokenizer::Encode(std::string_view text) const {
  if (!IsValidUtf8(text)) return Encode(ReplaceInvalidUtf8(text));
  // Each part is either text that the remaining passes still have to look at, or the token that a pass has found.
  struct Part {
    std::string_view text;
    TokenId token = -1;
  };
  std::vector<Part> parts = {{text}};
  for (const AddedTokenMatcher& matcher : added_) {
    std::vector<Part> next;
    for (const Part& part : parts) {
      if (part.token >= 0) {
        next.push_back(part);
      } else {
        matcher.Split(
            part.text, [&](std::string_view piece) { next.push_back({piece}); },
            [&](TokenId token) {
              next.push_back({{}, token});
            });
      }
    }
    parts.swap(next);
  }
  std::vector<TokenId> ids;
  for (const Part& part : parts) {
    if (part.token >= 0) {
      ids.push_back(part.token);
    } else {
      EncodeText(part.text, ids);
    }
  }
  return ids;
}

void BpeTokenizer::EncodeText(std::string_view text, std::vector<TokenId>& ids) const {
  for (const std::string_view piece : pre_tokenizer_.Split(text)) EncodePiece(piece, ids);
}

void BpeTokenizer::EncodePiece(std::string_view piece, std::vector<TokenId>& ids) const {
  if (spec_.ignore_merges && piece.size() <= kMaxTokenBytes) {
    const auto found = id_of_text_.find(BytesToAlphabet(piece));
    if (found != id_of_text_.end() && spec_.tokens[static_cast<size_t>(found->second)].kind == Kind::kNormal) {
      ids.push_back(found->second);
      return;
    }
  }
  std::vector<TokenId> symbols;
  symbols.reserve(piece.size());
  for (const char c : piece) {
    const TokenId id = id_of_byte_[static_cast<uint8_t>(c)];
    if (id >= 0) symbols.push_back(id);
  }
  MergeSymbols(merges_, symbols);
  ids.insert(ids.end(), symbols.begin(), symbols.end());
}

std::string_view BpeTokenizer::TokenBytes(TokenId token) const {
  return token >= 0 && token < vocab_size() ? std::string_view(bytes_[static_cast<size_t>(token)]) : std::string_view();
}

std::optional<TokenId> BpeTokenizer::ControlToken(std::string_view spelling) const {
  const auto found = id_of_text_.find(std::string(spelling));
  if (found == id_of_text_.end() || ControlSpelling(found->second).empty()) return std::nullopt;
  return found->second;
}

std::string_view BpeTokenizer::ControlSpelling(TokenId token) const {
  if (token < 0 || token >= vocab_size()) return {};
  const BpeSpec::Token& entry = spec_.tokens[static_cast<size_t>(token)];
  return entry.kind == Kind::kControl ? std::string_view(entry.text) : std::string_view();
}

std::vector<Tokenizer::File> BpeTokenizer::ToFiles() const { return TokenizerFiles(spec_); }

BpeSpec ByteTokenizerSpec() {
  BpeSpec spec;
  for (int byte = 0; byte < 256; ++byte) spec.tokens.push_back({ByteToAlphabet(static_cast<uint8_t>(byte)), Kind::kNormal, false});
  for (const char* control : {"<|endoftext|>", "<|im_start|>", "<|im_end|>"}) spec.tokens.push_back({control, Kind::kControl, false});
  spec.pre_tokenizer = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}};
  spec.stop_tokens = {258, 256};
  spec.eos_token = 258;
  spec.pad_token = 256;
  return spec;
}

}  // namespace cupel
