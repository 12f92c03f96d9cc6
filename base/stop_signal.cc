#include "base/stop_signal.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.h"

namespace cupel {
namespace {

bool IsIgnored(int signal) {
  struct sigaction action = {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM}) {
    if (!IsIgnored(signal)) {
      sigaddset(&signals, signal);
    }
  }
  return signals;
}

}  // namespace

StopSignal::StopSignal() {
  const sigset_t signals = StopSignals();
  Check(pthread_sigmask(SIG_BLOCK, &signals, &previous_mask_) == 0, "SIGINT and SIGTERM can be blocked");
  fd_ = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  Check(fd_ >= 0, "signalfd opens");
}

StopSignal::~StopSignal() {
  Requested();  // a signal left pending would end the process as soon as it is unblocked
  close(fd_);
  pthread_sigmask(SIG_SETMASK, &previous_mask_, nullptr);
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
