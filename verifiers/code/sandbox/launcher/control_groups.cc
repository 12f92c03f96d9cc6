#include "verifiers/code/sandbox/launcher/control_groups.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include "verifiers/code/sandbox/launcher/call.h"

namespace cupel::sandbox {
namespace {

constexpr std::string_view kPrefix = "cupel.";

std::string ReadWhole(const std::string& path) {
  std::string text;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return text;
  }
  char buffer[4096];
  ssize_t got = 0;
  while ((got = read(file, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<size_t>(got));
  }
  close(file);
  return text;
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    parts.push_back(part);
  }
  return parts;
}

bool Contains(const std::vector<std::string>& list, std::string_view word) { return std::ranges::find(list, word) != list.end(); }

bool WriteText(const char* name, int file, std::string_view text) {
  return Does(name, pwrite, file, static_cast<const void*>(text.data()), text.size(), off_t{0});
}

bool WriteFile(const char* name, const std::string& path, std::string_view text) {
  const int file = Call(name, open, path.c_str(), O_WRONLY | O_CLOEXEC);
  const bool is_written = file >= 0 && WriteText(name, file, text);
  close(file);
  return is_written;
}

// The number after `key` (or the first number when `key` is empty) in a small file of the kernel; -1 when there is none.
int64_t ReadNumber(int file, std::string_view key) {
  char buffer[4096];
  const ssize_t got = file < 0 ? -1 : Call("read of a control group", pread, file, static_cast<void*>(buffer), sizeof buffer, off_t{0});
  std::string_view text(buffer, got < 0 ? 0 : static_cast<size_t>(got));
  if (!key.empty()) {
    const size_t at = text.find(key);
    if (at == std::string_view::npos) {
      return -1;
    }
    text.remove_prefix(at + key.size());
  }
  int64_t value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool IsAlive(const std::string& proc, std::string_view launcher) {
  struct stat status {};
  return stat((proc + "/" + std::string(launcher)).c_str(), &status) == 0;
}

// Groups of launchers that were killed: they are empty, because their slots died with them.
void RemoveStale(const std::string& proc, const std::string& parent) {
  DIR* directory = opendir(parent.c_str());
  if (directory == nullptr) {
    return;
  }
  std::vector<std::string> stale;
  while (const dirent* entry = readdir(directory)) {
    const std::string_view name(entry->d_name);
    if (name.starts_with(kPrefix) && !IsAlive(proc, name.substr(kPrefix.size(), name.find('.', kPrefix.size()) - kPrefix.size()))) {
      stale.push_back(parent + "/" + entry->d_name);
    }
  }
  closedir(directory);
  for (const std::string& path : stale) {
    rmdir(path.c_str());
  }
}

}  // namespace

std::vector<ControlGroups::Mount> ControlGroups::FindMounts(const std::string& proc) {
  std::vector<Mount> mounts;
  const std::vector<std::string> own = Split(ReadWhole(proc + "/self/cgroup"), '\n');  // "4:memory:/path", version 2 "0::/path"
  for (const std::string& line : Split(ReadWhole(proc + "/self/mountinfo"), '\n')) {
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos) {
      continue;
    }
    const std::vector<std::string> fields = Split(line.substr(0, dash), ' ');
    const std::vector<std::string> type = Split(line.substr(dash + 3), ' ');
    if (fields.size() < 5 || type.size() < 3 || !type[0].starts_with("cgroup")) {
      continue;
    }
    Mount mount;
    mount.is_version_2 = type[0] == "cgroup2";
    mount.controllers = mount.is_version_2 ? Split(ReadWhole(fields[4] + "/cgroup.controllers"), ' ') : Split(type[2], ',');
    for (std::string& controller : mount.controllers) {
      controller.erase(std::ranges::find(controller, '\n'), controller.end());
    }
    mount.path = fields[4];
    for (const std::string& entry : own) {
      const std::vector<std::string> parts = Split(entry, ':');
      if (parts.size() < 3) {
        continue;
      }
      const std::vector<std::string> names = Split(parts[1], ',');
      const bool is_here = mount.is_version_2
                               ? parts[0] == "0"
                               : std::ranges::any_of(names, [&](const std::string& name) { return Contains(mount.controllers, name); });
      struct stat status {};
      if (is_here && parts[2] != "/" && stat((fields[4] + parts[2]).c_str(), &status) == 0) {
        mount.path = fields[4] + parts[2];
      }
    }
    mounts.push_back(mount);
  }
  return mounts;
}

