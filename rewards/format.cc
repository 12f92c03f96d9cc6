// 1 for a text in the form that was asked for, 0 for any other; whether the answer is right plays no part.                       {0, 1}
//
//   boxed          exactly one \boxed{...} or \fbox{...}, closed and not blank
//   answer_tag     exactly one <answer> and one </answer>, in this order, not blank between
//   think_answer   the whole text, white space at its ends aside, is <think>...</think> <answer>...</answer>, each tag exactly once,
//   neither
//                  part blank, nothing but white space between. This is R1's form (arXiv 2501.12948, section 2.2.2).
//   open_r1, open_r1_code, trl_think, nano_aha, geo3k: published forms, see published_formats.h; variant "published" matches as their code
//                  does, "full_match" (the default) leaves nothing over and no tag twice.
//
// How it is gamed: by the tags with filler between, which no format can tell from reasoning; the published variants also by repeated tags
// and by text after the end. Weigh it well below correctness, or give it only_if = "correct".

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/status.h"
#include "rewards/published_formats.h"
#include "rewards/registry.h"
#include "rewards/settings.h"
#include "verifiers/answer/characters.h"
#include "verifiers/answer/marks.h"

namespace cupel {
namespace {

TagScan ScanAnswer(std::string_view text) { return ScanTag(text, "<answer>", "</answer>"); }

bool IsOnePair(const TagScan& scan) { return scan.opening == 1 && scan.closing == 1 && scan.last; }

bool IsBoxed(std::string_view text) {
  const BoxScan boxes = ScanBoxes(text);
  return boxes.filled == 1 && boxes.blank + boxes.bare + boxes.unclosed == 0;
}

bool IsAnswerTag(std::string_view text) { return IsOnePair(ScanAnswer(text)); }

std::string_view Between(std::string_view text, size_t begin, size_t end) { return text.substr(begin, end - begin); }

bool IsThinkAnswer(std::string_view untrimmed) {
  constexpr std::string_view kThink = "<think>", kThinkEnd = "</think>", kAnswer = "<answer>", kAnswerEnd = "</answer>";
  const std::string_view text = TrimSpace(untrimmed);
  const TagScan think = ScanTag(text, kThink, kThinkEnd);
  const TagScan answer = ScanAnswer(text);
  if (!IsOnePair(think) || !IsOnePair(answer) || !text.starts_with(kThink) || !text.ends_with(kAnswerEnd)) {
    return false;
  }
  const size_t think_end = static_cast<size_t>(think.last->end) + kThinkEnd.size();
  const size_t answer_begin = static_cast<size_t>(answer.last->begin) - kAnswer.size();
  return think_end <= answer_begin && TrimSpace(Between(text, think_end, answer_begin)).empty();
}

struct Pattern {
  std::string_view name;
  bool (*full_match)(std::string_view text);
  bool (*published)(std::string_view text);  // null where nothing is published
};

constexpr auto kPatterns = std::to_array<Pattern>({
    {"answer_tag", &IsAnswerTag, nullptr},
    {"boxed", &IsBoxed, nullptr},
    {"geo3k", &IsGeo3k, &IsGeo3kPublished},
    {"nano_aha", &IsNanoAha, &IsNanoAhaPublished},
    {"open_r1", &IsOpenR1, &IsOpenR1Published},
    {"open_r1_code", &IsOpenR1Code, &IsOpenR1CodePublished},
    {"think_answer", &IsThinkAnswer, nullptr},
    {"trl_think", &IsTrlThink, &IsTrlThinkPublished},
});

class Format final : public RewardFunction {
 public:
  explicit Format(bool (*matches)(std::string_view text)) : matches_(matches) {}
  std::string_view name() const override { return "format"; }
  double min_value() const override { return 0; }
  double max_value() const override { return 1; }

  absl::Status Score(const Task& /*task*/, std::span<const Candidate> group, std::span<double> scores) const override {
    std::ranges::transform(group, scores.begin(), [this](const Candidate& candidate) { return matches_(candidate.text) ? 1.0 : 0.0; });
    return absl::OkStatus();
  }

 private:
  bool (*matches_)(std::string_view text);
};

}  // namespace

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeFormatReward(const RewardTermConfig& config) {
  CUPEL_RETURN_IF_ERROR(RefuseOtherSettings(config, {"pattern", "variant"}));
  std::vector<std::string> names;
  std::ranges::transform(kPatterns, std::back_inserter(names), [](const Pattern& known) { return std::string(known.name); });
  const auto pattern = std::ranges::find(kPatterns, config.pattern, &Pattern::name);
  if (pattern == kPatterns.end()) {
    const std::string nearest = NearestName(config.pattern, names);
    return InvalidArgument("the reward \"format\" has no pattern \"{}\"{}; patterns are {}", config.pattern,
                           nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest), fmt::join(names, ", "));
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string variant, ReadChoice(config, "variant", config.variant, {"full_match", "published"}));
  if (variant == "published" && pattern->published == nullptr) {
    return InvalidArgument("the reward \"format\" has no published variant of the pattern \"{}\"; remove variant = \"published\"",
                           config.pattern);
  }
  return std::make_unique<Format>(variant == "published" ? pattern->published : pattern->full_match);
}

}  // namespace cupel
