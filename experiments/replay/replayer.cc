#include "experiments/replay/replayer.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/file.h"
#include "base/status.h"
#include "experiments/open_run.h"
#include "experiments/run_folder.h"
#include "grpo/checkpoint.h"
#include "grpo/weight_change.h"
#include "grpo/weights_digest.h"
#include "policy/engine/int8_engine.h"
#include "rollout/blob.h"
#include "verifiers/check_golds.h"

namespace cupel {
namespace {

namespace fs = std::filesystem;

// What two instruction-set paths may differ by. Products are summed in another order, which in bf16 costs the last of 8 bits of an
// activation: a log-probability moves by some hundredths of a nat, and a gradient norm by some hundredths of itself. In fp32 it is the last
// of 24 bits.
constexpr double kLogprobBoundBf16 = 0.25;
constexpr double kLogprobBoundFp32 = 1e-3;
constexpr double kRelativeBoundBf16 = 0.1;
constexpr double kRelativeBoundFp32 = 1e-3;

ReplayBounds BoundsFor(const RolloutStore::RunInfo& info, const std::string& kernels, const std::string& compute) {
  const bool repeats = kernels != "libtorch-cuda";  // a GPU adds up in any order
  if (info.kernels == kernels && repeats) {
    return {};
  }
  const bool is_bf16 = compute == "bf16";
  return {.is_exact = false,
          .logprob = is_bf16 ? kLogprobBoundBf16 : kLogprobBoundFp32,
          .relative = is_bf16 ? kRelativeBoundBf16 : kRelativeBoundFp32,
          .reason = repeats ? fmt::format("the record was made on {}, this is {}", info.kernels.empty() ? "an unknown path" : info.kernels,
                                          kernels)
                            : "steps on a GPU do not repeat bit for bit"};
}

// "1 to 40 and 51 to 60", from step numbers that begin with 0.
std::string StepRanges(const std::vector<int64_t>& steps) {
  std::vector<std::string> ranges;
  for (size_t i = 0; i < steps.size();) {
    size_t last = i;
    while (last + 1 < steps.size() && steps[last + 1] == steps[last] + 1) {
      ++last;
    }
    ranges.push_back(last == i ? fmt::format("{}", steps[i] + 1) : fmt::format("{} to {}", steps[i] + 1, steps[last] + 1));
    i = last + 1;
  }
  return ranges.empty() ? "none" : fmt::format("{}", fmt::join(ranges, ", "));
}

StageResult Skipped(Stage stage, std::string why) { return {.stage = stage, .skipped = std::move(why)}; }

std::string Completions(const std::vector<RolloutGroup>& groups) {
  return fmt::format("{} completions, {} tokens", NumRollouts(groups), NumTokens(groups));
}

// As RoundLogprobs leaves a record.
void Round(std::vector<RolloutGroup>& groups) {
  for (RolloutGroup& group : groups) {
    for (Rollout& rollout : group.rollouts) {
      std::ranges::transform(rollout.completion.logprobs, rollout.completion.logprobs.begin(), RoundToBfloat16);
      std::ranges::transform(rollout.completion.raw_logprobs, rollout.completion.raw_logprobs.begin(), RoundToBfloat16);
    }
  }
}

// Adds what a step came to, as it was done again.
void AddToDigest(const std::vector<RolloutGroup>& groups, Sha256& digest) {
  for (const RolloutGroup& group : groups) {
    digest.Update(fmt::format("{}|{}|{}|", group.step, group.group_idx, group.task.id));
    digest.Update(std::as_bytes(std::span(group.prompt)));
    for (const Rollout& rollout : group.rollouts) {
      digest.Update(std::as_bytes(std::span(rollout.completion.tokens)));
      digest.Update(std::as_bytes(std::span(rollout.completion.logprobs)));
      digest.Update(fmt::format("{}|{}|", rollout.text, OutcomeName(rollout.verdict.outcome)));
      digest.Update(std::as_bytes(std::span(&rollout.reward, 1)));
      digest.Update(std::as_bytes(std::span(&rollout.advantage, 1)));
    }
  }
}

}  // namespace

bool StepReplay::is_identical() const {
  return std::ranges::all_of(stages, [](const StageResult& stage) { return stage.difference.empty(); });
}

absl::StatusOr<std::unique_ptr<Replayer>> Replayer::Open(const std::string& run, const std::string& model) {
  CUPEL_ASSIGN_OR_RETURN(RolloutStore store, OpenRunForReading(run));
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info, store.ReadRun());
  Recipe recipe;
  CUPEL_RETURN_IF_ERROR(
      Annotate(ApplyJson(info.recipe, store.path(), recipe),
               fmt::format("the run's recipe does not fit this program (the run was made by cupel {} {}): replay it with that one",
                           info.program_version, info.git_revision)));
  if (!model.empty()) {
    recipe.model.path = model;
  }
  CUPEL_ASSIGN_OR_RETURN(GroupJudge judge, GroupJudge::Create("", std::nullopt, recipe.reward));
  const std::string directory = fs::path(store.path()).parent_path().string();
  std::unique_ptr<Replayer> replayer(
      new Replayer(directory.empty() ? "." : directory, std::move(store), std::move(recipe), std::move(judge)));
  CUPEL_RETURN_IF_ERROR(replayer->StartAnew());
  replayer->bounds_ = BoundsFor(info, replayer->policy_->kernel_path(), replayer->recipe_.model.compute);
  return replayer;
}

