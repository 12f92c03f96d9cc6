#include "verifiers/code/sandbox/launcher/slot.h"

#include <csignal>
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "verifiers/code/sandbox/launcher/job_run.h"
#include "verifiers/code/sandbox/launcher/message.h"
#include "verifiers/code/sandbox/launcher/processes.h"
#include "verifiers/code/sandbox/launcher/root.h"

namespace cupel::sandbox {
namespace {

bool Prepare(const SlotSetup& setup) {
  char go = 0;
  if (read(setup.go, &go, 1) != 1) {
    _exit(0);
  }
  close(setup.go);
  const bool has_namespaces = setup.context->tier <= kNamespacesTier;
  if (!has_namespaces) {
    return Does("child subreaper", prctl, PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL);
  }
  // User 0 of its own namespace, which the launcher mapped to a user that nobody else has (tier 0) or to the one who started us.
  if (!Does("setresgid of the slot", setresgid, gid_t{0}, gid_t{0}, gid_t{0}) ||
      !Does("setresuid of the slot", setresuid, uid_t{0}, uid_t{0}, uid_t{0})) {
    return false;
  }
  if (setup.context->payload_id > 0 && !Does("setgroups of the slot", setgroups, size_t{0}, static_cast<const gid_t*>(nullptr))) {
    return false;
  }
  // Changing the user has made the process undumpable, and then its namespaces could not be entered by its own children.
  prctl(PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL);
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0UL, 0UL, 0UL);
  bool has_proc = false;
  const bool has_root = BuildRoot(has_proc);
  const_cast<SlotContext*>(setup.context)->has_proc = has_proc ? 1 : 0;
  return has_root;
}

bool ServeOne(Slot& slot) {
  State().trouble = {};
  JobStart start;
  int descriptors[kMaxDescriptors];
  int count = 0;
  const ssize_t got = ReceiveBytes(slot.setup.keeper, &start, sizeof start, descriptors, count);
  if (got == static_cast<ssize_t>(sizeof(JobStop))) {
    return true;  // crossed the end of its job
  }
  if (got != static_cast<ssize_t>(sizeof start) || start.magic != JobStart{}.magic) {
    return false;
  }
  int output = -1;
  bool is_usable = true;
  JobRun run(slot, start, {descriptors, static_cast<size_t>(count)});
  const JobEnd end = run.Run(output, is_usable);
  const bool is_told = Send(slot.setup.keeper, end, output >= 0 ? std::span<const int>(&output, 1) : std::span<const int>());
  if (output >= 0) {
    close(output);
  }
  return is_told && is_usable && end.trouble.text[0] == 0;
}

}  // namespace

void RunSlot(const SlotSetup& setup) {
  SlotReady ready;
  const bool is_prepared = Prepare(setup);
  Slot slot = {setup, const_cast<SlotContext*>(setup.context), InterpreterProcess(*setup.context, setup.context_file), -1};
  slot.self = is_prepared ? static_cast<int>(Call("pidfd_open of the slot", syscall, long{SYS_pidfd_open}, getpid(), 0)) : -1;
  ready.trouble = State().trouble;
  if (Send(setup.keeper, ready) && ready.trouble.text[0] == 0) {
    while (ServeOne(slot)) {
    }
  }
  _exit(0);
}

}  // namespace cupel::sandbox
