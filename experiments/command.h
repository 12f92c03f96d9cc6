#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <absl/status/status.h>

#include "base/stop_signal.h"

namespace cupel {

// What a command does once it was chosen; returns the exit code.
using Action = std::function<int(StopSignal& stop)>;

// Each declares its options on its CLI11 subcommand and returns what to run. One file per command, listed in main.cc.
Action DeclareBench(CLI::App& app);
Action DeclareCompare(CLI::App& app);
Action DeclareCost(CLI::App& app);
Action DeclareData(CLI::App& app);
Action DeclareDoctor(CLI::App& app);
Action DeclareEval(CLI::App& app);
Action DeclareExport(CLI::App& app);
Action DeclareLog(CLI::App& app);
Action DeclarePipeline(CLI::App& app);
Action DeclareReplay(CLI::App& app);
Action DeclareReport(CLI::App& app);
Action DeclareRescore(CLI::App& app);  // replay, in a build without LibTorch
Action DeclareSample(CLI::App& app);
Action DeclareSandbox(CLI::App& app);
Action DeclareScore(CLI::App& app);
Action DeclareScoreLogged(CLI::App& app);  // score, in a build without LibTorch
Action DeclareSft(CLI::App& app);
Action DeclareShow(CLI::App& app);
Action DeclareTasks(CLI::App& app);
Action DeclareTrain(CLI::App& app);
Action DeclareVerify(CLI::App& app);

// Exit codes, documented in README: 0 done, 1 failed, 2 bad usage or configuration, 3 stopped by a safety rule, 128 + signal when stopped
// by one.
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitSafety = 3;

// Prints "cupel: MESSAGE" to standard error and gives the exit code of the status (InvalidArgument 2, Aborted 3, others 1).
int Fail(const absl::Status& status);

// For CLI11: a whole number of at least `low`.
inline CLI::Validator AtLeast(int64_t low) {
  return CLI::Validator(
      [low](std::string& text) -> std::string {
        int64_t value = 0;
        const bool is_number = CLI::detail::lexical_cast(text, value);
        return is_number && value >= low ? "" : "\"" + text + "\" is not a whole number of at least " + std::to_string(low);
      },
      "AT LEAST " + std::to_string(low));
}

// Where lines for people go: standard output, or standard error when the command's result is JSON on standard output.
inline std::FILE* HumanStream(bool json) { return json ? stderr : stdout; }

}  // namespace cupel
