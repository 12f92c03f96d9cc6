#include "experiments/replay/stages.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "base/check.h"
#include "base/json.h"
#include "base/progress.h"

namespace cupel {
namespace {

constexpr size_t kShownWidth = 60;

bool SameBits(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); }
bool SameBits(float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b); }

std::string At(const RolloutGroup& group) { return fmt::format("group {}", group.group_idx); }

std::string At(const RolloutGroup& group, const Rollout& rollout) {
  return fmt::format("group {}, sample {}", group.group_idx, rollout.completion.sample_idx);
}

std::string Values(const std::string& recorded, const std::string& replayed) {
  return fmt::format("recorded {}, replayed {}", recorded, replayed);
}

std::string Quoted(std::string_view text) { return fmt::format("\"{}\"", OneLine(text, kShownWidth)); }

std::string TokenText(TokenId token, const Tokenizer& tokenizer) {
  const std::string_view control = tokenizer.ControlSpelling(token);
  return fmt::format("{} ({})", token, DumpJson(std::string(control.empty() ? tokenizer.TokenBytes(token) : control)));
}

// Calls compare(group, recorded rollout, replayed rollout) for each pair until one differs.
template <class Compare>
std::string ForEachPair(const std::vector<RolloutGroup>& recorded, const std::vector<RolloutGroup>& replayed, Compare compare) {
  if (recorded.size() != replayed.size()) {
    return Values(fmt::format("{} groups", recorded.size()), fmt::format("{}", replayed.size()));
  }
  for (size_t i = 0; i < recorded.size(); ++i) {
    const RolloutGroup& group = recorded[i];
    if (group.rollouts.size() != replayed[i].rollouts.size()) {
      return fmt::format("{}: {}", At(group),
                         Values(fmt::format("{} completions", group.rollouts.size()), fmt::format("{}", replayed[i].rollouts.size())));
    }
    for (size_t j = 0; j < group.rollouts.size(); ++j) {
      if (std::string difference = compare(group, group.rollouts[j], replayed[i].rollouts[j]); !difference.empty()) {
        return fmt::format("{}: {}", At(group, group.rollouts[j]), difference);
      }
    }
  }
  return "";
}

std::string CompareFloats(std::string_view what, const std::vector<float>& recorded, const std::vector<float>& replayed) {
  if (recorded.size() != replayed.size()) {
    return fmt::format("{}: {}", what, Values(fmt::format("{} values", recorded.size()), fmt::format("{}", replayed.size())));
  }
  for (size_t i = 0; i < recorded.size(); ++i) {
    if (!SameBits(recorded[i], replayed[i])) {
      return fmt::format("token {}, {}: {}", i, what, Values(fmt::format("{:.9g}", recorded[i]), fmt::format("{:.9g}", replayed[i])));
    }
  }
  return "";
}

std::string CompareCompletion(const Completion& recorded, const Completion& replayed, const Tokenizer& tokenizer) {
  const size_t common = std::min(recorded.tokens.size(), replayed.tokens.size());
  for (size_t i = 0; i < common; ++i) {
    if (recorded.tokens[i] != replayed.tokens[i]) {
      return fmt::format("token {}: {}", i, Values(TokenText(recorded.tokens[i], tokenizer), TokenText(replayed.tokens[i], tokenizer)));
    }
  }
  if (recorded.tokens.size() != replayed.tokens.size()) {
    return Values(fmt::format("{} tokens", recorded.tokens.size()), fmt::format("{}", replayed.tokens.size()));
  }
  if (recorded.finish_reason != replayed.finish_reason) {
    return "finish reason: " +
           Values(std::string(FinishReasonName(recorded.finish_reason)), std::string(FinishReasonName(replayed.finish_reason)));
  }
  if (recorded.policy_version != replayed.policy_version) {
    return "policy version: " + Values(fmt::format("{}", recorded.policy_version), fmt::format("{}", replayed.policy_version));
  }
  std::string difference = CompareFloats("log-probability", recorded.logprobs, replayed.logprobs);
  return difference.empty() ? CompareFloats("raw log-probability", recorded.raw_logprobs, replayed.raw_logprobs) : difference;
}

