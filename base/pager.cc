#include "base/pager.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cupel {
namespace {

bool FitsTerminal(const std::string& text) {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) {
    return true;  // no terminal, nothing to page
  }
  return std::ranges::count(text, '\n') < size.ws_row;
}

// Starts the pager with a pipe as its standard input; the other end, or -1 when there is no such program.
int StartPager(pid_t& pid) {
  const char* const chosen = std::getenv("PAGER");
  std::string program = chosen != nullptr && *chosen != '\0' ? chosen : "less";
  std::string flags = "-FRSX";
  const bool is_less = program == "less";
  std::array<char*, 3> arguments = {program.data(), is_less ? flags.data() : nullptr, nullptr};
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) {
    return -1;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  const int error = posix_spawnp(&pid, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[0]);
  if (error != 0) {
    close(ends[1]);
    return -1;
  }
  return ends[1];
}

// Until everything is written or the reader has gone.
void WriteAll(int descriptor, const std::string& text) {
  for (size_t written = 0; written < text.size();) {
    const ssize_t count = write(descriptor, text.data() + written, text.size() - written);
    if (count <= 0) {
      return;
    }
    written += static_cast<size_t>(count);
  }
}

}  // namespace

void ShowText(const std::string& text) {
  pid_t pid = 0;
  const int pager = FitsTerminal(text) ? -1 : StartPager(pid);
  if (pager < 0) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return;
  }
  const auto previous = std::signal(SIGPIPE, SIG_IGN);  // the reader may leave before the end
  WriteAll(pager, text);
  close(pager);
  waitpid(pid, nullptr, 0);
  std::signal(SIGPIPE, previous);
}

}  // namespace cupel
