#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "policy/engine/faster_of_two.h"
#include "policy/engine/int8_weights.h"
#include "policy/engine/kv_cache.h"
#include "policy/engine/lane.h"
#include "policy/engine/lanes.h"
#include "policy/engine/running.h"
#include "policy/generation.h"
#include "policy/policy.h"

namespace cupel {

// Continuous batching on processor cores.
//
// A step admits waiting requests that fit the memory for keys and values, then feeds every running sample its last token and computes up to
// kPromptRows rows per lane of the prompts that are not done. Both kinds of rows go through the same passes of the lanes (one per core),
// which run without waiting for each other inside a step. Samples whose prompt was finished in the step get their first token from it. A
// step of at most kTogetherRows running samples and no prompt may be done by all lanes together, each taking a part of the columns of every
// product: then streaming the weights is all the work, and lanes of their own would do it once each. Beside a busy neighbour, whose turns
// every meeting would wait for, that is slow; so the way that took less time lately is taken.
//
// Memory is planned when a request is admitted: the rows of its prompt, and for each sample as many as it can have new tokens, less the
// last, which nothing follows. So nothing that runs is ever evicted. Requests that can become longest are admitted first, since the last to
// finish decides how long the cores are half idle; a request may be passed over kMaxOvertaken times, then nobody goes before it.
//
// A prompt that begins with kMinShared or more tokens of a running request's prompt waits until that has computed them and copies their
// keys and values, which are the same numbers.
//
// With the kernel backend, and with int8 weights, the results of a request are the same bits whatever else runs and whatever the number of
// lanes.
class CpuEngine final : public GenerationEngine {
 public:
  // `policy` borrowed. With `rounds_weights` products use int8 weights.
  CpuEngine(const Policy& policy, const EngineSettings& settings, bool rounds_weights);

  absl::Status Add(GenerationRequest request) override;
  std::vector<GenerationEvent> Step() override;
  void Abort(uint64_t request_id) override;
  bool idle() const override;
  GenerationStats stats() const override { return stats_; }
  bool is_batch_invariant() const override { return !backend_.onednn; }

 private:
  using Events = std::vector<GenerationEvent>;

  struct Waiting {
    GenerationRequest request;
    int64_t max_rows = 0;  // of a sample: prompt and new tokens
    uint64_t arrival = 0;
    int num_overtaken = 0;  // by requests that arrived later
  };

  absl::Status CheckMemory(const GenerationRequest& request) const;
  int64_t RowsOf(const GenerationRequest& request) const;
  bool IsUnfinished(uint64_t request_id) const;

  void RefreshInt8();
  void ReportAborted(Events& events);
  void AdmitWaiting();
  bool Admit(GenerationRequest& request);
  void FindSource(RunningGroup& group) const;
  void CopyShared();
  std::vector<LaneWork> PlanStep();
  int64_t PlanPrompts(std::vector<LaneWork>& works);
  void RunStep(const std::vector<LaneWork>& works);
  void RunApart(const std::vector<LaneWork>& works);
  void RunTogether(const std::vector<LaneWork>& works);
  void RunLanes(int num_active, const std::function<void(int)>& work);
  void CountStep(const std::vector<LaneWork>& works, double seconds);

  void Commit(Events& events);
  std::optional<FinishReason> AppendDrawn(RunningSample& sample) const;
  void Finish(RunningSample& sample, FinishReason reason, GenerationEvent& event);
  void DropFinished();

  const Policy& policy_;
  const ComputeBackend backend_;
  std::optional<Int8Weights> int8_;
  std::optional<uint64_t> int8_version_;  // of the policy when int8_ was rounded
  KvCache cache_;                         // before everything that holds blocks of it
  Lanes threads_;
  std::vector<Lane> lanes_;
  std::vector<Waiting> waiting_;
  uint64_t num_arrived_ = 0;
  bool can_admit_ = false;                             // something has changed since a request was last found not to fit
  std::vector<GenerationRequest> aborted_;             // while they waited; to be reported
  std::vector<std::unique_ptr<RunningGroup>> groups_;  // in order of admission
  std::vector<RunningSample> samples_;                 // in order of admission, siblings side by side
  FasterOfTwo few_rows_;
  GenerationStats stats_;
};

}  // namespace cupel
