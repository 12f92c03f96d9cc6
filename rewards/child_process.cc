#include "rewards/child_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "base/status.h"

extern char** environ;

namespace cupel {
namespace {

void CloseFd(int& fd) {
  if (fd >= 0) {
    close(fd);
  }
  fd = -1;
}

// Both ends close on exec, so that no other child inherits them.
struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    CloseFd(read_end);
    CloseFd(write_end);
  }
  absl::Status Open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
      return Unavailable("no pipe to the reward process: {}", std::strerror(errno));
    }
    read_end = ends[0];
    write_end = ends[1];
    return absl::OkStatus();
  }
};

// Between fork and exec, in a copy of a process that may have had other threads: only calls that take no locks. `status_fd` receives errno
// when something fails, and closes by itself when the program starts.
[[noreturn]] void BecomeProgram(const char* path, char* const* arguments, int64_t memory_bytes, int in, int out, int status_fd) {
  sigset_t none;
  sigemptyset(&none);
  const rlimit memory = {static_cast<rlim_t>(memory_bytes), static_cast<rlim_t>(memory_bytes)};
  const bool is_ready = setpgid(0, 0) == 0 && sigprocmask(SIG_SETMASK, &none, nullptr) == 0 && signal(SIGPIPE, SIG_DFL) != SIG_ERR &&
                        signal(SIGINT, SIG_DFL) != SIG_ERR && signal(SIGTERM, SIG_DFL) != SIG_ERR && setrlimit(RLIMIT_AS, &memory) == 0 &&
                        dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0;
  if (is_ready) {
    execve(path, arguments, environ);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(status_fd, &error, sizeof error);
  _exit(127);
}

int MillisecondsUntil(ChildProcess::Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 1 << 30));
}

// Waits until `fd` is ready for `events`; DeadlineExceeded when it is not in time.
absl::Status WaitFor(int fd, int16_t events, ChildProcess::Deadline deadline) {
  while (true) {
    pollfd entry = {fd, events, 0};
    const int timeout = MillisecondsUntil(deadline);
    const int ready = poll(&entry, 1, timeout);
    if (ready > 0) {
      return absl::OkStatus();
    }
    if (ready == 0 && timeout == 0) {
      return absl::DeadlineExceededError("it did not answer in time");
    }
    if (ready < 0 && errno != EINTR) {
      return Unavailable("waiting for it failed: {}", std::strerror(errno));
    }
  }
}

