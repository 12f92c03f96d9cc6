#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include <absl/status/statusor.h>

namespace cupel {

// A program that we start and talk to by lines: what it reads from its standard input and writes to its standard output. Its standard error
// is ours. It runs in a process group of its own, so that Ctrl-C at the terminal does not end it in the middle of a step, and so that it is
// ended with everything it has started. Not thread-safe.
//
// The program is not hostile and not contained: it is the user's own, started as the user. The sandbox is for what models write.
class ChildProcess {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // Starts `command`, a program and its arguments, looked for in PATH, without a shell. `memory_bytes` bounds its address space
  // (RLIMIT_AS). NotFound when there is no such program.
  static absl::StatusOr<ChildProcess> Start(const std::vector<std::string>& command, int64_t memory_bytes);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();  // kills it

  // Writes `line` and a newline. Unavailable when the program has closed its input or ended; DeadlineExceeded.
  absl::Status WriteLine(std::string_view line, Deadline deadline);
  // The next line, without its end, of at most `max_bytes`. Unavailable when the program has ended, with how; ResourceExhausted when the
  // line is longer; DeadlineExceeded.
  absl::StatusOr<std::string> ReadLine(Deadline deadline, size_t max_bytes);

 private:
  ChildProcess(pid_t pid, int in, int out) : pid_(pid), in_(in), out_(out) {}
  absl::Status Ended();
  void Kill();

  pid_t pid_ = -1;
  int in_ = -1;         // we write, it reads
  int out_ = -1;        // it writes, we read
  std::string unread_;  // beyond the last line
};

// The file that `program` names: itself when it has a slash, else the first executable of that name in PATH. NotFound says where it looked.
absl::StatusOr<std::string> FindProgram(const std::string& program);

}  // namespace cupel
