#pragma once

#include <signal.h>

namespace cupel {

// Turns SIGINT and SIGTERM into a question that a loop asks between two pieces of work, without a handler and without global state: the
// signals are blocked for this thread and all threads it starts later, and read from a signalfd. Create it in main before any thread
// starts. A second SIGINT or SIGTERM changes nothing: the commit in hand is always finished. A signal that the parent process told us to
// ignore (nohup, a background job of a script) stays ignored.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // The signal that asked the process to stop (SIGINT or SIGTERM), 0 if none did. Sticky. Call from one thread.
  int Requested();

 private:
  sigset_t previous_mask_;
  int fd_ = -1;
  int received_ = 0;
};

}  // namespace cupel
