#include "policy/engine/cpu_engine.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <ATen/Parallel.h>

#include "base/check.h"
#include "policy/engine/int8_engine.h"
#include "policy/engine/torch_engine.h"

namespace cupel {
namespace {

using Clock = std::chrono::steady_clock;  // times go into the statistics only

constexpr int64_t kPromptRows = DecoderPass::kMaxRows;
constexpr int64_t kTogetherRows = 4;
constexpr size_t kTogether = 0;  // of the two ways of few_rows_

// Int8 products take the place of oneDNN's.
ComputeBackend SamplingBackend(ComputeBackend backend, bool rounds_weights) {
  backend.onednn = backend.onednn && !rounds_weights;
  return backend;
}

}  // namespace

CpuEngine::CpuEngine(const Policy& policy, const EngineSettings& settings, bool rounds_weights)
    : policy_(policy),
      backend_(SamplingBackend(policy.backend(), rounds_weights)),
      cache_(settings.kv_cache_mib << 20, policy.config().num_layers, policy.config().kv_size(), backend_.type),
      schedule_(policy.config(), policy.tokenizer(), cache_),
      threads_(backend_.onednn ? 1 : policy.num_threads()) {
  if (rounds_weights) {
    int8_.emplace(policy.weights());
  }
  for (int i = 0; i < policy.num_threads(); ++i) {
    lanes_.emplace_back(policy.weights(), backend_, int8_ ? &*int8_ : nullptr);
  }
}

std::vector<GenerationEvent> CpuEngine::Step() {
  std::vector<GenerationEvent> events;
  if (!schedule_.Begin(policy_.version(), events)) {
    return events;
  }
  const Clock::time_point start = Clock::now();
  RefreshInt8();
  const std::vector<LaneWork> works = PlanStep();
  RunStep(works);
  CountStep(works, std::chrono::duration<double>(Clock::now() - start).count());
  CopyShared();
  schedule_.Commit(events);
  return events;
}

void CpuEngine::CopyShared() {
  schedule_.CopyShared([](const KvBlock& from, const KvBlock& to, int64_t rows) { to.CopyRows(from, rows); });
}

void CpuEngine::RefreshInt8() {
  if (int8_ && int8_version_ != policy_.version()) {
    int8_->Refresh();
    int8_version_ = policy_.version();
  }
}

// Gives every lane its part of the step; lanes with nothing to do are left out.
std::vector<LaneWork> CpuEngine::PlanStep() {
  std::vector<LaneWork> works(lanes_.size());
  CopyShared();
  int64_t num_rows = PlanPrompts(works);
  const std::vector<RunningSample*> decoding = schedule_.DecodingSamples();
  num_rows += std::ssize(decoding);
  // Neighbours share a prompt, so each lane takes neighbours: as many as bring it to its share of all rows.
  auto next = decoding.begin();
  for (size_t lane = 0; lane < works.size(); ++lane) {
    LaneWork& work = works[lane];
    const int64_t left = decoding.end() - next;
    const int64_t lanes_left = std::ssize(works) - static_cast<int64_t>(lane);
    const int64_t share = (num_rows + lanes_left - 1) / lanes_left;  // of the rows from this lane on
    const int64_t taken = lanes_left == 1 ? left : std::clamp<int64_t>(share - work.num_rows, 0, left);
    work.decoding.assign(next, next + taken);
    next += taken;
    num_rows -= work.num_rows + taken;
    work.num_rows += taken;
  }
  std::erase_if(works, [](const LaneWork& work) { return work.num_rows == 0; });
  return works;
}

// Hands out rows of prompts that are not done, each prompt's to one lane; returns their number.
int64_t CpuEngine::PlanPrompts(std::vector<LaneWork>& works) {
  int64_t num_rows = 0;
  for (PromptChunk& chunk : schedule_.MissingPrompts()) {
    LaneWork& work =
        *std::min_element(works.begin(), works.end(), [](const LaneWork& a, const LaneWork& b) { return a.num_rows < b.num_rows; });
    const int64_t rows = std::min(chunk.end - chunk.begin, kPromptRows - work.num_rows);
    if (rows == 0) {
      break;
    }
    chunk.end = chunk.begin + rows;
    chunk.group->num_computed = chunk.end;
    work.chunks.push_back(chunk);
    work.num_rows += rows;
    num_rows += rows;
  }
  return num_rows;
}

void CpuEngine::RunStep(const std::vector<LaneWork>& works) {
  const bool has_prompts = std::any_of(works.begin(), works.end(), [](const LaneWork& work) { return !work.chunks.empty(); });
  int64_t num_rows = 0;
  for (const LaneWork& work : works) {
    num_rows += work.num_rows;
  }
  const int64_t most_together = lanes_.size() == 1 || backend_.onednn ? 0 : std::min(kTogetherRows, lanes_.front().max_logit_rows());
  if (has_prompts || num_rows > most_together) {
    RunApart(works);
    return;
  }
  const Clock::time_point start = Clock::now();
  const size_t way = few_rows_.Choose();
  if (way == kTogether) {
    RunTogether(works);
  } else {
    RunApart(works);
  }
  few_rows_.Report(way, std::chrono::duration<double>(Clock::now() - start).count());
}

void CpuEngine::RunApart(const std::vector<LaneWork>& works) {
  RunLanes(static_cast<int>(works.size()), [&](int lane) { lanes_[static_cast<size_t>(lane)].Run(works[static_cast<size_t>(lane)]); });
}

void CpuEngine::RunTogether(const std::vector<LaneWork>& works) {
  LaneWork whole;
  for (const LaneWork& work : works) {
    whole.decoding.insert(whole.decoding.end(), work.decoding.begin(), work.decoding.end());
  }
  Team team(static_cast<int>(lanes_.size()));
  threads_.Run(team.size(),
               [&](int lane) { lanes_[static_cast<size_t>(lane)].RunTogether(whole, lanes_.front(), {.team = &team, .idx = lane}); });
}

void CpuEngine::CountStep(const std::vector<LaneWork>& works, double seconds) {
  int64_t prompt_rows = 0;
  int64_t rows = 0;
  for (const LaneWork& work : works) {
    prompt_rows += work.num_rows - std::ssize(work.decoding);
    rows += work.num_rows;
  }
  const double prompt_share = static_cast<double>(prompt_rows) / static_cast<double>(rows);
  schedule_.stats().prefill_seconds += seconds * prompt_share;
  schedule_.stats().decode_seconds += seconds * (1 - prompt_share);
}

// oneDNN takes its number of threads from OpenMP and stays on one only inside a parallel region.
void CpuEngine::RunLanes(int num_active, const std::function<void(int)>& work) {
  if (!backend_.onednn) {
    threads_.Run(num_active, work);
    return;
  }
  at::parallel_for(0, num_active, 1, [&](int64_t begin, int64_t end) {
    for (int64_t lane = begin; lane < end; ++lane) {
      work(static_cast<int>(lane));
    }
  });
}

std::unique_ptr<GenerationEngine> MakeEngine(const Policy& policy, const EngineSettings& settings) {
  return MakeEngine(policy, settings, "exact");
}

std::unique_ptr<GenerationEngine> MakeEngine(const Policy& policy, const EngineSettings& settings, std::string_view weights) {
  Check(weights == "exact" || weights == "int8", "sampling weights are exact or int8");
  if (policy.device_weights() != nullptr) {
    Check(weights == "exact", "recipes with int8 weights on a device are refused when they are read");
    return std::make_unique<TorchEngine>(policy, settings);
  }
  return std::make_unique<CpuEngine>(policy, settings, weights == "int8");
}

}  // namespace cupel
