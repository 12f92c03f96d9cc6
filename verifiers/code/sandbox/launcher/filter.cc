#include "verifiers/code/sandbox/launcher/filter.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/prctl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

namespace cupel::sandbox {
namespace {

// What compilers, interpreters and programs that compute need. Left out on purpose: namespaces and mounts, ptrace and process_vm_*, keys,
// bpf, perf, userfaultfd, io_uring, System V and POSIX queues, modules, clocks, open_by_handle_at, everything for administrators.
constexpr const char* kAllowed[] = {
    "accept",
    "accept4",
    "access",
    "alarm",
    "arch_prctl",
    "bind",
    "brk",
    "capget",
    "chdir",
    "chmod",
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "close",
    "close_range",
    "connect",
    "copy_file_range",
    "creat",
    "dup",
    "dup2",
    "dup3",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "eventfd",
    "eventfd2",
    "execve",
    "execveat",
    "exit",
    "exit_group",
    "faccessat",
    "faccessat2",
    "fadvise64",
    "fallocate",
    "fchdir",
    "fchmod",
    "fchmodat",
    "fchown",
    "fcntl",
    "fdatasync",
    "fgetxattr",
    "flistxattr",
    "flock",
    "fstat",
    "fstatfs",
    "fsync",
    "ftruncate",
    "futex",
    "futex_waitv",
    "futimesat",
    "getcpu",
    "getcwd",
    "getdents",
    "getdents64",
    "getegid",
    "geteuid",
    "getgid",
    "getgroups",
    "getitimer",
    "getpeername",
    "getpgid",
    "getpgrp",
    "getpid",
    "getppid",
    "getpriority",
    "getrandom",
    "getresgid",
    "getresuid",
    "getrlimit",
    "get_robust_list",
    "getrusage",
    "getsid",
    "getsockname",
    "getsockopt",
    "gettid",
    "gettimeofday",
    "getuid",
    "getxattr",
    "inotify_add_watch",
    "inotify_init",
    "inotify_init1",
    "inotify_rm_watch",
    "kill",
    "lchown",
    "lgetxattr",
    "link",
    "linkat",
    "listen",
    "listxattr",
    "llistxattr",
    "lseek",
    "lstat",
    "madvise",
    "membarrier",
    "mincore",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "mlock",
    "mlock2",
    "mlockall",
    "mmap",
    "mprotect",
    "mremap",
    "msync",
    "munlock",
    "munlockall",
    "munmap",
    "nanosleep",
    "newfstatat",
    "open",
    "openat",
    "openat2",
    "pause",
    "pidfd_open",
    "pidfd_send_signal",
    "pipe",
    "pipe2",
    "pkey_alloc",
    "pkey_free",
    "pkey_mprotect",
    "poll",
    "ppoll",
    "pread64",
    "preadv",
    "preadv2",
    "prlimit64",
    "pselect6",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "read",
    "readahead",
    "readlink",
    "readlinkat",
    "readv",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "rename",
    "renameat",
    "renameat2",
    "restart_syscall",
    "rmdir",
    "rseq",
    "rt_sigaction",
    "rt_sigpending",
    "rt_sigprocmask",
    "rt_sigqueueinfo",
    "rt_sigreturn",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "rt_tgsigqueueinfo",
    "sched_getaffinity",
    "sched_getattr",
    "sched_getparam",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "sched_getscheduler",
    "sched_rr_get_interval",
    "sched_setaffinity",
    "sched_yield",
    "select",
    "sendfile",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "setitimer",
    "setresgid",
    "setresuid",
    "setrlimit",
    "set_robust_list",
    "setsockopt",
    "set_tid_address",
    "shutdown",
    "sigaltstack",
    "signalfd",
    "signalfd4",
    "splice",
    "stat",
    "statfs",
    "statx",
    "symlink",
    "symlinkat",
    "sync_file_range",
    "sysinfo",
    "tee",
    "tgkill",
    "time",
    "timer_create",
    "timer_delete",
    "timer_getoverrun",
    "timer_gettime",
    "timer_settime",
    "timerfd_create",
    "timerfd_gettime",
    "timerfd_settime",
    "times",
    "tkill",
    "truncate",
    "umask",
    "uname",
    "unlink",
    "unlinkat",
    "utime",
    "utimensat",
    "utimes",
    "vmsplice",
    "wait4",
    "waitid",
    "write",
    "writev",
};
constexpr const char* kSessions[] = {"setpgid", "setsid"};  // not in tier 2, where the process group is what bounds a job
constexpr const char* kRings[] = {"io_uring_setup", "io_uring_enter", "io_uring_register"};
constexpr unsigned long kRequests[] = {TCGETS, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TIOCGWINSZ, TIOCGPGRP};
constexpr int kProcessOptions[] = {PR_SET_PDEATHSIG, PR_GET_PDEATHSIG,  PR_GET_DUMPABLE,     PR_SET_NAME,
                                   PR_GET_NAME,      PR_GET_SECCOMP,    PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS,
                                   PR_CAPBSET_READ,  PR_SET_TIMERSLACK, 0x53564d41 /* PR_SET_VMA */};
constexpr uint64_t kNamespaceFlags =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr uint64_t kLow32 = 0xffff'ffff;

class FilterBuilder {
 public:
  FilterBuilder() : filter_(seccomp_init(SCMP_ACT_ERRNO(ENOSYS))) {}
  ~FilterBuilder() { seccomp_release(filter_); }
  FilterBuilder(const FilterBuilder&) = delete;
  FilterBuilder& operator=(const FilterBuilder&) = delete;

