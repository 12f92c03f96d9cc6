#include "rollout/rollout_workers.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/status.h"
#include "rollout/reward_group.h"
#include "verifiers/verifier.h"

namespace cupel {
namespace {

// Verifying is cheap beside sampling, which wants the cores; two threads keep a slow verdict from holding up the others.
constexpr int kPoolThreads = 2;
constexpr int kPoolQueue = 256;  // completions; the engine waits when verdicts fall that far behind

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// One collection. The thread that drives the engine moves completions in; pool threads fill in the rest, each its own elements. The last
// verdict of a group has its rewards computed, so a group's verdicts are all written when they are read.
class Collection {
 public:
  Collection(const CollectRequest& request, const Tokenizer& tokenizer, const RewardComposition& rewards, ThreadPool& pool)
      : request_(request), tokenizer_(tokenizer), rewards_(rewards), pool_(pool), pending_(request.tasks.size()) {}
  Collection(const Collection&) = delete;
  Collection& operator=(const Collection&) = delete;
  ~Collection() { pool_.Wait(); }  // pool threads refer to this object

  // Looks up verifiers and lays out the groups.
  absl::Status Prepare(const ChatTemplate& chat);
  // Hands every request to the engine.
  absl::Status Start(GenerationEngine& engine) const;
  void Accept(Completion completion, double seconds);
  int64_t num_finished() const { return num_finished_; }
  std::vector<RolloutGroup> Finish();

 private:
  GenerationRequest RequestFor(size_t group_idx) const;
  void Judge(size_t group_idx, size_t sample_idx);

  const CollectRequest& request_;
  const Tokenizer& tokenizer_;
  const RewardComposition& rewards_;
  ThreadPool& pool_;
  std::vector<const Verifier*> verifiers_;     // [B]
  std::vector<RolloutGroup> groups_;           // [B]
  std::vector<std::atomic<int64_t>> pending_;  // [B] samples without a verdict
  int64_t num_finished_ = 0;
};

absl::Status Collection::Prepare(const ChatTemplate& chat) {
  for (size_t i = 0; i < request_.tasks.size(); ++i) {
    const Task& task = request_.tasks[i];
    const absl::StatusOr<const Verifier*> verifier = FindVerifier(task.verifier);
    CUPEL_RETURN_IF_ERROR(Annotate(verifier.status(), "task " + task.id));
    verifiers_.push_back(*verifier);
    groups_.push_back({.step = request_.step,
                       .group_idx = static_cast<int64_t>(i),
                       .task = task,
                       .prompt = chat.Render(task.prompt),
                       .rollouts = std::vector<Rollout>(static_cast<size_t>(request_.group_size))});
    pending_[i] = request_.group_size;
  }
  return absl::OkStatus();
}

GenerationRequest Collection::RequestFor(size_t group_idx) const {
  GenerationRequest request{.id = group_idx,
                            .prompt = groups_[group_idx].prompt,
                            .num_samples = request_.group_size,
                            .sampling = request_.sampling,
                            .random = request_.random};
  if (request.sampling.stop_tokens.empty()) {
    request.sampling.stop_tokens = tokenizer_.stop_tokens();
  }
  request.random.prompt += static_cast<uint32_t>(group_idx);
  return request;
}

absl::Status Collection::Start(GenerationEngine& engine) const {
  for (size_t i = 0; i < groups_.size(); ++i) {
    CUPEL_RETURN_IF_ERROR(Annotate(engine.Add(RequestFor(i)), "task " + groups_[i].task.id));
  }
  return absl::OkStatus();
}

void Collection::Accept(Completion completion, double seconds) {
  Check(completion.request_id < groups_.size(), "the engine finishes what it was asked for");
  const auto group_idx = static_cast<size_t>(completion.request_id);
  const auto sample_idx = static_cast<size_t>(completion.sample_idx);
  Check(sample_idx < groups_[group_idx].rollouts.size(), "the engine finishes samples that it was asked for");
  Check(completion.finish_reason != FinishReason::kAborted, "the engine aborts only what it is told to");
  Rollout& rollout = groups_[group_idx].rollouts[sample_idx];
  rollout.completion = std::move(completion);
  rollout.sample_seconds = seconds;
  ++num_finished_;
  pool_.Submit([this, group_idx, sample_idx] { Judge(group_idx, sample_idx); });
}

void Collection::Judge(size_t group_idx, size_t sample_idx) {
  RolloutGroup& group = groups_[group_idx];
  const Verifier& verifier = *verifiers_[group_idx];
  Rollout& rollout = group.rollouts[sample_idx];
  const auto start = std::chrono::steady_clock::now();
  rollout.text = tokenizer_.Decode(rollout.completion.tokens);
  rollout.verdict = verifier.Verify(group.task, rollout.text);
  rollout.verifier_version = verifier.version();
  rollout.verify_seconds = SecondsSince(start);
  if (pending_[group_idx].fetch_sub(1, std::memory_order_acq_rel) == 1) {
    RewardGroup(rewards_, group);
  }
}

std::vector<RolloutGroup> Collection::Finish() {
  pool_.Wait();
  for (const std::atomic<int64_t>& pending : pending_) {
    Check(pending == 0, "the engine finishes every sample before it is idle");
  }
  return std::move(groups_);
}

// Ends everything and takes the engine to idle, so that it can be used again.
void AbortAll(GenerationEngine& engine, size_t num_requests) {
  for (size_t i = 0; i < num_requests; ++i) {
    engine.Abort(i);
  }
  while (!engine.idle()) {
    engine.Step();
  }
}

}  // namespace

RolloutWorkers::RolloutWorkers(GenerationEngine& engine, const Tokenizer& tokenizer, const ChatTemplate& chat,
                               const RewardComposition& rewards)
    : engine_(engine), tokenizer_(tokenizer), chat_(chat), rewards_(rewards), pool_(kPoolThreads, kPoolQueue) {}

absl::StatusOr<std::vector<RolloutGroup>> RolloutWorkers::Collect(const CollectRequest& request, const ProgressCallback& progress,
                                                                  const StopQuestion& should_stop) {
  Check(engine_.idle(), "a collection has the engine to itself");
  if (request.group_size < 1) {
    return InvalidArgument("a group of {} completions: ask for one or more", request.group_size);
  }
  const auto start = std::chrono::steady_clock::now();
  Collection collection(request, tokenizer_, rewards_, pool_);
  CUPEL_RETURN_IF_ERROR(collection.Prepare(chat_));
  if (const absl::Status status = collection.Start(engine_); !status.ok()) {
    AbortAll(engine_, request.tasks.size());
    return status;
  }
  CollectProgress now{.total = std::ssize(request.tasks) * request.group_size};
  while (!engine_.idle()) {
    if (should_stop && should_stop()) {
      AbortAll(engine_, request.tasks.size());
      return absl::CancelledError(fmt::format("stopped after {} of {} completions of step {}", now.finished, now.total, request.step));
    }
    for (GenerationEvent& event : engine_.Step()) {
      ++now.sampled_tokens;
      if (event.finished) {
        collection.Accept(*std::move(event.finished), SecondsSince(start));
      }
    }
    now.finished = collection.num_finished();
    now.seconds = SecondsSince(start);
    if (progress) {
      progress(now);
    }
  }
  return collection.Finish();
}

}  // namespace cupel
