#include "tests/source/rules.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "base/check.h"
#include "base/file.h"

namespace cupel::source {
namespace {

namespace fs = std::filesystem;

bool IsCode(std::string_view path) { return path.ends_with(".h") || path.ends_with(".cc"); }

bool IsIn(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && path.substr(folder.size()).starts_with('/');
}

std::string_view TopFolder(std::string_view path) {
  const size_t slash = path.find('/');
  return slash == std::string_view::npos ? "" : path.substr(0, slash);
}

std::string_view Folder(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : path.substr(0, slash);
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string Say(const File& file, size_t line_idx, std::string_view what) {
  return fmt::format("{}:{}: {}", file.path, line_idx + 1, what);
}

// Blanks comments and the insides of string and character literals, keeping the lines. Raw strings are treated up to their first quote.
std::string CodeOnly(std::string_view text) {
  std::string code(text);
  enum class In { kCode, kLineComment, kBlockComment, kString, kCharacter } state = In::kCode;
  for (size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    const char next = i + 1 < code.size() ? code[i + 1] : '\0';
    const auto blank = [&] {
      if (code[i] != '\n') {
        code[i] = ' ';
      }
    };
    if (state == In::kCode) {
      if (c == '/' && (next == '/' || next == '*')) {
        state = next == '/' ? In::kLineComment : In::kBlockComment;
        blank();
      } else if (c == '"') {
        state = In::kString;
      } else if (c == '\'' && (i == 0 || std::isalnum(static_cast<unsigned char>(code[i - 1])) == 0)) {
        state = In::kCharacter;  // after a letter or digit it separates digits
      }
    } else if (state == In::kLineComment) {
      state = c == '\n' ? In::kCode : state;
      blank();
    } else if (state == In::kBlockComment) {
      if (c == '*' && next == '/') {
        blank();
        ++i;
        state = In::kCode;
      }
      blank();
    } else if (c == '\\') {
      blank();
      ++i;
      blank();
    } else if (c == (state == In::kString ? '"' : '\'')) {
      state = In::kCode;
    } else {
      blank();
    }
  }
  return code;
}

// The place of `word` in `line` where it is no part of a longer identifier, or npos.
size_t FindWord(std::string_view line, std::string_view word) {
  const auto is_identifier = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  for (size_t at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool starts = at == 0 || !is_identifier(word.front()) || !is_identifier(line[at - 1]);
    const bool ends = end == line.size() || !is_identifier(word.back()) || !is_identifier(line[end]);
    if (starts && ends) {
      return at;
    }
  }
  return std::string_view::npos;
}

// The included path with its delimiters, as in <vector> or "base/check.h"; empty when the line includes nothing.
std::string_view IncludedPath(std::string_view line) {
  constexpr std::string_view kInclude = "#include ";
  if (!line.starts_with(kInclude)) {
    return "";
  }
  line.remove_prefix(kInclude.size());
  const size_t end = line.find_first_of(">\"", 1);
  return end == std::string_view::npos ? "" : line.substr(0, end + 1);
}

// What each module may include: itself and the modules below it.
const std::map<std::string_view, std::set<std::string_view>>& AllowedModules() {
  static const std::map<std::string_view, std::set<std::string_view>> allowed = {
      {"base", {"base"}},
      {"datasets", {"base", "datasets"}},
      {"policy", {"base", "policy"}},
      {"verifiers", {"base", "datasets", "policy", "verifiers"}},
      {"rewards", {"base", "datasets", "policy", "rewards", "verifiers"}},
      {"rollout", {"base", "datasets", "policy", "rewards", "rollout", "verifiers"}},
      {"grpo", {"base", "datasets", "grpo", "policy", "rewards", "rollout", "verifiers"}},
      {"experiments", {"base", "datasets", "experiments", "grpo", "policy", "rewards", "rollout", "verifiers"}},
  };
  return allowed;
}

// The half of policy that holds tensors; the rest is the interface that the modules below grpo see. A source directly in policy may belong
// to either half: builds without LibTorch tell them apart.
bool IsPolicyTorchHalf(std::string_view path) {
  return IsIn(path, "policy/device") || IsIn(path, "policy/model") || IsIn(path, "policy/engine") || IsIn(path, "policy/kernels") ||
         path == "policy/policy.h" || (Folder(path) == "policy" && path.ends_with(".cc"));
}

bool MayUseTorch(std::string_view path) {
  return IsPolicyTorchHalf(path) || IsIn(path, "grpo") || IsIn(path, "tests/policy") || IsIn(path, "tests/grpo") ||
         IsIn(path, "tests/testing");
}

bool IsTorchHeader(std::string_view included) {
  return included.starts_with("<ATen/") || included.starts_with("<c10/") || included.starts_with("<torch/");
}

// What is wrong with including `included` in the file at `path`, or empty.
std::string IncludeTrouble(std::string_view path, std::string_view included) {
  const bool is_all_of_aten = included == "<ATen/ATen.h>" && !IsIn(path, "tests");
  if (included == "<torch/torch.h>" || included == "<torch/all.h>" || is_all_of_aten) {
    return fmt::format("{} includes all of LibTorch: include the headers of the operators used", included);
  }
  if (IsTorchHeader(included)) {
    return MayUseTorch(path) ? "" : fmt::format("{} here: LibTorch belongs into grpo and policy/{{device,model,engine,kernels}}", included);
  }
  const auto module = AllowedModules().find(TopFolder(path));
  if (module == AllowedModules().end() || !included.starts_with('"')) {
    return "";
  }
  const std::string_view target = included.substr(1, included.size() - 2);
  if (!module->second.contains(TopFolder(target))) {
    return fmt::format("{} must not include {}", module->first, included);
  }
  const bool is_above_policy = module->first == "grpo" || module->first == "experiments";
  if (IsPolicyTorchHalf(target) && !is_above_policy && !IsPolicyTorchHalf(path)) {
    return fmt::format("{} belongs to the LibTorch half of policy, which only grpo and experiments see", included);
  }
  return "";
}

struct Ban {
  std::string_view word;
  std::string_view why;
};
constexpr std::array kBannedCode = {
    Ban{"std::regex", "std::regex has unbounded recursion: use RE2"},
    Ban{"<regex>", "std::regex has unbounded recursion: use RE2"},
    Ban{"system(", "starts a shell"},
    Ban{"popen(", "starts a shell"},
    Ban{"using namespace", "names what it uses instead"},
    Ban{"std::mt19937", "randomness comes from base/random.h"},
    Ban{"std::random_device", "randomness comes from base/random.h"},
    Ban{"std::rand", "randomness comes from base/random.h"},
};
// Spelled in two halves, so that this file does not violate its own rule.
const std::array kUnfinished = {std::string("TO") + "DO", std::string("FIX") + "ME", std::string("X") + "XX"};
const std::array kMachinePaths = {std::string("/home") + "/", std::string("/root") + "/", std::string("/work") + "/",
                                  std::string("../sha") + "red"};

// Data that the project did not write may say anything.
bool IsText(std::string_view path) {
  if (IsIn(path, "tests/golden") && !path.ends_with(".py") && !path.ends_with(".md")) {
    return false;
  }
  constexpr std::array<std::string_view, 10> kEndings = {".h",     ".cc",   ".md",  ".sh",   ".py",
                                                         ".cmake", ".toml", ".def", ".json", "CMakeLists.txt"};
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return path.ends_with(ending); });
}

// The names ending in .cc of a CMakeLists.txt, comments left out.
std::vector<std::string> ListedSources(std::string_view text) {
  std::vector<std::string> names;
  for (std::string_view line : Lines(text)) {
    line = line.substr(0, line.find('#'));
    while (!line.empty()) {
      const size_t begin = std::min(line.find_first_not_of(" \t()\""), line.size());
      const size_t end = std::min(line.find_first_of(" \t()\"", begin), line.size());
      const std::string_view word = line.substr(begin, end - begin);
      if (word.ends_with(".cc")) {
        names.emplace_back(word);
      }
      line.remove_prefix(end);
    }
  }
  return names;
}

bool IsLeftOut(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  return entry.is_directory() && (name.starts_with('.') || name == "build" || name == "runs" || name == "__pycache__");
}

}  // namespace

