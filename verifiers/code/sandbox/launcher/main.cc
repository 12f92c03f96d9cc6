#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <map>
#include <memory>
#include <sched.h>
#include <span>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verifiers/code/sandbox/launcher/control_groups.h"
#include "verifiers/code/sandbox/launcher/filter.h"
#include "verifiers/code/sandbox/launcher/landlock.h"
#include "verifiers/code/sandbox/launcher/message.h"
#include "verifiers/code/sandbox/launcher/processes.h"
#include "verifiers/code/sandbox/launcher/slot.h"

// The launcher: a small program that the keeper starts once and that makes the slots. It stays with the rights of the user who started it,
// for control groups and user maps; jobs never talk to it.

namespace cupel::sandbox {
namespace {

constexpr int kKeeper = 3;                 // its socket to the keeper
constexpr uid_t kFirstUser = 0x7000'0000;  // users of slots in tier 0: above those of any system, below 2^31
constexpr uid_t kUsersPerLauncher = 64;    // two per slot

struct LiveSlot {
  pid_t process = -1;
  std::unique_ptr<ControlGroups> groups;
};

class Launcher {
 public:
  explicit Launcher(const Hello& hello) : hello_(hello) {}

  void Serve();

 private:
  void MakeSlot(int index);
  bool StartSlot(int index, std::span<const int, 2> ends, LiveSlot& slot);
  SlotContext* MakeContext(int& file);
  bool MapUsers(pid_t process, int index);
  void Reap();
  void Remove(LiveSlot& slot);

