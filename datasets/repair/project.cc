#include "datasets/repair/project.h"

#include <algorithm>

#include "base/check.h"

namespace cupel::repair {
namespace {

bool IsWordByte(char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '_'; }

// The first line of `text`, without its end, which is taken from it.
std::string_view TakeLine(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

void ReadHeader(std::string_view line, Project& project) {
  const size_t colon = line.find(": ");
  Check(colon != std::string_view::npos, "a project begins with lines KEY: VALUE");
  const std::string_view key = line.substr(0, colon);
  const std::string_view value = line.substr(colon + 2);
  if (key == "language") {
    Check(value == "python" || value == "cpp", "a project is written in python or cpp");
    project.is_cpp = value == "cpp";
  } else if (key == "about") {
    project.about = value;
  } else {
    Check(key == "rename", "the keys of a project are language, about, rename");
    project.renames.push_back(Words(value));
  }
}

// The functions test_* of a test file: each reaches to the next line at the margin that is not empty.
void AddTests(const std::string& path, std::string_view text, std::vector<Test>& tests) {
  constexpr std::string_view kBegin = "def test_";
  Test* open = nullptr;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (!line.empty() && line[0] != ' ') {
      open = nullptr;
    }
    if (line.starts_with(kBegin)) {
      const std::string_view name = line.substr(4, line.find('(') - 4);
      tests.push_back({path + "::" + std::string(name), "", "", ""});
      open = &tests.back();
    }
    if (open != nullptr) {
      open->source += std::string(line) + "\n";
    }
  }
  for (Test& test : tests) {
    while (test.source.ends_with("\n\n")) {
      test.source.pop_back();
    }
  }
}

std::string ReplaceWords(std::string_view text, const std::map<std::string, std::string, std::less<>>& names) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && IsWordByte(text[end])) {
      ++end;
    }
    if (end == at) {
      out += text[at++];
      continue;
    }
    const std::string_view word = text.substr(at, end - at);
    const auto name = names.find(word);
    out += name == names.end() ? word : std::string_view(name->second);
    at = end;
  }
  return out;
}

}  // namespace

Project ParseProject(std::string_view name, std::string_view text) {
  constexpr std::string_view kSection = "=== ";
  constexpr std::string_view kRun = "=== run ";
  constexpr std::string_view kOutput = "--- output";
  Project project;
  project.name = name;
  std::string* part = nullptr;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (line.starts_with(kRun)) {
      project.tests.push_back({std::string(line.substr(kRun.size())), "", "", ""});
      part = &project.tests.back().input;
    } else if (line.starts_with(kSection)) {
      const std::string path(line.substr(kSection.size()));
      part = path.starts_with("tests/") ? &project.test_files[path] : &project.files[path];
    } else if (line == kOutput && !project.tests.empty()) {
      part = &project.tests.back().expected;
    } else if (part == nullptr) {
      ReadHeader(line, project);
    } else {
      *part += std::string(line) + "\n";
    }
  }
  for (const auto& [path, test_text] : project.test_files) {
    AddTests(path, test_text, project.tests);
  }
  Check(!project.files.empty() && !project.tests.empty() && project.tests.size() <= 64, "a project has files and 1 to 64 tests");
  return project;
}

int64_t NumVariants(const Project& project) {
  int64_t count = 1;
  for (const std::vector<std::string>& names : project.renames) {
    count *= std::ssize(names);
  }
  return count;
}

Project Renamed(const Project& project, int64_t variant) {
  Check(0 <= variant && variant < NumVariants(project), "the variant exists");
  std::map<std::string, std::string, std::less<>> names;
  for (const std::vector<std::string>& choices : project.renames) {
    names[choices[0]] = choices[static_cast<size_t>(variant % std::ssize(choices))];
    variant /= std::ssize(choices);
  }
  Project renamed = project;
  for (auto [from, to] : {std::pair(&project.files, &renamed.files), {&project.test_files, &renamed.test_files}}) {
    to->clear();
    for (const auto& [path, text] : *from) {
      (*to)[ReplaceWords(path, names)] = ReplaceWords(text, names);
    }
  }
  renamed.about = ReplaceWords(project.about, names);
  for (Test& test : renamed.tests) {
    test.source = ReplaceWords(test.source, names);
  }
  return renamed;
}

}  // namespace cupel::repair
