#pragma once

#include <span>
#include <string>

#include "verifiers/code/sandbox/launcher/host_directory.h"
#include "verifiers/code/sandbox/launcher/interpreter_process.h"
#include "verifiers/code/sandbox/launcher/slot.h"

namespace cupel::sandbox {

// What lives as long as the slot.
struct Slot {
  SlotSetup setup;
  SlotContext* context = nullptr;
  InterpreterProcess interpreter;
  int self = -1;  // pidfd of the slot, to come back to its process namespace

  bool HasNamespaces() const { return context->tier <= kNamespacesTier; }
  bool HasPidNamespace() const { return HasNamespaces() && !IsDropped(Control::kPidNamespace); }
};

// One job, from its start to the last process gone.
class JobRun {
 public:
  JobRun(Slot& slot, const JobStart& start, std::span<int> descriptors) : slot_(slot), start_(start), descriptors_(descriptors) {}

  // The report, and the output file in `output` if there is one. False in `is_usable`: the slot cannot go on.
  JobEnd Run(int& output, bool& is_usable);

 private:
  bool Begin();
  bool StartInit();
  bool StartProgram();
  bool Execute(int report);
  void CloseDescriptors();
  bool Watch();
  bool IsOver();
  int TimeoutMs();
  bool Stop(Stopped why);
  int64_t ProgramCpuUs();
  bool ReapProgram();
  bool ReapInit();
  void ReapStrays();
  void KillProgram();
  void KillInit();
  void ReadReport();
  std::string OutputPath();

  Slot& slot_;
  JobStart start_;
  std::span<int> descriptors_;
  HostDirectory host_;  // tier 2
  int init_ = -1;       // pidfd
  pid_t init_process_ = -1;
  int program_ = -1;  // pidfd; -1 for a fork of the interpreter
  pid_t program_process_ = -1;
  int report_ = -1;  // where the program says what kept it from starting
  bool is_forked_ = false;
  bool has_ended_ = false;
  int64_t begin_us_ = 0;
  int64_t cpu_us_ = 0;
  int64_t wall_us_ = 0;
  int64_t peak_bytes_ = 0;
  JobEnd end_;
};

}  // namespace cupel::sandbox
