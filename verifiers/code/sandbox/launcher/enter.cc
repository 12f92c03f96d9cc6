#include "verifiers/code/sandbox/launcher/enter.h"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "verifiers/code/sandbox/launcher/bundle.h"
#include "verifiers/code/sandbox/launcher/landlock.h"

namespace cupel::sandbox {
namespace {

constexpr int kLastCapability = 63;

int Prctl(int operation, unsigned long second, unsigned long third) { return prctl(operation, second, third, 0UL, 0UL); }

// The out-of-memory killer spares the slot and its interpreter; of a job it takes any process. /.proc is gone once the job's mounts are
// joined, and the job's own /proc is read-only, so that a program cannot take this back.
bool BecomeKillable(const SlotContext& context) {
  if (context.has_proc == 0 || context.has_memory_group == 0) {
    return true;
  }
  const int file = Call("open of oom_score_adj", open, "/.proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  return file >= 0 && Does("write of oom_score_adj", write, file, "1000", size_t{4}) && Does("close of oom_score_adj", close, file);
}

bool JoinNamespaces(const Entry& entry) {
  return entry.init < 0 || Does("setns into the job", setns, entry.init, CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS);
}

// 0 to 4 are taken in every process that enters a job, so that no source is overwritten before it is used.
bool ArrangeDescriptors(Entry& entry) {
  const auto at = [&](JobDescriptor which) { return entry.descriptors[static_cast<size_t>(which)]; };
  if (!Does("dup2 of standard input", dup2, at(JobDescriptor::kInput), 0) ||
      !Does("dup2 of standard output", dup2, at(JobDescriptor::kOutput), 1) ||
      !Does("dup2 of standard error", dup2, at(JobDescriptor::kError), 2)) {
    return false;
  }
  const bool has_channels = entry.start.has_channels != 0;
  if (has_channels && (!Does("dup2 of the channel", dup2, at(JobDescriptor::kChannel), kChannelNumber) ||
                       !Does("dup2 of the result", dup2, at(JobDescriptor::kResult), kResultNumber))) {
    return false;
  }
  // What must live on goes up, the rest is closed in three ranges.
  const int report = Call("dup of the report", fcntl, entry.report, F_DUPFD_CLOEXEC, 64);
  int program = report;
  if (entry.start.start == Start::kDescriptor) {
    program = Call("dup of the program", fcntl, at(JobDescriptor::kProgram), F_DUPFD_CLOEXEC, report + 1);
    entry.descriptors[static_cast<size_t>(JobDescriptor::kProgram)] = program;
  }
  if (report < 0 || program < 0) {
    return false;
  }
  entry.report = report;
  const int first = has_channels ? kResultNumber + 1 : kChannelNumber;
  const auto close_between = [](int low, int high) {
    return low > high || Does("close_range", close_range, unsigned(low), unsigned(high), 0);
  };
  return close_between(first, report - 1) && close_between(report + 1, program - 1) &&
         close_between(std::max(report, program) + 1, 1 << 30);
}

bool SetLimit(const char* name, __rlimit_resource resource, int64_t soft, int64_t hard) {
  const rlimit limit = {static_cast<rlim_t>(soft), static_cast<rlim_t>(hard)};
  return Does(name, setrlimit, resource, &limit);
}

bool SetLimits(const Entry& entry) {
  const JobLimits& limits = entry.start.limits;
  const int64_t cpu_seconds = (limits.cpu_ms + 999) / 1000 + 1;  // second line behind the accounting of the whole job
  // The slot, its interpreter and the job's init count too where they have the same user.
  const int64_t ours = entry.context->payload_id > 0 ? 0 : 4;
  const int64_t file_bytes = IsDropped(Control::kFileSize) ? int64_t{1} << 40 : limits.file_bytes;
  return SetLimit("limit of CPU time", RLIMIT_CPU, cpu_seconds, cpu_seconds + 1) && SetLimit("limit of cores", RLIMIT_CORE, 0, 0) &&
         SetLimit("limit of files", RLIMIT_FSIZE, file_bytes, file_bytes) && SetLimit("limit of descriptors", RLIMIT_NOFILE, 256, 256) &&
         SetLimit("limit of the stack", RLIMIT_STACK, limits.stack_bytes, limits.stack_bytes) &&
         SetLimit("limit of locked memory", RLIMIT_MEMLOCK, 64 << 10, 64 << 10) && SetLimit("limit of queues", RLIMIT_MSGQUEUE, 0, 0) &&
         SetLimit("limit of signals", RLIMIT_SIGPENDING, 256, 256) &&
         (IsDropped(Control::kPidsGroup) ||
          SetLimit("limit of processes", RLIMIT_NPROC, limits.processes + ours, limits.processes + ours)) &&
         (limits.address_space_bytes == 0 ||
          SetLimit("limit of address space", RLIMIT_AS, limits.address_space_bytes, limits.address_space_bytes));
}

bool HasCapability(int capability) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  syscall(SYS_capget, &header, data);
  return (data[capability / 32].effective >> (capability % 32) & 1) != 0;
}

// No capability is left and none can come back, neither by executing a file as user 0 nor by changing the user.
bool DropCapabilities(const SlotContext& context) {
  if (HasCapability(CAP_SETPCAP)) {
    for (int capability = 0; capability <= kLastCapability; ++capability) {
      if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1 &&
          !Does("drop of a capability", Prctl, PR_CAPBSET_DROP, static_cast<unsigned long>(capability), 0UL)) {
        return false;
      }
    }
    if (!Does("securebits", Prctl, PR_SET_SECUREBITS, static_cast<unsigned long>(SECURE_ALL_BITS | SECURE_ALL_LOCKS), 0UL)) {
      return false;
    }
  }
  if (context.payload_id >= 0 && !IsDropped(Control::kUid)) {
    const auto id = static_cast<uid_t>(context.payload_id);
    if (!Does("setgroups", setgroups, size_t{0}, static_cast<const gid_t*>(nullptr)) || !Does("setresgid", setresgid, id, id, id) ||
        !Does("setresuid", setresuid, id, id, id)) {
      return false;
    }
  }
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  return Does("capset", syscall, long{SYS_capset}, &header, none) &&
         Does("ambient capabilities", Prctl, PR_CAP_AMBIENT, static_cast<unsigned long>(PR_CAP_AMBIENT_CLEAR_ALL), 0UL);
}

bool ApplyFilter(const Entry& entry) {
  const auto kind = static_cast<size_t>(entry.start.may_start_processes != 0 ? FilterKind::kProcesses : FilterKind::kThreadsOnly);
  sock_fprog program = {static_cast<unsigned short>(entry.context->filter_lengths[kind]),
                        const_cast<sock_filter*>(entry.context->filters[kind])};
  return program.len == 0 || Does("seccomp", syscall, long{SYS_seccomp}, SECCOMP_SET_MODE_FILTER, 0, &program);
}

void ResetSignals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
}

}  // namespace

