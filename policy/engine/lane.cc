#include "policy/engine/lane.h"

#include <algorithm>

#include "policy/engine/request.h"

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

void DrawNext(const TokenSampler& sampler, RunningSample& sample) {
  const RunningGroup& group = *sample.group;
  sample.drawn = sampler.Draw(DrawUniform(group.random_key, group.request.random, sample.completion.sample_idx, sample.num_tokens()));
}

// Takes up the row of logits from which the next token of a group's samples, or of one of them, is drawn.
void PrepareRow(TokenSampler& sampler, float* logits, const RunningGroup& group, std::span<const TokenId> completion) {
  sampler.Prepare(logits, group.request.sampling, {.prompt = group.request.prompt, .completion = completion});
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

}  // namespace

Lane::Lane(const DecoderWeights& weights, const ComputeBackend& backend)
    : pass_(weights, backend),
      sampler_(*backend.kernels, weights.config.vocab_size),
      hidden_bytes_(weights.config.hidden_size * backend.bytes()),
      vocab_size_(weights.config.vocab_size) {}

void Lane::Decode(std::span<RunningSample> samples) {
  ForEvenParts(std::ssize(samples), DecoderPass::kMaxRows, [&](int64_t first, int64_t last) {
    const std::span<RunningSample> part = samples.subspan(static_cast<size_t>(first), static_cast<size_t>(last - first));
    rows_.clear();
    std::transform(part.begin(), part.end(), std::back_inserter(rows_), NextRow);
    pass_.Run(rows_);
    ForEvenParts(std::ssize(part), pass_.max_logit_rows(), [&](int64_t begin, int64_t end) {
      float* logits = pass_.ComputeLogits(pass_.hidden() + begin * hidden_bytes_, end - begin);
      for (int64_t i = begin; i < end; ++i) {
        RunningSample& sample = part[static_cast<size_t>(i)];
        PrepareRow(sampler_, logits + (i - begin) * vocab_size_, *sample.group, sample.completion.tokens);
        DrawNext(sampler_, sample);
        sample.likeliest = sampler_.LikeliestTokens(sample.group->request.sampling.top_logprobs);
      }
    });
  });
}

void Lane::Prefill(std::span<RunningSample> samples) {
  std::vector<RunningGroup*> groups;
  std::vector<size_t> first_samples;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (groups.empty() || groups.back() != samples[i].group) {
      groups.push_back(samples[i].group);
      first_samples.push_back(i);
    }
  }
  first_samples.push_back(samples.size());
  ComputePrompts(groups);
  ForEvenParts(std::ssize(groups), pass_.max_logit_rows(), [&](int64_t begin, int64_t end) {
    float* logits = pass_.ComputeLogits(last_hidden_.data() + begin * hidden_bytes_, end - begin);
    for (int64_t i = begin; i < end; ++i) {
      const auto group_idx = static_cast<size_t>(i);
      PrepareRow(sampler_, logits + (i - begin) * vocab_size_, *groups[group_idx], {});
      for (size_t s = first_samples[group_idx]; s < first_samples[group_idx + 1]; ++s) {
        DrawNext(sampler_, samples[s]);
        samples[s].likeliest = sampler_.LikeliestTokens(groups[group_idx]->request.sampling.top_logprobs);
      }
    }
  });
}

// Prompts laid end to end and cut into passes wherever one is full, also inside a prompt.
void Lane::ComputePrompts(std::span<RunningGroup* const> groups) {
  last_hidden_.clear();
  rows_.clear();
  for (const RunningGroup* group : groups) {
    for (int64_t i = 0; i < group->prompt_size(); ++i) {
      rows_.push_back({.token = group->request.prompt[static_cast<size_t>(i)], .position = i, .own = &group->prompt, .own_row = i});
      if (i + 1 == group->prompt_size()) {
        last_rows_.push_back(rows_.size() - 1);
      }
      if (std::ssize(rows_) == DecoderPass::kMaxRows) {
        RunPromptRows();
      }
    }
  }
  if (!rows_.empty()) {
    RunPromptRows();
  }
}

void Lane::RunPromptRows() {
  pass_.Run(rows_);
  for (const size_t row : last_rows_) {
    const std::byte* hidden = pass_.hidden() + static_cast<int64_t>(row) * hidden_bytes_;
    last_hidden_.insert(last_hidden_.end(), hidden, hidden + hidden_bytes_);
  }
  rows_.clear();
  last_rows_.clear();
}

}  // namespace cupel
