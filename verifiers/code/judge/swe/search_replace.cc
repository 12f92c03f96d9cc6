#include "verifiers/code/judge/swe/search_replace.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "base/status.h"

namespace cupel::code {
namespace {

using Lines = std::vector<std::string_view>;

std::string_view WithoutEnd(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) {
    line.remove_suffix(1);
  }
  return line;
}

Lines SplitLines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// A line of five or more of `mark`, then `word`.
bool IsMark(std::string_view line, char mark, std::string_view word) {
  line = WithoutEnd(line);
  const size_t count = std::min(line.find_first_not_of(mark), line.size());
  line.remove_prefix(count);
  if (count < 5 || count > 9) {
    return false;
  }
  return word.empty() ? line.empty() : line.starts_with(' ') && line.substr(1) == word;
}

bool IsBegin(std::string_view line) { return IsMark(line, '<', "SEARCH"); }

struct Block {
  std::string path;
  size_t line = 0;  // of the text, from 1
  Lines search;
  Lines replace;
};

// The path that a line names, with or without marks of Markdown around it.
std::string PathIn(std::string_view line) {
  line = WithoutEnd(line);
  while (!line.empty() && (line.front() == ' ' || line.front() == '`' || line.front() == '*' || line.front() == '#')) {
    line.remove_prefix(1);
  }
  while (!line.empty() && (line.back() == '`' || line.back() == '*' || line.back() == ':')) {
    line.remove_suffix(1);
  }
  return std::string(line);
}

std::string PathBefore(const Lines& lines, size_t begin) {
  for (size_t i = begin; i-- > 0;) {
    const std::string_view line = WithoutEnd(lines[i]);
    if (!line.empty() && !line.starts_with("```") && !line.starts_with("~~~")) {
      return PathIn(line);
    }
  }
  return "";
}

absl::StatusOr<std::vector<Block>> ReadBlocks(const Lines& lines, const PatchLimits& limits) {
  std::vector<Block> blocks;
  size_t num_lines = 0;
  for (size_t at = 0; at < lines.size(); ++at) {
    if (!IsBegin(lines[at])) {
      continue;
    }
    Block block;
    block.line = at + 1;
    block.path = PathBefore(lines, at);
    const auto take = [&](Lines& part, char mark, std::string_view word) {
      for (++at; at < lines.size() && !IsMark(lines[at], mark, word) && !IsBegin(lines[at]); ++at) {
        part.push_back(lines[at]);
      }
      return at < lines.size() && !IsBegin(lines[at]);
    };
    if (!take(block.search, '=', "") || !take(block.replace, '>', "REPLACE")) {
      return InvalidArgument("the block of line {} does not end: expected \"=======\", then \">>>>>>> REPLACE\"", block.line);
    }
    num_lines += block.search.size() + block.replace.size();
    if (num_lines > limits.max_changed_lines) {
      return InvalidArgument("the blocks hold more than {} lines", limits.max_changed_lines);
    }
    blocks.push_back(std::move(block));
  }
  return blocks;
}

absl::Status ApplyBlock(const Block& block, Project& project) {
  if (const std::string why = ForbiddenPath(block.path); !why.empty()) {
    return InvalidArgument("the block of line {}: \"{}\": {}", block.line, block.path.substr(0, 80), why);
  }
  const auto file = project.find(block.path);
  if (block.search.empty() && (file == project.end() || file->second.empty())) {
    std::string& text = project[block.path];
    for (const std::string_view line : block.replace) {
      text += std::string(line) + "\n";
    }
    return absl::OkStatus();
  }
  if (file == project.end()) {
    return InvalidArgument("the block of line {}: there is no file {}", block.line, block.path);
  }
  if (block.search.empty()) {
    return InvalidArgument("the block of line {}: {} exists already, so there must be lines to search for", block.line, block.path);
  }
  const Lines lines = SplitLines(file->second);
  const auto first = std::search(lines.begin(), lines.end(), block.search.begin(), block.search.end());
  if (first == lines.end()) {
    return InvalidArgument("the block of line {}: its lines are not in {}", block.line, block.path);
  }
  if (std::search(first + 1, lines.end(), block.search.begin(), block.search.end()) != lines.end()) {
    return InvalidArgument("the block of line {}: its lines are more than once in {}; take more of the lines around them", block.line,
                           block.path);
  }
  Lines result(lines.begin(), first);
  result.insert(result.end(), block.replace.begin(), block.replace.end());
  result.insert(result.end(), first + static_cast<ptrdiff_t>(block.search.size()), lines.end());
  std::string text;
  for (const std::string_view line : result) {
    text += std::string(line) + "\n";
  }
  if (!text.empty() && !file->second.ends_with('\n')) {
    text.pop_back();
  }
  file->second = std::move(text);
  return absl::OkStatus();
}

}  // namespace

bool HoldsBlocks(std::string_view text) {
  const Lines lines = SplitLines(text);
  return std::ranges::any_of(lines, IsBegin);
}

absl::StatusOr<Project> ApplyBlocks(const Project& project, std::string_view text, const PatchLimits& limits) {
  const Lines lines = SplitLines(text);
  CUPEL_ASSIGN_OR_RETURN(const std::vector<Block> blocks, ReadBlocks(lines, limits));
  Project result = project;
  std::set<std::string> paths;
  for (const Block& block : blocks) {
    paths.insert(block.path);
    if (paths.size() > limits.max_files) {
      return InvalidArgument("the patch changes more than {} files", limits.max_files);
    }
    CUPEL_RETURN_IF_ERROR(ApplyBlock(block, result));
  }
  return result;
}

}  // namespace cupel::code
