#include "rewards/reward.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <limits>

#include "base/check.h"
#include "base/status.h"
#include "rewards/registry.h"
#include "rewards/settings.h"

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

// A function may stand outside this project's rules and throw; that is a failure like any other.
absl::Status ScoreWith(const RewardFunction& function, const Task& task, std::span<const Candidate> group, std::span<double> scores) {
  try {
    return function.Score(task, group, scores);
  } catch (const std::exception& thrown) {
    return absl::InternalError(fmt::format("it threw: {}", thrown.what()));
  }
}

// What tells terms of one name apart: "format(boxed)", "repetition(ngram 2)", "external(judge.py)".
std::string Label(const RewardTermConfig& config) {
  std::vector<std::string> parts;
  for (const std::string& part : {config.pattern, config.variant, config.unit, config.only_if.empty() ? "" : "if " + config.only_if}) {
    if (!part.empty()) {
      parts.push_back(part);
    }
  }
  if (config.ngram > 0) {
    parts.push_back(fmt::format("ngram {}", config.ngram));
  }
  if (!config.command.empty()) {
    const std::string& program = config.command[std::min<size_t>(1, config.command.size() - 1)];
    parts.push_back(program.substr(program.rfind('/') + 1));
  }
  return parts.empty() ? config.name : fmt::format("{}({})", config.name, fmt::join(parts, ", "));
}

absl::Status CheckSchedule(const RewardTermConfig& config) {
  const auto& steps = config.schedule_steps;
  if (steps.size() != config.schedule_factors.size()) {
    return InvalidArgument("schedule_steps has {} values and schedule_factors {}; expected one factor per step", steps.size(),
                           config.schedule_factors.size());
  }
  if (std::ranges::adjacent_find(steps, std::ranges::greater_equal()) != steps.end()) {
    return InvalidArgument("schedule_steps = [{}]; expected rising steps", fmt::join(steps, ", "));
  }
  if (!std::ranges::all_of(config.schedule_factors, [](double factor) { return std::isfinite(factor); })) {
    return InvalidArgument("schedule_factors = [{}]; expected finite numbers", fmt::join(config.schedule_factors, ", "));
  }
  return absl::OkStatus();
}

// What the composition itself reads of a term.
absl::Status CheckTerm(const RewardTermConfig& config) {
  if (!std::isfinite(config.weight)) {
    return InvalidArgument("weight is {}; expected a finite number", config.weight);
  }
  CUPEL_RETURN_IF_ERROR(ReadChoice(config, "only_if", config.only_if, {"", "correct", "incorrect", "finished"}).status());
  CUPEL_RETURN_IF_ERROR(ReadChoice(config, "normalize", config.normalize, {"", "group"}).status());
  CUPEL_RETURN_IF_ERROR(ReadRange(config.clip, "clip", {}).status());
  return CheckSchedule(config);
}

// Straight lines between the given points, constant outside.
double ScheduleFactor(const RewardTermConfig& config, int64_t step) {
  const auto& steps = config.schedule_steps;
  const auto& factors = config.schedule_factors;
  if (steps.empty()) {
    return 1;
  }
  const auto after = static_cast<size_t>(std::ranges::upper_bound(steps, step) - steps.begin());
  if (after == 0 || after == steps.size()) {
    return factors[after == 0 ? 0 : after - 1];
  }
  const double share = static_cast<double>(step - steps[after - 1]) / static_cast<double>(steps[after] - steps[after - 1]);
  return factors[after - 1] + share * (factors[after] - factors[after - 1]);
}

bool IsGateOpen(std::string_view only_if, const Candidate& candidate) {
  if (only_if.empty()) {
    return true;
  }
  if (only_if == "finished") {
    return !candidate.is_truncated;
  }
  return (candidate.verdict->outcome == Outcome::kCorrect) == (only_if == "correct");
}

double Clipped(double value, const std::vector<double>& clip) { return clip.empty() ? value : std::clamp(value, clip[0], clip[1]); }

// (v - mean) / (std + 1e-6) over the members that count; others become 0, and so do all when the values do not differ.
void NormalizeWithin(std::vector<double>& values, const std::vector<bool>& counts) {
  double n = 0, sum = 0;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (size_t i = 0; i < values.size(); ++i) {
    if (counts[i]) {
      n += 1;
      sum += values[i];
      low = std::min(low, values[i]);
      high = std::max(high, values[i]);
    }
  }
  double squares = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    squares += counts[i] ? (values[i] - sum / n) * (values[i] - sum / n) : 0;
  }
  const double deviation = n > 1 ? std::sqrt(squares / (n - 1)) : 0;
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = counts[i] && low < high ? (values[i] - sum / n) / (deviation + 1e-6) : 0;
  }
}

}  // namespace

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