  void Allow(const char* name) { Add(SCMP_ACT_ALLOW, name, {}); }
  void Refuse(const char* name, int error) { Add(SCMP_ACT_ERRNO(static_cast<uint16_t>(error)), name, {}); }
  // Allowed when (argument & mask) == value.
  void AllowWhere(const char* name, unsigned argument, uint64_t mask, uint64_t value) {
    Add(SCMP_ACT_ALLOW, name, {scmp_arg_cmp{argument, SCMP_CMP_MASKED_EQ, mask, value}});
  }
  template <class Names>
  void AllowAll(const Names& names) {
    for (const char* name : names) {
      Allow(name);
    }
  }

  bool Export(sock_filter* program, uint32_t& length) {
    if (filter_ == nullptr || error_ != 0 || seccomp_attr_set(filter_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0) {
      return Note("building the seccomp filter", error_ != 0 ? error_ : ENOMEM);
    }
    seccomp_attr_set(filter_, SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a tree instead of a chain; only speed
    const int file = Call("memfd of the seccomp filter", memfd_create, "filter", MFD_CLOEXEC);
    if (file < 0) {
      return false;
    }
    const int problem = seccomp_export_bpf(filter_, file);
    const ssize_t size = problem != 0 ? -1
                                      : Call("read of the seccomp filter", pread, file, static_cast<void*>(program),
                                             sizeof(sock_filter) * kMaxFilterLength, off_t{0});
    close(file);
    length = size <= 0 ? 0 : static_cast<uint32_t>(static_cast<size_t>(size) / sizeof(sock_filter));
    return (length > 0 && length < kMaxFilterLength) || Note("exporting the seccomp filter", problem != 0 ? -problem : E2BIG);
  }

 private:
  void Add(uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> conditions) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) {
      return;  // newer than this libseccomp: refused like all that are not listed
    }
    const int problem = seccomp_rule_add_array(filter_, action, number, static_cast<unsigned>(conditions.size()), conditions.begin());
    error_ = problem != 0 && error_ == 0 ? -problem : error_;
  }

  scmp_filter_ctx filter_;
  int error_ = 0;
};

void AddSockets(FilterBuilder& filter, bool has_namespaces) {
  if (IsDropped(Control::kSocketFamilies)) {
    filter.Allow("socket");
    filter.Allow("socketpair");
    return;
  }
  // The network namespace holds nothing that these families could reach; every other family might lead out of it.
  for (const int family : {AF_UNIX, AF_INET, AF_INET6}) {
    if (has_namespaces) {
      filter.AllowWhere("socket", 0, kLow32, static_cast<uint64_t>(family));
    }
  }
  filter.AllowWhere("socketpair", 0, kLow32, AF_UNIX);
}

bool BuildFilter(SlotContext& context, FilterKind kind) {
  const bool has_namespaces = context.tier <= kNamespacesTier;
  FilterBuilder filter;
  filter.AllowAll(kAllowed);
  if (has_namespaces) {
    filter.AllowAll(kSessions);
  }
  if (context.tier == kFullTier) {
    filter.Allow("memfd_create");  // its pages belong to no address space: only a control group can bound them
  }
  if (IsDropped(Control::kIoUring)) {
    filter.AllowAll(kRings);
  }
  AddSockets(filter, has_namespaces);
  for (const unsigned long request : kRequests) {
    filter.AllowWhere("ioctl", 1, kLow32, request);
  }
  for (const int option : kProcessOptions) {
    filter.AllowWhere("prctl", 0, kLow32, static_cast<uint64_t>(option));
  }
  filter.AllowWhere("personality", 0, kLow32, kLow32);  // a question
  if (kind == FilterKind::kProcesses) {
    filter.AllowAll(std::initializer_list<const char*>{"fork", "vfork"});
    filter.AllowWhere("clone", 0, kNamespaceFlags, 0);
  } else {
    filter.AllowWhere("clone", 0, kNamespaceFlags | CLONE_THREAD, CLONE_THREAD);
    filter.Refuse("fork", EAGAIN);
    filter.Refuse("vfork", EAGAIN);
  }
  for (const char* name :
       {"unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "ptrace", "chown", "fchownat", "setuid", "setgid"}) {
    filter.Refuse(name, EPERM);
  }
  const auto index = static_cast<size_t>(kind);
  return filter.Export(context.filters[index], context.filter_lengths[index]);
}

}  // namespace

bool BuildFilters(SlotContext& context) {
  return BuildFilter(context, FilterKind::kProcesses) && BuildFilter(context, FilterKind::kThreadsOnly);
}

}  // namespace cupel::sandbox