std::string CompareTask(const RolloutGroup& recorded, const RolloutGroup& replayed) {
  const Task& a = recorded.task;
  const Task& b = replayed.task;
  if (a.id != b.id) return "task: " + Values(Quoted(a.id), Quoted(b.id));
  if (a.answer != b.answer) return "gold answer: " + Values(Quoted(a.answer), Quoted(b.answer));
  if (a.verifier != b.verifier) return "verifier: " + Values(a.verifier, b.verifier);
  if (a.metadata != b.metadata) return "verifier options: " + Values(Quoted(a.metadata), Quoted(b.metadata));
  if (a.prompt != b.prompt) return "the messages of the prompt differ";
  if (recorded.prompt != replayed.prompt) return "the token ids of the prompt differ";
  return "";
}

std::string CompareVerdict(const Rollout& recorded, const Rollout& replayed) {
  const Verdict& a = recorded.verdict;
  const Verdict& b = replayed.verdict;
  const bool is_same = a.outcome == b.outcome && a.extracted == b.extracted && a.span == b.span && a.rule == b.rule &&
                       a.reason == b.reason && a.cost == b.cost;
  if (is_same && recorded.verifier_version == replayed.verifier_version) {
    return "";
  }
  const std::string versions =
      recorded.verifier_version == replayed.verifier_version
          ? ""
          : fmt::format("; the verifier was version {}, this is version {}", recorded.verifier_version, replayed.verifier_version);
  const auto shown = [](const Verdict& verdict) {
    return fmt::format("{} ({}, cost {})", OutcomeName(verdict.outcome), OneLine(verdict.reason, kShownWidth), verdict.cost);
  };
  return Values(shown(a), shown(b)) + versions;
}

std::string CompareTerms(const Rollout& recorded, const Rollout& replayed) {
  if (recorded.terms.size() != replayed.terms.size()) {
    return Values(fmt::format("{} reward terms", recorded.terms.size()), fmt::format("{}", replayed.terms.size()));
  }
  for (size_t i = 0; i < recorded.terms.size(); ++i) {
    const RewardTerm& a = recorded.terms[i];
    const RewardTerm& b = replayed.terms[i];
    if (a.name != b.name || !SameBits(a.value, b.value) || !SameBits(a.weight, b.weight)) {
      return fmt::format("reward term {}: {}", i,
                         Values(fmt::format("{} {:.17g} x {:.17g}", a.name, a.value, a.weight),
                                fmt::format("{} {:.17g} x {:.17g}", b.name, b.value, b.weight)));
    }
  }
  return SameBits(recorded.reward, replayed.reward)
             ? ""
             : "reward: " + Values(fmt::format("{:.17g}", recorded.reward), fmt::format("{:.17g}", replayed.reward));
}

// Shares of tokens beyond a bound: the least rounding moves them by any amount.
bool IsHistogram(std::string_view name) { return name.find("/above_") != std::string_view::npos; }

bool IsDuration(std::string_view name) { return name.starts_with("time/") || name == "step_time"; }

bool IsClose(double a, double b, double relative) {
  return SameBits(a, b) || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= relative * std::max({1.0, std::abs(a), std::abs(b)});
}

}  // namespace

std::string_view StageName(Stage stage) {
  switch (stage) {
    case Stage::kStart:
      return "start";
    case Stage::kPrompts:
      return "prompts";
    case Stage::kSampling:
      return "sampling";
    case Stage::kText:
      return "text";
    case Stage::kVerdicts:
      return "verdicts";
    case Stage::kRewards:
      return "rewards";
    case Stage::kAdvantages:
      return "advantages";
    case Stage::kUpdate:
      return "update";
    case Stage::kWeights:
      return "weights";
  }
  CheckFailed("a Stage holds one of its values", std::source_location::current());
}

std::string ComparePrompts(const std::vector<RolloutGroup>& recorded, const std::vector<RolloutGroup>& replayed) {
  if (recorded.size() != replayed.size()) {
    return Values(fmt::format("{} groups", recorded.size()), fmt::format("{}", replayed.size()));
  }
  for (size_t i = 0; i < recorded.size(); ++i) {
    if (const std::string difference = CompareTask(recorded[i], replayed[i]); !difference.empty()) {
      return fmt::format("{}: {}", At(recorded[i]), difference);
    }
  }
  return "";
}

