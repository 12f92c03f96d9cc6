#include "policy/engine/lane.h"

#include <algorithm>

namespace cupel {
namespace {

// Calls body(begin, end) for even parts of [0, count), none longer than `max_part`: products with few rows use a core badly, so no part is
// a small rest.
template <class Body>
void ForEvenParts(int64_t count, int64_t max_part, const Body& body) {
  const int64_t num_parts = (count + max_part - 1) / max_part;
  for (int64_t part = 0; part < num_parts; ++part) {
    body(count * part / num_parts, count * (part + 1) / num_parts);
  }
}

PassRow NextRow(const RunningSample& sample) {
  const int64_t own_row = sample.num_tokens() - 1;
  return {.token = sample.completion.tokens.back(),
          .position = sample.group->prompt_size() + own_row,
          .prefix = &sample.group->prompt,
          .prefix_rows = sample.group->prompt_size(),
          .own = &sample.suffix,
          .own_row = own_row};
}

PassRow PromptRow(const RunningGroup& group, int64_t i) {
  return {.token = group.request.prompt[static_cast<size_t>(i)], .position = i, .own = &group.prompt, .own_row = i};
}

}  // namespace

Lane::Lane(const DecoderWeights& weights, const ComputeBackend& backend, const Int8Weights* int8)
    : pass_(weights, backend, int8),
      sampler_(*backend.kernels, weights.config.vocab_size),
      hidden_bytes_(weights.config.hidden_size * backend.bytes()),
      vocab_size_(weights.config.vocab_size) {}

void Lane::ListRows(const LaneWork& work) {
  rows_.clear();
  drawings_.clear();
  drawing_rows_.clear();
  const auto draw_from_last = [&](std::span<RunningSample> samples) {
    drawings_.push_back({.row = rows_.back(), .samples = samples});
    drawing_rows_.push_back(std::ssize(rows_) - 1);
  };
  for (RunningSample* sample : work.decoding) {
    rows_.push_back(NextRow(*sample));
    draw_from_last({sample, 1});
  }
  for (const PromptChunk& chunk : work.chunks) {
    for (int64_t i = chunk.begin; i < chunk.end; ++i) {
      rows_.push_back(PromptRow(*chunk.group, i));
    }
    if (chunk.end == chunk.group->prompt_size()) {
      draw_from_last(chunk.samples);
    }
  }
}

void Lane::Run(const LaneWork& work) {
  ListRows(work);
  last_hidden_.clear();
  auto drawing_row = drawing_rows_.begin();
  ForEvenParts(std::ssize(rows_), DecoderPass::kMaxRows, [&](int64_t begin, int64_t end) {
    pass_.Run(std::span(rows_).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
    for (; drawing_row != drawing_rows_.end() && *drawing_row < end; ++drawing_row) {
      const std::byte* hidden = pass_.hidden() + (*drawing_row - begin) * hidden_bytes_;
      last_hidden_.insert(last_hidden_.end(), hidden, hidden + hidden_bytes_);
    }
  });
  ForEvenParts(std::ssize(drawings_), pass_.max_logit_rows(), [&](int64_t begin, int64_t end) {
    float* logits = pass_.ComputeLogits(last_hidden_.data() + begin * hidden_bytes_, end - begin);
    for (int64_t i = begin; i < end; ++i) {
      DrawFrom(logits + (i - begin) * vocab_size_, drawings_[static_cast<size_t>(i)]);
    }
  });
}

void Lane::RunTogether(const LaneWork& work, Lane& owner, const TeamMember& member) {
  ListRows(work);
  pass_.RunTogether(rows_, owner.pass_, member);
  const int64_t m = std::ssize(rows_);
  float* logits = pass_.ComputeLogitsTogether(m, owner.pass_, member);
  for (int64_t i = member.idx; i < m; i += member.team_size()) {
    DrawFrom(logits + i * vocab_size_, drawings_[static_cast<size_t>(i)]);
  }
}

void Lane::DrawFrom(float* logits, const Drawing& drawing) {
  if (!DrawTokens(logits, drawing.samples, sampler_)) {
    const int64_t failed_layer = pass_.FindFailedLayer(drawing.row);
    for (RunningSample& sample : drawing.samples) {
      sample.failed_layer = failed_layer;
    }
  }
}

}  // namespace cupel
