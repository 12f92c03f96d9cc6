#pragma once

#include <span>
#include <sys/types.h>

#include "verifiers/code/sandbox/launcher/enter.h"

namespace cupel::sandbox {

// The slot's warm Python: a process that has imported the common modules and forks for every job (interpreter.py, interpreter.cc). It runs
// nothing but our own text; what a job does happens in the fork, which gave up every right first.
class InterpreterProcess {
 public:
  InterpreterProcess(const SlotContext& context, int context_file) : context_(context), context_file_(context_file) {}

  // Starts the interpreter unless one runs that may serve another job.
  bool Ensure();
  bool is_running() const { return process_ > 0; }

  // Has it fork into the job. On success it will say one day how the fork ended: `socket` becomes readable.
  bool Begin(const JobStart& start, std::span<const int> descriptors, int init, int report, pid_t& program);
  bool End(InterpreterEnded& ended);
  int socket() const { return socket_; }
  // Ends the interpreter; the next Ensure starts another.
  void Stop();

 private:
  const SlotContext& context_;
  int context_file_;
  pid_t process_ = -1;
  int socket_ = -1;
  int64_t jobs_ = 0;
};

}  // namespace cupel::sandbox
