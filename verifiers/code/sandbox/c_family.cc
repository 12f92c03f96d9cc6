#include <algorithm>

#include "verifiers/code/sandbox/language.h"

namespace cupel::sandbox {
namespace {

// The executable comes as a descriptor (start = kDescriptor is set by the sandbox, which has it from the compiler or from its cache).
Command RunCompiled(const Job&, bool /*is_warm_possible*/) {
  Command command;
  command.start = Start::kDescriptor;
  command.args = {"./program"};
  return command;
}

bool IsSource(const Job& job, const std::string& name) {
  return name == job.entry || name.ends_with(".c") || name.ends_with(".cc") || name.ends_with(".cpp");
}

Command Compile(const Job& job, const char* program, const char* name, const char* kind) {
  Command command;
  command.program = program;
  // The output lies beside the job's directory in every tier. Sources are named with "./", so that no name can be an option.
  command.args = {name, "-pipe", "-O2", "-o", "../tmp/program"};
  command.args.insert(command.args.end(), job.compile_options.begin(), job.compile_options.end());
  command.args.insert(command.args.end(), {"-I.", "-x", kind});
  for (const JobFile& file : job.files) {
    if (IsSource(job, file.name)) {
      command.args.push_back("./" + file.name);
    }
  }
  command.args.insert(command.args.end(), {"-x", "none", "-lm"});
  return command;
}

Command CompileC(const Job& job) { return Compile(job, "/usr/bin/gcc", "gcc", "c"); }
Command CompileCpp(const Job& job) { return Compile(job, "/usr/bin/g++", "g++", "c++"); }

constexpr Limits kHeaderLimits = {.cpu_ms = 60'000, .memory_bytes = int64_t{2} << 30, .file_bytes = int64_t{256} << 20};

}  // namespace

bool WantsHeader(const Job& job) {
  return job.language == Language::kCpp && std::ranges::any_of(job.files, [&](const JobFile& file) {
           return IsSource(job, file.name) && file.bytes.find("<bits/stdc++.h>") != std::string::npos;
         });
}

Job HeaderJob(const Job& job) {
  Job header;
  header.language = Language::kNative;
  header.entry = "/usr/bin/g++";
  header.files = {{"header.h", "#include <bits/stdc++.h>\n", false}};
  header.args = {"-pipe", "-O2", "-o", "../tmp/header.gch"};
  header.args.insert(header.args.end(), job.compile_options.begin(), job.compile_options.end());
  header.args.insert(header.args.end(), {"-I.", "-x", "c++-header", "./header.h"});
  header.output_file = "/tmp/header.gch";
  header.limits = kHeaderLimits;
  return header;
}

std::string HeaderKey(const Job& job) {
  std::string key;
  for (const std::string& option : job.compile_options) {
    key += option + "\n";
  }
  return key;
}

void UseHeader(Command& command, int header) {
  command.links.emplace_back("bits/stdc++.h.gch", "/proc/self/fd/" + std::to_string(kChannelDescriptor));
  command.channel = header;
}

const LanguageSupport kCSupport = {Language::kC, "/usr/bin/gcc", "gcc", true, RunCompiled, CompileC};
const LanguageSupport kCppSupport = {Language::kCpp, "/usr/bin/g++", "g++", true, RunCompiled, CompileCpp};

}  // namespace cupel::sandbox
