#include "verifiers/code/sandbox/sandbox.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <poll.h>
#include <thread>

#include <fmt/format.h>

#include "base/check.h"
#include "base/status.h"
#include "verifiers/code/sandbox/compile_cache.h"
#include "verifiers/code/sandbox/launcher_process.h"
#include "verifiers/code/sandbox/open_options.h"
#include "verifiers/code/sandbox/running_job.h"

namespace cupel::sandbox {
namespace {

constexpr int64_t kHeaderCacheBytes = int64_t{256} << 20;  // two precompiled headers of 100 MB
constexpr int kMaxSlots = 30;                              // users of the slots are numbered per launcher (launcher/main.cc)

// A place where one job at a time runs. Its process is made when it is first needed, and again after a failure.
struct Slot {
  int number = 0;
  Descriptor socket;
  bool is_taken = false;
};

bool IsAlive(const Descriptor& socket) {
  pollfd event = {socket.number(), POLLIN, 0};
  return socket.is_open() && poll(&event, 1, 0) == 0;  // an idle slot says nothing; end of file is something to read
}

class RealSandbox final : public Sandbox {
 public:
  RealSandbox(const Config& config, Tier tier, const LauncherOptions& options, std::unique_ptr<LauncherProcess> launcher, Descriptor first,
              std::string refusals)
      : config_(config),
        options_(options),
        tier_(tier),
        launcher_(std::move(launcher)),
        cache_(config.cache_bytes),
        slots_(NumSlots(config) + 1),
        refusals_(std::move(refusals)) {
    for (size_t i = 0; i < slots_.size(); ++i) {
      slots_[i].number = static_cast<int>(i);
    }
    slots_[0].socket = std::move(first);
    free_ = static_cast<int>(NumSlots(config));
  }

  static size_t NumSlots(const Config& config) {
    const int wanted = config.slots > 0 ? config.slots : static_cast<int>(std::thread::hardware_concurrency());
    return static_cast<size_t>(std::clamp(wanted, 1, kMaxSlots));
  }

  absl::StatusOr<JobResult> Run(const Job& job) override;
  absl::StatusOr<Conversation> RunTogether(const Job& first, const Job& second) override;
  Tier tier() const override { return tier_; }
  std::string Description() const override;

 private:
  // A slot with a live process, held until destroyed.
  class Hold {
   public:
    Hold(RealSandbox& owner, size_t index) : owner_(&owner), index_(index) {}
    Hold(Hold&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), index_(other.index_) {}
    Hold& operator=(Hold&&) = delete;
    ~Hold();
    size_t index() const { return index_; }
    int socket() const { return owner_->slots_[index_].socket.number(); }
    void Abandon() { owner_->slots_[index_].socket.Close(); }  // its state is not known: the next user gets a new process

   private:
    RealSandbox* owner_;
    size_t index_;
  };
  // Waits until `count` slots are free. All or none, so that two conversations cannot wait for each other.
  absl::StatusOr<std::vector<Hold>> Take(size_t count);
  absl::Status Revive(Slot& slot);
  absl::StatusOr<JobResult> RunInSlot(const Job& job, const Command& command, int program);
  absl::StatusOr<Compiled> RunCompiler(const Job& job, const Command& command);
  absl::StatusOr<std::shared_ptr<const Compiled>> Header(const Job& job);
  absl::StatusOr<Compiled> Compile(const Job& job, const LanguageSupport& support);
  // The executable of a compiled language, null for others; `result` is set when there is none because the program does not compile.
  absl::StatusOr<std::shared_ptr<const Compiled>> Prepare(const Job& job, JobResult& result);
  bool HasCaps() const { return (options_.dropped_controls >> static_cast<uint32_t>(Control::kOutputCap) & 1) == 0; }
  bool IsWarmPossible() const { return tier_ <= Tier::kNamespaces && config_.jobs_per_interpreter > 0; }

