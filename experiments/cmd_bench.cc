#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "base/status.h"
#include "experiments/bench/peer.h"
#include "experiments/bench/workloads.h"
#include "experiments/command.h"
#include "policy/calibration.h"

namespace cupel {
namespace {

// The largest resident memory since ForgetPeak, or of all time where the kernel does not tell.
double PeakMib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") {
      double kib = 0;
      status >> kib;
      return kib / 1024;
    }
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// The buffers of a calibration are no part of the work.
void ForgetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

// Own repetition, peer's repetition, in turn, each pair after a calibration of the machine. `peak_mib`: of the own ones.
absl::StatusOr<std::vector<BenchSlice>> MeasureSlices(const BenchOptions& options, const BenchWork& work, double& peak_mib) {
  std::optional<BenchPeer> peer;
  if (!options.peer.empty()) {
    CUPEL_ASSIGN_OR_RETURN(peer, BenchPeer::Start(options.peer));
  }
  CUPEL_RETURN_IF_ERROR(work.repeat().status());  // warms up
  std::vector<BenchSlice> slices;
  for (int64_t repeat = 0; repeat < options.repeats; ++repeat) {
    BenchSlice& slice = slices.emplace_back();
    slice.calibration = MeasureCalibration(work.threads);
    ForgetPeak();
    CUPEL_ASSIGN_OR_RETURN(slice.rate, work.repeat());
    peak_mib = std::max(peak_mib, PeakMib());
    if (peer) {
      CUPEL_ASSIGN_OR_RETURN(slice.peer, peer->Run());
    }
  }
  return slices;
}

// A peer for another program: a repetition per line, answered with its rate.
absl::Status Serve(const BenchWork& work) {
  std::string line;
  while (std::getline(std::cin, line)) {
    CUPEL_ASSIGN_OR_RETURN(const double rate, work.repeat());
    fmt::print("{}\n", rate);
    std::fflush(stdout);
  }
  return absl::OkStatus();
}

Json ToJson(const BenchOptions& options, const BenchWork& work, const std::vector<BenchSlice>& slices, double peak_mib) {
  Json json = {{"bench", options.what}};
  json.update(work.facts);
  const Calibration& calibration = slices.back().calibration;
  json["calibration"] = {
      {"matmul_type", calibration.matmul_type}, {"matmul_gflops", calibration.matmul_gflops}, {"copy_gb_per_s", calibration.copy_gb_per_s}};
  json.update(work.details());
  json.update(SlicesToJson(slices, work.unit));
  json["peak_mib"] = peak_mib;
  return json;
}

void Print(const Json& json, const std::vector<BenchSlice>& slices, const std::string& unit) {
  for (const auto& [key, value] : json.items()) {
    if (value.is_structured()) {
      continue;
    }
    fmt::print("{:<28} {}\n", key,
               value.is_string()         ? value.get<std::string>()
               : value.is_number_float() ? fmt::format("{:.4g}", value.get<double>())
                                         : DumpJson(value));
  }
  fmt::print("\n{}", SlicesToTable(slices, unit));
}

absl::Status RunBench(const BenchOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const BenchWork work, MakeBenchWork(options));
  if (options.serves) {
    return Serve(work);
  }
  double peak_mib = 0;
  CUPEL_ASSIGN_OR_RETURN(const std::vector<BenchSlice> slices, MeasureSlices(options, work, peak_mib));
  const Json json = ToJson(options, work, slices, peak_mib);
  if (options.json) {
    fmt::print("{}\n", DumpJson(json, 2));
  } else {
    Print(json, slices, work.unit);
  }
  return absl::OkStatus();
}

}  // namespace

Action DeclareBench(CLI::App& app) {
  auto options = std::make_shared<BenchOptions>();
  app.add_option(
         "what", options->what,
         "decode: sampling alone; prefill: prompts alone; train: forward, backward and update; step: sampling and training; update: the "
         "optimizer alone; verify: judging mathematics; store: writing the log")
      ->required()
      ->check(CLI::IsMember({"decode", "prefill", "train", "step", "update", "verify", "store"}));
  app.add_option("--model", options->model.settings.path, "model to measure")->capture_default_str();
  DeclareModelOptions(app, options->model);
  app.add_option("--linear", options->model.settings.linear, "auto, kernel or onednn")
      ->check(CLI::IsMember({"auto", "kernel", "onednn"}))
      ->capture_default_str();
  app.add_option("--prompts", options->prompts, "different prompts")->check(CLI::Range(1, 4096))->capture_default_str();
  app.add_option("--group", options->group, "answers per prompt")->check(CLI::Range(1, 4096))->capture_default_str();
  app.add_option("--prompt-tokens", options->prompt_tokens, "tokens per prompt")->check(CLI::Range(1, 8192))->capture_default_str();
  app.add_option("--new-tokens", options->new_tokens, "tokens per answer")->check(CLI::Range(1, 8192))->capture_default_str();
  app.add_option("--repeats", options->repeats, "counted repetitions after one warm-up; medians are printed")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--peer", options->peer,
                 "program with arguments to take turns with: it answers every line on its standard input with the rate of one repetition");
  app.add_flag("--serve", options->serves, "be such a peer: one repetition per line of standard input");
  app.add_flag("--json", options->json, "print as JSON");
  return [options](StopSignal&) {
    const absl::Status status = RunBench(*options);
    return status.ok() ? 0 : Fail(status);
  };
}

}  // namespace cupel
