#include "verifiers/code/sandbox/launcher/output_file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>

#include "verifiers/code/sandbox/launcher/message.h"
#include "verifiers/code/sandbox/launcher/processes.h"

namespace cupel::sandbox {
namespace {

struct Found {
  Trouble trouble;
};

void EndAllOthers() {
  const timespec moment = {0, 100'000};
  while (kill(-1, SIGKILL) == 0) {
    nanosleep(&moment, nullptr);
  }
}

[[noreturn]] void Fetch(int init, std::string_view path, int socket) {
  int file = -1;
  if (Does("setns for the output file", setns, init, CLONE_NEWNS)) {
    if (!IsDropped(Control::kPidNamespace)) {
      EndAllOthers();
    }
    const bool is_scratch = path.starts_with("/tmp/");
    file = OpenRegularFile(is_scratch ? "/tmp" : "/job", is_scratch ? path.substr(5) : path);
  }
  Found found;
  found.trouble = State().trouble;
  Send(socket, found, file >= 0 ? std::span<const int>(&file, 1) : std::span<const int>());
  _exit(0);
}

}  // namespace

int OpenRegularFile(const char* directory, std::string_view name) {
  const int place = Call("open of the job's directory", open, directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (place < 0) {
    return -1;
  }
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = IsDropped(Control::kNoFollow) ? 0 : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const int file = static_cast<int>(syscall(SYS_openat2, place, std::string(name).c_str(), &how, sizeof how));
  close(place);
  struct stat status {};
  if (file >= 0 && (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))) {
    close(file);
    return -1;
  }
  return file;
}

int OpenOutputFile(int init, std::string_view path) {
  int ends[2] = {-1, -1};
  if (!Does("socketpair for the output file", socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
    return -1;
  }
  int child_descriptor = -1;
  pid_t child = -1;
  if (IsDropped(Control::kPidNamespace) || Does("setns for the output file", setns, init, CLONE_NEWPID)) {
    child = Fork("clone3 for the output file", 0, &child_descriptor);
  }
  if (child == 0) {
    Fetch(init, path, ends[1]);
  }
  close(ends[1]);
  int file = -1;
  if (child > 0) {
    close(child_descriptor);
    Found found;
    int descriptors[kMaxDescriptors];
    int count = 0;
    if (!Receive(ends[0], found, descriptors, count)) {
      Note("asking for the output file", errno);
    } else {
      file = count > 0 ? descriptors[0] : -1;
      if (found.trouble.text[0] != 0) {
        State().trouble = found.trouble;
      }
    }
    int status = 0;
    rusage usage{};
    WaitFor(child, status, usage);
  }
  close(ends[0]);
  return file;
}

}  // namespace cupel::sandbox
