#pragma once

#include <functional>
#include <vector>

#include <absl/status/statusor.h>

#include "base/thread_pool.h"
#include "datasets/task.h"
#include "policy/chat/chat_template.h"
#include "policy/generation.h"
#include "rewards/reward.h"
#include "rollout/rollout.h"

namespace cupel {

// What one collection does.
struct CollectRequest {
  std::vector<Task> tasks;   // [B]
  int64_t group_size = 1;    // G completions per task
  SamplingParams sampling;   // stop tokens are the tokenizer's when empty
  RandomCoordinates random;  // seed, purpose, step; the prompt coordinate is the task's index here plus random.prompt
  int64_t step = 0;
};

struct CollectProgress {
  int64_t finished = 0;  // completions
  int64_t total = 0;     // B * G
  uint64_t sampled_tokens = 0;
  double seconds = 0;
};

// Samples, verifies and rewards groups. Completions are verified on a small pool while the engine still samples others; the order of
// completion never shows in the result. Not thread-safe.
class RolloutWorkers {
 public:
  // All borrowed; must outlive the workers.
  RolloutWorkers(GenerationEngine& engine, const Tokenizer& tokenizer, const ChatTemplate& chat, const RewardComposition& rewards);

  using ProgressCallback = std::function<void(const CollectProgress&)>;
  using StopQuestion = std::function<bool()>;  // asked once per engine step; true gives the collection up

  // Groups in task order, rollouts in sample order. absl::CancelledError when `should_stop` said so (nothing is kept); NotFound for an
  // unknown verifier; what the engine refuses is passed on with the task's id.
  absl::StatusOr<std::vector<RolloutGroup>> Collect(const CollectRequest& request, const ProgressCallback& progress = {},
                                                    const StopQuestion& should_stop = {});

 private:
  GenerationEngine& engine_;
  const Tokenizer& tokenizer_;
  const ChatTemplate& chat_;
  const RewardComposition& rewards_;
  ThreadPool pool_;
};

}  // namespace cupel