  Config config_;
  LauncherOptions options_;
  Tier tier_;
  std::mutex launcher_mutex_;
  std::unique_ptr<LauncherProcess> launcher_;
  CompileCache cache_;
  CompileCache headers_{kHeaderCacheBytes};
  std::map<std::string, int> header_uses_;  // by HeaderKey; guarded by mutex_
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Slot> slots_;  // one more than jobs at a time, for the second of a conversation
  std::string refusals_;     // why no stronger tier, one line each
  int free_ = 0;             // jobs that may still begin
};

RealSandbox::Hold::~Hold() {
  if (owner_ == nullptr) {
    return;
  }
  const std::lock_guard lock(owner_->mutex_);
  owner_->slots_[index_].is_taken = false;
  ++owner_->free_;
  owner_->freed_.notify_all();
}

absl::Status RealSandbox::Revive(Slot& slot) {
  if (IsAlive(slot.socket)) {
    return absl::OkStatus();
  }
  slot.socket.Close();
  const std::lock_guard lock(launcher_mutex_);
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (!launcher_) {
      CUPEL_ASSIGN_OR_RETURN(launcher_, LauncherProcess::Start(options_, tier_, config_.jobs_per_interpreter));
    }
    absl::StatusOr<Descriptor> socket = launcher_->NewSlot(slot.number);
    if (socket.ok()) {
      slot.socket = *std::move(socket);
      return absl::OkStatus();
    }
    if (attempt == 1) {
      return Annotate(socket.status(), "sandbox: no slot");
    }
    launcher_.reset();  // with the slots it had: those that are taken fail, as they would have
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<RealSandbox::Hold>> RealSandbox::Take(size_t count) {
  std::vector<Hold> holds;
  const int tokens = static_cast<int>(std::min(count, slots_.size() - 1));
  {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return free_ >= tokens && static_cast<size_t>(std::ranges::count(slots_, false, &Slot::is_taken)) >= count; });
    for (size_t i = 0; i < slots_.size() && holds.size() < count; ++i) {
      if (!slots_[i].is_taken) {
        slots_[i].is_taken = true;
        --free_;
        holds.emplace_back(*this, i);
      }
    }
  }
  for (Hold& hold : holds) {
    CUPEL_RETURN_IF_ERROR(Revive(slots_[hold.index()]));
  }
  return holds;
}

absl::StatusOr<JobResult> RealSandbox::RunInSlot(const Job& job, const Command& command, int program) {
  CUPEL_ASSIGN_OR_RETURN(std::vector<Hold> holds, Take(1));
  RunningJob running(job, command, tier_, HasCaps());
  RunningJob* jobs[] = {&running};
  absl::Status status = running.Start(holds[0].socket(), program, nullptr);
  if (status.ok()) {
    status = RunUntilEnd(jobs);
  }
  if (!status.ok()) {
    holds[0].Abandon();
    return status;
  }
  return running.TakeResult();
}

absl::StatusOr<Compiled> RealSandbox::RunCompiler(const Job& job, const Command& command) {
  CUPEL_ASSIGN_OR_RETURN(JobResult result, RunInSlot(job, command, -1));
  Compiled compiled;
  result.compile_cpu_ms = result.cpu_ms;
  const bool is_clean = result.ending == Ending::kExited && result.exit_code == 0;
  if (is_clean && result.has_output_file) {
    CUPEL_ASSIGN_OR_RETURN(compiled.program, SealedFile("program", result.output_file));
    compiled.program_bytes = std::ssize(result.output_file);
  } else if (result.ending != Ending::kExited && result.ending != Ending::kSignalled) {
    result.ending = Ending::kCompileLimit;
  } else if (is_clean) {
    return Unavailable("sandbox: {} ended well but left no program", command.program);
  } else {
    result.ending = Ending::kCompileError;
  }
  result.output_file = {};
  result.has_output_file = false;
  result.cpu_ms = 0;
  compiled.result = std::move(result);
  return compiled;
}

// The precompiled header for the options of `job`, made when they are used for the second time; null when there is none.
absl::StatusOr<std::shared_ptr<const Compiled>> RealSandbox::Header(const Job& job) {
  const std::string key = HeaderKey(job);
  {
    const std::lock_guard lock(mutex_);
    if (tier_ > Tier::kNamespaces || ++header_uses_[key] < 2) {
      return nullptr;
    }
  }
  const Job header = HeaderJob(job);
  const Command command = kNativeSupport.run(header, false);
  bool was_there = false;
  return headers_.Get(
      key, [&] { return RunCompiler(header, command); }, was_there);
}

absl::StatusOr<Compiled> RealSandbox::Compile(const Job& job, const LanguageSupport& support) {
  Job compile = job;
  compile.language = Language::kNative;
  compile.args.clear();
  compile.input.clear();
  compile.channel_input.clear();
  compile.has_channels = false;
  compile.output_file = "/tmp/program";
  compile.limits = job.compile_limits;
  compile.is_directory_writable = false;
  Command command = support.compile(job);
  std::shared_ptr<const Compiled> header;
  if (WantsHeader(job)) {
    CUPEL_ASSIGN_OR_RETURN(header, Header(job));
  }
  if (header && header->program.is_open()) {
    compile.has_channels = true;
    UseHeader(command, header->program.number());
  }
  return RunCompiler(compile, command);
}

absl::StatusOr<std::shared_ptr<const Compiled>> RealSandbox::Prepare(const Job& job, JobResult& result) {
  CUPEL_RETURN_IF_ERROR(CheckJob(job));
  const LanguageSupport& support = Support(job.language);
  if (!support.is_compiled) {
    return nullptr;
  }
  bool was_there = false;
  CUPEL_ASSIGN_OR_RETURN(std::shared_ptr<const Compiled> compiled, cache_.Get(
                                                                       CompileKey(job), [&] { return Compile(job, support); }, was_there));
  result = compiled->result;
  result.was_compiled_before = was_there;
  return compiled;
}

absl::StatusOr<JobResult> RealSandbox::Run(const Job& job) {
  JobResult compile_result;
  CUPEL_ASSIGN_OR_RETURN(const std::shared_ptr<const Compiled> compiled, Prepare(job, compile_result));
  if (compiled && !compiled->program.is_open()) {
    return compile_result;
  }
  const Command command = Support(job.language).run(job, IsWarmPossible());
  CUPEL_ASSIGN_OR_RETURN(JobResult result, RunInSlot(job, command, compiled ? compiled->program.number() : -1));
  result.compile_cpu_ms = compile_result.compile_cpu_ms;
  result.was_compiled_before = compile_result.was_compiled_before;
  return result;
}

absl::StatusOr<Conversation> RealSandbox::RunTogether(const Job& first, const Job& second) {
  const std::array<const Job*, 2> jobs = {&first, &second};
  std::array<std::shared_ptr<const Compiled>, 2> compiled;
  std::array<JobResult, 2> results;
  for (size_t i = 0; i < 2; ++i) {
    CUPEL_ASSIGN_OR_RETURN(compiled[i], Prepare(*jobs[i], results[i]));
  }
  if ((compiled[0] && !compiled[0]->program.is_open()) || (compiled[1] && !compiled[1]->program.is_open())) {
    return Conversation{std::move(results[0]), std::move(results[1])};
  }
  const std::array<Command, 2> commands = {Support(first.language).run(first, IsWarmPossible()),
                                           Support(second.language).run(second, IsWarmPossible())};
  CUPEL_ASSIGN_OR_RETURN(std::vector<Hold> holds, Take(2));
  RunningJob one(first, commands[0], tier_, HasCaps());
  RunningJob two(second, commands[1], tier_, HasCaps());
  absl::Status status;
  {
    CUPEL_ASSIGN_OR_RETURN(Pipe forth, MakePipe(true));
    CUPEL_ASSIGN_OR_RETURN(Pipe back, MakePipe(true));
    const Pipes first_pipes = {back.read.number(), forth.write.number()};
    const Pipes second_pipes = {forth.read.number(), back.write.number()};
    status = one.Start(holds[0].socket(), compiled[0] ? compiled[0]->program.number() : -1, &first_pipes);
    if (status.ok()) {
      status = two.Start(holds[1].socket(), compiled[1] ? compiled[1]->program.number() : -1, &second_pipes);
    }
  }
  RunningJob* running[] = {&one, &two};
  if (status.ok()) {
    status = RunUntilEnd(running);
  }
  if (!status.ok()) {
    for (Hold& hold : holds) {
      hold.Abandon();
    }
    return status;
  }
  Conversation conversation = {one.TakeResult(), two.TakeResult()};
  conversation.first.compile_cpu_ms = results[0].compile_cpu_ms;
  conversation.second.compile_cpu_ms = results[1].compile_cpu_ms;
  return conversation;
}

constexpr std::array<std::string_view, 4> kTierTexts = {
    "tier 0: namespaces, seccomp, Landlock, rlimits, and control groups for memory, processes and CPU",
    "tier 1: namespaces, seccomp, Landlock and rlimits; memory bounded by address space x processes (no control groups)",
    "tier 2: seccomp without sockets, Landlock and rlimits; no namespaces", "tier 3: no confinement"};

std::string RealSandbox::Description() const { return std::string(kTierTexts[static_cast<size_t>(tier_)]) + refusals_; }

}  // namespace