bool ControlGroups::MakeDirectory(const std::string& path) {
  if (!Does("mkdir of a control group", mkdir, path.c_str(), mode_t{0755})) {
    return false;
  }
  directories_.push_back(path);
  const int processes = Call("open of cgroup.procs", open, (path + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
  process_files_.push_back(processes);
  return processes >= 0;
}

bool ControlGroups::CreateVersion1(const std::vector<Mount>& mounts, const std::string& name) {
  const auto directory = [&](std::string_view controller) -> std::string {
    const auto mount = std::ranges::find_if(mounts, [&](const Mount& m) { return !m.is_version_2 && Contains(m.controllers, controller); });
    return mount == mounts.end() ? "" : mount->path + "/" + name;
  };
  const std::string memory = directory("memory");
  const std::string processes = directory("pids");
  const std::string accounts = directory("cpuacct");
  const std::string cpu = directory("cpu");
  if (memory.empty() || processes.empty() || accounts.empty() || cpu.empty()) {
    return Note("control groups of version 1 for memory, pids, cpu and cpuacct", ENOENT);
  }
  for (const std::string& path : {memory, processes, accounts, cpu}) {
    if (!Contains(directories_, path) && !MakeDirectory(path)) {
      return false;
    }
  }
  const auto at = [](const std::string& path, int flags) { return open(path.c_str(), flags | O_CLOEXEC); };
  memory_limit_ = Call("open of the memory limit", at, memory + "/memory.limit_in_bytes", O_RDWR);
  swap_limit_ = at(memory + "/memory.memsw.limit_in_bytes", O_RDWR);  // only in kernels that account swap
  memory_usage_ = Call("open of the memory usage", at, memory + "/memory.usage_in_bytes", O_RDONLY);
  memory_peak_ = Call("open of the memory peak", at, memory + "/memory.max_usage_in_bytes", O_RDWR);
  memory_events_ = Call("open of the memory events", at, memory + "/memory.oom_control", O_RDWR);
  process_limit_ = Call("open of the process limit", at, processes + "/pids.max", O_RDWR);
  cpu_usage_ = Call("open of the CPU account", at, accounts + "/cpuacct.usage", O_RDWR);
  description_ = "control groups v1";
  return memory_limit_ >= 0 && memory_usage_ >= 0 && memory_peak_ >= 0 && memory_events_ >= 0 && process_limit_ >= 0 && cpu_usage_ >= 0 &&
         WriteFile("CPU quota", cpu + "/cpu.cfs_quota_us", "100000");
}

bool ControlGroups::CreateVersion2(const Mount& mount, const std::string& name) {
  for (const std::string_view controller : {"memory", "pids", "cpu"}) {
    if (!Contains(mount.controllers, controller)) {
      return Note("control groups of version 2 for memory, pids and cpu", ENOENT);
    }
  }
  // Only a group without processes of its own can hand its controllers down; those of ours move into a leaf. The root is exempt.
  const std::string control = mount.path + "/cgroup.subtree_control";
  if (!WriteFile("handing down control groups", control, "+memory +pids +cpu")) {
    State().trouble = {};
    const std::string leaf = mount.path + "/cupel-main";
    mkdir(leaf.c_str(), 0755);
    for (const std::string& process : Split(ReadWhole(mount.path + "/cgroup.procs"), '\n')) {
      WriteFile("moving a process of ours into a leaf control group", leaf + "/cgroup.procs", process);
    }
    State().trouble = {};
    if (!WriteFile("handing down control groups", control, "+memory +pids +cpu")) {
      return false;
    }
  }
  const std::string path = mount.path + "/" + name;
  if (!MakeDirectory(path)) {
    return false;
  }
  is_version_2_ = true;
  const auto at = [](const std::string& file, int flags) { return open(file.c_str(), flags | O_CLOEXEC); };
  memory_limit_ = Call("open of the memory limit", at, path + "/memory.max", O_RDWR);
  swap_limit_ = at(path + "/memory.swap.max", O_RDWR);
  memory_usage_ = Call("open of the memory usage", at, path + "/memory.current", O_RDONLY);
  memory_peak_ = at(path + "/memory.peak", O_RDWR);  // since Linux 5.19; its reset since 6.12
  memory_events_ = Call("open of the memory events", at, path + "/memory.events", O_RDONLY);
  process_limit_ = Call("open of the process limit", at, path + "/pids.max", O_RDWR);
  cpu_usage_ = Call("open of the CPU account", at, path + "/cpu.stat", O_RDONLY);
  description_ = "control groups v2";
  return memory_limit_ >= 0 && memory_usage_ >= 0 && memory_events_ >= 0 && process_limit_ >= 0 && cpu_usage_ >= 0 &&
         WriteFile("CPU quota", path + "/cpu.max", "100000 100000");
}

bool ControlGroups::Create(const std::string& proc, pid_t launcher, int slot) {
  const std::vector<Mount> mounts = FindMounts(proc);
  const std::string name = std::string(kPrefix) + std::to_string(launcher) + "." + std::to_string(slot);
  for (const Mount& mount : mounts) {
    RemoveStale(proc, mount.path);
  }
  for (const Mount& mount : mounts) {
    if (mount.is_version_2 && CreateVersion2(mount, name)) {
      return true;
    }
  }
  Remove();
  State().trouble = {};
  if (CreateVersion1(mounts, name)) {
    return true;
  }
  Remove();
  return false;
}

bool ControlGroups::Enter(pid_t process) {
  const std::string text = std::to_string(process);
  return std::ranges::all_of(process_files_, [&](int file) { return WriteText("entering a control group", file, text); });
}

void ControlGroups::Remove() {
  for (const int file : process_files_) {
    close(file);
  }
  for (int* file : {&memory_limit_, &swap_limit_, &memory_usage_, &memory_peak_, &memory_events_, &process_limit_, &cpu_usage_}) {
    if (*file >= 0) {
      close(*file);
    }
    *file = -1;
  }
  for (const std::string& path : directories_) {
    for (int tries = 0; rmdir(path.c_str()) != 0 && errno == EBUSY && tries < 500; ++tries) {
      const timespec moment = {0, 2'000'000};
      nanosleep(&moment, nullptr);
    }
  }
  process_files_.clear();
  directories_.clear();
}

int64_t ControlGroups::CpuTotal() { return is_version_2_ ? ReadNumber(cpu_usage_, "usage_usec ") : ReadNumber(cpu_usage_, "") / 1000; }

int64_t ControlGroups::MemoryKills() { return ReadNumber(memory_events_, "oom_kill "); }

bool ControlGroups::Begin(const JobLimits& limits, int our_processes) {
  memory_at_begin_ = ReadNumber(memory_usage_, "");
  kills_at_begin_ = MemoryKills();
  cpu_at_begin_ = CpuTotal();
  if (memory_at_begin_ < 0 || kills_at_begin_ < 0 || cpu_at_begin_ < 0) {
    return false;
  }
  const std::string_view unlimited = is_version_2_ ? "max" : "-1";
  const std::string memory =
      IsDropped(Control::kMemoryGroup) ? std::string(unlimited) : std::to_string(memory_at_begin_ + limits.memory_bytes);
  const std::string processes = IsDropped(Control::kPidsGroup) ? "max" : std::to_string(our_processes + limits.processes);
  // Swap is limited after memory, and above it, as version 1 demands.
  return (swap_limit_ < 0 || WriteText("lifting the swap limit", swap_limit_, is_version_2_ ? "0" : unlimited)) &&
         WriteText("memory limit", memory_limit_, memory) &&
         (swap_limit_ < 0 || is_version_2_ || WriteText("swap limit", swap_limit_, memory)) &&
         (memory_peak_ < 0 || WriteText("reset of the memory peak", memory_peak_, "0") || is_version_2_) &&
         WriteText("process limit", process_limit_, processes);
}

bool ControlGroups::HasMemoryEvent() { return MemoryKills() > kills_at_begin_; }

int64_t ControlGroups::CpuMicroseconds() { return CpuTotal() - cpu_at_begin_; }

void ControlGroups::ForgetCpu() { cpu_at_begin_ = CpuTotal(); }

int64_t ControlGroups::PeakBytes() {
  return std::max(int64_t{0}, ReadNumber(memory_peak_ >= 0 ? memory_peak_ : memory_usage_, "") - memory_at_begin_);
}

}  // namespace cupel::sandbox
