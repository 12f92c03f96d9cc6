#pragma once

#include <memory>
#include <mutex>
#include <sys/types.h>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "verifiers/code/sandbox/descriptor.h"
#include "verifiers/code/sandbox/launcher/protocol.h"
#include "verifiers/code/sandbox/open_options.h"

namespace cupel::sandbox {

// The launcher as the keeper sees it: a child process that makes slots. Thread-safe.
class LauncherProcess {
 public:
  static absl::StatusOr<std::unique_ptr<LauncherProcess>> Start(const LauncherOptions& options, Tier tier, int jobs_per_interpreter);
  ~LauncherProcess();  // ends all its slots
  LauncherProcess(const LauncherProcess&) = delete;
  LauncherProcess& operator=(const LauncherProcess&) = delete;

  // The socket of a new slot in place of the one that had this number, which is ended. Unavailable when the machine refuses.
  absl::StatusOr<Descriptor> NewSlot(int number);

 private:
  LauncherProcess(pid_t process, Descriptor socket) : process_(process), socket_(std::move(socket)) {}

  std::mutex mutex_;
  pid_t process_;
  Descriptor socket_;
};

}  // namespace cupel::sandbox
