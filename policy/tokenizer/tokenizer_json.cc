#include "policy/tokenizer/tokenizer_json.h"

#include <algorithm>

#include "base/json.h"
#include "base/status.h"
#include "policy/tokenizer/byte_alphabet.h"

namespace cupel {
namespace {

using Kind = BpeSpec::Kind;

constexpr size_t kMaxUnusedIds = 65'536;

// The value of a member, or null when the object lacks it.
const Json& Member(const Json& object, const char* key) {
  static const Json kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

// A value as JSON for messages, shortened.
std::string Shown(const Json& value) { return DumpJson(value).substr(0, 60); }

bool IsTrue(const Json& object, const char* key) {
  const Json& value = Member(object, key);
  return value.is_boolean() && value.get<bool>();
}

// Room for every token of the file and a bounded number of unused ids, so that one large id cannot ask for memory that the file does not
// pay for.
size_t IdLimit(const Json& vocab, const Json& added) {
  return std::min<size_t>(vocab.size() + added.size() + kMaxUnusedIds, BpeTokenizer::kMaxVocabSize);
}

absl::StatusOr<TokenId> TokenIdOf(const Json& value, std::string_view token, size_t limit, std::string_view where) {
  if (!value.is_number_integer() || value < 0 || value >= limit) {
    return InvalidArgument("{}: the id of token {} is {}, expected an integer from 0 to {} in a vocabulary of this size", where,
                           Shown(Json(token)), Shown(value), limit - 1);
  }
  return value.get<TokenId>();
}

// Refuses a setting that would change the ids. Absent, null, false, 0 and "" all mean that it is off.
absl::Status RequireOff(const Json& model, const char* key, std::string_view where) {
  const Json& value = Member(model, key);
  if (value.is_null() || value == false || value == "" || (value.is_number() && value == 0)) return absl::OkStatus();
  return Unimplemented("{}: model.{} = {} is not supported", where, key, DumpJson(value));
}

absl::Status CheckPipeline(const Json& root, std::string_view where) {
  const Json& normalizer = Member(root, "normalizer");
  const bool is_empty_sequence =
      normalizer.is_object() && Member(normalizer, "normalizers").is_array() && Member(normalizer, "normalizers").empty();
  if (!normalizer.is_null() && !is_empty_sequence) {
    const Json& type = Member(normalizer, "type");
    return Unimplemented("{}: normalizer {} is not supported", where, DumpJson(type.is_null() ? normalizer : type));
  }
  const Json& decoder = Member(root, "decoder");
  if (!decoder.is_object() || Member(decoder, "type") != "ByteLevel") {
    return Unimplemented("{}: decoder {} is not supported, only ByteLevel is", where, Shown(decoder));
  }
  return absl::OkStatus();
}

absl::Status CheckModel(const Json& model, std::string_view where) {
  if (!model.is_object()) return InvalidArgument("{}: no object \"model\"", where);
  const Json& type = Member(model, "type");
  if (!type.is_null() && type != "BPE") return Unimplemented("{}: model {} is not supported, only BPE is", where, DumpJson(type));
  for (const char* key : {"dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"}) {
    CUPEL_RETURN_IF_ERROR(RequireOff(model, key, where));
  }
  if (!Member(model, "vocab").is_object()) return InvalidArgument("{}: model has no object \"vocab\"", where);
  if (!Member(model, "merges").is_array()) return InvalidArgument("{}: model has no list \"merges\"", where);
  return absl::OkStatus();
}

// Puts a token at its id, growing the vocabulary; the same token may come from the vocabulary and from added_tokens.
absl::Status Place(BpeSpec::Token token, TokenId id, std::string_view where, BpeSpec& spec) {
  const auto index = static_cast<size_t>(id);
  if (index >= spec.tokens.size()) spec.tokens.resize(index + 1);
  BpeSpec::Token& place = spec.tokens[index];
  if (place.kind != Kind::kUnused && place.text != token.text) {
    return InvalidArgument("{}: id {} belongs to two tokens, {} and {}", where, id, Shown(Json(place.text)), Shown(Json(token.text)));
  }
  place = std::move(token);
  return absl::OkStatus();
}

absl::Status ReadVocabulary(const Json& vocab, size_t id_limit, std::string_view where, BpeSpec& spec) {
  for (const auto& [text, value] : vocab.items()) {
    CUPEL_ASSIGN_OR_RETURN(const TokenId id, TokenIdOf(value, text, id_limit, where));
    CUPEL_RETURN_IF_ERROR(Place({text, Kind::kNormal, false}, id, where, spec));
  }
  return absl::OkStatus();
}

absl::Status ReadAddedToken(const Json& added, size_t id_limit, std::string_view where, BpeSpec& spec) {
  CUPEL_ASSIGN_OR_RETURN(const std::string content, JsonString(added, "content", fmt::format("{}: added_tokens", where)));
  CUPEL_ASSIGN_OR_RETURN(const TokenId id, TokenIdOf(Member(added, "id"), content, id_limit, where));
  const bool is_special = IsTrue(added, "special");
  for (const char* key : {"single_word", "lstrip", "rstrip"}) {
    if (!is_special && IsTrue(added, key))
      return Unimplemented("{}: added token {} with {}=true is not supported", where, Shown(Json(content)), key);
  }
  return Place({content, is_special ? Kind::kControl : Kind::kAdded, IsTrue(added, "normalized")}, id, where, spec);
}

absl::Status ReadTokens(const Json& vocab, const Json& added, std::string_view where, BpeSpec& spec) {
  if (!added.is_null() && !added.is_array()) return InvalidArgument("{}: added_tokens is not a list", where);
  const size_t id_limit = IdLimit(vocab, added);
  CUPEL_RETURN_IF_ERROR(ReadVocabulary(vocab, id_limit, where, spec));
  for (const Json& token : added) CUPEL_RETURN_IF_ERROR(ReadAddedToken(token, id_limit, where, spec));
  return absl::OkStatus();
}

// "a b" in older files, ["a", "b"] in newer ones.
absl::Status ReadMerge(const Json& merge, std::string_view where, BpeSpec& spec) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    spec.merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
    return absl::OkStatus();
  }
  const std::string text = merge.is_string() ? merge.get<std::string>() : std::string();
  const size_t space = text.find(' ');
  if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
    return InvalidArgument("{}: merge {} is {}, expected \"a b\" or [\"a\", \"b\"]", where, spec.merges.size(), Shown(merge));
  }
  spec.merges.emplace_back(text.substr(0, space), text.substr(space + 1));
  return absl::OkStatus();
}

