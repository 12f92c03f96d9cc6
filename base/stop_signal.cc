#include "base/stop_signal.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.h"

namespace cupel {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

StopSignal::StopSignal() {
  const sigset_t signals = StopSignals();
  Check(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0, "SIGINT and SIGTERM can be blocked");
  fd_ = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  Check(fd_ >= 0, "signalfd opens");
}

StopSignal::~StopSignal() {
  Requested();  // a signal still pending would end the process once it is unblocked
  close(fd_);
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

int StopSignal::Requested() {
  signalfd_siginfo info;
  while (read(fd_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
    if (received_ == 0) {
      received_ = static_cast<int>(info.ssi_signo);
    }
  }
  return received_;
}

}  // namespace cupel
