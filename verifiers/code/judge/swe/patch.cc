#include "verifiers/code/judge/swe/patch.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/lines.h"
#include "base/status.h"
#include "verifiers/code/judge/swe/search_replace.h"

namespace cupel::code {
namespace {

using Lines = std::vector<std::string_view>;

struct Hunk {
  size_t old_begin = 0;  // from 0
  size_t line = 0;       // of the patch, for messages
  std::vector<std::string> before;
  std::vector<std::string> after;
};

struct FilePatch {
  std::string old_path;  // empty: the file is new
  std::string new_path;  // empty: the file goes
  std::vector<Hunk> hunks;
};

std::string_view WithoutNewline(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
    line.remove_suffix(1);
  }
  return line;
}

// "a/x.py", "b/x.py" and "/dev/null" of a header, without a time behind a tab.
std::string PathOf(std::string_view text, std::string_view prefix) {
  text = text.substr(0, text.find('\t'));
  if (text == "/dev/null") {
    return "";
  }
  return std::string(text.starts_with(prefix) ? text.substr(prefix.size()) : text);
}

class Reader {
 public:
  Reader(std::string_view patch, const PatchLimits& limits) : lines_(LinesWithEnds(patch)), limits_(limits) {}

  absl::StatusOr<std::vector<FilePatch>> Read() {
    std::vector<FilePatch> files;
    while (at_ < lines_.size()) {
      const std::string_view line = WithoutNewline(lines_[at_]);
      CUPEL_RETURN_IF_ERROR(CheckHeader(line));
      if (!line.starts_with("--- ") || at_ + 1 >= lines_.size() || !lines_[at_ + 1].starts_with("+++ ")) {
        if (line.starts_with("@@ ")) {
          return InvalidArgument("line {}: a hunk without the names of its file (--- and +++)", at_ + 1);
        }
        ++at_;
        continue;
      }
      CUPEL_ASSIGN_OR_RETURN(FilePatch file, ReadFile());
      files.push_back(std::move(file));
      if (files.size() > limits_.max_files) {
        return InvalidArgument("the patch changes more than {} files", limits_.max_files);
      }
    }
    if (files.empty()) {
      return InvalidArgument("there is no change in it: expected lines \"--- a/FILE\", \"+++ b/FILE\", \"@@ -L,N +L,N @@\"");
    }
    return files;
  }

