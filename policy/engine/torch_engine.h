#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "policy/engine/kv_cache.h"
#include "policy/engine/lanes.h"
#include "policy/engine/sampler.h"
#include "policy/engine/schedule.h"
#include "policy/engine/torch_steps.h"
#include "policy/generation.h"
#include "policy/policy.h"

namespace cupel {

// Continuous batching (schedule.h) on a device, by LibTorch's operations (torch_steps.h).
//
// A step computes up to kPromptRows rows of the prompts that are not done in one pass, then feeds every running sample its last token, in
// batches of fixed shapes. Memory for keys and values is allocated once, kv_cache_mib of it; a prompt's rows are there once, and the
// samples of its group gather them from there. Logits come to the host in fp32, where the sampler of the processor draws with the same
// random numbers: in fp32 a request gets the tokens that CpuEngine gives it, unless a draw falls within rounding of a border.
//
// Products choose their order of summation by the number of rows, so log-probabilities depend on what else runs, by rounding; the trainer's
// differ from them in the same way, and importance correction measures by how much.
class TorchEngine final : public GenerationEngine {
 public:
  // `policy` borrowed; its device_weights() are there.
  TorchEngine(const Policy& policy, const EngineSettings& settings);

  absl::Status Add(GenerationRequest request) override { return schedule_.Add(std::move(request)); }
  std::vector<GenerationEvent> Step() override;
  void Abort(uint64_t request_id) override { schedule_.Abort(request_id); }
  bool idle() const override { return schedule_.idle(); }
  GenerationStats stats() const override { return schedule_.stats(); }
  bool is_batch_invariant() const override { return false; }

  // (B, T) of the batches that were used so far (torch_steps.h).
  std::vector<std::pair<int64_t, int64_t>> buckets() const { return steps_.buckets(); }

 private:
  // A row of logits, and who draws from it.
  struct Drawing {
    DecodeRow row;
    std::span<RunningSample> samples;  // of one group; more than one draws only its first token
  };

  void CopyShared();
  std::vector<PromptChunk> PlanPrompts();
  void RunPromptChunks(std::span<const PromptChunk> chunks);
  void RunDecoding(std::span<RunningSample* const> samples);
  void Draw(float* logits, std::span<const Drawing> drawings);

  const Policy& policy_;
  const DeviceWeights& weights_;
  KvCache plan_;  // of the rows of kv_; before everything that holds blocks of it
  DeviceKv kv_;
  Schedule schedule_;
  DecodeSteps steps_;
  Lanes threads_;
  std::vector<TokenSampler> samplers_;  // [threads]
};

}  // namespace cupel
