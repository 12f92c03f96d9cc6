#include "tests/verifiers/code/sandbox/attack_cases.h"

#include <arpa/inet.h>
#include <cstring>
#include <filesystem>
#include <map>
#include <netinet/in.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/check.h"
#include "base/file.h"

namespace cupel::sandbox {
namespace {

constexpr std::string_view kSecret = "nobody inside may read this\n";

constexpr std::string_view kPythonPrelude = R"(import os, sys
def breach(why):
    os.write(1, f"BREACH {why}\n".encode())
)";

constexpr std::string_view kCPrelude = R"(#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
static void breach(const char* why) {
  dprintf(1, "BREACH %s\n", why);
}
)";

Language ReadLanguage(std::string_view word) {
  for (const Language language : {Language::kPython, Language::kC, Language::kCpp, Language::kJavaScript}) {
    if (word == LanguageName(language)) {
      return language;
    }
  }
  Check(false, fmt::format("attacks: \"{}\" is no language", word));
  return Language::kPython;
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    parts.push_back(part);
  }
  return parts;
}

std::string Trim(std::string text) {
  text.erase(0, text.find_first_not_of(' '));
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

void ReadSetting(Attack& attack, const std::string& word) {
  const size_t equals = word.find('=');
  Check(equals != std::string::npos, fmt::format("attacks: \"{}\" is no setting", word));
  const std::string key = word.substr(0, equals);
  const std::string value = word.substr(equals + 1);
  const std::map<std::string, int64_t*> numbers = {{"cpu", &attack.cpu_ms},
                                                   {"wall", &attack.wall_ms},
                                                   {"memory", &attack.memory_mib},
                                                   {"processes", &attack.processes},
                                                   {"input", &attack.input_bytes}};
  if (const auto number = numbers.find(key); number != numbers.end()) {
    *number->second = std::stoll(value);
  } else if (key == "ends") {
    attack.ends = value == "any" ? std::vector<std::string>() : Split(value, '/');
    for (std::string& end : attack.ends) {
      std::ranges::replace(end, '_', ' ');
    }
  } else if (key == "output") {
    attack.output_file = value;
  } else if (key == "tiers") {
    attack.tiers = value;
  } else if (key == "option") {
    attack.options.push_back(value);
  } else {
    Check(false, fmt::format("attacks: \"{}\" is no setting", word));
  }
}

Attack ReadHeader(const std::string& group, const std::string& line) {
  const std::vector<std::string> parts = Split(line.substr(4), '|');
  Check(parts.size() == 3, fmt::format("attacks: \"{}\" is no head of an attack", line));
  Attack attack;
  attack.group = group;
  attack.name = Trim(parts[0]);
  attack.first.language = ReadLanguage(Trim(parts[1]));
  for (const std::string& word : Split(Trim(parts[2]), ' ')) {
    ReadSetting(attack, word);
  }
  return attack;
}

void ReadGroup(const std::string& group, const std::string& text, std::vector<Attack>& attacks) {
  for (const std::string& line : Split(text, '\n')) {
    if (line.starts_with("=== ")) {
      attacks.push_back(ReadHeader(group, line));
    } else if (line.starts_with("--- then ")) {
      attacks.back().then.push_back({ReadLanguage(line.substr(9)), ""});
    } else {
      Program& program = attacks.back().then.empty() ? attacks.back().first : attacks.back().then.back();
      program.text += line + "\n";
    }
  }
}

int Listen(int family, int type, const sockaddr* address, socklen_t size) {
  const int listener = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  Check(listener >= 0 && bind(listener, address, size) == 0, "a canary can listen");
  if (type == SOCK_STREAM) {
    listen(listener, 16);
  }
  return listener;
}

int Port(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

std::string AbstractName() { return fmt::format("cupel-canary-{}", getpid()); }

void Replace(std::string& text, std::string_view from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

int CountEntries(const std::string& directory) {
  std::error_code ignored;
  return static_cast<int>(std::distance(std::filesystem::directory_iterator(directory, ignored), std::filesystem::directory_iterator()));
}

// Process id to parent, of all processes.
std::map<int, int> Parents() {
  std::map<int, int> parents;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    const absl::StatusOr<std::string> text =
        name.find_first_not_of("0123456789") == std::string::npos ? ReadFile("/proc/" + name + "/stat") : absl::StatusOr<std::string>("");
    if (text.ok() && text->rfind(") ") != std::string::npos) {
      int parent = 0;
      char state = 0;
      std::istringstream(text->substr(text->rfind(") ") + 2)) >> state >> parent;
      parents[std::stoi(name)] = parent;
    }
  }
  return parents;
}

bool IsBelow(const std::map<int, int>& parents, int process, int ancestor) {
  for (int steps = 0; steps < 1000; ++steps) {
    const auto parent = parents.find(process);
    if (parent == parents.end()) {
      return false;
    }
    if (parent->second == ancestor) {
      return true;
    }
    process = parent->second;
  }
  return false;
}

int CountGroups() {
  int count = 0;
  std::vector<std::string> parents;
  const absl::StatusOr<std::string> own = ReadFile("/proc/self/cgroup");
  std::error_code ignored;
  for (const auto& hierarchy : std::filesystem::directory_iterator("/sys/fs/cgroup", ignored)) {
    parents.push_back(hierarchy.path());
    for (const std::string& line : own.ok() ? Split(*own, '\n') : std::vector<std::string>()) {
      const std::vector<std::string> parts = Split(line, ':');
      if (parts.size() == 3 && parts[2] != "/") {
        parents.push_back(hierarchy.path().string() + parts[2]);
      }
    }
  }
  for (const std::string& parent : parents) {
    for (const auto& entry : std::filesystem::directory_iterator(parent, ignored)) {
      const std::string name = entry.path().filename();
      int launcher = 0;
      if (std::sscanf(name.c_str(), "cupel.%d.", &launcher) == 1) {
        const absl::StatusOr<std::string> stat = ReadFile(fmt::format("/proc/{}/stat", launcher));
        int parent_process = 0;
        char state = 0;
        if (stat.ok()) {
          std::istringstream(stat->substr(stat->rfind(") ") + 2)) >> state >> parent_process;
        }
        count += parent_process == getpid() ? 1 : 0;
      }
    }
  }
  return count;
}

}  // namespace

std::vector<Attack> ReadAttacks() {
  std::vector<Attack> attacks;
  for (const char* group : {"resource", "lifetime", "escape", "host_files", "cross_job", "compile"}) {
    const absl::StatusOr<std::string> text =
        ReadFile(fmt::format("{}/tests/verifiers/code/sandbox/attacks/{}.txt", CUPEL_SOURCE_DIR, group));
    Check(text.ok(), fmt::format("attacks/{}.txt can be read", group));
    ReadGroup(group, *text, attacks);
  }
  return attacks;
}

Canaries::Canaries() : path_(fmt::format("/tmp/cupel-canary-{}", getpid())) {
  Check(WriteFileAtomically(path_, kSecret).ok(), "the canary can be written");
  sockaddr_in loopback{};
  loopback.sin_family = AF_INET;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  tcp_ = Listen(AF_INET, SOCK_STREAM, reinterpret_cast<sockaddr*>(&loopback), sizeof loopback);
  udp_ = Listen(AF_INET, SOCK_DGRAM, reinterpret_cast<sockaddr*>(&loopback), sizeof loopback);
  tcp_port_ = Port(tcp_);
  udp_port_ = Port(udp_);
  sockaddr_un abstract{};
  abstract.sun_family = AF_UNIX;
  const std::string name = AbstractName();
  std::memcpy(abstract.sun_path + 1, name.data(), name.size());
  abstract_ = Listen(AF_UNIX, SOCK_STREAM, reinterpret_cast<sockaddr*>(&abstract),
                     static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size()));
}

