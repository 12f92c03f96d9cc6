#include <fcntl.h>
#include <sched.h>
#include <span>
#include <string_view>
#include <sys/mman.h>

#include "verifiers/code/sandbox/launcher/bundle.h"
#include "verifiers/code/sandbox/launcher/enter.h"
#include "verifiers/code/sandbox/launcher/message.h"
#include "verifiers/code/sandbox/launcher/processes.h"

// What interpreter.py calls through ctypes. One process, one thread, one job at a time.

namespace cupel::sandbox {
namespace {

constexpr int kMaxTexts = 512;

struct Interpreter {
  int socket = -1;
  SlotContext* context = nullptr;
  Entry entry;
  BundleReader bundle;
  std::string_view texts[kMaxTexts];  // program, driver, entry, output file, then the arguments
  uint32_t num_texts = 0;
};

Interpreter& Self() {
  static constinit Interpreter self;
  return self;
}

void CloseJob() {
  Entry& entry = Self().entry;
  for (int* descriptor : {&entry.descriptors[0], &entry.descriptors[1], &entry.descriptors[2], &entry.descriptors[3], &entry.descriptors[4],
                          &entry.descriptors[5], &entry.init, &entry.report}) {
    if (*descriptor >= 0) {
      close(*descriptor);
    }
    *descriptor = -1;
  }
  Self().bundle.Close();
}

bool ReadTexts() {
  Interpreter& self = Self();
  if (!self.bundle.Open(self.entry.descriptors[static_cast<size_t>(JobDescriptor::kBundle)])) {
    return false;
  }
  self.num_texts = kFixedStrings + self.bundle.header().num_args;
  if (self.num_texts > kMaxTexts) {
    return Note("arguments", E2BIG);
  }
  for (uint32_t i = 0; i < self.num_texts; ++i) {
    self.texts[i] = self.bundle.Next();
  }
  return true;
}

bool SendForked(int pid) {
  InterpreterForked forked;
  forked.trouble = State().trouble;
  forked.pid = pid;
  return Send(Self().socket, forked);
}

}  // namespace

extern "C" {

// Maps what the slot shares and says that this interpreter is ready. False: nothing works.
bool cupel_interpreter_start(int socket, int context_file) {
  Interpreter& self = Self();
  self.socket = socket;
  void* context = mmap(nullptr, sizeof(SlotContext), PROT_READ | (kForTests ? PROT_WRITE : 0), MAP_SHARED, context_file, 0);
  if (context == MAP_FAILED) {
    return false;
  }
  self.context = static_cast<SlotContext*>(context);
  State().dropped_controls = self.context->dropped_controls;
  State().faults = &self.context->faults;
  fcntl(socket, F_SETFD, FD_CLOEXEC);
  fcntl(context_file, F_SETFD, FD_CLOEXEC);
  return SendForked(0);
}

// Waits for a job. 1: fork, then cupel_interpreter_enter in the child and cupel_interpreter_forked in the parent; 0: the slot is gone.
int cupel_interpreter_next() {
  Interpreter& self = Self();
  while (true) {
    State().trouble = {};
    self.entry = {};
    InterpreterStart message;
    int descriptors[kMaxDescriptors];
    int count = 0;
    if (!Receive(self.socket, message, descriptors, count)) {
      return 0;
    }
    self.entry.context = self.context;
    self.entry.start = message.start;
    const int num_job = message.start.has_channels != 0 ? 6 : 4;
    for (int i = 0; i < num_job && i < count; ++i) {
      self.entry.descriptors[i] = descriptors[i];
    }
    const bool has_init = self.context->tier <= kNamespacesTier;
    self.entry.init = has_init && num_job < count ? descriptors[num_job] : -1;
    self.entry.report = count > 0 ? descriptors[count - 1] : -1;
    const bool joins = has_init && !IsDropped(Control::kPidNamespace);
    if (ReadTexts() && (!joins || Does("setns of the interpreter", setns, self.entry.init, CLONE_NEWPID))) {
      return 1;
    }
    CloseJob();
    SendForked(-1);
  }
}

void cupel_interpreter_enter() {
  close(Self().socket);
  Self().socket = -1;
  EnterJob(Self().entry);
  close(Self().entry.report);
}

// In the parent, with the child's process id or -1: says so, waits for its end and reports that.
void cupel_interpreter_forked(int child) {
  CloseJob();
  if (child < 0) {
    Note("fork of the interpreter", EAGAIN);
  }
  if (!SendForked(child) || child < 0) {
    return;
  }
  InterpreterEnded ended;
  rusage usage{};
  WaitFor(child, ended.wait_status, usage);
  ended.cpu_us = CpuUs(usage);
  ended.peak_bytes = usage.ru_maxrss * int64_t{1024};
  Send(Self().socket, ended);
}

uint32_t cupel_interpreter_num_texts() { return Self().num_texts; }
const char* cupel_interpreter_text(uint32_t index) { return Self().texts[index].data(); }
uint64_t cupel_interpreter_text_bytes(uint32_t index) { return Self().texts[index].size(); }

}  // extern "C"

}  // namespace cupel::sandbox