std::string CompareSampling(const std::vector<RolloutGroup>& recorded, const std::vector<RolloutGroup>& replayed,
                            const Tokenizer& tokenizer) {
  return ForEachPair(recorded, replayed, [&](const RolloutGroup&, const Rollout& a, const Rollout& b) {
    return CompareCompletion(a.completion, b.completion, tokenizer);
  });
}

std::string CompareTexts(const std::vector<RolloutGroup>& recorded, const Tokenizer& tokenizer) {
  return ForEachPair(recorded, recorded, [&](const RolloutGroup&, const Rollout& rollout, const Rollout&) {
    const std::string text = tokenizer.Decode(rollout.completion.tokens);
    return text == rollout.text ? "" : Values(Quoted(rollout.text), Quoted(text));
  });
}

std::string CompareVerdicts(const std::vector<RolloutGroup>& recorded, const std::vector<RolloutGroup>& replayed) {
  return ForEachPair(recorded, replayed, [](const RolloutGroup&, const Rollout& a, const Rollout& b) { return CompareVerdict(a, b); });
}

std::string CompareRewards(const std::vector<RolloutGroup>& recorded, const std::vector<RolloutGroup>& replayed) {
  return ForEachPair(recorded, replayed, [](const RolloutGroup&, const Rollout& a, const Rollout& b) { return CompareTerms(a, b); });
}

std::string CompareAdvantages(const std::vector<RolloutGroup>& recorded, const std::vector<RolloutGroup>& replayed) {
  return ForEachPair(recorded, replayed, [](const RolloutGroup&, const Rollout& a, const Rollout& b) {
    return SameBits(a.advantage, b.advantage) ? "" : Values(fmt::format("{:.17g}", a.advantage), fmt::format("{:.17g}", b.advantage));
  });
}

std::string CompareLogprobs(const std::vector<RolloutGroup>& recorded, const std::vector<float>& logprobs, const ReplayBounds& bounds) {
  size_t at = 0;
  return ForEachPair(recorded, recorded, [&](const RolloutGroup&, const Rollout& rollout, const Rollout&) -> std::string {
    const std::vector<float>& values = rollout.completion.logprobs;
    for (size_t i = 0; i < values.size(); ++i, ++at) {
      const double gap = std::abs(double{values[i]} - double{logprobs.at(at)});
      if (!(gap <= bounds.logprob) && !SameBits(values[i], logprobs[at])) {
        return fmt::format("token {}, log-probability: {}, {:.3g} apart (bound {})", i,
                           Values(fmt::format("{:.9g}", values[i]), fmt::format("{:.9g}", logprobs[at])), gap, bounds.logprob);
      }
    }
    return "";
  });
}

std::string CompareMetrics(const RolloutStore::Metrics& recorded, const StepMetrics& replayed, double relative) {
  for (const auto& [name, value] : recorded) {
    if (relative > 0 && IsHistogram(name)) {
      continue;
    }
    const auto other = std::ranges::find(replayed.values, name, [](const auto& metric) -> const std::string& { return metric.first; });
    if (other != replayed.values.end() && !IsDuration(name) && !IsClose(value, other->second, relative)) {
      return fmt::format("{}: {}", name, Values(fmt::format("{:.17g}", value), fmt::format("{:.17g}", other->second)));
    }
  }
  return "";
}

int64_t NumRollouts(const std::vector<RolloutGroup>& groups) {
  int64_t count = 0;
  for (const RolloutGroup& group : groups) {
    count += std::ssize(group.rollouts);
  }
  return count;
}

int64_t NumTokens(const std::vector<RolloutGroup>& groups) {
  int64_t count = 0;
  for (const RolloutGroup& group : groups) {
    for (const Rollout& rollout : group.rollouts) {
      count += std::ssize(rollout.completion.tokens);
    }
  }
  return count;
}

}  // namespace cupel
