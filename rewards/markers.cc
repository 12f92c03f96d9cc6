// Rewards that count marks of form, as open-r1 publishes them.
//
// tag_count: a quarter for each of "<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>" that occurs exactly once    {0, .25, .5, .75,
// 1} How it is gamed: by the four tags with nothing between; the order plays no part.
//
// reasoning_steps: min(1, hits / 3), hits being matches of "Step N:", a number with a dot at the very beginning, a line that begins with -
// or
// *, and "First,", "Second,", "Next,", "Finally,"; matches do not overlap    {0, 1/3, 2/3, 1}
// How it is gamed: by three such words and nothing else. Source of both: open-r1, rewards.py (tag_count_reward, reasoning_steps_reward).

#include <algorithm>
#include <array>

#include "base/status.h"
#include "rewards/registry.h"
#include "rewards/settings.h"
#include "verifiers/answer/characters.h"

namespace cupel {
namespace {

bool OccursOnce(std::string_view text, std::string_view mark) {
  const size_t first = text.find(mark);
  return first != std::string_view::npos && text.find(mark, first + mark.size()) == std::string_view::npos;
}

double TagCount(std::string_view text) {
  constexpr std::array<std::string_view, 4> kMarks = {"<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>"};
  return 0.25 * static_cast<double>(std::ranges::count_if(kMarks, [&](std::string_view mark) { return OccursOnce(text, mark); }));
}

size_t DigitsAt(std::string_view text, size_t begin) {
  size_t end = begin;
  while (IsDigit(CharAt(text, end))) {
    ++end;
  }
  return end - begin;
}

// Length of the mark that begins at `at`; 0 when none does.
size_t StepMarkAt(std::string_view text, size_t at) {
  constexpr std::array<std::string_view, 6> kFixed = {"\n-", "\n*", "First,", "Second,", "Next,", "Finally,"};
  const std::string_view rest = text.substr(at);
  if (constexpr std::string_view kStep = "Step "; rest.starts_with(kStep)) {
    const size_t digits = DigitsAt(rest, kStep.size());
    return digits > 0 && CharAt(rest, kStep.size() + digits) == ':' ? kStep.size() + digits + 1 : 0;
  }
  if (at == 0 && DigitsAt(rest, 0) > 0) {
    const size_t digits = DigitsAt(rest, 0);
    return CharAt(rest, digits) == '.' ? digits + 1 : 0;
  }
  const auto mark = std::ranges::find_if(kFixed, [&](std::string_view fixed) { return rest.starts_with(fixed); });
  return mark == kFixed.end() ? 0 : mark->size();
}

double ReasoningSteps(std::string_view text) {
  int hits = 0;
  for (size_t at = 0; at < text.size() && hits < 3;) {
    const size_t length = StepMarkAt(text, at);
    hits += length > 0 ? 1 : 0;
    at += std::max<size_t>(1, length);
  }
  return hits / 3.0;
}

class MarkReward final : public RewardFunction {
 public:
  MarkReward(std::string_view name, double (*worth)(std::string_view text)) : name_(name), worth_(worth) {}
  std::string_view name() const override { return name_; }
  double min_value() const override { return 0; }
  double max_value() const override { return 1; }

  absl::Status Score(const Task& /*task*/, std::span<const Candidate> group, std::span<double> scores) const override {
    std::ranges::transform(group, scores.begin(), [this](const Candidate& candidate) { return worth_(candidate.text); });
    return absl::OkStatus();
  }

 private:
  std::string_view name_;
  double (*worth_)(std::string_view text);
};

}  // namespace

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeTagCountReward(const RewardTermConfig& config) {
  CUPEL_RETURN_IF_ERROR(RefuseOtherSettings(config, {}));
  return std::make_unique<MarkReward>("tag_count", &TagCount);
}

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeReasoningStepsReward(const RewardTermConfig& config) {
  CUPEL_RETURN_IF_ERROR(RefuseOtherSettings(config, {}));
  return std::make_unique<MarkReward>("reasoning_steps", &ReasoningSteps);
}

}  // namespace cupel
