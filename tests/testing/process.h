#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace cupel {

struct ProcessRequest {
  std::vector<std::string> arguments;        // the program's path first
  std::string input;                         // standard input
  std::vector<std::string> environment;      // "NAME=value", added to the test's own
  std::string directory;                     // working directory; empty: the test's own
  std::chrono::milliseconds kill_after{-1};  // when to send `kill_signal`, unless the process has ended; negative: never
  int kill_signal = 0;
};

struct ProcessResult {
  int exit_code = -1;  // -1 when a signal ended the process
  int signal = 0;      // that signal
  std::string out;
  std::string err;
};

// Runs a program without a shell and waits for it, at most ten minutes. The child starts with default signal handling, whatever the test
// was started with. A program that cannot be started, or does not end, fails a Check.
ProcessResult RunProcess(const ProcessRequest& request);

}  // namespace cupel
