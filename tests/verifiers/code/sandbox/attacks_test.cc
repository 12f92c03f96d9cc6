// Covers the 78 attacks of attacks/*.txt: each is contained, ends in time and leaves nothing. Alone:
// build/release/tests/code_sandbox_test '[attacks]'; as an ordinary user '[user]'; tiers 1 and 2: '[.attacks1]', '[.attacks2]'

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <grp.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/status.h"
#include "tests/verifiers/code/sandbox/attack_cases.h"
#include "verifiers/code/sandbox/sandbox.h"

namespace cupel::sandbox {
namespace {

constexpr int64_t kLateMs = 250;
constexpr int kAttempts = 3;  // what concerns time is tried again: other programs may hold the processors

std::string Describe(const JobResult& result) {
  return fmt::format("{}, code {}, signal {}, cpu {} ms, wall {} ms, peak {} kB, output \"{}\", error \"{}\"", EndingName(result.ending),
                     result.exit_code, result.signal, result.cpu_ms, result.wall_ms, result.peak_kb, result.standard_output.substr(0, 300),
                     result.standard_error.substr(0, 300));
}

bool IsLate(const Job& job, const JobResult& result) {
  const int64_t processors = std::max(1U, std::thread::hardware_concurrency());
  return result.wall_ms > job.limits.wall_ms + kLateMs || result.cpu_ms > job.limits.cpu_ms + kLateMs * processors;
}

// What the attack achieved, in words; empty: it was contained.
std::string Breach(const Attack& attack, const Job& job, const JobResult& result, bool may_be_late) {
  if (result.standard_output.find("BREACH") != std::string::npos) {
    return "the program says " + result.standard_output.substr(result.standard_output.find("BREACH"), 200);
  }
  const bool is_known = attack.ends.empty() || std::ranges::find(attack.ends, EndingName(result.ending)) != attack.ends.end();
  if (!is_known) {
    return "another end than expected";
  }
  const bool is_compiler = result.ending == Ending::kCompileError || result.ending == Ending::kCompileLimit;
  const int64_t memory_bytes = is_compiler ? job.compile_limits.memory_bytes : job.limits.memory_bytes;
  if (result.tier == Tier::kFull && result.peak_kb > (memory_bytes >> 10) + 1024) {
    return "more memory than allowed";
  }
  if (std::ssize(result.output_file) > 0 && result.output_file.find("root:") != std::string::npos) {
    return "the output file is one of the system";
  }
  return !may_be_late && IsLate(job, result) ? "late" : "";
}

std::string RunAttack(Sandbox& sandbox, const Attack& attack, const Canaries& canaries, bool may_be_late, std::string& details) {
  std::vector<Program> programs = {attack.first};
  programs.insert(programs.end(), attack.then.begin(), attack.then.end());
  for (size_t i = 0; i < programs.size(); ++i) {
    const Job job = AttackJob(attack, programs[i], canaries, sandbox.tier());
    const absl::StatusOr<JobResult> result = sandbox.Run(job);
    if (!result.ok()) {
      return "the sandbox failed: " + std::string(Message(result.status()));
    }
    details += Describe(*result) + "\n";
    Attack expected = attack;
    if (i > 0) {
      expected.ends = {"exited"};
    }
    const std::string breach = Breach(expected, job, *result, may_be_late);
    if (!breach.empty()) {
      return breach;
    }
  }
  return "";
}

// Whether everything is as before, 100 ms after the end at the latest.
bool IsClean(const Surroundings& before) {
  for (int wait = 0; wait < 20; ++wait) {
    if (Look() == before) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return Look() == before;
}

// One attack, from its start to a clean place; what it achieved, in words.
std::string Judge(Sandbox& sandbox, const Attack& attack, const Canaries& canaries, const Surroundings& before, std::string& details) {
  std::string breach = "late";
  for (int attempt = 1; attempt <= kAttempts && breach == "late"; ++attempt) {
    breach = RunAttack(sandbox, attack, canaries, false, details);
  }
  if (breach.empty() && !IsClean(before)) {
    breach = fmt::format("left behind: {} instead of {}", Describe(Look()), Describe(before));
  }
  return breach.empty() ? canaries.Touched() : breach;
}

// Runs what applies and prints the count; the failures, in words.
std::vector<std::string> Failures(Tier strongest, const std::vector<Attack>& attacks) {
  const Canaries canaries;
  Config config;
  config.slots = 1;
  config.cache_bytes = 0;  // a program kept is a descriptor more
  config.strongest_tier = strongest;
  config.weakest_tier = Tier::kNoNamespaces;
  const absl::StatusOr<std::unique_ptr<Sandbox>> sandbox = Sandbox::Open(config);
  if (!sandbox.ok()) {
    fmt::print("attacks: skipped, {}\n", Message(sandbox.status()));
    return {};
  }
  const Tier tier = (*sandbox)->tier();
  fmt::print("attacks, user {}: {}\n", geteuid(), (*sandbox)->Description());
  Attack warm_up;
  warm_up.first.text = "pass\n";
  if (!(*sandbox)->Run(AttackJob(warm_up, warm_up.first, canaries, tier)).ok()) {
    return {"the first job failed"};
  }
  const Surroundings before = Look();
  std::vector<std::string> failures;
  int passed = 0;
  int skipped = 0;
  for (const Attack& attack : attacks) {
    const absl::Status language = CheckLanguage(attack.first.language);
    if (!attack.AppliesTo(tier) || !language.ok()) {
      fmt::print("attacks: skipped {}: {}\n", attack.name, language.ok() ? "not in this tier" : std::string(Message(language)));
      ++skipped;
      continue;
    }
    std::string details;
    const std::string breach = Judge(**sandbox, attack, canaries, before, details);
    passed += breach.empty() ? 1 : 0;
    if (!breach.empty()) {
      failures.push_back(fmt::format("{}: {}: {}\n{}", attack.group, attack.name, breach, details));
    }
  }
  fmt::print("attacks, tier {}: {} passed, {} failed, {} skipped\n", static_cast<int>(tier), passed, failures.size(), skipped);
  return failures;
}

void RunAll(Tier strongest) {
  for (const std::string& failure : Failures(strongest, ReadAttacks())) {
    FAIL_CHECK(failure);
  }
}

// The same as a user without any right, in a child that gives them up.
void RunAllAsUser(Tier strongest) {
  constexpr uid_t kNobodyElse = 65'533;
  if (geteuid() != 0) {
    RunAll(strongest);
    return;
  }
  const std::vector<Attack> attacks = ReadAttacks();
  std::fflush(stdout);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const bool is_user = setgroups(0, nullptr) == 0 && setresgid(kNobodyElse, kNobodyElse, kNobodyElse) == 0 &&
                         setresuid(kNobodyElse, kNobodyElse, kNobodyElse) == 0;
    const std::vector<std::string> failures =
        is_user ? Failures(strongest, attacks) : std::vector<std::string>{"the user cannot be changed"};
    for (const std::string& failure : failures) {
      fmt::print("{}\n", failure);
    }
    std::fflush(stdout);
    _exit(failures.empty() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

TEST_CASE("the attacks are 78", "[attacks]") { CHECK(ReadAttacks().size() == 78); }

TEST_CASE("no attack gets out of the strongest tier", "[attacks]") { RunAll(Tier::kFull); }

TEST_CASE("no attack gets out of what an ordinary user can have", "[user]") { RunAllAsUser(Tier::kFull); }

TEST_CASE("no attack gets out without control groups, started by root", "[.attacks1]") { RunAll(Tier::kNamespaces); }

TEST_CASE("no attack gets out without namespaces", "[.attacks2]") {
  RunAll(Tier::kNoNamespaces);
  RunAllAsUser(Tier::kNoNamespaces);
}

}  // namespace
}  // namespace cupel::sandbox