absl::StatusOr<std::unique_ptr<Sandbox>> OpenSandbox(const Config& config, const LauncherOptions& options) {
  std::string refusals;
  for (int number = static_cast<int>(config.strongest_tier); number <= static_cast<int>(Tier::kNoNamespaces); ++number) {
    const auto tier = static_cast<Tier>(number);
    CUPEL_ASSIGN_OR_RETURN(std::unique_ptr<LauncherProcess> launcher, LauncherProcess::Start(options, tier, config.jobs_per_interpreter));
    absl::StatusOr<Descriptor> slot = launcher->NewSlot(0);
    if (slot.ok() && tier > config.weakest_tier) {
      return FailedPrecondition(
          "sandbox: only {} is to be had here, and tier {} is the weakest allowed (--allow-tier {} would accept it){}",
          kTierTexts[static_cast<size_t>(number)], static_cast<int>(config.weakest_tier), number, refusals);
    }
    if (slot.ok()) {
      return std::make_unique<RealSandbox>(config, tier, options, std::move(launcher), *std::move(slot), refusals);
    }
    refusals += fmt::format("; not tier {}: {}", number, Message(slot.status()));
  }
  return FailedPrecondition("sandbox: this machine offers no confinement{}", refusals);
}

absl::StatusOr<std::unique_ptr<Sandbox>> Sandbox::Open(const Config& config) { return OpenSandbox(config, {.image = LauncherImage()}); }

}  // namespace cupel::sandbox
