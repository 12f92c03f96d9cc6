#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "verifiers/code/sandbox/sandbox.h"

// The attacks of attacks/*.txt (format in attacks/README.md) and the world outside that they must not reach.

namespace cupel::sandbox {

struct Program {
  Language language = Language::kPython;
  std::string text;
};

struct Attack {
  std::string group;  // "resource", "lifetime", "escape", "host_files", "cross_job", "compile"
  std::string name;
  Program first;
  std::vector<Program> then;      // at most one; run after the first
  std::vector<std::string> ends;  // allowed endings of the first; empty: any
  std::string tiers = "012";      // where it applies
  int64_t cpu_ms = 1500;
  int64_t wall_ms = 4000;
  int64_t memory_mib = 256;
  int64_t processes = 64;
  int64_t input_bytes = 0;
  std::string output_file;
  std::vector<std::string> options;  // of the compiler

  bool AppliesTo(Tier tier) const { return tiers.find(static_cast<char>('0' + static_cast<int>(tier))) != std::string::npos; }
};

// All of them, in the order of the files. A malformed file fails a Check.
std::vector<Attack> ReadAttacks();

// A file and listeners that nobody inside may reach. One object at a time.
class Canaries {
 public:
  Canaries();
  ~Canaries();
  Canaries(const Canaries&) = delete;
  Canaries& operator=(const Canaries&) = delete;

  // What was reached since the start, in words; empty: nothing.
  std::string Touched() const;
  // `text` with @CANARY@, @TCP@, @UDP@, @ABSTRACT@ and @PID@ filled in.
  std::string Fill(std::string text) const;

 private:
  std::string path_;
  int tcp_ = -1, udp_ = -1, abstract_ = -1;
  int tcp_port_ = 0, udp_port_ = 0;
};

// What a job could leave behind: processes below this one, mounts, control groups, open descriptors.
struct Surroundings {
  int processes = 0;
  int mounts = 0;
  int groups = 0;
  int descriptors = 0;
  bool operator==(const Surroundings&) const = default;
};
Surroundings Look();
std::string Describe(const Surroundings& surroundings);

// Every process below `process`.
std::vector<int> Descendants(int process);

// The job of one program of an attack.
Job AttackJob(const Attack& attack, const Program& program, const Canaries& canaries, Tier tier);

}  // namespace cupel::sandbox
