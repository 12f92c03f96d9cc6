// Covers base/check.h. Alone: build/release/tests/base_test "[check]"

#include "base/check.h"

#include <csignal>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace cupel {
namespace {

struct ChildResult {
  int signal = 0;
  std::string error_output;
};

// Runs `body` in a forked child and collects what it wrote to standard error.
template <class Body>
ChildResult RunInChild(Body body) {
  int pipe_fds[2] = {-1, -1};
  REQUIRE(pipe(pipe_fds) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(pipe_fds[1], STDERR_FILENO);
    std::signal(SIGABRT, SIG_DFL);
    body();
    _exit(0);
  }
  close(pipe_fds[1]);
  ChildResult result;
  char buffer[512];
  for (ssize_t n = 0; (n = read(pipe_fds[0], buffer, sizeof(buffer))) > 0;) {
    result.error_output.append(buffer, static_cast<size_t>(n));
  }
  close(pipe_fds[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return result;
}

TEST_CASE("a check that holds does nothing", "[check]") {
  const ChildResult result = RunInChild([] { Check(1 + 1 == 2, "arithmetic"); });
  CHECK(result.signal == 0);
  CHECK(result.error_output.empty());
}

TEST_CASE("a failed check aborts and names file, line, function and reason", "[check]") {
  const int line = __LINE__ + 1;
  const ChildResult result = RunInChild([] { Check(false, "two is three"); });
  CHECK(result.signal == SIGABRT);
  CHECK(result.error_output.find("check_test.cc:" + std::to_string(line) + ": check failed in ") != std::string::npos);
  CHECK(result.error_output.find(": two is three\n") != std::string::npos);
}

}  // namespace
}  // namespace cupel
