#include "policy/engine/cpu_engine.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "base/check.h"
#include "base/status.h"
#include "policy/engine/int8_engine.h"
#include "policy/engine/request.h"

namespace cupel {
namespace {

using Clock = std::chrono::steady_clock;  // times go into the statistics only

constexpr int64_t kPromptRows = DecoderPass::kMaxRows;
constexpr int64_t kTogetherRows = 4;
constexpr size_t kTogether = 0;  // of the two ways of few_rows_
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
      threads_(backend_.onednn ? 1 : policy.num_threads()) {
  if (rounds_weights) {
    int8_.emplace(policy.weights());
  }
  for (int i = 0; i < policy.num_threads(); ++i) {
    lanes_.emplace_back(policy.weights(), backend_, int8_ ? &*int8_ : nullptr);
  }
}

absl::Status CpuEngine::Add(GenerationRequest request) {
  if (IsUnfinished(request.id)) {
    return InvalidArgument("request id {} belongs to an unfinished request; ids must be unique until the last sample is reported",
                           request.id);
  }
  CUPEL_RETURN_IF_ERROR(ValidateRequest(request, policy_.config().vocab_size, policy_.config().max_context));
  CUPEL_RETURN_IF_ERROR(CheckMemory(request));
  Waiting waiting{.request = std::move(request), .arrival = num_arrived_++};
  waiting.max_rows = static_cast<int64_t>(waiting.request.prompt.size()) + MaxNewTokens(waiting.request, policy_.config().max_context);
  waiting_.push_back(std::move(waiting));
  can_admit_ = true;
  return absl::OkStatus();
}

// Rows of the cache that the request takes while it runs.
int64_t CpuEngine::RowsOf(const GenerationRequest& request) const {
  return static_cast<int64_t>(request.prompt.size()) + request.num_samples * (MaxNewTokens(request, policy_.config().max_context) - 1);
}

absl::Status CpuEngine::CheckMemory(const GenerationRequest& request) const {
  const int64_t max_new_tokens = MaxNewTokens(request, policy_.config().max_context);
  const int64_t rows = RowsOf(request);
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
  return std::any_of(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) { return has_id(waiting.request); }) ||
         std::any_of(aborted_.begin(), aborted_.end(), has_id) ||
         std::any_of(groups_.begin(), groups_.end(), [&](const auto& group) { return has_id(group->request); });
}

void CpuEngine::Abort(uint64_t request_id) {
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

bool CpuEngine::idle() const { return waiting_.empty() && aborted_.empty() && samples_.empty(); }

std::vector<GenerationEvent> CpuEngine::Step() {
  Events events;
  ReportAborted(events);
  AdmitWaiting();
  if (samples_.empty()) {
    return events;
  }
  const Clock::time_point start = Clock::now();
  RefreshInt8();
  const std::vector<LaneWork> works = PlanStep();
  RunStep(works);
  CountStep(works, std::chrono::duration<double>(Clock::now() - start).count());
  CopyShared();
  Commit(events);
  DropFinished();
  return events;
}

void CpuEngine::RefreshInt8() {
  if (int8_ && int8_version_ != policy_.version()) {
    int8_->Refresh();
    int8_version_ = policy_.version();
  }
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

// Admits what fits, the longest first. A request that others have passed too often goes before them and closes the door behind it.
void CpuEngine::AdmitWaiting() {
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
    if (is_closed || !Admit(waiting.request)) {
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
bool CpuEngine::Admit(GenerationRequest& request) {
  if (RowsOf(request) > cache_.capacity_rows() - cache_.used_rows()) {
    return false;
  }
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
  group.random_key = RandomKey(group.request.random.seed, group.request.random.purpose);
  group.max_new_tokens = max_new_tokens;
  group.prompt = *std::move(prompt);
  group.policy_version = policy_.version();
  FindSource(group);
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

// The running request whose prompt has most of the beginning of this one, computed under the same weights. The last row is always
// computed: tokens are drawn from it.
void CpuEngine::FindSource(RunningGroup& group) const {
  for (const auto& other : groups_) {
    const int64_t shared = std::min(CommonPrefix(group.request.prompt, other->request.prompt), group.prompt_size() - 1);
    if (other.get() != &group && !other->is_aborted && other->policy_version == group.policy_version && shared >= kMinShared &&
        shared > group.num_shared) {
      group.source = other.get();
      group.num_shared = shared;
    }
  }
}

// Copies rows that requests wait for as soon as they are there. Sources come before those that wait for them.
void CpuEngine::CopyShared() {
  for (const auto& group : groups_) {
    if (group->source != nullptr && group->source->num_computed >= group->num_shared) {
      group->prompt.CopyRows(group->source->prompt, group->num_shared);
      group->num_computed = group->num_shared;
      group->source = nullptr;
      stats_.shared_prompt_tokens += static_cast<uint64_t>(group->num_shared);
    }
  }
}

// Gives every lane its part of the step; lanes with nothing to do are left out.
std::vector<LaneWork> CpuEngine::PlanStep() {
  std::vector<LaneWork> works(lanes_.size());
  CopyShared();
  int64_t num_rows = PlanPrompts(works);
  std::vector<RunningSample*> decoding;
  for (RunningSample& sample : samples_) {
    if (sample.num_tokens() > 0) {
      decoding.push_back(&sample);
    }
  }
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
  for (size_t i = 0; i < samples_.size();) {
    RunningGroup& group = *samples_[i].group;
    const size_t begin = i;
    while (i < samples_.size() && samples_[i].group == &group) {
      ++i;
    }
    if (group.is_computed() || group.source != nullptr) {
      continue;
    }
    LaneWork& work =
        *std::min_element(works.begin(), works.end(), [](const LaneWork& a, const LaneWork& b) { return a.num_rows < b.num_rows; });
    const int64_t rows = std::min(group.prompt_size() - group.num_computed, kPromptRows - work.num_rows);
    if (rows == 0) {
      break;
    }
    work.chunks.push_back({.group = &group,
                           .begin = group.num_computed,
                           .end = group.num_computed + rows,
                           .samples = std::span(samples_).subspan(begin, i - begin)});
    group.num_computed += rows;
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
  stats_.prefill_seconds += seconds * prompt_share;
  stats_.decode_seconds += seconds * (1 - prompt_share);
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
void CpuEngine::Commit(Events& events) {
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
  if (sample.failed_layer >= 0) {
    completion.error = FailureText(sample, policy_.config().num_layers);
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

// Returns the memory of finished samples, and of groups whose samples are all finished. Requests that waited for rows of such a group
// compute their own.
void CpuEngine::DropFinished() {
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

std::unique_ptr<GenerationEngine> MakeEngine(const Policy& policy, const EngineSettings& settings) {
  return MakeEngine(policy, settings, "exact");
}

std::unique_ptr<GenerationEngine> MakeEngine(const Policy& policy, const EngineSettings& settings, std::string_view weights) {
  Check(weights == "exact" || weights == "int8", "sampling weights are exact or int8");
  return std::make_unique<CpuEngine>(policy, settings, weights == "int8");
}

}  // namespace cupel
