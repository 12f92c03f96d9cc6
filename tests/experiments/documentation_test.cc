// Covers the commands that README and docs show. Those that need no model but the built-in one are run as they stand, in order, in one
// folder; of the others the command, its options and the recipes they name must exist. Alone: build/release/tests/experiments_test
// "[documentation]"

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "tests/experiments/cupel.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

namespace fs = std::filesystem;

using testing::Contains;

const std::string kRoot = CUPEL_SOURCE_DIR;
constexpr std::string_view kProgram = "build/release/cupel";

struct Command {
  std::string where;  // "README.md:31"
  std::vector<std::string> words;
};

// Splits as a shell does for the simple commands of documents: blanks separate, quotes keep together, # starts a comment.
std::vector<std::string> Words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  char quote = '\0';
  bool has_word = false;
  for (const char c : line) {
    if (quote != '\0') {
      quote = c == quote ? '\0' : quote;
      word += quote == '\0' ? "" : std::string(1, c);
    } else if (c == '\'' || c == '"') {
      quote = c;
      has_word = true;
    } else if (c == ' ') {
      if (has_word) {
        words.push_back(std::move(word));
      }
      word.clear();
      has_word = false;
    } else if (c == '#' && !has_word) {
      return words;
    } else {
      word += c;
      has_word = true;
    }
  }
  if (has_word) {
    words.push_back(std::move(word));
  }
  return words;
}

// The lines of a document's ```bash and ```sh blocks that start the program, lines that end in a backslash joined with the next.
std::vector<Command> CommandsOf(const std::string& path) {
  std::vector<Command> commands;
  std::istringstream text(ReadFile(kRoot + "/" + path).value());
  bool is_code = false;
  std::string joined;
  int number = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    if (line.starts_with("```")) {
      is_code = line == "```bash" || line == "```sh";
    } else if (is_code && line.ends_with('\\')) {
      joined += line.substr(0, line.size() - 1);
    } else if (is_code) {
      const std::vector<std::string> words = Words(joined + line);
      if (!words.empty() && words[0] == kProgram) {
        commands.push_back({path + ":" + std::to_string(number), {words.begin() + 1, words.end()}});
      }
      joined.clear();
    }
  }
  return commands;
}

std::vector<Command> AllCommands() {
  std::vector<std::string> paths;
  for (auto entry = fs::recursive_directory_iterator(kRoot); entry != fs::recursive_directory_iterator(); ++entry) {
    const std::string name = entry->path().filename().string();
    if (entry->is_directory() && (name.starts_with('.') || name == "build" || name == "runs")) {
      entry.disable_recursion_pending();
    } else if (name.ends_with(".md")) {
      paths.push_back(fs::relative(entry->path(), kRoot).string());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Command> commands;
  for (const std::string& path : paths) {
    const std::vector<Command> found = CommandsOf(path);
    commands.insert(commands.end(), found.begin(), found.end());
  }
  return commands;
}

// Needs nothing but the program: the built-in model, or no model at all.
bool IsSelfContained(const Command& command) {
  return command.words[0] == "tasks" || command.words[0] == "data" ||
         std::any_of(command.words.begin(), command.words.end(), [](const std::string& word) { return Contains(word, "tiny"); });
}

bool IsShellConstruct(const std::string& word) { return word == "|" || word == "<" || word == ">" || word == "&&"; }

std::string Shown(const Command& command) {
  std::string text = command.where + ": cupel";
  for (const std::string& word : command.words) {
    text += " " + word;
  }
  return text;
}

TEST_CASE("the commands of the documents exist with the options they are given", "[documentation]") {
  std::map<std::string, std::string> help;
  int count = 0;
  for (const Command& command : AllCommands()) {
    INFO(Shown(command));
    ++count;
    REQUIRE_FALSE(command.words.empty());
    if (command.words[0].starts_with("--")) {
      CHECK(testing::Cupel({command.words[0]}).exit_code == 0);
      continue;
    }
    // A command that has commands of its own, `cupel log check`, explains their options there.
    const bool has_commands =
        command.words[0] == "log" || command.words[0] == "data" || command.words[0] == "sandbox" || command.words[0] == "tasks";
    const bool is_nested = has_commands && command.words.size() > 1;
    const std::string name = is_nested ? command.words[0] + " " + command.words[1] : command.words[0];
    if (!help.contains(name)) {
      const ProcessResult result =
          is_nested ? testing::Cupel({command.words[0], command.words[1], "--help"}) : testing::Cupel({name, "--help"});
      CHECK(result.exit_code == 0);
      help[name] = result.out;
    }
    for (const std::string& word : command.words) {
      if (word.starts_with("--")) {
        INFO(word);
        CHECK(Contains(help[name], word.substr(0, word.find('='))));
      }
      if (word.ends_with(".toml")) {
        INFO(word);
        CHECK(Exists(kRoot + "/" + word));
      }
    }
  }
  CHECK(count >= 3);
}

TEST_CASE("the commands of the documents that need nothing but the program work as they stand", "[documentation]") {
  const TempDir folder;
  fs::create_directory_symlink(kRoot + "/experiments", folder.File("experiments"));
  int count = 0;
  for (const Command& command : AllCommands()) {
    if (!IsSelfContained(command) || std::any_of(command.words.begin(), command.words.end(), IsShellConstruct)) {
      continue;
    }
    ++count;
    ProcessRequest request = testing::Request(command.words);
    request.directory = folder.path();
    const ProcessResult result = RunProcess(request);
    INFO(Shown(command) << "\n" << result.out << result.err);
    CHECK(result.exit_code == 0);
  }
  CHECK(count >= 1);
}

}  // namespace
}  // namespace cupel