std::vector<File> ReadTree(const std::string& root) {
  std::vector<File> files;
  for (auto entry = fs::recursive_directory_iterator(root); entry != fs::recursive_directory_iterator(); ++entry) {
    if (IsLeftOut(*entry)) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file()) {
      const std::string path = fs::relative(entry->path(), root).string();
      absl::StatusOr<std::string> text = IsText(path) ? ReadFile(entry->path().string()) : "";
      Check(text.ok(), "a file of the tree can be read");
      files.push_back({path, *std::move(text)});
    }
  }
  std::ranges::sort(files, {}, &File::path);
  return files;
}

Violations CheckLayers(const std::vector<File>& files) {
  Violations violations;
  for (const File& file : files) {
    const std::vector<std::string_view> lines = Lines(file.text);
    for (size_t i = 0; IsCode(file.path) && i < lines.size(); ++i) {
      const std::string_view included = IncludedPath(lines[i]);
      if (const std::string trouble = included.empty() ? "" : IncludeTrouble(file.path, included); !trouble.empty()) {
        violations.push_back(Say(file, i, trouble));
      }
    }
  }
  return violations;
}

Violations CheckBannedConstructs(const std::vector<File>& files) {
  Violations violations;
  for (const File& file : files) {
    if (!IsText(file.path)) {
      continue;
    }
    const std::string code = IsCode(file.path) ? CodeOnly(file.text) : "";
    const std::vector<std::string_view> code_lines = Lines(code);
    for (size_t i = 0; i < code_lines.size(); ++i) {
      for (const Ban& ban : kBannedCode) {
        const bool is_literals = ban.word == "using namespace" && code_lines[i].find("_literals;") != std::string_view::npos;
        if (FindWord(code_lines[i], ban.word) != std::string_view::npos && !is_literals) {
          violations.push_back(Say(file, i, fmt::format("{}: {}", ban.word, ban.why)));
        }
      }
    }
    const std::vector<std::string_view> lines = Lines(file.text);
    for (size_t i = 0; i < lines.size(); ++i) {
      for (const std::string& word : kUnfinished) {
        if (FindWord(lines[i], word) != std::string_view::npos) {
          violations.push_back(Say(file, i, fmt::format("{}: finish it or open an issue", word)));
        }
      }
    }
  }
  return violations;
}