 private:
  absl::Status CheckHeader(std::string_view line) const {
    for (const std::string_view refused :
         {"rename from ", "rename to ", "copy from ", "copy to ", "old mode ", "new mode ", "GIT binary patch", "Binary files ",
          "new file mode 12", "new file mode 16", "new file mode 100755"}) {
      if (line.starts_with(refused)) {
        return InvalidArgument("line {}: \"{}\" is not allowed; a patch may change, add and delete plain files", at_ + 1,
                               line.substr(0, 60));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<FilePatch> ReadFile() {
    FilePatch file;
    file.old_path = PathOf(WithoutNewline(lines_[at_]).substr(4), "a/");
    file.new_path = PathOf(WithoutNewline(lines_[at_ + 1]).substr(4), "b/");
    at_ += 2;
    while (at_ < lines_.size() && lines_[at_].starts_with("@@ -")) {
      CUPEL_ASSIGN_OR_RETURN(Hunk hunk, ReadHunk());
      file.hunks.push_back(std::move(hunk));
    }
    if (file.hunks.empty()) {
      return InvalidArgument("line {}: expected a hunk, \"@@ -L,N +L,N @@\"", at_ + 1);
    }
    return file;
  }

  // "12,3" or "12".
  static bool ReadRange(std::string_view& text, size_t& begin, size_t& count) {
    const auto number = [&](size_t& value) {
      const size_t length = std::min(text.find_first_not_of("0123456789"), text.size());
      if (length == 0 || length > 8) {
        return false;
      }
      value = 0;
      for (const char digit : text.substr(0, length)) {
        value = value * 10 + static_cast<size_t>(digit - '0');
      }
      text.remove_prefix(length);
      return true;
    };
    count = 1;
    if (!number(begin)) {
      return false;
    }
    if (!text.starts_with(',')) {
      return true;
    }
    text.remove_prefix(1);
    return number(count);
  }

  absl::StatusOr<Hunk> ReadHunk() {
    Hunk hunk;
    hunk.line = at_ + 1;
    std::string_view header = WithoutNewline(lines_[at_]).substr(4);
    size_t old_count = 0;
    size_t new_begin = 0;
    size_t new_count = 0;
    bool is_whole = ReadRange(header, hunk.old_begin, old_count) && header.starts_with(" +");
    header.remove_prefix(is_whole ? 2 : 0);
    is_whole = is_whole && ReadRange(header, new_begin, new_count) && header.starts_with(" @@");
    if (!is_whole) {
      return InvalidArgument("line {}: expected \"@@ -L,N +L,N @@\", found \"{}\"", at_ + 1, WithoutNewline(lines_[at_]).substr(0, 60));
    }
    hunk.old_begin -= old_count > 0 && hunk.old_begin > 0 ? 1 : 0;
    ++at_;
    while (hunk.before.size() < old_count || hunk.after.size() < new_count) {
      CUPEL_RETURN_IF_ERROR(ReadHunkLine(hunk));
    }
    ReadNoNewline(hunk, '\0');
    if (hunk.before.size() != old_count || hunk.after.size() != new_count) {
      return InvalidArgument("the hunk of line {} holds other numbers of lines than its header says", hunk.line);
    }
    return hunk;
  }

  absl::Status ReadHunkLine(Hunk& hunk) {
    if (at_ >= lines_.size()) {
      return InvalidArgument("the hunk of line {} ends early", hunk.line);
    }
    const std::string_view line = lines_[at_];
    const char kind = line[0] == '\n' || line[0] == '\r' ? ' ' : line[0];  // mailers drop the space of an empty line
    const std::string text(kind == line[0] ? line.substr(1) : line);
    if (kind != ' ' && kind != '-' && kind != '+') {
      return InvalidArgument("line {}: a line of a hunk begins with space, - or +, found \"{}\"", at_ + 1,
                             WithoutNewline(line).substr(0, 60));
    }
    if (kind != '+') {
      hunk.before.push_back(text);
    }
    if (kind != '-') {
      hunk.after.push_back(text);
    }
    num_changed_ += kind == ' ' ? 0 : 1;
    if (num_changed_ > limits_.max_changed_lines) {
      return InvalidArgument("the patch changes more than {} lines", limits_.max_changed_lines);
    }
    ++at_;
    ReadNoNewline(hunk, kind);
    return absl::OkStatus();
  }

  // "\ No newline at end of file" takes the newline from the line before it.
  void ReadNoNewline(Hunk& hunk, char kind) {
    if (at_ >= lines_.size() || !lines_[at_].starts_with("\\ ")) {
      return;
    }
    const auto strip = [](std::vector<std::string>& lines) {
      if (!lines.empty() && lines.back().ends_with('\n')) {
        lines.back().pop_back();
      }
    };
    if (kind != '+') {
      strip(hunk.before);
    }
    if (kind != '-') {
      strip(hunk.after);
    }
    ++at_;
  }

  Lines lines_;
  PatchLimits limits_;
  size_t at_ = 0;
  size_t num_changed_ = 0;
};

bool FitsAt(const std::vector<std::string>& lines, const Hunk& hunk, size_t at) {
  return at + hunk.before.size() <= lines.size() &&
         std::equal(hunk.before.begin(), hunk.before.end(), lines.begin() + static_cast<ptrdiff_t>(at));
}

// Where a hunk fits, as near as possible to where it says, not before `earliest`.
std::optional<size_t> FindPlace(const std::vector<std::string>& lines, const Hunk& hunk, size_t wanted, size_t earliest) {
  if (hunk.before.empty()) {
    return wanted <= lines.size() && wanted >= earliest ? std::optional(wanted) : std::nullopt;
  }
  wanted = std::min(wanted, lines.size());
  for (size_t distance = 0; distance <= lines.size(); ++distance) {
    if (wanted >= distance && wanted - distance >= earliest && FitsAt(lines, hunk, wanted - distance)) {
      return wanted - distance;
    }
    if (wanted + distance >= earliest && FitsAt(lines, hunk, wanted + distance)) {
      return wanted + distance;
    }
  }
  return std::nullopt;
}

absl::StatusOr<std::string> ApplyHunks(const std::string& text, const FilePatch& file) {
  const Lines views = LinesWithEnds(text);
  std::vector<std::string> lines(views.begin(), views.end());
  size_t earliest = 0;
  ptrdiff_t shift = 0;
  for (const Hunk& hunk : file.hunks) {
    const ptrdiff_t wanted = std::max<ptrdiff_t>(static_cast<ptrdiff_t>(hunk.old_begin) + shift, 0);
    const std::optional<size_t> place = FindPlace(lines, hunk, static_cast<size_t>(wanted), earliest);
    if (!place) {
      return InvalidArgument("{}: the hunk of line {} does not fit the file", file.old_path, hunk.line);
    }
    const auto begin = lines.begin() + static_cast<ptrdiff_t>(*place);
    const auto after = lines.erase(begin, begin + static_cast<ptrdiff_t>(hunk.before.size()));
    lines.insert(after, hunk.after.begin(), hunk.after.end());
    earliest = *place + hunk.after.size();
    shift = static_cast<ptrdiff_t>(earliest) - static_cast<ptrdiff_t>(hunk.old_begin + hunk.before.size());
  }
  std::string result;
  for (const std::string& line : lines) {
    result += line;
  }
  return result;
}

absl::Status ApplyFile(const FilePatch& file, Project& project) {
  for (const std::string& path : {file.old_path, file.new_path}) {
    if (const std::string why = path.empty() ? "" : ForbiddenPath(path); !why.empty()) {
      return InvalidArgument("{}: {}", path, why);
    }
  }
  if (!file.old_path.empty() && !file.new_path.empty() && file.old_path != file.new_path) {
    return InvalidArgument("{} becomes {}: renames are not allowed", file.old_path, file.new_path);
  }
  const bool is_new = file.old_path.empty();
  const auto old = project.find(is_new ? file.new_path : file.old_path);
  if (is_new != (old == project.end())) {
    return InvalidArgument("{}: the file {}", is_new ? file.new_path : file.old_path, is_new ? "exists already" : "does not exist");
  }
  CUPEL_ASSIGN_OR_RETURN(std::string text, ApplyHunks(is_new ? std::string() : old->second, file));
  if (file.new_path.empty()) {
    if (!text.empty()) {
      return InvalidArgument("{}: the file is deleted, but lines of it would remain", file.old_path);
    }
    project.erase(old);
  } else {
    project[file.new_path] = std::move(text);
  }
  return absl::OkStatus();
}

// Whether the paths can stand in one tree of files.
absl::Status CheckTree(const Project& project) {
  if (project.empty()) {
    return InvalidArgument("the patch deletes every file");
  }
  for (const auto& [path, text] : project) {
    for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      if (project.contains(path.substr(0, slash))) {
        return InvalidArgument("{}: {} is a file", path, path.substr(0, slash));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Project> ApplyDiff(const Project& project, std::string_view patch, const PatchLimits& limits) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<FilePatch> files, Reader(patch, limits).Read());
  Project result = project;
  for (const FilePatch& file : files) {
    CUPEL_RETURN_IF_ERROR(ApplyFile(file, result));
  }
  return result;
}

}  // namespace

std::string ForbiddenPath(std::string_view path) {
  if (path.empty() || path.size() > 200 || path.starts_with('/') || path.find('\\') != std::string_view::npos) {
    return "not a path inside the project";
  }
  if (std::ranges::any_of(path, [](char c) { return static_cast<unsigned char>(c) < 0x21 || static_cast<unsigned char>(c) > 0x7E; })) {
    return "a path has only printable ASCII characters";
  }
  for (std::string_view rest = path; !rest.empty();) {
    const size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (part.empty() || part.starts_with('.')) {
      return "hidden files and \"..\" may not be changed";
    }
    if (!rest.empty() && (part == "build" || part == "CMakeFiles" || part == "__pycache__")) {
      return "folders of builds may not be changed";
    }
    if (part == "tests" || part == "test" || part == "testing" || part.starts_with("test_") || part.ends_with("_test.py") ||
        part.ends_with("_test.cc") || part.ends_with("_test.cpp")) {
      return "tests may not be changed";
    }
  }
  const std::string_view name = path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
  constexpr std::string_view kConfiguration[] = {"conftest.py",      "setup.py",         "setup.cfg",   "pyproject.toml", "tox.ini",
                                                 "pytest.ini",       "noxfile.py",       "Makefile",    "CMakeLists.txt", "build.ninja",
                                                 "sitecustomize.py", "usercustomize.py", "GNUmakefile", "makefile",       "package.json",
                                                 "meson.build",      "CMakePresets.json"};
  const bool is_configuration = std::ranges::find(kConfiguration, name) != std::end(kConfiguration);
  if (is_configuration || name.ends_with(".pth") || name.ends_with(".cmake") || name.ends_with(".ninja") || name.ends_with(".mk") ||
      name.ends_with(".so") || name.ends_with(".pyc")) {
    return "what configures builds, tests and interpreters may not be changed";
  }
  return "";
}

absl::StatusOr<Project> ApplyPatch(const Project& project, std::string_view patch, const PatchLimits& limits) {
  if (patch.size() > limits.max_bytes) {
    return InvalidArgument("the patch has {} bytes, more than the {} allowed", patch.size(), limits.max_bytes);
  }
  CUPEL_ASSIGN_OR_RETURN(Project result, HoldsBlocks(patch) ? ApplyBlocks(project, patch, limits) : ApplyDiff(project, patch, limits));
  CUPEL_RETURN_IF_ERROR(CheckTree(result));
  return result;
}

}  // namespace cupel::code
