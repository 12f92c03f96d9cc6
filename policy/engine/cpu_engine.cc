#include "policy/engine/cpu_engine.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <ATen/Parallel.h>

#include "base/status.h"
#include "policy/engine/request.h"

namespace cupel {
namespace {

// Adds the seconds of its life to a total. Times go into the statistics only.
class Stopwatch {
 public:
  explicit Stopwatch(double& total) : total_(total) {}
  ~Stopwatch() { total_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& total_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

CpuEngine::CpuEngine(const Policy& policy, const EngineSettings& settings)
    : policy_(policy),
      backend_(policy.backend()),
      cache_(settings.kv_cache_mib << 20, policy.config().num_layers, policy.config().kv_size(), backend_.type),
      threads_(backend_.onednn ? 1 : policy.num_threads()) {
  for (int i = 0; i < policy.num_threads(); ++i) {
    lanes_.emplace_back(policy.weights(), backend_);
  }
}

absl::Status CpuEngine::Add(GenerationRequest request) {
  if (IsUnfinished(request.id)) {
    return InvalidArgument("request id {} belongs to an unfinished request; ids must be unique until the last sample is reported",
                           request.id);
  }
  CUPEL_RETURN_IF_ERROR(ValidateRequest(request, policy_.config().vocab_size, policy_.config().max_context));
  CUPEL_RETURN_IF_ERROR(CheckMemory(request));
  waiting_.push_back(std::move(request));
  return absl::OkStatus();
}

absl::Status CpuEngine::CheckMemory(const GenerationRequest& request) const {
  const int64_t max_new_tokens = MaxNewTokens(request, policy_.config().max_context);
  const int64_t rows = static_cast<int64_t>(request.prompt.size()) + request.num_samples * (max_new_tokens - 1);
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

bool CpuEngine::IsUnfinished(uint64_t request_id) const {
  const auto has_id = [&](const GenerationRequest& request) { return request.id == request_id; };
  return std::any_of(waiting_.begin(), waiting_.end(), has_id) || std::any_of(aborted_.begin(), aborted_.end(), has_id) ||
         std::any_of(groups_.begin(), groups_.end(), [&](const auto& group) { return has_id(group->request); });
}

void CpuEngine::Abort(uint64_t request_id) {
  const auto waiting = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& request) { return request.id == request_id; });
  if (waiting != waiting_.end()) {
    aborted_.push_back(std::move(*waiting));
    waiting_.erase(waiting);
  }
  for (const auto& group : groups_) {
    group->is_aborted |= group->request.id == request_id;
  }
}

bool CpuEngine::idle() const { return waiting_.empty() && aborted_.empty() && samples_.empty(); }

std::vector<GenerationEvent> CpuEngine::Step() {
  Events events;
  ReportAborted(events);
  if (!samples_.empty()) {
    Decode(events);
  }
  if (!waiting_.empty()) {
    Prefill(events);
  }
  return events;
}

void CpuEngine::ReportAborted(Events& events) {
  for (const GenerationRequest& request : aborted_) {
    for (int64_t i = 0; i < request.num_samples; ++i) {
      RunningSample sample;
      sample.completion.request_id = request.id;
      sample.completion.sample_idx = i;
      sample.completion.policy_version = policy_.version();
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

void CpuEngine::Decode(Events& events) {
  const Stopwatch stopwatch(stats_.decode_seconds);
  const std::span<RunningSample> samples(samples_);
  const int num_active = static_cast<int>(std::min(samples.size(), lanes_.size()));
  RunLanes(num_active, [&](int lane) {
    const Share share = EvenShare(std::ssize(samples), lane, num_active);
    lanes_[static_cast<size_t>(lane)].Decode(
        samples.subspan(static_cast<size_t>(share.begin), static_cast<size_t>(share.end - share.begin)));
  });
  Commit(samples, events);
  DropFinished();
}

void CpuEngine::Prefill(Events& events) {
  const Stopwatch stopwatch(stats_.prefill_seconds);
  const size_t num_running = samples_.size();
  while (!waiting_.empty() && AdmitNext()) {
  }
  const std::span<RunningSample> admitted = std::span(samples_).subspan(num_running);
  if (admitted.empty()) {
    return;
  }
  const std::vector<std::span<RunningSample>> shares = SplitByPrompts(admitted);
  RunLanes(static_cast<int>(shares.size()),
           [&](int lane) { lanes_[static_cast<size_t>(lane)].Prefill(shares[static_cast<size_t>(lane)]); });
  Commit(admitted, events);
  DropFinished();
}

// Moves the request at the head of the queue to the running ones if the cache has room for its prompt and all its samples.
bool CpuEngine::AdmitNext() {
  GenerationRequest& request = waiting_.front();
  const int64_t max_new_tokens = MaxNewTokens(request, policy_.config().max_context);
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
  waiting_.pop_front();
  group.random_key = RandomKey(group.request.random.seed, group.request.random.purpose);
  group.max_new_tokens = max_new_tokens;
  group.prompt = *std::move(prompt);
  group.policy_version = policy_.version();
  stats_.prompt_tokens += group.request.prompt.size();
  for (size_t i = 0; i < suffixes.size(); ++i) {
    RunningSample& sample = samples_.emplace_back();
    sample.group = &group;
    sample.suffix = std::move(suffixes[i]);
    sample.completion.request_id = group.request.id;
    sample.completion.sample_idx = static_cast<int64_t>(i);
    sample.completion.policy_version = group.policy_version;
    sample.stop_strings = StopStringMatcher(&policy_.tokenizer(), group.request.sampling.stop_strings);
  }
  return true;
}

// One contiguous share per lane, whole groups, about the same number of prompt tokens in each; empty shares are left out.
std::vector<std::span<RunningSample>> CpuEngine::SplitByPrompts(std::span<RunningSample> samples) const {
  std::vector<size_t> group_begins;
  int64_t total = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (i == 0 || samples[i].group != samples[i - 1].group) {
      group_begins.push_back(i);
      total += samples[i].group->prompt_size();
    }
  }
  std::vector<std::span<RunningSample>> shares;
  const auto num_lanes = std::ssize(lanes_);
  int64_t tokens_before = 0;
  int64_t current_lane = -1;
  for (size_t g = 0; g < group_begins.size(); ++g) {
    const size_t begin = group_begins[g];
    const size_t end = g + 1 < group_begins.size() ? group_begins[g + 1] : samples.size();
    const int64_t prompt_size = samples[begin].group->prompt_size();
    const int64_t lane = (2 * tokens_before + prompt_size) * num_lanes / (2 * total);  // where the middle of the prompt falls
    tokens_before += prompt_size;
    if (lane != current_lane) {
      shares.push_back(samples.subspan(begin, 0));
      current_lane = lane;
    }
    shares.back() = {shares.back().data(), samples.data() + end};
  }
  return shares;
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

// Moves what the lanes drew into completions and events.
void CpuEngine::Commit(std::span<RunningSample> samples, Events& events) {
  for (RunningSample& sample : samples) {
    GenerationEvent& event = events.emplace_back();
    event.request_id = sample.completion.request_id;
    event.sample_idx = sample.completion.sample_idx;
    event.token = sample.drawn.token;
    if (const std::optional<FinishReason> reason = AppendDrawn(sample)) {
      Finish(sample, *reason, event);
    }
  }
  stats_.sampled_tokens += samples.size();
}

// Adds the drawn token to the completion; the reason why it is the last one, if it is.
std::optional<FinishReason> CpuEngine::AppendDrawn(RunningSample& sample) const {
  const SamplingParams& sampling = sample.group->request.sampling;
  Completion& completion = sample.completion;
  completion.tokens.push_back(sample.drawn.token);
  completion.logprobs.push_back(sample.drawn.logprob);
  if (!SamplesOwnDistribution(sampling, policy_.config().vocab_size)) {
    completion.raw_logprobs.push_back(sample.drawn.raw_logprob);
  }
  if (sampling.with_entropy) {
    completion.entropies.push_back(sample.drawn.entropy);
  }
  if (sampling.top_logprobs > 0) {
    completion.top_logprobs.push_back(std::move(sample.likeliest));
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

void CpuEngine::Finish(RunningSample& sample, FinishReason reason, GenerationEvent& event) {
  event.request_id = sample.completion.request_id;
  event.sample_idx = sample.completion.sample_idx;
  if (reason == FinishReason::kAborted) {
    event.token = -1;
  }
  sample.completion.finish_reason = reason;
  event.finished = std::move(sample.completion);
  sample.is_finished = true;
}

// Returns the memory of finished samples, and of groups whose samples are all finished.
void CpuEngine::DropFinished() {
  std::erase_if(samples_, [](const RunningSample& sample) { return sample.is_finished; });
  auto sample = samples_.begin();
  std::erase_if(groups_, [&](const auto& group) {
    const bool has_samples = sample != samples_.end() && sample->group == group.get();
    while (sample != samples_.end() && sample->group == group.get()) {
      ++sample;
    }
    return !has_samples;
  });
}

std::unique_ptr<GenerationEngine> MakeEngine(const Policy& policy, const EngineSettings& settings) {
  return std::make_unique<CpuEngine>(policy, settings);
}

}  // namespace cupel