// The policy as the run found it.
absl::Status Replayer::StartAnew() {
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::RunInfo info, store_.ReadRun());
  const absl::StatusOr<std::string> digest = ModelDigest(recipe_.model.path);
  if (!digest.ok()) {
    return Annotate(digest.status(), "the model that the run began with; name it with --model if it has moved");
  }
  if (*digest != info.model_digest) {
    return FailedPrecondition("{}: is not the model that the run began with (SHA-256 {}…, the log says {}…); name that one with --model",
                              recipe_.model.path, digest->substr(0, 12), info.model_digest.substr(0, 12));
  }
  trainer_.reset();
  CUPEL_ASSIGN_OR_RETURN(policy_, Policy::Load(recipe_.model, static_cast<uint64_t>(recipe_.run.seed)));
  trainer_.emplace(*policy_, ResolvedGrpo(recipe_), recipe_.optimizer, recipe_.rollout.temperature,
                   recipe_.run.steps * recipe_.grpo.updates_per_step());
  position_ = 0;
  origin_ = "the run's first model";
  return absl::OkStatus();
}

absl::Status Replayer::CheckReplayable(int64_t step) const {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, store_.StepNumbers());
  std::vector<int64_t> replayable;
  for (const int64_t one : steps) {
    CUPEL_ASSIGN_OR_RETURN(const bool is_pruned, store_.IsPruned(one));
    if (!is_pruned) {
      replayable.push_back(one);
    }
  }
  if (std::ranges::find(replayable, step) != replayable.end()) {
    return absl::OkStatus();
  }
  const bool is_stored = std::ranges::find(steps, step) != steps.end();
  return FailedPrecondition("{}: step {} {}; the log can replay steps {}", store_.path(), step + 1,
                            is_stored ? "was pruned" : "is not stored", StepRanges(replayable));
}

// Whether learning the step again gives the run's weights.
absl::Status Replayer::CheckExact(int64_t step) const {
  CUPEL_RETURN_IF_ERROR(CheckReplayable(step));
  CUPEL_ASSIGN_OR_RETURN(const bool is_rounded, store_.IsRounded(step));
  if (is_rounded && bounds_.is_exact) {
    return FailedPrecondition(
        "{}: the log-probabilities of step {} were rounded, so that learning it again does not give the run's weights; steps after a later "
        "checkpoint can be replayed",
        store_.path(), step + 1);
  }
  return absl::OkStatus();
}

