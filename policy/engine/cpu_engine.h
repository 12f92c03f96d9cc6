#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "policy/engine/kv_cache.h"
#include "policy/engine/lane.h"
#include "policy/engine/lanes.h"
#include "policy/engine/running.h"
#include "policy/generation.h"
#include "policy/policy.h"

namespace cupel {

// Continuous batching on processor cores.
//
// A step has two phases, each of which the lanes (one per core) run without waiting for each other inside: every running sample is decoded
// by one token, a lane taking an even, contiguous share of them; then waiting requests that fit the memory for keys and values are
// admitted, first come first served, and their prompts computed, each once for all samples of its group, whose first tokens are drawn from
// the prompt's last row.
//
// Memory is planned when a request is admitted: the rows of its prompt, and for each sample as many as it can have new tokens, less the
// last, which nothing follows. So nothing that runs is ever evicted.
//
// With the kernel backend the results of a request are the same bits whatever else runs and whatever the number of lanes.
class CpuEngine final : public GenerationEngine {
 public:
  CpuEngine(const Policy& policy, const EngineSettings& settings);  // `policy` borrowed

  absl::Status Add(GenerationRequest request) override;
  std::vector<GenerationEvent> Step() override;
  void Abort(uint64_t request_id) override;
  bool idle() const override;
  GenerationStats stats() const override { return stats_; }
  bool is_batch_invariant() const override { return !backend_.onednn; }

 private:
  using Events = std::vector<GenerationEvent>;

  absl::Status CheckMemory(const GenerationRequest& request) const;
  bool IsUnfinished(uint64_t request_id) const;

  void ReportAborted(Events& events);
  void Decode(Events& events);
  void Prefill(Events& events);
  bool AdmitNext();
  std::vector<std::span<RunningSample>> SplitByPrompts(std::span<RunningSample> samples) const;
  void RunLanes(int num_active, const std::function<void(int)>& work);

  void Commit(std::span<RunningSample> samples, Events& events);
  std::optional<FinishReason> AppendDrawn(RunningSample& sample) const;
  void Finish(RunningSample& sample, FinishReason reason, GenerationEvent& event);
  void DropFinished();

  const Policy& policy_;
  const ComputeBackend backend_;
  KvCache cache_;  // before everything that holds blocks of it
  Lanes threads_;
  std::vector<Lane> lanes_;
  std::deque<GenerationRequest> waiting_;
  std::vector<GenerationRequest> aborted_;             // while they waited; to be reported
  std::vector<std::unique_ptr<RunningGroup>> groups_;  // in order of admission
  std::vector<RunningSample> samples_;                 // in order of admission, siblings side by side
  GenerationStats stats_;
};

}  // namespace cupel
