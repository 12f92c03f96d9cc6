// Covers base/stop_signal.h. Alone: build/release/tests/base_test "[stop_signal]"

#include "base/stop_signal.h"

#include <csignal>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace cupel {
namespace {

// Signals reach the whole process, so each case runs in a child; it exits with what `body` returns.
template <class Body>
int StatusOfChild(Body body) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    _exit(body());
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return status;
}

TEST_CASE("nothing is requested before a signal", "[stop_signal]") {
  const int status = StatusOfChild([] {
    StopSignal stop;
    return stop.Requested();
  });
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("the first signal is kept and later ones change nothing", "[stop_signal]") {
  for (const int first : {SIGINT, SIGTERM}) {
    const int status = StatusOfChild([first] {
      StopSignal stop;
      kill(getpid(), first);
      const int before = stop.Requested();
      kill(getpid(), SIGINT);
      kill(getpid(), SIGTERM);
      return before == first && stop.Requested() == first && stop.Requested() == first ? first : 99;
    });
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == first);
  }
}

TEST_CASE("threads started later do not take the signal", "[stop_signal]") {
  const int status = StatusOfChild([] {
    StopSignal stop;
    std::thread thread([] { kill(getpid(), SIGTERM); });
    thread.join();
    return stop.Requested();
  });
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == SIGTERM);
}

TEST_CASE("without StopSignal, and after it, the signal ends the process", "[stop_signal]") {
  CHECK(WTERMSIG(StatusOfChild([] {
          kill(getpid(), SIGTERM);
          return 0;
        })) == SIGTERM);
  CHECK(WTERMSIG(StatusOfChild([] {
          {
            StopSignal stop;
            kill(getpid(), SIGTERM);  // taken by `stop`, asked or not
          }
          kill(getpid(), SIGINT);
          return 0;
        })) == SIGINT);
}

TEST_CASE("a signal that the parent made us ignore stays ignored", "[stop_signal]") {
  const int status = StatusOfChild([] {
    std::signal(SIGINT, SIG_IGN);
    StopSignal stop;
    kill(getpid(), SIGINT);
    return stop.Requested();
  });
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace cupel