// One step of learning from the log on the way to another.
absl::Status Replayer::Learn(int64_t step, const std::vector<RolloutGroup>& groups) {
  CUPEL_RETURN_IF_ERROR(trainer_->Learn(groups).status());
  position_ = step + 1;
  CUPEL_ASSIGN_OR_RETURN(const std::optional<RolloutStore::Update> update, store_.ReadUpdate(step));
  if (bounds_.is_exact && update && update->weights_digest != WeightsDigest(*policy_)) {
    return DataLoss(
        "{}: learning step {} again from {} gives other weights than the run had: replay that step to see where it differs (--step {})",
        store_.path(), step + 1, origin_, step + 1);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<RolloutGroup>> Replayer::GoTo(int64_t step, std::string& how, StopSignal& stop) {
  CUPEL_RETURN_IF_ERROR(CheckReplayable(step));
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Checkpoint> checkpoints, store_.ReadCheckpoints());
  if (position_ > step) {
    CUPEL_RETURN_IF_ERROR(StartAnew());
  }
  std::vector<RolloutStore::Checkpoint> useful;
  std::ranges::copy_if(checkpoints, std::back_inserter(useful), [&](const auto& row) { return row.step <= step && row.step > position_; });
  std::ranges::stable_sort(useful, std::greater<>(), &RolloutStore::Checkpoint::step);
  for (const RolloutStore::Checkpoint& row : useful) {
    const absl::Status status = LoadCheckpoint(directory_, row, *policy_, *trainer_);
    if (status.ok()) {
      position_ = row.step;
      origin_ = row.directory;
      break;
    }
    if (!absl::IsNotFound(status)) {
      return Annotate(
          status,
          fmt::format("stage start: the checkpoint before step {} is damaged; delete its folder to replay from an earlier one", step + 1));
    }
  }
  const int64_t relearned = step - position_;
  while (position_ < step) {
    if (stop.Requested() != 0) {
      return absl::CancelledError("stopped");
    }
    CUPEL_RETURN_IF_ERROR(Annotate(CheckExact(position_), fmt::format("on the way from {} to step {}", origin_, step + 1)));
    CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutGroup> groups, store_.ReadStep(position_));
    CUPEL_RETURN_IF_ERROR(Learn(position_, groups));
  }
  how = relearned == 0 ? origin_
                       : fmt::format("{}, then {} step{} learned again from the log", origin_, relearned, relearned == 1 ? "" : "s");
  return store_.ReadStep(step);
}

// The tasks of a step as training drew them, of which dynamic sampling may have asked only the first.
std::vector<Task> Replayer::TasksOf(int64_t step, size_t num_groups) const {
  std::vector<Task> tasks = curriculum_->Draw(step, TasksDrawn(recipe_));
  tasks.resize(std::min(tasks.size(), num_groups));
  return tasks;
}

absl::StatusOr<std::vector<RolloutGroup>> Replayer::DrawPrompts(int64_t step, size_t num_groups) {
  if (!curriculum_) {
    const LoadContext loading{.check_gold = &CheckGold, .progress = {}};  // as training did: it decides which rows are skipped
    CUPEL_ASSIGN_OR_RETURN(curriculum_, Curriculum::Create(recipe_.data, static_cast<uint64_t>(recipe_.run.seed), loading));
  }
  std::vector<RolloutGroup> groups;
  for (Task& task : TasksOf(step, num_groups)) {
    RolloutGroup& group = groups.emplace_back();
    group.step = step;
    group.group_idx = std::ssize(groups) - 1;
    group.prompt = policy_->chat().Render(task.prompt);
    group.task = std::move(task);
  }
  return groups;
}

