#include "rewards/reward.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "base/status.h"
#include "rewards/registry.h"

namespace cupel {
namespace {

struct Entry {
  std::string_view name;
  absl::StatusOr<std::unique_ptr<RewardFunction>> (*make)(const RewardTermConfig&);
};

constexpr auto kRewards = std::to_array<Entry>({
#define CUPEL_REWARD(name, Make) {#name, &Make},
#include "rewards/registry.def"
#undef CUPEL_REWARD
});

static_assert(std::ranges::adjacent_find(kRewards, std::ranges::greater_equal(), &Entry::name) == kRewards.end(),
              "rewards/registry.def must be sorted by name, without duplicates");

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeReward(const RewardTermConfig& config) {
  const auto entry = std::ranges::find(kRewards, config.name, &Entry::name);
  if (entry != kRewards.end()) {
    return entry->make(config);
  }
  const std::vector<std::string_view> views = RewardNames();
  const std::vector<std::string> names(views.begin(), views.end());
  const std::string nearest = NearestName(config.name, names);
  return InvalidArgument("there is no reward \"{}\"{}; rewards are {}", config.name,
                         nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest), fmt::join(names, ", "));
}

// "correctness", "format(boxed)".
std::string Label(const RewardTermConfig& config) {
  return config.pattern.empty() ? config.name : fmt::format("{}({})", config.name, config.pattern);
}

}  // namespace

absl::StatusOr<RewardComposition> RewardComposition::Create(const RewardConfig& config) {
  if (config.terms.empty()) {
    return InvalidArgument("there are no reward terms; name at least one, such as \"correctness\"");
  }
  RewardComposition composition;
  for (size_t i = 0; i < config.terms.size(); ++i) {
    const RewardTermConfig& term = config.terms[i];
    const std::string where = fmt::format("reward term {}", i + 1);
    absl::StatusOr<std::unique_ptr<RewardFunction>> function = MakeReward(term);
    CUPEL_RETURN_IF_ERROR(Annotate(function.status(), where));
    if (!std::isfinite(term.weight)) {
      return InvalidArgument("{}: weight is {}; expected a finite number", where, term.weight);
    }
    std::string label = Label(term);
    if (std::ranges::find(composition.terms_, label, &Term::label) != composition.terms_.end()) {
      return InvalidArgument("{}: {} appears twice; give it once, with the sum of the weights", where, label);
    }
    composition.terms_.push_back({*std::move(function), std::move(label), term.weight});
  }
  return composition;
}

RewardComposition::Result RewardComposition::Score(const Task& task, std::span<const Candidate> group) const {
  Result result;
  result.terms.resize(group.size());
  result.rewards.resize(group.size(), 0.0);
  std::vector<double> scores(group.size());
  for (const Term& term : terms_) {
    term.function->Score(task, group, scores);
    for (size_t i = 0; i < group.size(); ++i) {
      Check(term.function->min_value() <= scores[i] && scores[i] <= term.function->max_value(), "a reward lies in its declared range");
      result.terms[i].push_back({term.label, scores[i], term.weight});
      result.rewards[i] += group[i].verdict->is_scored() ? term.weight * scores[i] : 0.0;
    }
  }
  return result;
}

std::vector<std::string> RewardComposition::term_names() const {
  std::vector<std::string> names;
  std::ranges::transform(terms_, std::back_inserter(names), &Term::label);
  return names;
}

std::vector<std::string_view> RewardNames() {
  std::vector<std::string_view> names;
  std::ranges::transform(kRewards, std::back_inserter(names), &Entry::name);
  return names;
}

}  // namespace cupel