// An unknown token would stand for bytes that the vocabulary lacks; when it lacks none, the setting means nothing.
absl::Status CheckUnknownToken(const Json& model, const BpeSpec& spec, std::string_view where) {
  const auto is_byte = [](const BpeSpec::Token& token) {
    return token.kind == Kind::kNormal && token.text.size() <= 2 && AlphabetToBytes(token.text).value_or("").size() == 1;
  };
  if (std::count_if(spec.tokens.begin(), spec.tokens.end(), is_byte) >= 256) return absl::OkStatus();
  return RequireOff(model, "unk_token", where);
}

Json AddedTokenJson(const BpeSpec::Token& token, size_t id) {
  return {{"id", id},
          {"content", token.text},
          {"single_word", false},
          {"lstrip", false},
          {"rstrip", false},
          {"normalized", token.is_normalized},
          {"special", token.kind == Kind::kControl}};
}

Json VocabularyJson(const BpeSpec& spec) {
  Json vocab = Json::object();
  auto& members = vocab.get_ref<Json::object_t&>();  // operator[] would search all earlier keys
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    if (spec.tokens[id].kind != Kind::kUnused) members.emplace_back(spec.tokens[id].text, id);
  }
  return vocab;
}

std::string WriteTokenizerJson(const BpeSpec& spec) {
  Json added = Json::array();
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    const Kind kind = spec.tokens[id].kind;
    if (kind == Kind::kControl || kind == Kind::kAdded) added.push_back(AddedTokenJson(spec.tokens[id], id));
  }
  Json merges = Json::array();
  for (const auto& [left, right] : spec.merges) merges.push_back({left, right});
  const Json model = {{"type", "BPE"},
                      {"dropout", nullptr},
                      {"unk_token", nullptr},
                      {"continuing_subword_prefix", nullptr},
                      {"end_of_word_suffix", nullptr},
                      {"fuse_unk", false},
                      {"byte_fallback", false},
                      {"ignore_merges", spec.ignore_merges},
                      {"vocab", VocabularyJson(spec)},
                      {"merges", std::move(merges)}};
  const Json decoder = {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}};
  const Json root = {{"version", "1.0"},          {"truncation", nullptr},
                     {"padding", nullptr},        {"added_tokens", std::move(added)},
                     {"normalizer", nullptr},     {"pre_tokenizer", spec.pre_tokenizer},
                     {"post_processor", nullptr}, {"decoder", decoder},
                     {"model", std::move(model)}};
  return DumpJson(root) + "\n";
}

