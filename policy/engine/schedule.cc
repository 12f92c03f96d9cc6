#include "policy/engine/schedule.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/status.h"
#include "policy/engine/request.h"

namespace cupel {
namespace {

constexpr int64_t kMinShared = 16;
constexpr int kMaxOvertaken = 64;

std::string FailureText(const RunningSample& sample, int64_t num_layers) {
  const int64_t position = sample.group->prompt_size() + sample.num_tokens() - 2;  // of the token before the one that was drawn
  const std::string layer =
      sample.failed_layer < num_layers ? fmt::format("layer {} of {} gave", sample.failed_layer, num_layers) : "the head gave";
  return fmt::format(
      "the logits after position {} are not finite numbers: {} the first that is not; weights that overflowed or are damaged do this",
      position, layer);
}

int64_t CommonPrefix(const std::vector<TokenId>& a, const std::vector<TokenId>& b) {
  const auto end = std::mismatch(a.begin(), a.begin() + static_cast<int64_t>(std::min(a.size(), b.size())), b.begin());
  return end.first - a.begin();
}

void Finish(RunningSample& sample, FinishReason reason, GenerationEvent& event) {
  event.request_id = sample.completion.request_id;
  event.sample_idx = sample.completion.sample_idx;
  if (reason == FinishReason::kAborted) {
    event.token = -1;
  }
  sample.completion.finish_reason = reason;
  event.finished = std::move(sample.completion);
  sample.is_finished = true;
}

}  // namespace

bool DrawTokens(float* logits, std::span<RunningSample> samples, TokenSampler& sampler) {
  const RunningGroup& group = *samples.front().group;
  const SamplingParams& sampling = group.request.sampling;
  sampler.Prepare(logits, sampling, {.prompt = group.request.prompt, .completion = samples.front().completion.tokens});
  for (RunningSample& sample : samples) {
    sample.drawn = sampler.Draw(DrawUniform(group.random_key, group.request.random, sample.completion.sample_idx, sample.num_tokens()));
    sample.likeliest = sampler.LikeliestTokens(sampling.top_logprobs);
    sample.has_drawn = true;
  }
  return sampler.is_finite();
}

Schedule::Schedule(const ModelConfig& config, const Tokenizer& tokenizer, KvCache& cache)
    : config_(config), tokenizer_(tokenizer), cache_(cache) {}

absl::Status Schedule::Add(GenerationRequest request) {
  if (IsUnfinished(request.id)) {
    return InvalidArgument("request id {} belongs to an unfinished request; ids must be unique until the last sample is reported",
                           request.id);
  }
  CUPEL_RETURN_IF_ERROR(ValidateRequest(request, config_.vocab_size, config_.max_context));
  CUPEL_RETURN_IF_ERROR(CheckMemory(request));
  Waiting waiting{.request = std::move(request), .arrival = num_arrived_++};
  waiting.max_rows = static_cast<int64_t>(waiting.request.prompt.size()) + MaxNewTokens(waiting.request, config_.max_context);
  waiting_.push_back(std::move(waiting));
  can_admit_ = true;
  return absl::OkStatus();
}

// Rows of the cache that the request takes while it runs.
int64_t Schedule::RowsOf(const GenerationRequest& request) const {
  return static_cast<int64_t>(request.prompt.size()) + request.num_samples * (MaxNewTokens(request, config_.max_context) - 1);
}

absl::Status Schedule::CheckMemory(const GenerationRequest& request) const {
  const int64_t max_new_tokens = MaxNewTokens(request, config_.max_context);
  // Samples of a single token take no rows of their own, but there is an end to their number as well.
  const int64_t rows = std::max(RowsOf(request), request.num_samples);
  if (rows <= cache_.capacity_rows()) {
    return absl::OkStatus();
  }
  constexpr int64_t kMebibyte = int64_t{1} << 20;
  return ResourceExhausted(
      "request {} needs {} MiB for the keys and values of {} prompt tokens and {} samples of up to {} new tokens, but the engine has {} "
      "MiB for all that "
      "runs; raise kv_cache_mib, or lower the number of samples or max_new_tokens",
      request.id, rows * cache_.row_bytes() / kMebibyte + 1, request.prompt.size(), request.num_samples, max_new_tokens,
      cache_.capacity_rows() * cache_.row_bytes() / kMebibyte);
}

bool Schedule::IsUnfinished(uint64_t request_id) const {
  const auto has_id = [&](const GenerationRequest& request) { return request.id == request_id; };
  return std::any_of(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) { return has_id(waiting.request); }) ||
         std::any_of(aborted_.begin(), aborted_.end(), has_id) ||
         std::any_of(groups_.begin(), groups_.end(), [&](const auto& group) { return has_id(group->request); });
}