Canaries::~Canaries() {
  for (const int listener : {tcp_, udp_, abstract_}) {
    close(listener);
  }
  unlink(path_.c_str());
}

std::string Canaries::Touched() const {
  std::string touched;
  const absl::StatusOr<std::string> secret = ReadFile(path_);
  touched += secret.ok() && *secret == kSecret ? "" : " the canary file";
  for (const auto& [listener, name] : {std::pair(tcp_, " the TCP listener"), std::pair(abstract_, " the abstract unix listener")}) {
    const int connection = accept(listener, nullptr, nullptr);
    if (connection >= 0) {
      close(connection);
      touched += name;
    }
  }
  char byte = 0;
  touched += recv(udp_, &byte, 1, 0) >= 0 ? " the UDP listener" : "";
  return touched;
}

std::string Canaries::Fill(std::string text) const {
  Replace(text, "@CANARY@", path_);
  Replace(text, "@TCP@", std::to_string(tcp_port_));
  Replace(text, "@UDP@", std::to_string(udp_port_));
  Replace(text, "@ABSTRACT@", AbstractName());
  Replace(text, "@PID@", std::to_string(getpid()));
  return text;
}

std::vector<int> Descendants(int process) {
  std::vector<int> found;
  const std::map<int, int> parents = Parents();
  for (const auto& [candidate, parent] : parents) {
    if (IsBelow(parents, candidate, process)) {
      found.push_back(candidate);
    }
  }
  return found;
}

Surroundings Look() {
  Surroundings now;
  now.processes = static_cast<int>(Descendants(getpid()).size());
  const absl::StatusOr<std::string> mounts = ReadFile("/proc/self/mounts");
  now.mounts = mounts.ok() ? static_cast<int>(std::ranges::count(*mounts, '\n')) : 0;
  now.groups = CountGroups();
  now.descriptors = CountEntries("/proc/self/fd");
  return now;
}

std::string Describe(const Surroundings& surroundings) {
  return fmt::format("{} processes, {} mounts, {} control groups, {} descriptors", surroundings.processes, surroundings.mounts,
                     surroundings.groups, surroundings.descriptors);
}

Job AttackJob(const Attack& attack, const Program& program, const Canaries& canaries, Tier tier) {
  Job job;
  job.language = program.language;
  const bool is_c = program.language == Language::kC || program.language == Language::kCpp;
  std::string text(program.language == Language::kPython ? kPythonPrelude : is_c ? kCPrelude : std::string_view());
  if (is_c) {
    text = fmt::format("#define TIER {}\n{}", static_cast<int>(tier), text);
  }
  const std::map<Language, const char*> names = {
      {Language::kPython, "solution.py"}, {Language::kC, "a.c"}, {Language::kCpp, "a.cpp"}, {Language::kJavaScript, "a.js"}};
  job.entry = names.at(program.language);
  job.files = {{job.entry, text + canaries.Fill(program.text), false}};
  job.input.assign(static_cast<size_t>(attack.input_bytes), 'x');
  job.output_file = attack.output_file;
  job.compile_options = attack.options;
  job.limits.cpu_ms = attack.cpu_ms;
  job.limits.wall_ms = attack.wall_ms;
  job.limits.memory_bytes = attack.memory_mib << 20;
  job.limits.processes = attack.processes;
  job.limits.output_bytes = 1 << 20;
  job.limits.error_bytes = 1 << 20;
  if (attack.group == "compile") {
    job.compile_limits.cpu_ms = attack.cpu_ms;
    job.compile_limits.wall_ms = 3 * attack.cpu_ms + 1000;
  }
  return job;
}

}  // namespace cupel::sandbox