absl::Status Replayer::ReplayPrompts(int64_t step, const std::vector<RolloutGroup>& groups, StepReplay& replay) {
  absl::StatusOr<std::vector<RolloutGroup>> drawn = DrawPrompts(step, groups.size());
  CUPEL_RETURN_IF_ERROR(Annotate(drawn.status(), "the run's tasks; --from-log does without them"));
  replay.stages.push_back({.stage = Stage::kPrompts,
                           .compared = fmt::format("{} tasks and their token ids", groups.size()),
                           .difference = ComparePrompts(groups, *drawn)});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<RolloutGroup>> Replayer::Sample(int64_t step, size_t num_groups, StopSignal& stop) {
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy_, recipe_.engine, recipe_.rollout.weights);
  CUPEL_ASSIGN_OR_RETURN(const RewardComposition rewards, RewardComposition::Create(recipe_.reward));
  RolloutWorkers workers(*engine, policy_->tokenizer(), policy_->chat(), rewards);
  CollectRequest request;
  request.tasks = TasksOf(step, num_groups);
  request.group_size = recipe_.rollout.group_size;
  request.sampling = TrainingSampling(recipe_);
  request.random = {
      .seed = static_cast<uint64_t>(recipe_.run.seed), .purpose = RandomPurpose::kSampling, .step = static_cast<uint32_t>(step)};
  request.step = step;
  return workers.Collect(request, {}, [&] { return stop.Requested() != 0; });
}

absl::Status Replayer::ReplaySampling(int64_t step, const std::vector<RolloutGroup>& groups, StopSignal& stop, StepReplay& replay) {
  if (bounds_.is_exact) {
    CUPEL_ASSIGN_OR_RETURN(std::vector<RolloutGroup> sampled, Sample(step, groups.size(), stop));
    AddToDigest(sampled, digest_);
    if (is_rounded_) {
      Round(sampled);
    }
    replay.stages.push_back({.stage = Stage::kSampling,
                             .compared = Completions(groups) + (is_rounded_ ? ", log-probabilities rounded to bfloat16" : ""),
                             .difference = CompareSampling(groups, sampled, policy_->tokenizer())});
    return absl::OkStatus();
  }
  const bool filters = recipe_.rollout.top_k > 0 || recipe_.rollout.top_p < 1 || recipe_.rollout.min_p > 0;
  if (filters) {
    replay.stages.push_back(Skipped(Stage::kSampling, bounds_.reason + ", and a filter of tokens hides the model's own log-probabilities"));
    return absl::OkStatus();
  }
  if (recipe_.rollout.weights == "int8") {
    replay.stages.push_back(
        Skipped(Stage::kSampling, bounds_.reason + ", and int8 weights sampled from another distribution than the trainer's"));
    return absl::OkStatus();
  }
  const std::vector<float> logprobs = CompletionLogprobs(*policy_, groups, recipe_.rollout.temperature, recipe_.grpo.microbatch_tokens);
  replay.stages.push_back(
      {.stage = Stage::kSampling,
       .compared = fmt::format("log-probabilities of the recorded tokens, within {} ({})", bounds_.logprob, bounds_.reason),
       .difference = CompareLogprobs(groups, logprobs, bounds_)});
  return absl::OkStatus();
}

absl::Status Replayer::ReplayJudgement(const std::vector<RolloutGroup>& groups, Stage first, StepReplay& replay) {
  if (first <= Stage::kText) {
    replay.stages.push_back(
        {.stage = Stage::kText, .compared = Completions(groups), .difference = CompareTexts(groups, policy_->tokenizer())});
  }
  if (first <= Stage::kVerdicts) {
    CUPEL_RETURN_IF_ERROR(judge_.CheckTasks(groups));
    std::vector<RolloutGroup> judged = groups;
    std::ranges::for_each(judged, [&](RolloutGroup& group) { judge_.Verify(group); });
    replay.stages.push_back({.stage = Stage::kVerdicts,
                             .compared = fmt::format("{} verdicts", NumRollouts(groups)),
                             .difference = CompareVerdicts(groups, judged)});
  }
  if (first <= Stage::kRewards) {
    std::vector<RolloutGroup> rewarded = groups;
    std::ranges::for_each(rewarded, [&](RolloutGroup& group) { judge_.Reward(group); });
    replay.stages.push_back({.stage = Stage::kRewards,
                             .compared = fmt::format("{} rewards and their terms", NumRollouts(groups)),
                             .difference = CompareRewards(groups, rewarded)});
  }
  if (first <= Stage::kAdvantages) {
    std::vector<RolloutGroup> advantaged = groups;
    trainer_->Judge(advantaged);
    AddToDigest(advantaged, digest_);
    replay.stages.push_back({.stage = Stage::kAdvantages,
                             .compared = fmt::format("{} advantages", NumRollouts(groups)),
                             .difference = CompareAdvantages(groups, advantaged)});
  }
  return absl::OkStatus();
}

