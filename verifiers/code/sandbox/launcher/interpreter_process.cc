#include "verifiers/code/sandbox/launcher/interpreter_process.h"

#include <algorithm>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>

#include "verifiers/code/sandbox/launcher/message.h"
#include "verifiers/code/sandbox/launcher/processes.h"

namespace cupel::sandbox {
namespace {

constexpr int kSocket = 5;
constexpr int kContext = 6;

[[noreturn]] void ExecuteInterpreter(int socket, int context_file) {
  // Both go up first, so that neither is overwritten.
  const int high_socket = Call("dup for the interpreter", fcntl, socket, F_DUPFD_CLOEXEC, 64);
  const int high_context = Call("dup for the interpreter", fcntl, context_file, F_DUPFD_CLOEXEC, 64);
  if (high_socket < 0 || high_context < 0 || !Does("dup2 for the interpreter", dup2, high_socket, kSocket) ||
      !Does("dup2 for the interpreter", dup2, high_context, kContext)) {
    _exit(125);
  }
  close_range(kContext + 1, ~0U, 0);
  char path[] = "/usr/bin/python3";
  char no_bytecode[] = "-B", no_user_site[] = "-s", no_path[] = "-P", script[] = "/cupel/interpreter.py";
  char* arguments[] = {path, no_bytecode, no_user_site, no_path, script, nullptr};
  char search[] = "PATH=/usr/bin:/bin", language[] = "LANG=C.UTF-8", home[] = "HOME=/tmp", hash[] = "PYTHONHASHSEED=0";
  char* environment[] = {search, language, home, hash, nullptr};
  Call("execve of python3", execve, path, arguments, environment);
  _exit(125);
}

}  // namespace

bool InterpreterProcess::Ensure() {
  if (process_ > 0 && jobs_ < context_.jobs_per_interpreter) {
    return true;
  }
  Stop();
  int ends[2] = {-1, -1};
  if (!Does("socketpair for the interpreter", socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
    return false;
  }
  int descriptor = -1;
  const pid_t child = Fork("clone3 for the interpreter", 0, &descriptor);
  if (child == 0) {
    ExecuteInterpreter(ends[1], context_file_);
  }
  close(ends[1]);
  close(descriptor);
  socket_ = ends[0];
  process_ = child;
  jobs_ = 0;
  InterpreterForked ready;  // its first message: it has imported everything
  int none[kMaxDescriptors];
  int count = 0;
  if (child < 0 || !Receive(socket_, ready, none, count)) {
    Note("start of the warm python3", errno);
    Stop();
    return false;
  }
  return true;
}

bool InterpreterProcess::Begin(const JobStart& start, std::span<const int> descriptors, int init, int report, pid_t& program) {
  ++jobs_;
  int all[kMaxDescriptors];
  size_t count = static_cast<size_t>(std::ranges::copy(descriptors, all).out - all);
  if (init >= 0) {
    all[count++] = init;
  }
  all[count++] = report;
  InterpreterForked forked;
  int none[kMaxDescriptors];
  int num_none = 0;
  if (IsPlannedFault() || !Send(socket_, InterpreterStart{start}, {all, count}) || !Receive(socket_, forked, none, num_none)) {
    return Note("the warm python3", errno);
  }
  program = forked.pid;
  if (forked.pid <= 0) {
    State().trouble = forked.trouble;
    return false;
  }
  return true;
}

bool InterpreterProcess::End(InterpreterEnded& ended) {
  int none[kMaxDescriptors];
  int count = 0;
  return Receive(socket_, ended, none, count) || Note("the warm python3", errno);
}

void InterpreterProcess::Stop() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    int status = 0;
    rusage usage{};
    WaitFor(process_, status, usage);
  }
  if (socket_ >= 0) {
    close(socket_);
  }
  process_ = -1;
  socket_ = -1;
}

}  // namespace cupel::sandbox