void Schedule::Abort(uint64_t request_id) {
  const auto waiting = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& one) { return one.request.id == request_id; });
  if (waiting != waiting_.end()) {
    aborted_.push_back(std::move(waiting->request));
    waiting_.erase(waiting);
    can_admit_ = true;
  }
  for (const auto& group : groups_) {
    group->is_aborted |= group->request.id == request_id;
  }
}

bool Schedule::idle() const { return waiting_.empty() && aborted_.empty() && samples_.empty(); }

bool Schedule::Begin(uint64_t policy_version, Events& events) {
  ReportAborted(policy_version, events);
  AdmitWaiting(policy_version);
  return !samples_.empty();
}

void Schedule::ReportAborted(uint64_t policy_version, Events& events) {
  for (const GenerationRequest& request : aborted_) {
    for (int64_t i = 0; i < request.num_samples; ++i) {
      RunningSample sample;
      sample.completion.request_id = request.id;
      sample.completion.sample_idx = i;
      sample.completion.policy_version = policy_version;
      Finish(sample, FinishReason::kAborted, events.emplace_back());
    }
  }
  aborted_.clear();
  for (RunningSample& sample : samples_) {
    if (sample.group->is_aborted) {
      Finish(sample, FinishReason::kAborted, events.emplace_back());
    }
  }
  DropFinished();
}

// Admits what fits, the longest first. A request that others have passed too often goes before them and closes the door behind it.
void Schedule::AdmitWaiting(uint64_t policy_version) {
  if (!can_admit_) {
    return;
  }
  can_admit_ = false;
  uint64_t latest = 0;  // arrival of what was admitted
  const auto is_tired = [](const Waiting& waiting) { return waiting.num_overtaken >= kMaxOvertaken; };
  std::sort(waiting_.begin(), waiting_.end(), [&](const Waiting& a, const Waiting& b) {
    return std::tuple(!is_tired(a), -a.max_rows, a.arrival) < std::tuple(!is_tired(b), -b.max_rows, b.arrival);
  });
  bool is_closed = false;
  std::erase_if(waiting_, [&](Waiting& waiting) {
    const uint64_t arrival = waiting.arrival;
    if (is_closed || !Admit(waiting.request, policy_version)) {
      is_closed |= is_tired(waiting);
      return false;
    }
    latest = std::max(latest, arrival);
    return true;
  });
  for (Waiting& waiting : waiting_) {
    waiting.num_overtaken += waiting.arrival < latest ? 1 : 0;
  }
}

// Moves a request to the running ones if the cache has room for its prompt and all its samples.
bool Schedule::Admit(GenerationRequest& request, uint64_t policy_version) {
  if (RowsOf(request) > cache_.capacity_rows() - cache_.used_rows()) {
    return false;
  }
  const int64_t max_new_tokens = MaxNewTokens(request, config_.max_context);
  std::optional<KvBlock> prompt = cache_.Allocate(static_cast<int64_t>(request.prompt.size()));
  if (!prompt) {
    return false;
  }
  std::vector<KvBlock> suffixes;
  for (int64_t i = 0; i < request.num_samples; ++i) {
    std::optional<KvBlock> suffix = cache_.Allocate(max_new_tokens - 1);
    if (!suffix) {
      return false;
    }
    suffixes.push_back(*std::move(suffix));
  }
  RunningGroup& group = *groups_.emplace_back(std::make_unique<RunningGroup>());
  group.request = std::move(request);
  group.random_key = RandomKey(group.request.random.seed, group.request.random.purpose);
  group.max_new_tokens = max_new_tokens;
  group.prompt = *std::move(prompt);
  group.policy_version = policy_version;
  FindSource(group);
  stats_.prompt_tokens += group.request.prompt.size();
  for (size_t i = 0; i < suffixes.size(); ++i) {
    RunningSample& sample = samples_.emplace_back();
    sample.group = &group;
    sample.suffix = std::move(suffixes[i]);
    sample.completion.request_id = group.request.id;
    sample.completion.sample_idx = static_cast<int64_t>(i);
    sample.completion.policy_version = group.policy_version;
    sample.stop_strings = StopStringMatcher(&tokenizer_, group.request.sampling.stop_strings);
  }
  return true;
}