// A write to a program that has ended must give EPIPE and not end us. The signal is blocked for this thread, and taken off if it came.
class NoBrokenPipeSignal {
 public:
  NoBrokenPipeSignal() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  NoBrokenPipeSignal(const NoBrokenPipeSignal&) = delete;
  NoBrokenPipeSignal& operator=(const NoBrokenPipeSignal&) = delete;
  ~NoBrokenPipeSignal() {
    if (sigismember(&before_, SIGPIPE) == 0) {
      const timespec no_wait = {0, 0};
      sigtimedwait(&set_, nullptr, &no_wait);
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

}  // namespace

absl::StatusOr<std::string> FindProgram(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    return access(program.c_str(), X_OK) == 0 ? absl::StatusOr<std::string>(program)
                                              : NotFound("{}: there is no such program: {}", program, std::strerror(errno));
  }
  const char* variable = std::getenv("PATH");
  std::string_view path = variable == nullptr ? "/usr/bin:/bin" : variable;
  while (!path.empty() && !program.empty()) {
    const size_t end = std::min(path.find(':'), path.size());
    std::string candidate = fmt::format("{}/{}", path.substr(0, end), program);
    if (access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return NotFound("there is no program \"{}\" in PATH; give its full path", program);
}

absl::StatusOr<ChildProcess> ChildProcess::Start(const std::vector<std::string>& command, int64_t memory_bytes) {
  if (command.empty()) {
    return InvalidArgument("there is no command to start");
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string path, FindProgram(command.front()));
  std::vector<std::string> arguments = command;
  std::vector<char*> pointers;
  std::ranges::transform(arguments, std::back_inserter(pointers), [](std::string& argument) { return argument.data(); });
  pointers.push_back(nullptr);
  Pipe input, output, status;
  CUPEL_RETURN_IF_ERROR(input.Open());
  CUPEL_RETURN_IF_ERROR(output.Open());
  CUPEL_RETURN_IF_ERROR(status.Open());
  const pid_t pid = fork();
  if (pid < 0) {
    return Unavailable("{} cannot be started: {}", path, std::strerror(errno));
  }
  if (pid == 0) {
    BecomeProgram(path.c_str(), pointers.data(), memory_bytes, input.read_end, output.write_end, status.write_end);
  }
  setpgid(pid, pid);  // also from here: whoever comes first
  CloseFd(status.write_end);
  int error = 0;
  ssize_t length = 0;
  do {
    length = read(status.read_end, &error, sizeof error);
  } while (length < 0 && errno == EINTR);
  ChildProcess child(pid, std::exchange(input.write_end, -1), std::exchange(output.read_end, -1));
  if (length == static_cast<ssize_t>(sizeof error)) {
    return Unavailable("{} cannot be started: {}", path, std::strerror(error));
  }
  fcntl(child.in_, F_SETFL, fcntl(child.in_, F_GETFL) | O_NONBLOCK);
  fcntl(child.out_, F_SETFL, fcntl(child.out_, F_GETFL) | O_NONBLOCK);
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      in_(std::exchange(other.in_, -1)),
      out_(std::exchange(other.out_, -1)),
      unread_(std::move(other.unread_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(in_, other.in_);
  std::swap(out_, other.out_);
  std::swap(unread_, other.unread_);
  return *this;
}

ChildProcess::~ChildProcess() { Kill(); }

void ChildProcess::Kill() {
  CloseFd(in_);
  CloseFd(out_);
  if (pid_ > 0) {
    kill(-pid_, SIGKILL);
    kill(pid_, SIGKILL);  // in case the group was not made yet
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  pid_ = -1;
}

// Why there is nothing more to read or write. The program may have closed its output and live on: then it is ended here.
absl::Status ChildProcess::Ended() {
  if (pid_ <= 0) {
    return Unavailable("it has ended");
  }
  int status = 0;
  pid_t ended = 0;
  for (int i = 0; i < 50 && ended == 0; ++i) {  // its output closes a moment before it can be waited for
    ended = waitpid(pid_, &status, WNOHANG);
    if (ended == 0) {
      usleep(2000);
    }
  }
  if (ended != pid_) {
    Kill();
    return Unavailable("it closed its output");
  }
  kill(-pid_, SIGKILL);  // what it left behind
  pid_ = -1;
  if (WIFSIGNALED(status)) {
    return Unavailable("it was ended by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  }
  return Unavailable("it ended with exit code {}", WEXITSTATUS(status));
}

absl::Status ChildProcess::WriteLine(std::string_view line, Deadline deadline) {
  const NoBrokenPipeSignal guard;
  for (const std::string_view part : {line, std::string_view("\n")}) {
    for (std::string_view rest = part; !rest.empty();) {
      const ssize_t written = write(in_, rest.data(), rest.size());
      if (written > 0) {
        rest.remove_prefix(static_cast<size_t>(written));
      } else if (written < 0 && errno == EAGAIN) {
        CUPEL_RETURN_IF_ERROR(WaitFor(in_, POLLOUT, deadline));
      } else if (written < 0 && errno != EINTR) {
        return Ended();
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ChildProcess::ReadLine(Deadline deadline, size_t max_bytes) {
  size_t searched = 0;
  while (true) {
    if (const size_t end = unread_.find('\n', searched); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    searched = unread_.size();
    if (unread_.size() > max_bytes) {
      return ResourceExhausted("it wrote a line of more than {} bytes", max_bytes);
    }
    std::array<char, 65536> buffer;
    const ssize_t length = read(out_, buffer.data(), buffer.size());
    if (length > 0) {
      unread_.append(buffer.data(), static_cast<size_t>(length));
    } else if (length == 0) {
      return Ended();
    } else if (errno == EAGAIN) {
      CUPEL_RETURN_IF_ERROR(WaitFor(out_, POLLIN, deadline));
    } else if (errno != EINTR) {
      return Unavailable("reading from it failed: {}", std::strerror(errno));
    }
  }
}

}  // namespace cupel