void EndWithTrouble(int report) {
  [[maybe_unused]] const ssize_t written = write(report, &State().trouble, sizeof(Trouble));
  _exit(125);
}

void EnterJob(Entry& entry) {
  ResetSignals();
  setpriority(PRIO_PROCESS, 0, 0);  // a slot may run before others; a program does not
  setsid();                         // fails only for the leader of a session, who has no terminal here either
  LandlockRules rules;
  const bool is_in = BecomeKillable(*entry.context) && JoinNamespaces(entry) && Does("chdir to the job", chdir, entry.directory) &&
                     ArrangeDescriptors(entry) &&
                     rules.Open(*entry.context, entry.directory, entry.scratch, entry.start.is_directory_writable != 0) &&
                     SetLimits(entry) && DropCapabilities(*entry.context) && Does("no_new_privs", Prctl, PR_SET_NO_NEW_PRIVS, 1UL, 0UL) &&
                     rules.Apply() && ApplyFilter(entry);
  if (!is_in) {
    EndWithTrouble(entry.report);
  }
}

void EnterAndExecute(Entry& entry) {
  BundleReader bundle;
  if (!bundle.Open(entry.descriptors[static_cast<size_t>(JobDescriptor::kBundle)])) {
    EndWithTrouble(entry.report);
  }
  constexpr size_t kMaxStrings = 512;
  static char* strings[kMaxStrings + 3];
  const uint32_t num_args = bundle.header().num_args;
  const uint32_t num_environment = bundle.header().num_environment;
  if (uint64_t{num_args} + num_environment > kMaxStrings) {
    Note("arguments", E2BIG);
    EndWithTrouble(entry.report);
  }
  const std::string_view program = bundle.Next();
  bundle.Skip(kFixedStrings - 1);
  char** args = strings;
  for (uint32_t i = 0; i < num_args; ++i) {
    args[i] = const_cast<char*>(bundle.Next().data());
  }
  char** environment = strings + num_args + 1;
  for (uint32_t i = 0; i < num_environment; ++i) {
    environment[i] = const_cast<char*>(bundle.Next().data());
  }
  static char scratch[256];
  if (entry.context->tier > kNamespacesTier) {
    std::snprintf(scratch, sizeof scratch, "TMPDIR=%s", entry.scratch);
    environment[num_environment] = scratch;
  }
  EnterJob(entry);
  if (entry.start.start == Start::kDescriptor) {
    Call("execveat", execveat, entry.descriptors[static_cast<size_t>(JobDescriptor::kProgram)], "", args, environment, AT_EMPTY_PATH);
  } else {
    Call("execve", execve, program.data(), args, environment);
  }
  EndWithTrouble(entry.report);
}

}  // namespace cupel::sandbox