  Hello hello_;
  std::map<int, LiveSlot> slots_;
};

bool WriteMap(pid_t process, const char* name, const std::string& text) {
  const std::string path = "/proc/" + std::to_string(process) + "/" + name;
  const int file = Call("open of a user map", open, path.c_str(), O_WRONLY | O_CLOEXEC);
  const bool is_written = file >= 0 && Does("write of a user map", write, file, static_cast<const void*>(text.data()), text.size());
  close(file);
  return is_written;
}

bool Launcher::MapUsers(pid_t process, int index) {
  if (geteuid() == 0) {
    const uid_t first = kFirstUser + static_cast<uid_t>(getpid()) % 0x40'0000 * kUsersPerLauncher + static_cast<uid_t>(index) % 32 * 2;
    const std::string map = IsDropped(Control::kUid) ? "0 0 2\n" : "0 " + std::to_string(first) + " 2\n";
    return WriteMap(process, "uid_map", map) && WriteMap(process, "gid_map", map);
  }
  return WriteMap(process, "setgroups", "deny") && WriteMap(process, "uid_map", "0 " + std::to_string(geteuid()) + " 1\n") &&
         WriteMap(process, "gid_map", "0 " + std::to_string(getegid()) + " 1\n");
}

// The slot must be quicker than the job it watches, and the out-of-memory killer must take the processes of a job, which ask for it
// (BecomeKillable), before the slot and its interpreter. Both hold well enough without rights that containers lack, so this may fail.
void Favour(pid_t process) {
  setpriority(PRIO_PROCESS, static_cast<id_t>(process), -10);
  const int file = open(("/proc/" + std::to_string(process) + "/oom_score_adj").c_str(), O_WRONLY | O_CLOEXEC);
  if (file >= 0) {
    [[maybe_unused]] const ssize_t written = write(file, "-1000", 5);
    close(file);
  }
}

SlotContext* Launcher::MakeContext(int& file) {
  file = Call("memfd of a slot", memfd_create, "slot", MFD_CLOEXEC);
  if (file < 0 || !Does("ftruncate of a slot", ftruncate, file, static_cast<off_t>(sizeof(SlotContext)))) {
    return nullptr;
  }
  void* memory =
      Call("mmap of a slot", mmap, static_cast<void*>(nullptr), sizeof(SlotContext), PROT_READ | PROT_WRITE, MAP_SHARED, file, off_t{0});
  if (memory == MAP_FAILED) {
    return nullptr;
  }
  auto* context = static_cast<SlotContext*>(memory);
  context->tier = hello_.tier;
  context->dropped_controls = hello_.dropped_controls;
  context->payload_id = geteuid() != 0 ? -1 : hello_.tier == kNoNamespacesTier ? static_cast<int32_t>(kFirstUser) : 1;
  context->landlock_version = LandlockVersion();
  constexpr int kScopes = 6;  // signals and abstract sockets stay inside
  if (hello_.tier == kNoNamespacesTier && context->landlock_version < kScopes) {
    Note("Landlock 6 or later (Linux 6.12)", ENOTSUP);
    return nullptr;
  }
  context->has_memory_group = hello_.tier == kFullTier ? 1 : 0;
  context->jobs_per_interpreter = hello_.jobs_per_interpreter;
  return BuildFilters(*context) ? context : nullptr;
}

// `ends`: the keeper's and the slot's end of the slot's socket.
bool Launcher::StartSlot(int index, std::span<const int, 2> ends, LiveSlot& slot) {
  SlotSetup setup;
  SlotContext* context = MakeContext(setup.context_file);
  int go[2] = {-1, -1};
  if (context == nullptr || !Does("pipe for a slot", pipe2, go, O_CLOEXEC)) {
    return false;
  }
  if (kForTests) {
    context->faults.fail_at = hello_.fail_at_call;
    State().faults = &context->faults;
  }
  slot.groups = std::make_unique<ControlGroups>();
  const bool has_groups = hello_.tier == kFullTier;
  if (has_groups && !slot.groups->Create("/proc", getpid(), index)) {
    return false;
  }
  setup.context = context;
  setup.keeper = ends[1];
  setup.go = go[0];
  setup.groups = has_groups ? slot.groups.get() : nullptr;
  uint64_t flags = 0;
  if (hello_.tier <= kNamespacesTier) {
    flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | (IsDropped(Control::kNetworkNamespace) ? 0 : CLONE_NEWNET);
  }
  int descriptor = -1;
  slot.process = Fork("clone3 of a slot", flags, &descriptor);
  if (slot.process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0UL, 0UL, 0UL);
    close(go[1]);
    close(ends[0]);  // or it would never see that the keeper is gone
    close(kKeeper);
    RunSlot(setup);
  }
  close(descriptor);
  close(go[0]);
  close(setup.context_file);
  bool is_ready = slot.process > 0 && (flags == 0 || MapUsers(slot.process, index));
  if (is_ready && has_groups) {
    is_ready = slot.groups->Enter(slot.process);
  }
  Favour(slot.process);
  is_ready = is_ready && Does("waking a slot", write, go[1], static_cast<const void*>("g"), size_t{1});
  close(go[1]);
  munmap(context, sizeof(SlotContext));
  State().faults = nullptr;
  return is_ready;
}

void Launcher::Remove(LiveSlot& slot) {
  if (slot.process > 0) {
    // Without namespaces only the slot itself can end its job and remove its files: it has seen that the keeper is gone.
    const timespec moment = {0, 10'000'000};
    int status = 0;
    bool has_ended = false;
    for (int tries = 0; hello_.tier == kNoNamespacesTier && !has_ended && tries < 300; ++tries) {
      has_ended = waitpid(slot.process, &status, WNOHANG) != 0;
      nanosleep(&moment, nullptr);
    }
    if (!has_ended) {
      kill(slot.process, SIGKILL);
      rusage usage{};
      WaitFor(slot.process, status, usage);
    }
  }
  if (slot.groups) {
    slot.groups->Remove();
  }
}

void Launcher::MakeSlot(int index) {
  State().trouble = {};
  if (const auto old = slots_.find(index); old != slots_.end()) {
    Remove(old->second);
    slots_.erase(old);
  }
  int ends[2] = {-1, -1};
  SlotReady answer;
  LiveSlot slot;
  const bool is_started =
      Does("socketpair of a slot", socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) && StartSlot(index, ends, slot);
  if (!is_started) {
    answer.trouble = State().trouble;
    Note("a slot", EIO);
  }
  close(ends[1]);
  if (is_started) {
    Send(kKeeper, answer, std::span<const int>(ends, 1));
    slots_[index] = std::move(slot);
  } else {
    const Trouble trouble = State().trouble;
    Remove(slot);
    answer.trouble = trouble;
    Send(kKeeper, answer);
  }
  close(ends[0]);
}

void Launcher::Serve() {
  NewSlot request;
  int none[kMaxDescriptors];
  int count = 0;
  while (Receive(kKeeper, request, none, count)) {
    MakeSlot(request.slot);
  }
  for (auto& [index, slot] : slots_) {
    Remove(slot);
  }
}

int Main() {
  signal(SIGPIPE, SIG_IGN);
  setsid();
  for (int descriptor = 0; descriptor < 3; ++descriptor) {
    const int null = open("/dev/null", O_RDWR);
    dup2(null, descriptor);
    if (null > 2) {
      close(null);
    }
  }
  // Descriptors that programs of jobs are given take these numbers; keeping them occupied means that no source is overwritten by its
  // target.
  fcntl(kKeeper, F_SETFD, FD_CLOEXEC);
  dup2(0, 4);
  close_range(5, ~0U, 0);
  umask(022);
  Hello hello;
  int none[kMaxDescriptors];
  int count = 0;
  if (!Receive(kKeeper, hello, none, count)) {
    return 1;
  }
  if (kForTests) {
    State().dropped_controls = hello.dropped_controls;
  }
  Launcher launcher(hello);
  launcher.Serve();
  return 0;
}

}  // namespace
}  // namespace cupel::sandbox

int main() { return cupel::sandbox::Main(); }
