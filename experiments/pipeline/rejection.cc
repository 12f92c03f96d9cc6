#include "experiments/pipeline/rejection.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "base/status.h"
#include "experiments/pipeline/trace_data.h"
#include "verifiers/text/script.h"

namespace cupel {
namespace {

struct RuleText {
  std::string_view name;
  std::string_view advice;  // what to change when the rule removes everything
};
constexpr std::array<RuleText, kNumRejected> kRules = {{
    {"kept", ""},
    {"wrong", "sample from a better model, or raise keep.questions or rollout.group_size"},
    {"truncated", "raise rollout.max_new_tokens"},
    {"form", "change keep.format, or teach the form first"},
    {"language", "lower keep.min_language, or change keep.language"},
    {"code", "the reasoning holds blocks of code (```); teach it not to"},
    {"repetition", "raise keep.max_repetition"},
    {"length", "raise keep.max_tokens"},
    {"duplicate", "raise rollout.temperature"},
    {"surplus", "raise keep.per_question"},
}};

// The value of a reward term by name; `otherwise` where the recipe has none of the kind.
double Value(const Rollout& rollout, std::string_view name, double otherwise) {
  const auto term = std::ranges::find_if(rollout.terms, [name](const RewardTerm& one) { return one.name.starts_with(name); });
  return term == rollout.terms.end() ? otherwise : term->value;
}

}  // namespace

std::string_view RejectedName(Rejected why) { return kRules.at(static_cast<size_t>(why)).name; }

absl::Status CheckSampleRecipe(const SampleRecipe& recipe) {
  if (recipe.model.path.empty()) {
    return InvalidArgument("model.path is empty: name the model that is to be sampled, or give it with inputs = [\"model.path=STAGE\"]");
  }
  CUPEL_RETURN_IF_ERROR(CheckSamplingWeights(recipe.rollout.weights, recipe.model.device));
  if (!recipe.keep.language.empty() && ScriptsOfLanguage(recipe.keep.language).empty()) {
    return InvalidArgument("keep.language: \"{}\" is not one of {}", recipe.keep.language, fmt::join(LanguageCodes(), ", "));
  }
  if (const auto rewards = RewardComposition::Create(RejectionFilter::Rewards(recipe.keep)); !rewards.ok()) {
    return InvalidArgument("keep: {}", Message(rewards.status()));
  }
  return absl::OkStatus();
}

RewardConfig RejectionFilter::Rewards(const KeepConfig& config) {
  RewardConfig rewards;  // begins with correctness, which makes the log's reward readable
  if (!config.format.empty()) {
    rewards.terms.push_back({.name = "format", .pattern = config.format});
  }
  rewards.terms.push_back({.name = "repetition", .ngram = config.ngram});
  return rewards;
}

Rejected RejectionFilter::Judge(const Rollout& rollout, const std::vector<std::string>& kept_texts) const {
  const int64_t num_tokens = std::ssize(rollout.completion.tokens);
  if (rollout.verdict.outcome != Outcome::kCorrect) {
    return Rejected::kWrong;
  }
  if (rollout.completion.finish_reason != FinishReason::kStop) {
    return Rejected::kTruncated;
  }
  if (Value(rollout, "format", 1) < 1) {
    return Rejected::kForm;
  }
  if (!config_.language.empty()) {
    // Reasoning without a word, digits alone, is in no wrong language.
    const ScriptCount words = CountScripts(rollout.text.substr(0, rollout.text.rfind("</think>")), ScriptsOfLanguage(config_.language));
    if (words.total > 0 && static_cast<double>(words.in_target) < config_.min_language * static_cast<double>(words.total)) {
      return Rejected::kLanguage;
    }
  }
  if (rollout.text.find("```") != std::string::npos) {
    return Rejected::kCode;
  }
  if (-Value(rollout, "repetition", 0) > config_.max_repetition) {
    return Rejected::kRepetition;
  }
  if (config_.max_tokens > 0 && num_tokens > config_.max_tokens) {
    return Rejected::kLength;
  }
  if (std::ranges::find(kept_texts, rollout.text) != kept_texts.end()) {
    return Rejected::kDuplicate;
  }
  return std::ssize(kept_texts) >= config_.per_question ? Rejected::kSurplus : Rejected::kNo;
}

std::vector<Rejected> RejectionFilter::Add(const RolloutGroup& group) {
  std::vector<Rejected> result;
  std::vector<std::string> kept_texts;
  for (const Rollout& rollout : group.rollouts) {
    const Rejected why = Judge(rollout, kept_texts);
    result.push_back(why);
    ++counts_.at(static_cast<size_t>(why));
    if (why == Rejected::kNo) {
      kept_texts.push_back(rollout.text);
      rows_ += DumpJson({{"prompt", PromptJson(group.task)}, {"completion", rollout.text}, {"task", group.task.id}}) + "\n";
    }
  }
  return result;
}

Json RejectionFilter::Summary() const {
  Json removed = Json::object();
  int64_t answers = 0;
  for (size_t i = 0; i < kNumRejected; ++i) {
    answers += counts_[i];
    if (i > 0) {
      removed[std::string(kRules[i].name)] = counts_[i];
    }
  }
  return {{"answers", answers}, {"kept", kept()}, {"removed", std::move(removed)}};
}

absl::Status RejectionFilter::CheckNotEmpty() const {
  if (kept() > 0) {
    return absl::OkStatus();
  }
  std::string removed;
  for (size_t i = 1; i < kNumRejected; ++i) {
    removed += counts_[i] > 0 ? fmt::format("{}{} {}", removed.empty() ? "" : ", ", counts_[i], kRules[i].name) : "";
  }
  const auto worst = static_cast<size_t>(std::ranges::max_element(counts_.begin() + 1, counts_.end()) - counts_.begin());
  return FailedPrecondition("rejection kept none of {} answers (removed: {}); {}", Summary()["answers"].get<int64_t>(), removed,
                            kRules.at(worst).advice);
}

}  // namespace cupel
