#include "verifiers/code/sandbox/launcher/job_run.h"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "verifiers/code/sandbox/launcher/bundle.h"
#include "verifiers/code/sandbox/launcher/message.h"
#include "verifiers/code/sandbox/launcher/output_file.h"
#include "verifiers/code/sandbox/launcher/processes.h"
#include "verifiers/code/sandbox/launcher/root.h"

namespace cupel::sandbox {
namespace {

constexpr int64_t kTickUs = 50'000;   // limits are looked at this often at least
constexpr int64_t kGraceMs = 10'000;  // for killed processes to be gone; beyond that the slot gives up
constexpr int kOurProcesses = 4;      // slot, interpreter, the job's init, the one that fetches a file
constexpr int64_t kMinimumTickUs = 1'000;

[[noreturn]] void RunInit(const Slot& slot, const JobStart& start, int bundle, int ready) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0UL, 0UL, 0UL);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);  // blocked, not ignored: the kernel then tells init about orphans that end
  MountJob(*slot.context, start, bundle);
  [[maybe_unused]] const ssize_t written = write(ready, &State().trouble, sizeof(Trouble));
  close_range(3, ~0U, 0);
  while (true) {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    siginfo_t info;
    sigwaitinfo(&child, &info);
  }
}

}  // namespace

bool JobRun::StartInit() {
  int ready[2] = {-1, -1};
  if (!Does("pipe for the job's init", pipe2, ready, O_CLOEXEC)) {
    return false;
  }
  const uint64_t flags = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | (slot_.HasPidNamespace() ? CLONE_NEWPID : 0);
  init_process_ = Fork("clone3 for the job's init", flags, &init_);
  if (init_process_ == 0) {
    RunInit(slot_, start_, descriptors_[static_cast<size_t>(JobDescriptor::kBundle)], ready[1]);
  }
  close(ready[1]);
  Trouble trouble;
  const bool has_answer = init_process_ > 0 && read(ready[0], &trouble, sizeof trouble) == static_cast<ssize_t>(sizeof trouble);
  close(ready[0]);
  if (init_process_ < 0) {
    return false;
  }
  if (!has_answer) {
    return Note("the job's init ended early", ECHILD);
  }
  if (trouble.text[0] != 0) {
    State().trouble = trouble;
    return false;
  }
  return true;
}

bool JobRun::Execute(int report) {
  const bool joins = slot_.HasPidNamespace();
  if (joins && !Does("setns into the job's processes", setns, init_, CLONE_NEWPID)) {
    return false;
  }
  program_process_ = Fork("clone3 for the program", 0, &program_);
  if (program_process_ == 0) {
    Entry entry;
    entry.context = slot_.context;
    entry.start = start_;
    size_t given = 0;
    for (size_t i = 0; i < kNumJobDescriptors; ++i) {
      const bool is_channel = i == static_cast<size_t>(JobDescriptor::kChannel) || i == static_cast<size_t>(JobDescriptor::kResult);
      const bool is_program = i == static_cast<size_t>(JobDescriptor::kProgram);
      if ((!is_channel || start_.has_channels != 0) && (!is_program || start_.start == Start::kDescriptor)) {
        entry.descriptors[i] = descriptors_[given++];
      }
    }
    entry.init = init_;
    entry.report = report;
    if (!slot_.HasNamespaces()) {
      entry.directory = host_.job();
      entry.scratch = host_.scratch();
    }
    EnterAndExecute(entry);
  }
  return (!joins || Does("setns back", setns, slot_.self, CLONE_NEWPID)) && program_process_ > 0;
}

bool JobRun::StartProgram() {
  int report[2] = {-1, -1};
  if (!Does("pipe for the program", pipe2, report, O_CLOEXEC | O_NONBLOCK)) {
    return false;
  }
  report_ = report[0];
  if (slot_.setup.groups != nullptr) {
    slot_.setup.groups->ForgetCpu();
  }
  begin_us_ = NowUs();
  is_forked_ = start_.start == Start::kPython;
  const bool is_started =
      is_forked_ ? slot_.interpreter.Begin(start_, descriptors_, init_, report[1], program_process_) : Execute(report[1]);
  close(report[1]);
  return is_started;
}

