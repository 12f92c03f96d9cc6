#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <unistd.h>

#include <fmt/format.h>

#include "base/file.h"
#include "base/status.h"
#include "experiments/command.h"
#include "verifiers/code/sandbox/quick_attacks.h"
#include "verifiers/code/sandbox/sandbox.h"

namespace cupel {
namespace {

struct SandboxOptions {
  std::vector<std::string> command;
  std::string language = "native";
  std::vector<std::string> files;
  int weakest_tier = static_cast<int>(sandbox::Tier::kNamespaces);
  int64_t cpu_ms = 10'000;
  int64_t wall_ms = 0;
  int64_t memory_mib = 256;
  int64_t processes = 64;
  bool is_input_read = false;
};

constexpr int64_t kMaxInputBytes = int64_t{256} << 20;

absl::StatusOr<std::unique_ptr<sandbox::Sandbox>> OpenFor(const SandboxOptions& options) {
  sandbox::Config config;
  config.slots = 1;
  config.weakest_tier = static_cast<sandbox::Tier>(options.weakest_tier);
  return sandbox::Sandbox::Open(config);
}

absl::StatusOr<std::string> ReadStandardInput() {
  std::string text;
  char buffer[65'536];
  ssize_t got = 0;
  while ((got = read(0, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<size_t>(got));
    if (std::ssize(text) > kMaxInputBytes) {
      return ResourceExhausted("standard input is larger than {} MiB", kMaxInputBytes >> 20);
    }
  }
  return text;
}

absl::StatusOr<sandbox::Job> ReadJob(const SandboxOptions& options) {
  sandbox::Job job;
  for (const sandbox::Language language : {sandbox::Language::kPython, sandbox::Language::kC, sandbox::Language::kCpp,
                                           sandbox::Language::kJavaScript, sandbox::Language::kNative}) {
    if (options.language == sandbox::LanguageName(language)) {
      job.language = language;
    }
  }
  std::vector<std::string> paths = options.files;
  if (job.language != sandbox::Language::kNative) {
    paths.push_back(options.command.front());
  }
  for (const std::string& path : paths) {
    CUPEL_ASSIGN_OR_RETURN(std::string bytes, ReadFile(path));
    job.files.push_back({path.substr(path.rfind('/') + 1), std::move(bytes), access(path.c_str(), X_OK) == 0});
  }
  const std::string& first = options.command.front();
  job.entry = job.language == sandbox::Language::kNative ? first : first.substr(first.rfind('/') + 1);
  job.args.assign(options.command.begin() + 1, options.command.end());
  job.limits.cpu_ms = options.cpu_ms;
  job.limits.wall_ms = options.wall_ms;
  job.limits.memory_bytes = options.memory_mib << 20;
  job.limits.processes = options.processes;
  if (options.is_input_read) {
    CUPEL_ASSIGN_OR_RETURN(job.input, ReadStandardInput());
  }
  return job;
}

absl::StatusOr<int> RunInSandbox(const SandboxOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const sandbox::Job job, ReadJob(options));
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<sandbox::Sandbox> sandbox, OpenFor(options));
  CUPEL_ASSIGN_OR_RETURN(const sandbox::JobResult result, sandbox->Run(job));
  std::fwrite(result.standard_output.data(), 1, result.standard_output.size(), stdout);
  std::fflush(stdout);
  std::fwrite(result.standard_error.data(), 1, result.standard_error.size(), stderr);
  std::string how(sandbox::EndingName(result.ending));
  if (result.ending == sandbox::Ending::kExited) {
    how += fmt::format(" with code {}", result.exit_code);
  } else if (result.ending == sandbox::Ending::kSignalled) {
    how += fmt::format(" by signal {}", result.signal);
  }
  fmt::print(stderr, "cupel: {}; CPU {} ms, wall {} ms, peak {} kB; {}\n", how, result.cpu_ms, result.wall_ms, result.peak_kb,
             sandbox->Description());
  const bool is_well = result.ending == sandbox::Ending::kExited && result.exit_code == 0;
  return is_well ? 0 : kExitFailed;
}

absl::StatusOr<int> CheckSandbox(const SandboxOptions& options) {
  for (const sandbox::Fact& fact : sandbox::ProbeMachine()) {
    fmt::print("{:<8} {:<14} {}\n", fact.is_available ? "ok" : "warning", fact.name, fact.text);
  }
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<sandbox::Sandbox> sandbox, OpenFor(options));
  int failed = 0;
  for (const sandbox::QuickAttack& attack : sandbox::RunQuickAttacks(*sandbox)) {
    failed += attack.is_contained ? 0 : 1;
    fmt::print("{:<8} {}: {}\n", attack.is_contained ? "held" : "error", attack.name, attack.text);
  }
  fmt::print("{}\n", failed == 0 ? "12 of 12 attacks contained"
                                 : fmt::format("{} of 12 attacks NOT contained: do not run programs of models here", failed));
  return failed == 0 ? 0 : kExitFailed;
}

Action Finish(absl::StatusOr<int> (*work)(const SandboxOptions&), const std::shared_ptr<SandboxOptions>& options) {
  return [work, options](StopSignal&) {
    const absl::StatusOr<int> code = work(*options);
    return code.ok() ? *code : Fail(code.status());
  };
}

void AddTier(CLI::App& app, SandboxOptions& options) {
  app.add_option("--allow-tier", options.weakest_tier,
                 "weakest confinement to accept: 0 full, 1 without control groups, 2 without namespaces")
      ->check(CLI::Range(0, 2))
      ->capture_default_str();
}

}  // namespace

Action DeclareSandbox(CLI::App& app) {
  auto options = std::make_shared<SandboxOptions>();
  app.require_subcommand(1);
  CLI::App* run = app.add_subcommand("run", "run one command as a model's program would be run: cupel sandbox run -- /bin/ls -la /");
  run->add_option("command", options->command, "the command, or with --language the file to run, and its arguments; after --")->required();
  run->add_option("--language", options->language, "run a file of this language instead of a command")
      ->check(CLI::IsMember({"native", "python", "c", "cpp", "javascript"}))
      ->capture_default_str();
  run->add_option("--file", options->files, "put this file beside it, into /job; may be given several times");
  run->add_option("--cpu-ms", options->cpu_ms, "CPU time of all its processes")->check(AtLeast(1))->capture_default_str();
  run->add_option("--wall-ms", options->wall_ms, "time until it is killed; 0: three times the CPU time and two seconds")->check(AtLeast(0));
  run->add_option("--memory-mib", options->memory_mib, "memory of all its processes")->check(AtLeast(1))->capture_default_str();
  run->add_option("--processes", options->processes, "processes and threads at a time")->check(AtLeast(1))->capture_default_str();
  run->add_flag("--stdin", options->is_input_read, "read standard input to its end and hand it over; otherwise it is empty");
  AddTier(*run, *options);
  CLI::App* check =
      app.add_subcommand("check", "what confinement this machine offers, which languages are there, and twelve quick attacks");
  AddTier(*check, *options);
  return [run, options](StopSignal& stop) { return Finish(run->parsed() ? RunInSandbox : CheckSandbox, options)(stop); };
}

}  // namespace cupel
