#include "policy/engine/torch_engine.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include <ATen/core/grad_mode.h>

#include "base/check.h"

namespace cupel {
namespace {

using Clock = std::chrono::steady_clock;  // times go into the statistics only

// Rows of prompts that one step computes: enough to fill a GPU, few enough for running samples not to wait long.
constexpr int64_t kPromptRows = 2048;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

int64_t RowBytes(const DeviceWeights& weights) {
  return 2 * weights.config.num_layers * weights.config.kv_size() * static_cast<int64_t>(c10::elementSize(weights.type));
}

void AppendRows(const KvBlock& block, int64_t count, std::vector<int64_t>& rows) {
  const size_t begin = rows.size();
  rows.resize(begin + static_cast<size_t>(count));
  std::iota(rows.begin() + static_cast<std::ptrdiff_t>(begin), rows.end(), block.first_row());
}

// The last token of a prompt, which its samples draw their first token from.
DecodeRow LastPromptRow(const RunningGroup& group) {
  DecodeRow row{.token = group.request.prompt.back(), .rows = {}};
  AppendRows(group.prompt, group.prompt_size(), row.rows);
  return row;
}

// The last token of a sample. The one before has been fed, so of its new tokens all but this one have rows, and this one gets the next.
DecodeRow NextRow(const RunningSample& sample) {
  DecodeRow row{.token = sample.completion.tokens.back(), .rows = {}};
  AppendRows(sample.group->prompt, sample.group->prompt_size(), row.rows);
  AppendRows(sample.suffix, sample.num_tokens(), row.rows);
  return row;
}

}  // namespace

TorchEngine::TorchEngine(const Policy& policy, const EngineSettings& settings)
    : policy_(policy),
      weights_(*policy.device_weights()),
      plan_((settings.kv_cache_mib << 20) / RowBytes(weights_), RowBytes(weights_)),
      kv_(AllocateDeviceKv(weights_, plan_.capacity_rows())),
      schedule_(policy.config(), policy.tokenizer(), plan_),
      steps_(weights_, kv_),
      threads_(policy.num_threads()) {
  for (int i = 0; i < threads_.size(); ++i) {
    samplers_.emplace_back(*policy.backend().kernels, policy.config().vocab_size);
  }
}

std::vector<GenerationEvent> TorchEngine::Step() {
  std::vector<GenerationEvent> events;
  if (!schedule_.Begin(policy_.version(), events)) {
    return events;
  }
  Clock::time_point start = Clock::now();
  CopyShared();
  RunPromptChunks(PlanPrompts());
  CopyShared();
  schedule_.stats().prefill_seconds += SecondsSince(start);
  start = Clock::now();
  RunDecoding(schedule_.DecodingSamples());
  schedule_.stats().decode_seconds += SecondsSince(start);
  schedule_.Commit(events);
  return events;
}

void TorchEngine::CopyShared() {
  schedule_.CopyShared(
      [this](const KvBlock& from, const KvBlock& to, int64_t rows) { CopyRows(kv_, from.first_row(), to.first_row(), rows); });
}

std::vector<PromptChunk> TorchEngine::PlanPrompts() {
  std::vector<PromptChunk> chunks;
  int64_t rows_left = kPromptRows;
  for (PromptChunk& chunk : schedule_.MissingPrompts()) {
    chunk.end = std::min(chunk.end, chunk.begin + rows_left);
    if (chunk.end == chunk.begin) {
      break;
    }
    chunk.group->num_computed = chunk.end;
    rows_left -= chunk.end - chunk.begin;
    chunks.push_back(chunk);
  }
  return chunks;
}

void TorchEngine::RunPromptChunks(std::span<const PromptChunk> chunks) {
  if (chunks.empty()) {
    return;
  }
  std::vector<PromptPart> parts;
  std::vector<Drawing> drawings;
  std::vector<int64_t> drawn_from;  // parts that end their prompt
  for (const PromptChunk& chunk : chunks) {
    const auto count = static_cast<size_t>(chunk.end - chunk.begin);
    parts.push_back({.tokens = std::span(chunk.group->request.prompt).subspan(static_cast<size_t>(chunk.begin), count),
                     .first_position = chunk.begin,
                     .first_row = chunk.group->prompt.first_row()});
    if (chunk.end == chunk.group->prompt_size()) {
      drawings.push_back({.row = LastPromptRow(*chunk.group), .samples = chunk.samples});
      drawn_from.push_back(std::ssize(parts) - 1);
    }
  }
  const at::Tensor logits = RunPrompts(weights_, kv_, parts);  // [parts, V]
  for (size_t i = 0; i < drawings.size(); ++i) {
    at::Tensor row = logits[drawn_from[i]].to(at::kCPU);
    Draw(row.data_ptr<float>(), std::span(drawings).subspan(i, 1));
  }
}

void TorchEngine::RunDecoding(std::span<RunningSample* const> samples) {
  for (size_t begin = 0; begin < samples.size(); begin += DecodeSteps::kMaxBatch) {
    const size_t count = std::min<size_t>(samples.size() - begin, DecodeSteps::kMaxBatch);
    std::vector<Drawing> drawings;
    std::vector<DecodeRow> rows;
    for (RunningSample* sample : samples.subspan(begin, count)) {
      rows.push_back(NextRow(*sample));
      drawings.push_back({.row = rows.back(), .samples = {sample, 1}});
    }
    Draw(steps_.Run(rows), drawings);
  }
}

// Draws from rows of logits [drawings, V] with all threads.
void TorchEngine::Draw(float* logits, std::span<const Drawing> drawings) {
  const int64_t vocab_size = policy_.config().vocab_size;
  std::vector<char> is_finite(drawings.size());
  const int num_active = static_cast<int>(std::min<size_t>(drawings.size(), samplers_.size()));
  threads_.Run(num_active, [&](int thread) {
    const Share share = EvenShare(std::ssize(drawings), thread, num_active);
    for (int64_t i = share.begin; i < share.end; ++i) {
      is_finite[static_cast<size_t>(i)] =
          DrawTokens(logits + i * vocab_size, drawings[static_cast<size_t>(i)].samples, samplers_[static_cast<size_t>(thread)]);
    }
  });
  for (size_t i = 0; i < drawings.size(); ++i) {
    if (!is_finite[i]) {
      const int64_t failed_layer = steps_.FindFailedLayer(drawings[i].row);
      for (RunningSample& sample : drawings[i].samples) {
        sample.failed_layer = failed_layer;
      }
    }
  }
}

}  // namespace cupel
