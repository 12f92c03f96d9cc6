// Measures the sandbox beside bare process starts and bubblewrap; prints figures, checks nothing. By hand, on an idle machine:
// build/release/tests/code_sandbox_test '[.speed]'

#include <algorithm>
#include <chrono>
#include <functional>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/status.h"
#include "verifiers/code/sandbox/sandbox.h"

namespace cupel::sandbox {
namespace {

struct Timing {
  double per_second = 0;
  double median_ms = 0;
  double p95_ms = 0;
};

// `jobs` calls of `work` from `threads` threads.
Timing Measure(int jobs, int threads, const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times(static_cast<size_t>(jobs));
  const auto begin = Clock::now();
  std::vector<std::thread> pool;
  for (int t = 0; t < threads; ++t) {
    pool.emplace_back([&, t] {
      for (int i = t; i < jobs; i += threads) {
        const auto start = Clock::now();
        work();
        times[static_cast<size_t>(i)] = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
      }
    });
  }
  for (std::thread& thread : pool) {
    thread.join();
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::ranges::sort(times);
  return {jobs / seconds, times[times.size() / 2], times[times.size() * 95 / 100]};
}

void Print(std::string_view name, const Timing& timing) {
  fmt::print("{:<44} {:>7.0f} jobs/s   median {:>6.2f} ms   p95 {:>6.2f} ms\n", name, timing.per_second, timing.median_ms, timing.p95_ms);
}

void Spawn(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  char language[] = "LANG=C.UTF-8";
  char* environment[] = {language, nullptr};
  pid_t child = -1;
  if (posix_spawn(&child, arguments[0], nullptr, nullptr, arguments.data(), environment) == 0) {
    waitpid(child, nullptr, 0);
  }
}

Job JobOf(Language language, const char* name, const char* text) {
  Job job;
  job.language = language;
  job.entry = name;
  job.files = {{name, text, false}};
  return job;
}

TEST_CASE("speed", "[.speed]") {
  constexpr int kThreads = 2;
  Config config;
  config.slots = kThreads;
  config.weakest_tier = Tier::kNoNamespaces;
  const absl::StatusOr<std::unique_ptr<Sandbox>> warm = Sandbox::Open(config);
  REQUIRE(warm.ok());
  config.jobs_per_interpreter = 0;
  const absl::StatusOr<std::unique_ptr<Sandbox>> cold = Sandbox::Open(config);
  REQUIRE(cold.ok());
  fmt::print("{}\n", (*warm)->Description());
  const auto run = [](Sandbox& sandbox, const Job& job) {
    return [&sandbox, job] {
      const absl::StatusOr<JobResult> result = sandbox.Run(job);
      if (!result.ok() || result->ending != Ending::kExited) {
        fmt::print("failed: {}\n", result.ok() ? EndingName(result->ending) : Message(result.status()));
      }
    };
  };
  const Job python = JobOf(Language::kPython, "a.py", "print(1)\n");
  Measure(50, kThreads, run(**warm, python));
  for (int round = 0; round < 2; ++round) {
    Print("bare /bin/true", Measure(1000, kThreads, [] { Spawn({"/bin/true"}); }));
    Print("bare python3 -I -S", Measure(200, kThreads, [] { Spawn({"/usr/bin/python3", "-I", "-S", "-c", "pass"}); }));
    Print("bubblewrap /bin/true", Measure(200, kThreads, [] {
            Spawn({"/usr/bin/bwrap", "--unshare-all", "--die-with-parent",
                   "--new-session",  "--ro-bind",     "/usr",
                   "/usr",           "--symlink",     "usr/lib",
                   "/lib",           "--symlink",     "usr/lib64",
                   "/lib64",         "--proc",        "/proc",
                   "--dev",          "/dev",          "--tmpfs",
                   "/tmp",           "/usr/bin/true"});
          }));
    Print("sandbox /bin/true", Measure(500, kThreads, run(**warm, [] {
                                         Job job;
                                         job.language = Language::kNative;
                                         job.entry = "/usr/bin/true";
                                         return job;
                                       }())));
    Print("sandbox python, warm", Measure(1000, kThreads, run(**warm, python)));
    Print("sandbox python, warm, one at a time", Measure(300, 1, run(**warm, python)));
    Print("sandbox python, cold", Measure(200, kThreads, run(**cold, python)));
    Print("sandbox C++, compiled before",
          Measure(500, kThreads, run(**warm, JobOf(Language::kCpp, "a.cpp", "#include <cstdio>\nint main() { std::puts(\"1\"); }\n"))));
    if (CheckLanguage(Language::kJavaScript).ok()) {
      Print("sandbox JavaScript", Measure(50, kThreads, run(**warm, JobOf(Language::kJavaScript, "a.js", "console.log(1)\n"))));
    }
  }
}

}  // namespace
}  // namespace cupel::sandbox
