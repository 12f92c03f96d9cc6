#include "verifiers/code/extract.h"

#include <algorithm>
#include <string>
#include <vector>

#include "verifiers/code/judge/swe/search_replace.h"

namespace cupel::code {
namespace {

struct Block {
  std::string tag;  // lower case; empty when none
  size_t begin = 0;
  size_t end = 0;
  bool is_complete = false;
};

struct Fence {
  char mark = '\0';
  size_t length = 0;  // 0: the line is no fence
  std::string_view info;
};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

Fence ReadFence(std::string_view line) {
  line = Trim(line);
  Fence fence;
  if (line.empty() || (line[0] != '`' && line[0] != '~')) {
    return fence;
  }
  const size_t length = std::min(line.find_first_not_of(line[0]), line.size());
  const std::string_view info = Trim(line.substr(length));
  if (length >= 3 && (line[0] == '~' || info.find('`') == std::string_view::npos)) {
    fence = {line[0], length, info};
  }
  return fence;
}

std::string TagOf(std::string_view info) {
  std::string tag(info.substr(0, info.find_first_of(" \t{,")));
  std::ranges::transform(tag, tag.begin(), [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return tag;
}

std::vector<Block> FindBlocks(std::string_view text, size_t begin) {
  std::vector<Block> blocks;
  Fence open;
  for (size_t at = begin; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const Fence fence = ReadFence(text.substr(at, end - at));
    const size_t next = std::min(end + 1, text.size());
    if (open.length == 0 && fence.length > 0) {
      open = fence;
      blocks.push_back({TagOf(fence.info), next, text.size(), false});
    } else if (open.length > 0 && fence.mark == open.mark && fence.length >= open.length && fence.info.empty()) {
      blocks.back().end = at;
      blocks.back().is_complete = true;
      open = {};
    }
    at = end + 1;
  }
  return blocks;
}

bool IsTagOf(std::string_view tag, sandbox::Language language) {
  const auto is_one_of = [&](std::initializer_list<std::string_view> names) { return std::ranges::find(names, tag) != names.end(); };
  switch (language) {
    case sandbox::Language::kPython:
      return is_one_of({"python", "python3", "py", "py3"});
    case sandbox::Language::kC:
      return is_one_of({"c"});
    case sandbox::Language::kCpp:
      return is_one_of({"cpp", "c++", "cc", "cxx", "cplusplus"});
    case sandbox::Language::kJavaScript:
      return is_one_of({"javascript", "js", "node", "nodejs"});
    case sandbox::Language::kNative:
      return false;
  }
  return false;
}

bool IsWanted(std::string_view tag, sandbox::Language language, ExtractRule rule) {
  if (rule == ExtractRule::kLastPatch) {
    return tag == "diff" || tag == "patch";
  }
  return rule == ExtractRule::kLastOfAny || IsTagOf(tag, language);
}

const Block* Choose(const std::vector<Block>& blocks, sandbox::Language language, ExtractRule rule) {
  const Block* tagged = nullptr;
  const Block* untagged = nullptr;
  for (const Block& block : blocks) {
    if (!block.is_complete && rule != ExtractRule::kAfterLastFence) {
      continue;
    }
    if (IsWanted(block.tag, language, rule)) {
      tagged = rule == ExtractRule::kFirstOfLanguage && tagged != nullptr ? tagged : &block;
    } else if (block.tag.empty()) {
      untagged = rule == ExtractRule::kFirstOfLanguage && untagged != nullptr ? untagged : &block;
    }
  }
  return tagged != nullptr ? tagged : untagged;
}

}  // namespace

CodeExtraction ExtractCode(std::string_view text, sandbox::Language language, ExtractRule rule, bool accepts_bare) {
  constexpr std::string_view kThinkEnd = "</think>";
  const size_t think_end = text.rfind(kThinkEnd);
  const size_t begin = think_end == std::string_view::npos ? 0 : think_end + kThinkEnd.size();
  const auto span_of = [](size_t from, size_t to) { return TextSpan{static_cast<int64_t>(from), static_cast<int64_t>(to)}; };
  if (text.find("<think>", begin) != std::string_view::npos) {
    return {{}, "", "the text ends inside <think>"};
  }
  const std::vector<Block> blocks = FindBlocks(text, begin);
  if (rule == ExtractRule::kLastPatch && HoldsBlocks(text.substr(begin))) {
    return {span_of(begin, text.size()), "blocks", ""};
  }
  if (rule == ExtractRule::kWhole || (accepts_bare && blocks.empty())) {
    const bool is_blank = text.find_first_not_of(" \t\r\n", begin) == std::string_view::npos;
    return is_blank ? CodeExtraction{{}, "", "the text is empty"} : CodeExtraction{span_of(begin, text.size()), "bare", ""};
  }
  const Block* block = Choose(blocks, language, rule);
  if (block == nullptr) {
    const bool is_open = !blocks.empty() && !blocks.back().is_complete;
    return {{}, "", is_open ? "the block of code never closes" : "there is no complete block of code in the wanted language"};
  }
  const std::string_view inside = text.substr(block->begin, block->end - block->begin);
  if (inside.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return {{}, "", "the block of code is empty"};
  }
  return {span_of(block->begin, block->end), "fence", ""};
}

}  // namespace cupel::code