// The special tokens by the names that transformers gives them.
Json SpecialTokens(const BpeSpec& spec) {
  Json result = Json::object();
  const auto add = [&](const char* key, const std::optional<TokenId>& id) {
    if (id && *id >= 0 && static_cast<size_t>(*id) < spec.tokens.size()) result[key] = spec.tokens[static_cast<size_t>(*id)].text;
  };
  add("bos_token", spec.bos_token);
  add("eos_token", spec.eos_token);
  add("pad_token", spec.pad_token);
  add("unk_token", spec.unk_token);
  return result;
}

std::string WriteTokenizerConfig(const BpeSpec& spec) {
  Json config = SpecialTokens(spec);
  config["add_prefix_space"] = false;
  config["clean_up_tokenization_spaces"] = false;
  config["tokenizer_class"] = "PreTrainedTokenizerFast";
  return DumpJson(config, 2) + "\n";
}

}  // namespace

absl::StatusOr<BpeSpec> ParseTokenizerJson(std::string_view text, std::string_view where) {
  CUPEL_ASSIGN_OR_RETURN(const Json root, ParseJson(text, where));
  if (!root.is_object()) return InvalidArgument("{}: expected a JSON object, found {}", where, root.type_name());
  CUPEL_RETURN_IF_ERROR(CheckPipeline(root, where));
  const Json& model = Member(root, "model");
  CUPEL_RETURN_IF_ERROR(CheckModel(model, where));
  BpeSpec spec;
  CUPEL_RETURN_IF_ERROR(ReadTokens(Member(model, "vocab"), Member(root, "added_tokens"), where, spec));
  CUPEL_RETURN_IF_ERROR(CheckUnknownToken(model, spec, where));
  for (const Json& merge : Member(model, "merges")) CUPEL_RETURN_IF_ERROR(ReadMerge(merge, where, spec));
  spec.ignore_merges = IsTrue(model, "ignore_merges");
  spec.pre_tokenizer = Member(root, "pre_tokenizer");
  return spec;
}

std::vector<Tokenizer::File> TokenizerFiles(const BpeSpec& spec) {
  std::vector<Tokenizer::File> files = spec.files;
  const auto add = [&files](std::string_view name, auto write) {
    const bool is_present = std::any_of(files.begin(), files.end(), [name](const auto& file) { return file.name == name; });
    if (!is_present) files.push_back({std::string(name), write()});
  };
  add("tokenizer.json", [&] { return WriteTokenizerJson(spec); });
  add("tokenizer_config.json", [&] { return WriteTokenizerConfig(spec); });
  add("special_tokens_map.json", [&] { return DumpJson(SpecialTokens(spec), 2) + "\n"; });
  return files;
}

}  // namespace cupel
