// Language consistency: the share of the reasoning's words that are written in the script of the language `pattern` ("en", "zh", ...), from
// 0 to 1; 0 when there are no words. The reasoning is what stands before the last </think>, or the whole text when there is none.
//
// Source: R1 (arXiv 2501.12948, section 2.3.2), "the proportion of target language words in the CoT". Here a language is known by its
// script, so that "en" and "de" are one; words and what are none: verifiers/text/script.h.
//
// How it is gamed: by any filler in the right script. It is a tie-breaker: a small weight, and only beside correctness.

#include <algorithm>

#include "base/status.h"
#include "rewards/registry.h"
#include "rewards/settings.h"
#include "verifiers/judging.h"
#include "verifiers/text/script.h"

namespace cupel {
namespace {

class Language final : public RewardFunction {
 public:
  explicit Language(std::vector<Script> scripts) : scripts_(std::move(scripts)) {}
  std::string_view name() const override { return "language"; }
  double min_value() const override { return 0; }
  double max_value() const override { return 1; }

  absl::Status Score(const Task& /*task*/, std::span<const Candidate> group, std::span<double> scores) const override {
    std::ranges::transform(group, scores.begin(), [this](const Candidate& candidate) {
      const ScriptCount count = CountScripts(PartOf(candidate.text, Part::kReasoning), scripts_);
      return count.total == 0 ? 0.0 : static_cast<double>(count.in_target) / static_cast<double>(count.total);
    });
    return absl::OkStatus();
  }

 private:
  std::vector<Script> scripts_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeLanguageReward(const RewardTermConfig& config) {
  CUPEL_RETURN_IF_ERROR(RefuseOtherSettings(config, {"pattern"}));
  std::vector<Script> scripts = ScriptsOfLanguage(config.pattern);
  if (scripts.empty()) {
    return InvalidArgument("the reward \"language\" has no pattern \"{}\"; the language is one of {}", config.pattern,
                           fmt::join(LanguageCodes(), ", "));
  }
  return std::make_unique<Language>(std::move(scripts));
}

}  // namespace cupel