absl::Status Replayer::ReplayUpdate(int64_t step, const std::vector<RolloutGroup>& groups, StepReplay& replay) {
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore::Metrics recorded, store_.ReadMetrics(step));
  CUPEL_ASSIGN_OR_RETURN(const StepMetrics metrics, trainer_->Learn(groups));
  position_ = step + 1;
  origin_ = fmt::format("the replay of step {}", step + 1);
  if (recorded.empty()) {
    replay.stages.push_back(Skipped(Stage::kUpdate, "the run did not finish this step's update"));
  } else {
    // The ratio of the update is against the recorded log-probabilities: rounded ones give another update.
    const double relative = is_rounded_ ? std::max(bounds_.relative, kRelativeBoundBf16) : bounds_.relative;
    replay.stages.push_back({.stage = Stage::kUpdate,
                             .compared = fmt::format("{} metrics{}", metrics.values.size(),
                                                     relative == 0 ? "" : fmt::format(", within {} of their size", relative)),
                             .difference = CompareMetrics(recorded, metrics, relative)});
  }
  CUPEL_ASSIGN_OR_RETURN(const std::optional<RolloutStore::Update> update, store_.ReadUpdate(step));
  const std::string digest = WeightsDigest(*policy_);
  digest_.Update(digest);
  if (!bounds_.is_exact || is_rounded_) {
    replay.stages.push_back(
        Skipped(Stage::kWeights, is_rounded_ ? "the recorded log-probabilities were rounded to bfloat16" : bounds_.reason));
  } else if (!update) {
    replay.stages.push_back(Skipped(Stage::kWeights, "the log has no digest of them"));
  } else {
    const bool is_same = digest == update->weights_digest;
    replay.stages.push_back(
        {.stage = Stage::kWeights,
         .compared = fmt::format("digest {}…", digest.substr(0, 12)),
         .difference =
             is_same ? "" : fmt::format("recorded {}…, replayed {}…", update->weights_digest.substr(0, 12), digest.substr(0, 12))});
  }
  return absl::OkStatus();
}

absl::StatusOr<StepReplay> Replayer::Replay(int64_t step, Stage first, StopSignal& stop) {
  const auto start = std::chrono::steady_clock::now();
  StepReplay replay{.step = step};
  CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutGroup> groups, GoTo(step, replay.start, stop));
  CUPEL_ASSIGN_OR_RETURN(is_rounded_, store_.IsRounded(step));
  replay.stages.push_back({.stage = Stage::kStart, .compared = replay.start});
  if (first <= Stage::kSampling) {
    CUPEL_RETURN_IF_ERROR(ReplayPrompts(step, groups, replay));
    if (replay.stages.back().difference.empty()) {
      CUPEL_RETURN_IF_ERROR(ReplaySampling(step, groups, stop, replay));
    } else {
      replay.stages.push_back(Skipped(Stage::kSampling, "the prompts differ"));
    }
  }
  CUPEL_RETURN_IF_ERROR(ReplayJudgement(groups, first, replay));
  CUPEL_RETURN_IF_ERROR(ReplayUpdate(step, groups, replay));
  replay.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return replay;
}

}  // namespace cupel
