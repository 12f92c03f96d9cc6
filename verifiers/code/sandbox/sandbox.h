#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

// Runs programs that nobody trusts. A job is a program in some language with its input; the sandbox compiles it where needed, runs it under
// limits, kills what is left of it and says how it ended. Nothing here knows expected answers: judging is verifiers/code/judge.
//
// What a program sees: a read-only file system with the system's compilers and interpreters, its own files in /job (read-only, its current
// directory), a small writable /tmp, no network, no other process. Of two jobs none can see the other, nor what the other left behind.

namespace cupel::sandbox {

enum class Language : uint8_t { kPython, kC, kCpp, kJavaScript, kNative };  // kNative: `entry` and `args` are a command of the system
std::string_view LanguageName(Language language);                           // "python", "c", "cpp", "javascript", "native"

// How strong the confinement is; lower is stronger. docs/code-verifier.md has the table.
enum class Tier : uint8_t {
  kFull = 0,          // namespaces, seccomp, Landlock, rlimits, and control groups for memory, processes and CPU
  kNamespaces = 1,    // the same without control groups: memory bounded by address space x processes
  kNoNamespaces = 2,  // Landlock, seccomp without sockets, rlimits
  kNone = 3,          // nothing; only by hand
};

struct Limits {
  int64_t cpu_ms = 10'000;           // user and system time of all processes of the job together
  int64_t wall_ms = 0;               // backstop for programs that sleep; 0: three times cpu_ms and two seconds
  int64_t memory_bytes = 256 << 20;  // of all processes together (tier 0); address space of each (tier 1 and 2)
  int64_t stack_bytes = 64 << 20;    // of the main thread
  int64_t processes = 64;            // processes and threads at a time
  int64_t output_bytes = 16 << 20;   // standard output
  int64_t error_bytes = 1 << 20;     // standard error
  int64_t result_bytes = 16 << 20;   // the result descriptor
  int64_t file_bytes = 16 << 20;     // largest file, and all files of /tmp together
};

struct JobFile {
  std::string name;  // one path component or several ("a/b.h"), relative, without ".."
  std::string bytes;
  bool is_executable = false;
};

// The descriptors that a program finds open besides 0, 1 and 2.
inline constexpr int kChannelDescriptor = 3;  // reads Job::channel_input from its beginning
inline constexpr int kResultDescriptor = 4;   // what is written here is JobResult::result

struct Job {
  Language language = Language::kPython;
  std::vector<JobFile> files;  // placed in /job before the program starts
  // The file of `files` that is run (Python, JavaScript), or the file or files to compile (C, C++: `entry` and every other file whose name
  // ends in .c, .cc or .cpp are compiled together; headers are found in /job). For kNative the absolute path of a program.
  std::string entry;
  std::vector<std::string> args;  // of the program, after its name
  // Python and JavaScript: text of a program of ours that is run instead of `entry`, in /job, with the path of `entry` as its first
  // argument. Warm interpreters keep it compiled. Never pass text of a model here.
  std::string driver;
  std::string input;                   // standard input, a file that can be read again but not written
  std::string channel_input;           // on kChannelDescriptor
  bool has_channels = false;           // open kChannelDescriptor and kResultDescriptor
  bool is_directory_writable = false;  // /job may be written (tasks that name input and output files)
  // After the end: the bytes of this file below /job or /tmp ("/tmp/out.txt"), if it is a regular file reached without symbolic link.
  std::string output_file;
  std::vector<std::string> compile_options;  // C and C++; each allowed by IsAllowedCompileOption
  Limits limits;
  Limits compile_limits{.cpu_ms = 20'000, .memory_bytes = int64_t{1} << 30, .file_bytes = 64 << 20};
};

enum class Ending : uint8_t {
  kExited,        // by itself, with `exit_code`
  kSignalled,     // by `signal`, which we did not send
  kCpuLimit,      // the job's CPU budget is used up
  kWallLimit,     // the deadline passed
  kMemoryLimit,   // the kernel killed for memory, or refused it at the limit
  kOutputLimit,   // standard output, standard error, result or a file went over its cap
  kCompileError,  // the compiler refused; its words are in `standard_error`
  kCompileLimit,  // the compiler ran into compile_limits
};
std::string_view EndingName(Ending ending);  // "exited", "signalled", "cpu limit", ...

struct JobResult {
  Ending ending = Ending::kExited;
  int exit_code = 0;
  int signal = 0;
  std::string standard_output;  // at most Limits::output_bytes
  std::string standard_error;   // at most Limits::error_bytes
  std::string result;           // at most Limits::result_bytes
  std::string output_file;      // at most Limits::file_bytes
  bool has_output_file = false;
  bool is_output_truncated = false;  // there was more; `ending` is kOutputLimit unless another limit came first
  bool is_error_truncated = false;
  bool is_result_truncated = false;
  int64_t cpu_ms = 0;  // of all processes of the job
  int64_t wall_ms = 0;
  int64_t peak_kb = 0;  // tier 0: of all processes together, files in memory included; else of the largest process
  int64_t compile_cpu_ms = 0;
  bool was_compiled_before = false;  // the executable came from the cache
  Tier tier = Tier::kFull;
};

struct Config {
  Tier weakest_tier = Tier::kNamespaces;     // refuse to open when this machine offers only weaker ones
  Tier strongest_tier = Tier::kFull;         // for tests: do as if nothing stronger were available
  int slots = 0;                             // jobs at a time; 0: one per core
  int64_t cache_bytes = int64_t{256} << 20;  // executables kept by the hash of their sources
  int jobs_per_interpreter = 2000;           // a warm interpreter is replaced after so many jobs
};

// How two programs that talked to each other ended; RunTogether.
struct Conversation {
  JobResult first;
  JobResult second;
};

// What is known about one means of confinement or one language on this machine, for `cupel doctor`.
struct Fact {
  std::string name;
  bool is_available = false;
  std::string text;  // what was found, or what to do: the Debian package that is missing
};

// Thread-safe; jobs beyond the number of slots wait their turn. Owns processes: destroying it ends them.
class Sandbox {
 public:
  // Probes the machine and starts the launcher. FailedPrecondition when only a tier weaker than `weakest_tier` is to be had; the message
  // says what is missing.
  static absl::StatusOr<std::unique_ptr<Sandbox>> Open(const Config& config);
  virtual ~Sandbox() = default;

  // Whatever the program does is a JobResult. An error means that the infrastructure failed (or the job is one we cannot run:
  // InvalidArgument, NotFound for a language that is not installed) and says nothing about the program.
  virtual absl::StatusOr<JobResult> Run(const Job& job) = 0;

  // Two programs that talk to each other: what the first writes to standard output is the second's standard input, and the other way
  // round. Each has its own limits; when one ends the other sees the end of its input. `input` and `standard_output` are unused. The two
  // are compiled first when needed; a compile error of either ends both.
  virtual absl::StatusOr<Conversation> RunTogether(const Job& first, const Job& second) = 0;

  virtual Tier tier() const = 0;
  virtual std::string Description() const = 0;  // one line: the tier, what it consists of, and why none stronger
};

// OK when programs in this language can be run here; otherwise NotFound with the Debian package to install.
absl::Status CheckLanguage(Language language);

// Everything the sandbox wants to know about this machine.
std::vector<Fact> ProbeMachine();

// Whether a compile option is on the list: optimisation levels, language standards, warnings, -pthread, -lm and definitions of plain words.
bool IsAllowedCompileOption(std::string_view option);

}  // namespace cupel::sandbox
