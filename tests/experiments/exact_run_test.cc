// Covers that a run is exact: twice the same, and the same when it was interrupted anywhere. Alone:
// build/release/tests/experiments_test "[exact]"

#include <chrono>
#include <csignal>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "tests/experiments/cupel.h"
#include "tests/experiments/run_digest.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using testing::Contains;
using testing::Cupel;
using testing::DigestRun;
using testing::TrainTiny;
using Digests = std::map<std::string, std::string>;
using std::chrono::milliseconds;

constexpr int kSteps = 20;
constexpr double kShorter = 0.9;    // a run that ended before its moment came was shorter than thought
constexpr int kInterruptions = 75;  // two of three are SIGKILL: fifty of them

// Evaluations inside the run and checkpoints at other steps than they, so that an interruption can fall anywhere between.
std::vector<std::string> Arguments(const std::string& run) {
  return TrainTiny(run, {"--set", "eval.every=3", "--set", "run.checkpoint_every=4", "--set", "run.steps=" + std::to_string(kSteps)});
}

Digests Uninterrupted(const std::string& run, milliseconds* took = nullptr) {
  const auto start = std::chrono::steady_clock::now();
  const ProcessResult result = Cupel(Arguments(run));
  INFO(result.out << result.err);
  REQUIRE(result.exit_code == 0);
  if (took != nullptr) {
    *took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
  }
  return DigestRun(run);
}

TEST_CASE("the same recipe and seed give the same run twice", "[exact]") {
  const TempDir folder;
  const Digests first = Uninterrupted(folder.File("first"));
  CHECK(first.at("step") == std::to_string(kSteps));
  CHECK(first == Uninterrupted(folder.File("second")));
}

TEST_CASE("another seed gives another run", "[exact]") {
  const TempDir folder;
  const Digests first = Uninterrupted(folder.File("first"));
  std::vector<std::string> arguments = Arguments(folder.File("second"));
  arguments.insert(arguments.end(), {"--set", "run.seed=2"});
  REQUIRE(Cupel(arguments).exit_code == 0);
  const Digests second = DigestRun(folder.File("second"));
  for (const char* part : {"rollouts", "metrics", "model.safetensors", "optimizer.safetensors"}) {
    INFO(part);
    CHECK(first.at(part) != second.at(part));
  }
}

TEST_CASE("the number of threads and the memory for keys and values do not change a run", "[exact]") {
  const TempDir folder;
  const Digests expected = Uninterrupted(folder.File("first"));
  for (const char* setting : {"model.threads=2", "model.threads=3", "engine.kv_cache_mib=1"}) {
    INFO(setting);
    const std::string run = folder.File(setting);
    std::vector<std::string> arguments = Arguments(run);
    arguments.insert(arguments.end(), {"--set", setting});
    REQUIRE(Cupel(arguments).exit_code == 0);
    CHECK(DigestRun(run) == expected);
  }
}

// One process of a run: continues it, or starts it when nothing was stored yet. The signal comes after `delay`.
ProcessResult Continue(const std::string& run, milliseconds delay, int signal) {
  ProcessRequest request = testing::Request({"train", "--resume", "--run", run});
  request.kill_after = delay;
  request.kill_signal = signal;
  ProcessResult result = RunProcess(request);
  if (result.exit_code == 1 && Contains(result.err, "no run to resume")) {
    request.arguments = testing::Request(Arguments(run)).arguments;
    result = RunProcess(request);
  }
  return result;
}

// What the program takes before and after its work.
milliseconds StartupTime() {
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(Cupel({"--version"}).exit_code == 0);
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
}

TEST_CASE("a run interrupted anywhere and resumed equals the uninterrupted one", "[exact]") {
  const TempDir folder;
  milliseconds took{};
  const Digests expected = Uninterrupted(folder.File("whole"), &took);
  const auto startup = static_cast<double>(StartupTime().count());
  const double length = static_cast<double>(took.count()) - startup;
  double pace = 1;  // of both, as the machine is now
  int draws = 0;
  int interruptions = 0;
  for (int round = 0; interruptions < kInterruptions; ++round) {
    const std::string run = folder.File("run" + std::to_string(round));
    const int signal = round % 3 == 0 ? SIGINT : SIGKILL;
    for (int attempt = 0;; ++attempt) {
      // Moments spread over the steps of a run by the golden ratio; later attempts get more time, so that every run ends. Each attempt
      // draws anew: on a machine that is faster now than when `took` was measured, a late moment may come after the end.
      ++draws;
      const double share = 0.618034 * draws - static_cast<int>(0.618034 * draws);
      const milliseconds delay(static_cast<int64_t>(pace * (startup + (share + 0.15 * attempt) * length)));
      const ProcessResult result = Continue(run, delay, signal);
      INFO("round " << round << ", attempt " << attempt << ", signal " << signal << " after " << delay.count() << " ms\n"
                    << result.out << result.err);
      if (result.exit_code == 0) {
        pace *= attempt == 0 ? kShorter : 1;
        break;
      }
      ++interruptions;
      // Before main a signal of either kind just ends the process.
      const bool is_clean_stop = signal == SIGINT && result.exit_code == 130;
      REQUIRE((is_clean_stop || result.signal == signal));
      CHECK((!is_clean_stop || Contains(result.out, "Continue with: cupel train --resume --run " + run)));
    }
    CHECK(DigestRun(run) == expected);
  }
}