Violations CheckMachinePaths(const std::vector<File>& files) {
  Violations violations;
  for (const File& file : files) {
    const std::vector<std::string_view> lines = Lines(file.text);
    for (size_t i = 0; IsText(file.path) && i < lines.size(); ++i) {
      for (const std::string& path : kMachinePaths) {
        if (lines[i].find(path) != std::string_view::npos) {
          violations.push_back(Say(file, i, fmt::format("{} exists on one machine only", path)));
        }
      }
    }
  }
  return violations;
}

Violations CheckReadmes(const std::vector<File>& files) {
  std::set<std::string> folders;
  std::map<std::string, std::string_view> readmes;  // by folder
  for (const File& file : files) {
    if (file.path.ends_with("/README.md")) {
      readmes[std::string(Folder(file.path))] = file.text;
    }
    const std::string_view top = TopFolder(file.path);
    if (top.empty()) {
      continue;
    }
    folders.insert(std::string(top));
    const std::string_view rest = std::string_view(file.path).substr(top.size() + 1);
    if (top != "tests" && IsCode(file.path) && !TopFolder(rest).empty()) {
      folders.insert(fmt::format("{}/{}", top, TopFolder(rest)));
    }
  }
  Violations violations;
  for (const std::string& folder : folders) {
    const auto parent = readmes.find(std::string(TopFolder(folder)));
    const bool is_mentioned =
        parent != readmes.end() && parent->second.find(folder.substr(folder.rfind('/') + 1) + "/") != std::string_view::npos;
    if (!readmes.contains(folder) && !is_mentioned) {
      violations.push_back(fmt::format("{}/README.md:1: missing: what is this folder for, and where does one start reading?", folder));
    }
  }
  return violations;
}

Violations CheckCMakeLists(const std::vector<File>& files) {
  std::set<std::string> existing;
  std::set<std::string> listed;
  Violations violations;
  for (const File& file : files) {
    if (file.path.ends_with(".cc")) {
      existing.insert(file.path);
    }
  }
  for (const File& file : files) {
    if (!file.path.ends_with("CMakeLists.txt")) {
      continue;
    }
    for (const std::string& name : ListedSources(file.text)) {
      const std::string path = (fs::path(Folder(file.path)) / name).lexically_normal().string();
      listed.insert(path);
      if (!existing.contains(path)) {
        violations.push_back(fmt::format("{}:1: lists {}, which does not exist", file.path, path));
      }
    }
  }
  for (const std::string& path : existing) {
    if (!listed.contains(path)) {
      violations.push_back(fmt::format("{}:1: no CMakeLists.txt builds this file", path));
    }
  }
  return violations;
}

Violations CheckHeaders(const std::vector<File>& files) {
  std::set<std::string, std::less<>> included;
  for (const File& file : files) {
    for (const std::string_view line : Lines(file.text)) {
      if (const std::string_view path = IncludedPath(line); path.starts_with('"')) {
        included.emplace(path.substr(1, path.size() - 2));
      }
    }
  }
  Violations violations;
  for (const File& file : files) {
    if (file.path.ends_with(".h") && !file.text.starts_with("#pragma once\n")) {
      violations.push_back(Say(file, 0, "a header starts with #pragma once"));
    }
    if (file.path.ends_with(".h") && !included.contains(file.path)) {
      violations.push_back(Say(file, 0, "nobody includes this header"));
    }
    if (file.path.ends_with("_test.cc") && !file.text.starts_with("// ")) {
      violations.push_back(Say(file, 0, "a test file starts with a comment: what it covers, how to run it alone"));
    }
  }
  return violations;
}

}  // namespace cupel::source
