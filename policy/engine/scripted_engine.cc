#include "policy/engine/scripted_engine.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status.h"
#include "policy/engine/request.h"

namespace cupel {

absl::Status ScriptedEngine::Add(GenerationRequest request) {
  const bool is_known =
      std::any_of(waiting_.begin(), waiting_.end(), [&](const auto& waiting) { return waiting.id == request.id; }) ||
      std::any_of(running_.begin(), running_.end(), [&](const auto& running) { return running.whole.request_id == request.id; });
  if (is_known) {
    return InvalidArgument("request id {} belongs to an unfinished request; ids must be unique until the last sample is reported",
                           request.id);
  }
  CUPEL_RETURN_IF_ERROR(ValidateRequest(request, settings_.vocab_size, settings_.max_context));
  if (request.num_samples > settings_.max_running) {
    return ResourceExhausted("request {} has {} samples, but the scripted engine runs at most {} at once; lower the number of samples",
                             request.id, request.num_samples, settings_.max_running);
  }
  waiting_.push_back(std::move(request));
  return absl::OkStatus();
}

std::vector<GenerationEvent> ScriptedEngine::Step() {
  Admit();
  std::vector<GenerationEvent> events;
  for (Running& sample : running_) {
    events.push_back(NextEvent(sample));
  }
  size_t i = 0;
  std::erase_if(running_, [&](const Running&) { return events[i++].finished.has_value(); });
  return events;
}

void ScriptedEngine::Abort(uint64_t request_id) {
  for (Running& sample : running_) {
    sample.is_aborted |= sample.whole.request_id == request_id;
  }
  const auto waiting = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& request) { return request.id == request_id; });
  if (waiting != waiting_.end()) {
    for (int64_t i = 0; i < waiting->num_samples; ++i) {
      running_.push_back({.whole = Write(*waiting, i), .num_given = 0, .is_aborted = true});
    }
    waiting_.erase(waiting);
  }
}

void ScriptedEngine::Admit() {
  while (!waiting_.empty() && std::ssize(running_) + waiting_.front().num_samples <= settings_.max_running) {
    const GenerationRequest& request = waiting_.front();
    for (int64_t i = 0; i < request.num_samples; ++i) {
      running_.push_back({.whole = Write(request, i), .num_given = 0, .is_aborted = false});
    }
    stats_.prompt_tokens += request.prompt.size();
    waiting_.pop_front();
  }
}

Completion ScriptedEngine::Write(const GenerationRequest& request, int64_t sample_idx) const {
  const SamplingParams& sampling = request.sampling;
  Completion completion;
  completion.request_id = request.id;
  completion.sample_idx = sample_idx;
  completion.policy_version = settings_.policy_version;
  completion.tokens = script_(request, sample_idx);
  if (!sampling.stop_tokens.empty() || completion.tokens.empty()) {
    completion.tokens.push_back(sampling.stop_tokens.empty() ? 0 : sampling.stop_tokens.front());
  }
  const auto stop =
      std::find_if(completion.tokens.begin(), completion.tokens.end(), [&](TokenId token) { return IsStopToken(sampling, token); });
  const bool stops = stop != completion.tokens.end();
  const int64_t wanted = stop - completion.tokens.begin() + (stops ? 1 : 0);
  const int64_t allowed = MaxNewTokens(request, settings_.max_context);
  completion.tokens.resize(static_cast<size_t>(std::min(wanted, allowed)));
  completion.finish_reason = wanted > allowed || !stops ? FinishReason::kLength : FinishReason::kStop;

  const std::array<uint32_t, 2> key = RandomKey(request.random.seed, request.random.purpose);
  for (int64_t i = 0; i < std::ssize(completion.tokens); ++i) {
    const double probability = 0.05 + 0.9 * DrawUniform(key, request.random, sample_idx, i);
    completion.logprobs.push_back(IsGreedy(sampling) ? 0.0F : static_cast<float>(std::log(probability)));
    if (!SamplesOwnDistribution(sampling, settings_.vocab_size)) {
      completion.raw_logprobs.push_back(static_cast<float>(std::log(0.9 * probability)));
    }
  }
  return completion;
}

GenerationEvent ScriptedEngine::NextEvent(Running& sample) {
  GenerationEvent event;
  event.request_id = sample.whole.request_id;
  event.sample_idx = sample.whole.sample_idx;
  if (sample.is_aborted) {
    const auto given = static_cast<size_t>(sample.num_given);
    event.token = -1;
    sample.whole.tokens.resize(given);
    sample.whole.logprobs.resize(given);
    sample.whole.raw_logprobs.resize(std::min(given, sample.whole.raw_logprobs.size()));
    sample.whole.finish_reason = FinishReason::kAborted;
    event.finished = std::move(sample.whole);
    return event;
  }
  event.token = sample.whole.tokens[static_cast<size_t>(sample.num_given++)];
  ++stats_.sampled_tokens;
  if (sample.num_given == std::ssize(sample.whole.tokens)) {
    event.finished = std::move(sample.whole);
  }
  return event;
}

}  // namespace cupel
