#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

#include "verifiers/code/sandbox/launcher/protocol.h"

namespace cupel::sandbox {

// The control groups of one slot, version 1 (one directory per controller) or version 2 (one directory), below the group of the launcher.
// The slot and all it starts live in them, so that no process ever has to be moved: limits are set from the usage before a job. The
// launcher makes and removes them; the slot, which inherits the open files, only reads and writes those.
class ControlGroups {
 public:
  // False with the trouble noted when memory, process and CPU limits are not all to be had; then nothing was left behind.
  bool Create(const std::string& proc, pid_t launcher, int slot);
  bool Enter(pid_t process);
  void Remove();  // retries for a moment: a group is busy until its last process was reaped

  // Sets the limits of a job, above what the slot itself uses, and starts its accounts.
  bool Begin(const JobLimits& limits, int our_processes);
  bool HasMemoryEvent();      // since Begin, the kernel killed for memory
  int64_t CpuMicroseconds();  // since Begin
  void ForgetCpu();           // starts the CPU account again
  int64_t PeakBytes();        // largest use since Begin, of the job
  const std::string& description() const { return description_; }

 private:
  struct Mount {
    std::string path;  // the launcher's own group below the mount point
    bool is_version_2 = false;
    std::vector<std::string> controllers;
  };
  static std::vector<Mount> FindMounts(const std::string& proc);
  bool CreateVersion1(const std::vector<Mount>& mounts, const std::string& name);
  bool CreateVersion2(const Mount& mount, const std::string& name);
  bool MakeDirectory(const std::string& path);
  int64_t CpuTotal();
  int64_t MemoryKills();

  std::vector<std::string> directories_;
  std::vector<int> process_files_;
  int memory_limit_ = -1, swap_limit_ = -1, memory_usage_ = -1, memory_peak_ = -1, memory_events_ = -1, process_limit_ = -1,
      cpu_usage_ = -1;
  bool is_version_2_ = false;
  int64_t cpu_at_begin_ = 0, kills_at_begin_ = 0, memory_at_begin_ = 0;
  std::string description_;
};

}  // namespace cupel::sandbox