TEST_CASE("Ctrl-C and SIGTERM stop a run cleanly", "[exact]") {
  const TempDir folder;
  for (const auto& [signal, name] : {std::pair{SIGINT, "Ctrl-C"}, std::pair{SIGTERM, "SIGTERM"}}) {
    ProcessRequest request;
    request.kill_after = milliseconds(500);
    for (int attempt = 0;; ++attempt) {  // until the signal finds the program past its start
      const std::string run = folder.File(name + std::to_string(attempt));
      request.arguments = testing::Request(TrainTiny(run, {"--set", "run.steps=100000", "--no-eval"})).arguments;
      request.kill_signal = signal;
      const ProcessResult result = RunProcess(request);
      // SIGTERM is a scheduler's request, and doing as asked is success.
      const int expected = signal == SIGTERM ? 0 : 128 + signal;
      if (result.exit_code == expected) {
        CHECK(Contains(result.out, std::string("stopped by ") + name));
        CHECK(Exists(run + "/checkpoints"));
        break;
      }
      REQUIRE(result.signal == signal);
      request.kill_after *= 2;
    }
  }
}

// Kills a run of one step at call 1, 2, ... of some kind until it gets through; each is resumed and must end like the uninterrupted one.
int DieAtEvery(const char* variable, int stride) {
  const TempDir folder;
  const auto arguments = [](const std::string& run) {
    return TrainTiny(run, {"--no-eval", "--set", "run.steps=2", "--set", "run.checkpoint_every=1", "--set", "run.keep_checkpoints=1"});
  };
  REQUIRE(Cupel(arguments(folder.File("whole"))).exit_code == 0);
  const Digests expected = DigestRun(folder.File("whole"));
  int deaths = 0;
  for (int call = 1;; call += stride) {
    const std::string run = folder.File("run" + std::to_string(call));
    ProcessRequest request = testing::Request(arguments(run));
    request.environment = {"LD_PRELOAD=" CUPEL_DIE_AT_SYNC, variable + std::string("=") + std::to_string(call)};
    const ProcessResult killed = RunProcess(request);
    INFO("call " << call << ": " << killed.err);
    if (killed.exit_code == 0) {
      return deaths;
    }
    ++deaths;
    REQUIRE(killed.signal == SIGKILL);
    ProcessResult resumed = Cupel({"train", "--resume", "--no-eval", "--run", run});
    if (resumed.exit_code == 1 && Contains(resumed.err, "no run to resume")) {
      resumed = Cupel(arguments(run));
    }
    INFO(resumed.err);
    CHECK(resumed.exit_code == 0);
    CHECK(DigestRun(run) == expected);
  }
}

// Every point at which something becomes durable (die_at_sync.cc).
TEST_CASE("a run that dies at any fsync or rename and is resumed equals the uninterrupted one", "[exact]") {
  CHECK(DieAtEvery("CUPEL_DIE_AT_SYNC", 1) >= 20);
}

// Half-written files and database pages; every fifth write, which keeps the test under a minute.
TEST_CASE("a run that dies in the middle of any write and is resumed equals the uninterrupted one", "[exact]") {
  CHECK(DieAtEvery("CUPEL_DIE_AT_WRITE", 5) >= 20);
}

TEST_CASE("the same for every single write, which takes minutes", "[.every_write]") {
  const int deaths = DieAtEvery("CUPEL_DIE_AT_WRITE", 1);
  WARN(deaths << " writes");
  CHECK(deaths >= 100);
}

TEST_CASE("a finished run that is resumed changes nothing", "[exact]") {
  const TempDir folder;
  const Digests expected = Uninterrupted(folder.File("run"));
  const ProcessResult result = Cupel({"train", "--resume", "--run", folder.File("run")});
  INFO(result.err);
  CHECK(result.exit_code == 0);
  CHECK(DigestRun(folder.File("run")) == expected);
}

TEST_CASE("a run whose newest checkpoint is damaged continues from the one before and ends the same", "[exact]") {
  const TempDir folder;
  const std::string run = folder.File("run");
  const Digests expected = Uninterrupted(run);
  const std::string weights = run + "/checkpoints/step-000020/model.safetensors";
  std::string bytes = ReadFile(weights).value();
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  REQUIRE(WriteFileAtomically(weights, bytes).ok());
  const ProcessResult result = Cupel({"train", "--resume", "--run", run});
  INFO(result.out << result.err);
  CHECK(result.exit_code == 0);
  CHECK(Contains(result.out, "step-000020/model.safetensors"));
  CHECK(Contains(result.out, "resumed after 16 finished steps"));
  CHECK(DigestRun(run) == expected);
}

}  // namespace
}  // namespace cupel