void JobRun::CloseDescriptors() {
  for (int& descriptor : descriptors_) {
    if (descriptor >= 0) {
      close(descriptor);
    }
    descriptor = -1;
  }
}

bool JobRun::Begin() {
  if (start_.start == Start::kPython && (!slot_.HasNamespaces() || !slot_.interpreter.Ensure())) {
    return Note("warm python3", ENOTSUP);
  }
  if (slot_.setup.groups != nullptr && !slot_.setup.groups->Begin(start_.limits, kOurProcesses)) {
    return false;
  }
  const bool has_place = slot_.HasNamespaces()
                             ? StartInit()
                             : host_.Make(descriptors_[static_cast<size_t>(JobDescriptor::kBundle)], slot_.context->payload_id, start_);
  return has_place && StartProgram();
}

int64_t JobRun::ProgramCpuUs() {
  return slot_.setup.groups != nullptr ? slot_.setup.groups->CpuMicroseconds() : ProcessCpuUs(program_process_);
}

// Sets why the job must end, if it must.
bool JobRun::IsOver() {
  if (slot_.setup.groups != nullptr && slot_.setup.groups->HasMemoryEvent()) {
    end_.stopped = Stopped::kMemory;
  } else if (ProgramCpuUs() > start_.limits.cpu_ms * 1000) {
    end_.stopped = Stopped::kCpu;
  } else if (NowUs() - begin_us_ > start_.limits.wall_ms * 1000) {
    end_.stopped = Stopped::kWall;
  }
  return end_.stopped != Stopped::kNo;
}

// Until the next time a limit can have been reached: with n processors CPU time runs n times as fast as the clock.
int JobRun::TimeoutMs() {
  const int64_t processors = std::max(1L, sysconf(_SC_NPROCESSORS_ONLN));
  const int64_t cpu_left = (start_.limits.cpu_ms * 1000 - ProgramCpuUs()) / processors;
  const int64_t wall_left = start_.limits.wall_ms * 1000 - (NowUs() - begin_us_);
  const int64_t us = std::clamp(std::min(cpu_left, wall_left), kMinimumTickUs, kTickUs);
  return static_cast<int>((us + 999) / 1000);
}

// Until the program has ended or must end; a keeper that is gone wants it to.
bool JobRun::Watch() {
  while (!IsOver()) {
    pollfd events[2] = {{slot_.setup.keeper, POLLIN, 0}, {is_forked_ ? slot_.interpreter.socket() : program_, POLLIN, 0}};
    if (poll(events, 2, TimeoutMs()) < 0 && errno != EINTR) {
      return Note("poll", errno);
    }
    if (events[1].revents != 0) {
      IsOver();  // what was used up counts even when the program ended first
      return true;
    }
    if (events[0].revents != 0) {
      JobStop stop;
      int none[kMaxDescriptors];
      int count = 0;
      Receive(slot_.setup.keeper, stop, none, count);
      end_.stopped = Stopped::kAsked;
      return true;
    }
  }
  return true;
}

void JobRun::KillProgram() {
  if (slot_.HasPidNamespace() && is_forked_) {
    KillInit();  // the fork is not our child: its end is told by the interpreter, and its namespace takes it along
  } else if (slot_.HasNamespaces()) {
    if (program_process_ > 0) {
      kill(program_process_, SIGKILL);
    }
  } else if (program_process_ > 0) {
    kill(-program_process_, SIGKILL);
    kill(program_process_, SIGKILL);
  }
}

void JobRun::KillInit() {
  if (init_process_ > 0 && !IsDropped(Control::kGroupWait)) {
    syscall(SYS_pidfd_send_signal, init_, SIGKILL, nullptr, 0);
  }
}

