#include <array>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "base/status.h"
#include "verifiers/code/sandbox/sandbox.h"

namespace cupel::sandbox {
namespace {

std::string FirstLine(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

Fact LanguageFact(Language language) {
  const absl::Status status = CheckLanguage(language);
  return {std::string(LanguageName(language)), status.ok(), status.ok() ? "found" : std::string(Message(status))};
}

// Programs get no core dumps (RLIMIT_CORE), but a pattern that starts a program does so whatever the limit is.
Fact CoreFact() {
  const std::string pattern = FirstLine("/proc/sys/kernel/core_pattern");
  const bool is_pipe = pattern.starts_with('|');
  return {"core_pattern", !is_pipe,
          is_pipe ? fmt::format("\"{}\" starts a program of the host for every crash: sysctl kernel.core_pattern=core", pattern)
                  : fmt::format("\"{}\"", pattern)};
}

Fact TierFact() {
  Config config;
  config.slots = 1;
  config.weakest_tier = Tier::kNoNamespaces;
  const absl::StatusOr<std::unique_ptr<Sandbox>> sandbox = Sandbox::Open(config);
  if (!sandbox.ok()) {
    return {"tier", false, std::string(Message(sandbox.status()))};
  }
  return {"tier", (*sandbox)->tier() <= Tier::kNamespaces, (*sandbox)->Description()};
}

}  // namespace

std::vector<Fact> ProbeMachine() {
  std::vector<Fact> facts = {TierFact(), CoreFact()};
  for (const Language language : {Language::kPython, Language::kC, Language::kCpp, Language::kJavaScript}) {
    facts.push_back(LanguageFact(language));
  }
  return facts;
}

}  // namespace cupel::sandbox
