#include "policy/tokenizer/pre_tokenizer.h"

#include <array>

#include "base/status.h"

namespace cupel {
namespace {

constexpr std::string_view kGpt2Pattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr size_t kMaxSteps = 16;

// The patterns are those of the published tokenizer.json files of GPT-2, SmolLM2, Qwen2 and Llama 3.
constexpr std::array<TokenizerFamily, 4> kFamilies = {{
    {"gpt-2", R"({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true})", false},
    {"llama-bpe",
     R"re({"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": )re"
     R"re("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, )re"
     R"re("behavior": "Isolated", "invert": false}, )re"
     R"re({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]})re",
     true},
    {"qwen2",
     R"re({"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": )re"
     R"re("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, )re"
     R"re("behavior": "Isolated", "invert": false}, )re"
     R"re({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]})re",
     false},
    {"smollm",
     R"({"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, )"
     R"({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]})",
     false},
}};

// A boolean setting of a component; absent means `fallback`.
bool Flag(const Json& component, std::string_view key, bool fallback) {
  const auto found = component.find(std::string(key));
  return found != component.end() && found->is_boolean() ? found->get<bool>() : fallback;
}

}  // namespace

const TokenizerFamily* FindTokenizerFamily(std::string_view name) {
  for (const TokenizerFamily& family : kFamilies) {
    if (family.name == name) return &family;
  }
  return nullptr;
}

std::string TokenizerFamilyNames() {
  std::string names;
  for (const TokenizerFamily& family : kFamilies) names += fmt::format("{}{}", names.empty() ? "" : ", ", family.name);
  return names;
}

absl::StatusOr<PreTokenizer> PreTokenizer::FromJson(const Json& component, std::string_view where) {
  PreTokenizer result;
  CUPEL_RETURN_IF_ERROR(result.AddComponent(component, where));
  if (!result.has_byte_level_) return Unimplemented("{}: pre_tokenizer without ByteLevel: only byte-level BPE is supported", where);
  return result;
}

std::vector<std::string_view> PreTokenizer::Split(std::string_view text) const {
  std::vector<std::string_view> pieces;
  if (!text.empty()) pieces.push_back(text);
  for (const RegexSplitter& step : steps_) {
    std::vector<std::string_view> smaller;
    for (const std::string_view piece : pieces) step.Split(piece, smaller);
    pieces.swap(smaller);
  }
  return pieces;
}

absl::Status PreTokenizer::AddComponent(const Json& component, std::string_view where) {
  CUPEL_ASSIGN_OR_RETURN(const std::string type, JsonString(component, "type", fmt::format("{}: pre_tokenizer", where)));
  if (has_byte_level_) return Unimplemented("{}: pre_tokenizer {} after ByteLevel is not supported", where, type);
  if (steps_.size() >= kMaxSteps) return Unimplemented("{}: pre_tokenizer has more than {} steps", where, kMaxSteps);
  if (type == "ByteLevel") return AddByteLevel(component, where);
  if (type == "Digits") return AddDigits(component, where);
  if (type == "Split") return AddSplit(component, where);
  if (type != "Sequence") {
    return Unimplemented("{}: pre_tokenizer {} is not supported, only ByteLevel, Digits, Split and Sequence are", where, type);
  }
  const auto parts = component.find("pretokenizers");
  if (parts == component.end() || !parts->is_array())
    return InvalidArgument("{}: pre_tokenizer Sequence has no list \"pretokenizers\"", where);
  for (const Json& part : *parts) CUPEL_RETURN_IF_ERROR(AddComponent(part, where));
  return absl::OkStatus();
}

absl::Status PreTokenizer::AddByteLevel(const Json& component, std::string_view where) {
  if (Flag(component, "add_prefix_space", true)) {
    return Unimplemented("{}: pre_tokenizer ByteLevel with add_prefix_space=true is not supported", where);
  }
  has_byte_level_ = true;
  if (!Flag(component, "use_regex", true)) return absl::OkStatus();
  CUPEL_ASSIGN_OR_RETURN(RegexSplitter step, RegexSplitter::Create(kGpt2Pattern));
  steps_.push_back(std::move(step));
  return absl::OkStatus();
}

absl::Status PreTokenizer::AddDigits(const Json& component, std::string_view where) {
  const bool individual = Flag(component, "individual_digits", false);
  auto step = RegexSplitter::Create(individual ? R"(\p{N})" : R"(\p{N}+)");
  if (!step.ok()) return Annotate(step.status(), where);
  steps_.push_back(*std::move(step));
  return absl::OkStatus();
}

absl::Status PreTokenizer::AddSplit(const Json& component, std::string_view where) {
  const std::string context = fmt::format("{}: pre_tokenizer Split", where);
  CUPEL_ASSIGN_OR_RETURN(const std::string behavior, JsonString(component, "behavior", context));
  if (behavior != "Isolated" || Flag(component, "invert", false)) {
    return Unimplemented("{}: behavior {} with invert={} is not supported, only Isolated without invert is", context, behavior,
                         Flag(component, "invert", false));
  }
  const auto pattern = component.find("pattern");
  if (pattern == component.end() || !pattern->is_object()) return InvalidArgument("{}: no object \"pattern\"", context);
  const bool is_regex = pattern->contains("Regex");
  CUPEL_ASSIGN_OR_RETURN(const std::string text, JsonString(*pattern, is_regex ? "Regex" : "String", context));
  auto step = is_regex ? RegexSplitter::Create(text) : RegexSplitter::CreateLiteral(text);
  if (!step.ok()) return Annotate(step.status(), context);
  steps_.push_back(*std::move(step));
  return absl::OkStatus();
}

}  // namespace cupel
