#pragma once

#include <string>
#include <utility>
#include <vector>

#include <absl/status/status.h>

#include "verifiers/code/sandbox/launcher/protocol.h"
#include "verifiers/code/sandbox/sandbox.h"

// How a language is run: one file of functions per language (python.cc, c_family.cc, javascript.cc, native.cc), joined in languages.cc.

namespace cupel::sandbox {

// What the slot executes.
struct Command {
  Start start = Start::kPath;
  std::string program;                                     // path in the sandbox
  std::vector<std::string> args;                           // with the program's name first
  std::vector<JobFile> more_files;                         // besides the job's
  std::vector<std::pair<std::string, std::string>> links;  // symbolic links in /job: name and target
  int channel = -1;                                        // descriptor in place of Job::channel_input; -1: none
  std::vector<std::string> more_environment;
  int64_t address_space_bytes = 0;  // tier 1 and 2: smallest that the interpreter itself needs; 0: the job's memory limit will do
  bool is_single_process = false;   // tier 1 and 2: bounded by its own address space alone, so that it may start threads only
};

struct LanguageSupport {
  Language language;
  const char* program;  // that must exist on this machine; nullptr: none
  const char* package;  // of Debian, that brings it
  bool is_compiled;
  Command (*run)(const Job& job, bool is_warm_possible);
  // The compiler's command, which leaves the executable in /tmp/program; nullptr for languages that are not compiled.
  Command (*compile)(const Job& job);
};

const LanguageSupport& Support(Language language);

// C++ programs that include <bits/stdc++.h> compile several times faster with that header precompiled, once per set of options. `HeaderJob`
// makes it, as /tmp/header.gch; a compiler's command gets it as a descriptor behind a link, so that no copy is made.
bool WantsHeader(const Job& job);
Job HeaderJob(const Job& job);
std::string HeaderKey(const Job& job);
void UseHeader(Command& command, int header);

extern const LanguageSupport kPythonSupport, kCSupport, kCppSupport, kJavaScriptSupport, kNativeSupport;

// InvalidArgument when the job cannot be run as it is: names, options, sizes.
absl::Status CheckJob(const Job& job);

}  // namespace cupel::sandbox