// The running request whose prompt has most of the beginning of this one, computed under the same weights. The last row is always
// computed: tokens are drawn from it.
void Schedule::FindSource(RunningGroup& group) const {
  for (const auto& other : groups_) {
    const int64_t shared = std::min(CommonPrefix(group.request.prompt, other->request.prompt), group.prompt_size() - 1);
    if (other.get() != &group && !other->is_aborted && other->policy_version == group.policy_version && shared >= kMinShared &&
        shared > group.num_shared) {
      group.source = other.get();
      group.num_shared = shared;
    }
  }
}

// Sources come before those that wait for them.
void Schedule::CopyShared(const CopyRows& copy) {
  for (const auto& group : groups_) {
    if (group->source != nullptr && group->source->num_computed >= group->num_shared) {
      copy(group->source->prompt, group->prompt, group->num_shared);
      group->num_computed = group->num_shared;
      group->source = nullptr;
      stats_.shared_prompt_tokens += static_cast<uint64_t>(group->num_shared);
    }
  }
}

std::vector<PromptChunk> Schedule::MissingPrompts() {
  std::vector<PromptChunk> chunks;
  for (size_t i = 0; i < samples_.size();) {
    RunningGroup& group = *samples_[i].group;
    const size_t begin = i;
    while (i < samples_.size() && samples_[i].group == &group) {
      ++i;
    }
    if (!group.is_computed() && group.source == nullptr) {
      chunks.push_back({.group = &group,
                        .begin = group.num_computed,
                        .end = group.prompt_size(),
                        .samples = std::span(samples_).subspan(begin, i - begin)});
    }
  }
  return chunks;
}

std::vector<RunningSample*> Schedule::DecodingSamples() {
  std::vector<RunningSample*> decoding;
  for (RunningSample& sample : samples_) {
    if (sample.num_tokens() > 0) {
      decoding.push_back(&sample);
    }
  }
  return decoding;
}

void Schedule::Commit(Events& events) {
  for (RunningSample& sample : samples_) {
    if (!std::exchange(sample.has_drawn, false)) {
      continue;
    }
    ++stats_.sampled_tokens;
    GenerationEvent& event = events.emplace_back();
    event.request_id = sample.completion.request_id;
    event.sample_idx = sample.completion.sample_idx;
    event.token = sample.drawn.token;
    if (const std::optional<FinishReason> reason = AppendDrawn(sample)) {
      Finish(sample, *reason, event);
    }
  }
  DropFinished();
}

// Adds the drawn token to the completion; the reason why it is the last one, if it is.
std::optional<FinishReason> Schedule::AppendDrawn(RunningSample& sample) const {
  const SamplingParams& sampling = sample.group->request.sampling;
  Completion& completion = sample.completion;
  completion.tokens.push_back(sample.drawn.token);
  completion.logprobs.push_back(sample.drawn.logprob);
  if (!SamplesOwnDistribution(sampling, config_.vocab_size)) {
    completion.raw_logprobs.push_back(sample.drawn.raw_logprob);
  }
  if (sampling.with_entropy) {
    completion.entropies.push_back(sample.drawn.entropy);
  }
  if (sampling.top_logprobs > 0) {
    completion.top_logprobs.push_back(std::move(sample.likeliest));
  }
  if (sample.failed_layer >= 0) {
    completion.error = FailureText(sample, config_.num_layers);
    return FinishReason::kLength;
  }
  const std::string* stop_string = sample.stop_strings.Push(sample.drawn.token);
  if (stop_string != nullptr && sample.num_tokens() >= sampling.min_new_tokens) {
    completion.stop_string = *stop_string;
    return FinishReason::kStop;
  }
  if (IsStopToken(sampling, sample.drawn.token)) {
    return FinishReason::kStop;
  }
  return sample.num_tokens() == sample.group->max_new_tokens ? std::optional(FinishReason::kLength) : std::nullopt;
}

// Returns the memory of finished samples, and of groups whose samples are all finished. Requests that waited for rows of such a group
// compute their own.
void Schedule::DropFinished() {
  if (std::erase_if(samples_, [](const RunningSample& sample) { return sample.is_finished; }) == 0) {
    return;
  }
  can_admit_ = true;
  for (const auto& group : groups_) {
    group->has_samples = false;
  }
  for (const RunningSample& sample : samples_) {
    sample.group->has_samples = true;
  }
  for (const auto& group : groups_) {
    if (group->source != nullptr && !group->source->has_samples) {
      group->source = nullptr;
      group->num_shared = 0;
    }
  }
  std::erase_if(groups_, [](const auto& group) { return !group->has_samples; });
}

}  // namespace cupel
