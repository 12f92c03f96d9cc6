// Covers long use: many jobs of all kinds from several threads, a tenth of them hostile, leave nothing and none is killed that should not
// be. A short one by default; 20,000 jobs: build/release/tests/code_sandbox_test '[.soak]'

#include <atomic>
#include <chrono>
#include <sstream>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "base/random.h"
#include "base/status.h"
#include "tests/verifiers/code/sandbox/attack_cases.h"
#include "verifiers/code/sandbox/sandbox.h"

namespace cupel::sandbox {
namespace {

struct Kind {
  Job job;
  std::string expected;  // standard output; empty for hostile ones, of which only the end is looked at
  std::vector<Ending> endings = {Ending::kExited};
};

Job Python(const char* text) {
  Job job;
  job.entry = "a.py";
  job.files = {{"a.py", text, false}};
  job.limits.cpu_ms = 4000;
  job.limits.wall_ms = 60'000;  // other programs may hold the processors
  return job;
}

std::vector<Kind> Honest() {
  std::vector<Kind> kinds = {{Python("print(sum(range(1000)))\n"), "499500\n"},
                             {Python("import collections\nprint(collections.Counter('hello').most_common(1))\n"), "[('l', 2)]\n"},
                             {Python("import sys\nprint(sys.stdin.read()[::-1], end='')\n"), "cba"}};
  kinds[2].job.input = "abc";
  Job cpp = Python("");
  cpp.language = Language::kCpp;
  cpp.entry = "a.cpp";
  cpp.files = {
      {"a.cpp", "#include <cstdio>\nint main() { int x; if (std::scanf(\"%d\", &x) == 1) std::printf(\"%d\\n\", x * x); }\n", false}};
  cpp.input = "12";
  kinds.push_back({cpp, "144\n"});
  Job shell = Python("");
  shell.language = Language::kNative;
  shell.entry = "/bin/sh";
  shell.args = {"-c", "echo $((6 * 7)) > /tmp/x; cat /tmp/x"};
  kinds.push_back({shell, "42\n"});
  return kinds;
}

std::vector<Kind> Hostile() {
  std::vector<Kind> kinds = {
      {Python("import os\nwhile True:\n  try: os.fork()\n  except OSError: pass\n"),
       "",
       {Ending::kCpuLimit, Ending::kWallLimit, Ending::kMemoryLimit}},
      {Python("while True: pass\n"), "", {Ending::kCpuLimit}},
      {Python("import os\nwhile True: os.write(1, b'x' * 65536)\n"), "", {Ending::kOutputLimit}},
      {Python("x = []\nwhile True: x.append(bytearray(1 << 20))\n"), "", {Ending::kMemoryLimit, Ending::kCpuLimit, Ending::kExited}},
      {Python("import os\nif os.fork() == 0:\n  os.setsid()\n  import time\n  time.sleep(1000)\n"), ""},
      {Python("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"), "", {Ending::kSignalled}},
      {Python("import os\nos.kill(-1, 9)\n"), "", {Ending::kExited, Ending::kSignalled}},
  };
  for (Kind& kind : kinds) {
    kind.job.limits.cpu_ms = 60;
    kind.job.limits.memory_bytes = 64 << 20;
    kind.job.limits.output_bytes = 1 << 18;
    kind.job.limits.processes = 24;
  }
  kinds[4].job.limits.cpu_ms = kinds[5].job.limits.cpu_ms = kinds[6].job.limits.cpu_ms = 4000;
  return kinds;
}

int64_t ResidentKb() {
  const absl::StatusOr<std::string> status = ReadFile("/proc/self/status");
  int64_t kb = 0;
  if (status.ok()) {
    std::istringstream(status->substr(status->find("VmRSS:") + 6)) >> kb;
  }
  return kb;
}

void Soak(int jobs, int threads) {
  Config config;
  config.slots = threads;
  config.weakest_tier = Tier::kNamespaces;
  config.jobs_per_interpreter = 500;
  const absl::StatusOr<std::unique_ptr<Sandbox>> sandbox = Sandbox::Open(config);
  if (!sandbox.ok()) {
    fmt::print("soak: skipped, {}\n", Message(sandbox.status()));
    return;
  }
  const std::vector<Kind> honest = Honest();
  const std::vector<Kind> hostile = Hostile();
  std::atomic<int> next = 0;
  std::atomic<int> errors = 0;
  std::atomic<int> wrong = 0;
  std::mutex mutex;
  std::string first_wrong;
  const auto work = [&](int until) {
    for (int i = next++; i < until; i = next++) {
      RandomStream random(7, RandomPurpose::kTaskOrder, static_cast<uint32_t>(i));
      const std::vector<Kind>& list = random.Below(10) == 0 ? hostile : honest;
      const Kind& kind = list[random.Below(list.size())];
      const absl::StatusOr<JobResult> result = (*sandbox)->Run(kind.job);
      errors += result.ok() ? 0 : 1;
      const bool is_right = result.ok() && std::ranges::find(kind.endings, result->ending) != kind.endings.end() &&
                            (kind.expected.empty() || result->standard_output == kind.expected);
      if (!is_right) {
        ++wrong;
        const std::lock_guard lock(mutex);
        first_wrong = fmt::format("{}: {}", kind.job.files.empty() ? "shell" : kind.job.files[0].bytes,
                                  result.ok() ? fmt::format("{} code {} out {} err {}", EndingName(result->ending), result->exit_code,
                                                            result->standard_output.substr(0, 100), result->standard_error.substr(0, 300))
                                              : std::string(Message(result.status())));
      }
    }
  };
  const auto run = [&](int until) {
    std::vector<std::thread> pool;
    for (int t = 0; t < threads; ++t) {
      pool.emplace_back(work, until);
    }
    for (std::thread& thread : pool) {
      thread.join();
    }
    next = until;
  };
  run(std::min(200, jobs / 4));
  const Surroundings before = Look();
  const int64_t kb_before = ResidentKb();
  run(jobs);
  const int64_t kb_after = ResidentKb();
  const Surroundings after = Look();
  INFO(first_wrong);
  CHECK(errors == 0);
  CHECK(wrong == 0);
  INFO("before: " << Describe(before) << "; after: " << Describe(after));
  CHECK(before == after);
#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory for a while
  CHECK(kb_after - kb_before < 5000);
#endif
  fmt::print("soak, tier {}: {} jobs, {} errors, {} wrong, memory {:+} kB, {}\n", static_cast<int>((*sandbox)->tier()), jobs, errors.load(),
             wrong.load(), kb_after - kb_before, Describe(after));
}

TEST_CASE("400 jobs of all kinds leave nothing", "[soak]") { Soak(400, 2); }

TEST_CASE("20,000 jobs of all kinds leave nothing", "[.soak]") { Soak(20'000, 2); }

}  // namespace
}  // namespace cupel::sandbox