bool JobRun::ReapProgram() {
  if (program_process_ <= 0 || has_ended_) {
    return true;
  }
  rusage usage{};
  if (is_forked_) {
    pollfd event = {slot_.interpreter.socket(), POLLIN, 0};
    InterpreterEnded ended;
    if (poll(&event, 1, kGraceMs) <= 0 || !slot_.interpreter.End(ended)) {
      return Note("the warm python3 does not answer", ETIMEDOUT);
    }
    end_.wait_status = ended.wait_status;
    cpu_us_ += ended.cpu_us;
    peak_bytes_ = std::max(peak_bytes_, ended.peak_bytes);
  } else {
    int status = 0;
    if (!WaitFor(program_process_, status, usage)) {
      return false;
    }
    end_.wait_status = status;
    cpu_us_ += CpuUs(usage);
    peak_bytes_ = std::max(peak_bytes_, usage.ru_maxrss * int64_t{1024});
  }
  has_ended_ = true;
  return true;
}

// The end of init is the end of all: it comes only after every process of its namespace is gone.
bool JobRun::ReapInit() {
  if (init_process_ <= 0 || IsDropped(Control::kGroupWait)) {
    return true;
  }
  KillInit();
  int status = 0;
  rusage usage{};
  const bool is_reaped = WaitFor(init_process_, status, usage);
  cpu_us_ += CpuUs(usage);
  peak_bytes_ = std::max(peak_bytes_, usage.ru_maxrss * int64_t{1024});
  return is_reaped;
}

// Tier 2: what is left of the process group, whose orphans come to the slot.
void JobRun::ReapStrays() {
  if (slot_.HasNamespaces() || program_process_ <= 0) {
    return;
  }
  const timespec moment = {0, 200'000};
  while (kill(-program_process_, SIGKILL) == 0) {
    while (waitpid(-program_process_, nullptr, WNOHANG) > 0) {
    }
    nanosleep(&moment, nullptr);
  }
}

void JobRun::ReadReport() {
  Trouble trouble;
  if (report_ >= 0 && read(report_, &trouble, sizeof trouble) == static_cast<ssize_t>(sizeof trouble) && State().trouble.text[0] == 0) {
    State().trouble = trouble;
  }
}

std::string JobRun::OutputPath() {
  BundleReader reader;
  const int bundle = descriptors_[static_cast<size_t>(JobDescriptor::kBundle)];
  if (bundle < 0 || !reader.Open(bundle)) {
    return "";
  }
  reader.Skip(kFixedStrings - 1);
  const std::string path(reader.Next());
  reader.Close();
  return path;
}

JobEnd JobRun::Run(int& output, bool& is_usable) {
  const std::string output_path = start_.has_output_file != 0 ? OutputPath() : "";
  const bool is_started = Begin();
  CloseDescriptors();
  if (is_started) {
    Watch();
  }
  wall_us_ = is_started ? NowUs() - begin_us_ : 0;
  if (is_started && !has_ended_) {
    pollfd event = {is_forked_ ? slot_.interpreter.socket() : program_, POLLIN, 0};
    if (end_.stopped != Stopped::kNo || poll(&event, 1, 0) <= 0) {
      KillProgram();
    }
  } else {
    KillProgram();
  }
  is_usable = ReapProgram();
  ReapStrays();
  if (!output_path.empty() && is_started && is_usable && end_.stopped == Stopped::kNo) {
    output = slot_.HasNamespaces() ? OpenOutputFile(init_, output_path) : host_.OpenOutput(output_path);
    if (slot_.HasPidNamespace() && !Does("setns back", setns, slot_.self, CLONE_NEWPID)) {
      is_usable = false;
    }
  }
  if (slot_.setup.groups != nullptr) {
    // Before init goes, which frees the files of the job.
    end_.was_out_of_memory = slot_.setup.groups->HasMemoryEvent() ? 1 : 0;
    peak_bytes_ = slot_.setup.groups->PeakBytes();
  }
  is_usable = ReapInit() && is_usable;
  end_.cpu_us = slot_.setup.groups != nullptr ? slot_.setup.groups->CpuMicroseconds() : cpu_us_;
  end_.wall_us = wall_us_;
  end_.peak_bytes = peak_bytes_;
  ReadReport();
  for (const int descriptor : {init_, program_, report_}) {
    if (descriptor >= 0) {
      close(descriptor);
    }
  }
  host_.Remove();
  end_.trouble = State().trouble;
  return end_;
}

}  // namespace cupel::sandbox
