// Covers failures of the infrastructure: whatever call of the system fails in the launcher, a slot or an interpreter, the job is an error,
// never a result. A sample of the calls by default; every one of them: build/release/tests/code_sandbox_test '[.faults]'

#include <csignal>
#include <filesystem>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/status.h"
#include "tests/verifiers/code/sandbox/attack_cases.h"
#include "tests/verifiers/code/sandbox/launcher_for_tests.h"
#include "verifiers/code/sandbox/open_options.h"

namespace cupel::sandbox {
namespace {

constexpr int64_t kMoreThanAnyJob = 2000;  // calls

struct Kind {
  const char* name;
  Job job;
};

std::vector<Kind> Kinds() {
  Job warm;
  warm.entry = "a.py";
  warm.files = {{"a.py", "print(1)\n", false}};
  warm.has_channels = true;
  Job native;
  native.language = Language::kNative;
  native.entry = "/bin/sh";
  native.args = {"-c", "echo 1; echo x > /tmp/out"};
  native.output_file = "/tmp/out";
  return {{"warm Python", warm}, {"executed program", native}};
}

struct Outcome {
  bool is_error = false;
  std::string text;
};

Outcome RunWithFault(const Job& job, Tier tier, int64_t fail_at) {
  Config config;
  config.slots = 1;
  config.strongest_tier = tier;
  config.weakest_tier = tier;
  const absl::StatusOr<std::unique_ptr<Sandbox>> sandbox =
      OpenSandbox(config, {.image = LauncherForTests(), .dropped_controls = 0, .fail_at_call = fail_at});
  if (!sandbox.ok()) {
    return {true, std::string(Message(sandbox.status()))};
  }
  const absl::StatusOr<JobResult> result = (*sandbox)->Run(job);
  if (!result.ok()) {
    return {true, std::string(Message(result.status()))};
  }
  return {false, fmt::format("{} code {} signal {}: {}{}", EndingName(result->ending), result->exit_code, result->signal,
                             result->standard_output, result->standard_error)};
}

// Fails call 1, 1 + step, ... until a run ends without fault.
void FailEach(const Kind& kind, Tier tier, int64_t step) {
  const Outcome calm = RunWithFault(kind.job, tier, kMoreThanAnyJob);
  if (calm.is_error) {
    fmt::print("faults: skipped {}: {}\n", kind.name, calm.text);
    return;
  }
  int64_t errors = 0;
  int64_t results = 0;
  int64_t last = 0;
  for (int64_t n = 1; n < kMoreThanAnyJob; n += step) {
    const Outcome outcome = RunWithFault(kind.job, tier, n);
    errors += outcome.is_error ? 1 : 0;
    if (outcome.is_error) {
      last = n;
      continue;
    }
    // Past the last call of a run nothing fails any more, and the result is the calm one.
    INFO(kind.name << ", tier " << static_cast<int>(tier) << ", call " << n << ": " << outcome.text);
    CHECK(outcome.text == calm.text);
    ++results;
    if (results * step > 40) {
      break;
    }
  }
  fmt::print("faults, {}, tier {}: {} calls failed, each an error; the last call is {}\n", kind.name, static_cast<int>(tier), errors, last);
  CHECK(errors > 0);
  CHECK(errors * step + step > last);  // no call in between was forgiven
}

TEST_CASE("a failed call is an error, a sample", "[faults]") {
  for (const Kind& kind : Kinds()) {
    FailEach(kind, Tier::kFull, 23);
    FailEach(kind, Tier::kNamespaces, 29);
  }
}

TEST_CASE("a failed call is an error, every call", "[.faults]") {
  for (const Kind& kind : Kinds()) {
    FailEach(kind, Tier::kFull, 1);
    FailEach(kind, Tier::kNamespaces, 1);
  }
}

TEST_CASE("without descriptors a job is an error or a result, never a hang", "[faults]") {
  Config config;
  config.slots = 1;
  config.weakest_tier = Tier::kNoNamespaces;
  const absl::StatusOr<std::unique_ptr<Sandbox>> sandbox = Sandbox::Open(config);
  if (!sandbox.ok()) {
    fmt::print("faults: skipped, {}\n", Message(sandbox.status()));
    return;
  }
  const Job job = Kinds()[0].job;
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const auto open_now =
      static_cast<rlim_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator()));
  for (rlim_t more = 0; more < 16; ++more) {
    const rlimit tight = {open_now + more, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &tight);
    const absl::StatusOr<JobResult> result = (*sandbox)->Run(job);
    setrlimit(RLIMIT_NOFILE, &before);
    CHECK((!result.ok() || (result->ending == Ending::kExited && result->standard_output == "1\n")));
  }
  const absl::StatusOr<JobResult> result = (*sandbox)->Run(job);
  INFO(Message(result.status()));
  REQUIRE(result.ok());
  CHECK(result->standard_output == "1\n");
}

}  // namespace
}  // namespace cupel::sandbox