absl::StatusOr<RewardComposition> RewardComposition::Create(const RewardConfig& config) {
  std::vector<std::unique_ptr<RewardFunction>> functions;
  for (size_t i = 0; i < config.terms.size(); ++i) {
    absl::StatusOr<std::unique_ptr<RewardFunction>> function = MakeReward(config.terms[i]);
    CUPEL_RETURN_IF_ERROR(Annotate(function.status(), fmt::format("reward term {}", i + 1)));
    functions.push_back(*std::move(function));
  }
  return Create(config, std::move(functions));
}

absl::StatusOr<RewardComposition> RewardComposition::Create(const RewardConfig& config,
                                                            std::vector<std::unique_ptr<RewardFunction>> functions) {
  if (config.terms.empty()) {
    return InvalidArgument("there are no reward terms; name at least one, such as \"correctness\"");
  }
  Check(functions.size() == config.terms.size(), "every term has its function");
  CUPEL_RETURN_IF_ERROR(Annotate(ReadRange(config.clip, "clip", {}).status(), "reward"));
  if (!(config.stop_properly >= 0 && config.stop_properly <= 1)) {
    return InvalidArgument("stop_properly is {}; expected a factor from 0 to 1", config.stop_properly);
  }
  RewardComposition composition;
  composition.config_ = config;
  for (size_t i = 0; i < config.terms.size(); ++i) {
    const absl::Status added = composition.Add(config.terms[i], std::move(functions[i]));
    CUPEL_RETURN_IF_ERROR(Annotate(added, fmt::format("reward term {}", i + 1)));
  }
  return composition;
}

absl::Status RewardComposition::Add(const RewardTermConfig& config, std::unique_ptr<RewardFunction> function) {
  CUPEL_RETURN_IF_ERROR(CheckTerm(config));
  std::string label = Label(config);
  if (std::ranges::find(terms_, label, &Term::label) != terms_.end()) {
    return InvalidArgument("{} appears twice; give it once, with the sum of the weights", label);
  }
  terms_.push_back({std::move(function), std::move(label), config});
  return absl::OkStatus();
}

void RewardComposition::AddTerm(const Term& term, const Task& task, std::span<const Candidate> group, int64_t step, Result& result) const {
  std::vector<double> values(group.size(), std::nan(""));
  const absl::Status status = ScoreWith(*term.function, task, group, values);
  std::vector<bool> counts(group.size());
  for (size_t i = 0; i < group.size(); ++i) {
    const bool is_in_range = term.function->min_value() <= values[i] && values[i] <= term.function->max_value();
    if (result.errors[i].empty() && (!status.ok() || !is_in_range)) {
      result.errors[i] = fmt::format("{}: {}", term.label,
                                     !status.ok()            ? std::string(Message(status))
                                     : std::isnan(values[i]) ? std::string("gave no number")
                                                             : fmt::format("gave {}, which is not from {} to {}", values[i],
                                                                           term.function->min_value(), term.function->max_value()));
    }
    counts[i] = status.ok() && is_in_range && group[i].verdict->is_scored();
    values[i] = status.ok() && is_in_range && IsGateOpen(term.config.only_if, group[i]) ? Clipped(values[i], term.config.clip) : 0.0;
  }
  if (term.config.normalize == "group") {
    NormalizeWithin(values, counts);
  }
  const double weight = term.config.weight * ScheduleFactor(term.config, step);
  for (size_t i = 0; i < group.size(); ++i) {
    result.terms[i].push_back({term.label, values[i], weight});
    result.rewards[i] += weight * values[i];
  }
}

RewardComposition::Result RewardComposition::Score(const Task& task, std::span<const Candidate> group, int64_t step) const {
  Result result;
  result.terms.resize(group.size());
  result.rewards.resize(group.size(), 0.0);
  result.errors.resize(group.size());
  for (const Term& term : terms_) {
    AddTerm(term, task, group, step, result);
  }
  for (size_t i = 0; i < group.size(); ++i) {
    double& reward = result.rewards[i];
    if (!group[i].verdict->is_scored() || !result.errors[i].empty()) {
      reward = 0;
      continue;
    }
    reward *= group[i].is_truncated && reward > 0 ? config_.stop_properly : 1.0;
    reward = Clipped(reward, config_.clip);
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
