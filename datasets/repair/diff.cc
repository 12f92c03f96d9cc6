#include "datasets/repair/diff.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/lines.h"

namespace cupel::repair {
namespace {

using Lines = std::vector<std::string_view>;

// The lines that two texts have in common at their beginning and end; what lies between is one change.
struct Change {
  size_t prefix = 0;
  size_t suffix = 0;
};

Change CommonLines(const Lines& from, const Lines& to) {
  Change change;
  const size_t shorter = std::min(from.size(), to.size());
  while (change.prefix < shorter && from[change.prefix] == to[change.prefix]) {
    ++change.prefix;
  }
  while (change.suffix < shorter - change.prefix && from[from.size() - 1 - change.suffix] == to[to.size() - 1 - change.suffix]) {
    ++change.suffix;
  }
  return change;
}

void AppendLine(char kind, std::string_view line, std::string& out) {
  out += kind;
  out += line;
  out += line.ends_with('\n') ? "" : "\n\\ No newline at end of file\n";
}

std::string FileDiff(const std::string& path, const std::string* from, const std::string* to) {
  const Lines before = LinesWithEnds(from == nullptr ? std::string_view() : std::string_view(*from));
  const Lines after = LinesWithEnds(to == nullptr ? std::string_view() : std::string_view(*to));
  const Change change = CommonLines(before, after);
  constexpr size_t kContext = 3;
  const size_t begin = change.prefix - std::min(kContext, change.prefix);
  const size_t tail = std::min(kContext, change.suffix);
  const size_t old_end = before.size() - change.suffix + tail;
  const size_t new_end = after.size() - change.suffix + tail;
  std::string out = fmt::format("--- {}\n+++ {}\n", from == nullptr ? "/dev/null" : "a/" + path, to == nullptr ? "/dev/null" : "b/" + path);
  out += fmt::format("@@ -{},{} +{},{} @@\n", old_end == begin ? begin : begin + 1, old_end - begin, new_end == begin ? begin : begin + 1,
                     new_end - begin);
  for (size_t i = begin; i < change.prefix; ++i) {
    AppendLine(' ', before[i], out);
  }
  for (size_t i = change.prefix; i < before.size() - change.suffix; ++i) {
    AppendLine('-', before[i], out);
  }
  for (size_t i = change.prefix; i < after.size() - change.suffix; ++i) {
    AppendLine('+', after[i], out);
  }
  for (size_t i = before.size() - change.suffix; i < old_end; ++i) {
    AppendLine(' ', before[i], out);
  }
  return out;
}

std::string Joined(const Lines& lines, size_t begin, size_t end) {
  std::string text;
  for (size_t i = begin; i < end; ++i) {
    text += lines[i];
  }
  return text;
}

size_t CountPlaces(const Lines& lines, size_t begin, size_t end) {
  size_t count = 0;
  for (size_t at = 0; at + (end - begin) <= lines.size(); ++at) {
    count += std::equal(lines.begin() + static_cast<ptrdiff_t>(begin), lines.begin() + static_cast<ptrdiff_t>(end),
                        lines.begin() + static_cast<ptrdiff_t>(at))
                 ? 1
                 : 0;
  }
  return count;
}

std::string FileBlock(const std::string& path, const std::string& from, const std::string& to) {
  const Lines before = LinesWithEnds(from);
  const Lines after = LinesWithEnds(to);
  const Change change = CommonLines(before, after);
  size_t begin = change.prefix;
  size_t suffix = change.suffix;
  while ((begin == before.size() - suffix || CountPlaces(before, begin, before.size() - suffix) > 1) && (begin > 0 || suffix > 0)) {
    begin -= begin > 0 ? 1 : 0;
    suffix -= suffix > 0 ? 1 : 0;
  }
  return fmt::format("{}\n<<<<<<< SEARCH\n{}=======\n{}>>>>>>> REPLACE\n", path, Joined(before, begin, before.size() - suffix),
                     Joined(after, begin, after.size() - suffix));
}

}  // namespace

std::string UnifiedDiff(const std::map<std::string, std::string>& from, const std::map<std::string, std::string>& to) {
  std::string patch;
  for (const auto& [path, text] : from) {
    const auto other = to.find(path);
    if (other == to.end() || other->second != text) {
      patch += FileDiff(path, &text, other == to.end() ? nullptr : &other->second);
    }
  }
  for (const auto& [path, text] : to) {
    if (!from.contains(path)) {
      patch += FileDiff(path, nullptr, &text);
    }
  }
  return patch;
}

std::string SearchReplaceBlocks(const std::map<std::string, std::string>& from, const std::map<std::string, std::string>& to) {
  std::string patch;
  for (const auto& [path, text] : from) {
    if (const auto other = to.find(path); other != to.end() && other->second != text) {
      patch += FileBlock(path, text, other->second);
    }
  }
  return patch;
}

}  // namespace cupel::repair
