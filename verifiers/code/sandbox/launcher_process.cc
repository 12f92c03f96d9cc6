#include "verifiers/code/sandbox/launcher_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>

#include <fmt/format.h>

#include "base/status.h"
#include "verifiers/code/sandbox/launcher/message.h"

namespace cupel::sandbox {
namespace {

constexpr int kLauncherSocket = 3;

std::string ErrorText(int error) { return strerrordesc_np(error) != nullptr ? strerrordesc_np(error) : fmt::format("error {}", error); }

// The launcher's program as a sealed file in memory, so that nothing can change it between here and its execution.
absl::StatusOr<Descriptor> ProgramFile(std::string_view image) {
  Descriptor file(memfd_create("cupel-launcher", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  std::string_view rest = image;
  while (file.is_open() && !rest.empty()) {
    const ssize_t written = write(file.number(), rest.data(), rest.size());
    if (written < 0) {
      break;
    }
    rest.remove_prefix(static_cast<size_t>(written));
  }
  if (!file.is_open() || !rest.empty() ||
      fcntl(file.number(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    return Unavailable("sandbox: the launcher could not be put into memory: {}", ErrorText(errno));
  }
  return file;
}

Descriptor Above(Descriptor descriptor, int number) {
  return descriptor.number() > number ? std::move(descriptor) : Descriptor(fcntl(descriptor.number(), F_DUPFD_CLOEXEC, number + 1));
}

class SpawnActions {
 public:
  SpawnActions() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~SpawnActions() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  // Runs `path` with nothing open but `socket` as kLauncherSocket, no signal blocked or ignored, and no environment.
  int Spawn(const std::string& path, int socket, pid_t& process) {
    posix_spawn_file_actions_adddup2(&actions_, socket, kLauncherSocket);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    char name[] = "cupel-sandbox";
    char* arguments[] = {name, nullptr};
    char* environment[] = {nullptr};
    return posix_spawn(&process, path.c_str(), &actions_, &attributes_, arguments, environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LauncherProcess>> LauncherProcess::Start(const LauncherOptions& options, Tier tier,
                                                                        int jobs_per_interpreter) {
  CUPEL_ASSIGN_OR_RETURN(Descriptor program, ProgramFile(options.image));
  std::array<int, 2> ends = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Unavailable("sandbox: no socket for the launcher: {}", ErrorText(errno));
  }
  Descriptor ours(ends[0]);
  // Above the number that the socket gets, so that neither the socket (dup2 onto itself leaves it close-on-exec) nor the program is lost.
  const Descriptor theirs = Above(Descriptor(ends[1]), kLauncherSocket);
  program = Above(std::move(program), kLauncherSocket);
  pid_t process = -1;
  const int problem = SpawnActions().Spawn(fmt::format("/proc/self/fd/{}", program.number()), theirs.number(), process);
  if (problem != 0) {
    return Unavailable("sandbox: the launcher does not start: {} (programs in memory may be forbidden: sysctl vm.memfd_noexec)",
                       ErrorText(problem));
  }
  std::unique_ptr<LauncherProcess> launcher(new LauncherProcess(process, std::move(ours)));
  Hello hello;
  hello.tier = static_cast<int32_t>(tier);
  hello.dropped_controls = options.dropped_controls;
  hello.fail_at_call = options.fail_at_call;
  hello.jobs_per_interpreter = jobs_per_interpreter;
  if (!Send(launcher->socket_.number(), hello)) {
    return Unavailable("sandbox: the launcher ended at once");
  }
  return launcher;
}

LauncherProcess::~LauncherProcess() {
  socket_.Close();
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
}

absl::StatusOr<Descriptor> LauncherProcess::NewSlot(int number) {
  const std::lock_guard lock(mutex_);
  cupel::sandbox::NewSlot request;
  request.slot = number;
  SlotReady answer;
  std::array<int, kMaxDescriptors> descriptors;
  int count = 0;
  if (!Send(socket_.number(), request) || !Receive(socket_.number(), answer, descriptors, count)) {
    return Unavailable("sandbox: the launcher is gone ({})", ErrorText(errno));
  }
  if (answer.trouble.text[0] != 0 || count != 1) {
    return Unavailable("{}", count == 1 ? "no answer" : answer.trouble.text);
  }
  Descriptor slot(descriptors[0]);
  // The slot's own word: its file system stands.
  if (!Receive(slot.number(), answer, descriptors, count)) {
    return Unavailable("the slot ended before it was ready");
  }
  if (answer.trouble.text[0] != 0) {
    return Unavailable("{}", answer.trouble.text);
  }
  return slot;
}

}  // namespace cupel::sandbox
