#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "policy/engine/faster_of_two.h"
#include "policy/engine/int8_weights.h"
#include "policy/engine/kv_cache.h"
#include "policy/engine/lane.h"
#include "policy/engine/lanes.h"
#include "policy/engine/schedule.h"
#include "policy/generation.h"
#include "policy/policy.h"

namespace cupel {

// Continuous batching (schedule.h) on processor cores.
//
// A step admits waiting requests that fit the memory for keys and values, then feeds every running sample its last token and computes up to
// kPromptRows rows per lane of the prompts that are not done. Both kinds of rows go through the same passes of the lanes (one per core),
// which run without waiting for each other inside a step. Samples whose prompt was finished in the step get their first token from it. A
// step of at most kTogetherRows running samples and no prompt may be done by all lanes together, each taking a part of the columns of every
// product: then streaming the weights is all the work, and lanes of their own would do it once each. Beside a busy neighbour, whose turns
// every meeting would wait for, that is slow; so the way that took less time lately is taken.
//
// With the kernel backend, and with int8 weights, the results of a request are the same bits whatever else runs and whatever the number of
// lanes.
class CpuEngine final : public GenerationEngine {
 public:
  // `policy` borrowed. With `rounds_weights` products use int8 weights.
  CpuEngine(const Policy& policy, const EngineSettings& settings, bool rounds_weights);

  absl::Status Add(GenerationRequest request) override { return schedule_.Add(std::move(request)); }
  std::vector<GenerationEvent> Step() override;
  void Abort(uint64_t request_id) override { schedule_.Abort(request_id); }
  bool idle() const override { return schedule_.idle(); }
  GenerationStats stats() const override { return schedule_.stats(); }
  bool is_batch_invariant() const override { return !backend_.onednn; }

 private:
  void RefreshInt8();
  void CopyShared();
  std::vector<LaneWork> PlanStep();
  int64_t PlanPrompts(std::vector<LaneWork>& works);
  void RunStep(const std::vector<LaneWork>& works);
  void RunApart(const std::vector<LaneWork>& works);
  void RunTogether(const std::vector<LaneWork>& works);
  void RunLanes(int num_active, const std::function<void(int)>& work);
  void CountStep(const std::vector<LaneWork>& works, double seconds);

  const Policy& policy_;
  const ComputeBackend backend_;
  std::optional<Int8Weights> int8_;
  std::optional<uint64_t> int8_version_;  // of the policy when int8_ was rounded
  KvCache cache_;                         // before everything that holds blocks of it
  Schedule schedule_;
  Lanes threads_;
  std::vector<Lane> lanes_;
  FasterOfTwo few_rows_;
};

}  // namespace cupel
