#include "datasets/dataset.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/status.h"
#include "datasets/filters.h"
#include "datasets/registry.h"

namespace cupel {
namespace {

constexpr int64_t kSample = 4096;

struct Source {
  std::string_view name;
  absl::StatusOr<std::unique_ptr<Dataset>> (*make)(const DatasetConfig&, uint64_t, Split, const LoadContext&);
};

constexpr auto kSources = std::to_array<Source>({
#define CUPEL_DATASET(name, Make) {#name, &Make},
#include "datasets/registry.def"
#undef CUPEL_DATASET
});

static_assert(std::ranges::adjacent_find(kSources, std::ranges::greater_equal(), &Source::name) == kSources.end(),
              "datasets/registry.def must be sorted by name, without duplicates");

absl::StatusOr<const Source*> FindSource(const std::string& name) {
  const auto source = std::ranges::find(kSources, name, &Source::name);
  if (source != kSources.end()) {
    return &*source;
  }
  const std::vector<std::string_view> views = DatasetNames();
  const std::vector<std::string> names(views.begin(), views.end());
  const std::string nearest = NearestName(name, names);
  return InvalidArgument("dataset.source: there is no source \"{}\"{}; sources are {}", name,
                         nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest), fmt::join(names, ", "));
}

absl::StatusOr<std::unique_ptr<Dataset>> WithoutExcluded(std::unique_ptr<Dataset> all, const LoadContext& context) {
  std::unique_ptr<Dataset> kept = KeepTasks(std::move(all), [&](const Task& task) { return !IsKeyed(task, *context.excluded); });
  if (kept->size() == 0) {
    return InvalidArgument("every task is one that evaluation asks; make the training settings wider, or those of evaluation narrower");
  }
  return kept;
}

absl::StatusOr<std::unique_ptr<Dataset>> WithinPassRates(const DatasetConfig& config, std::unique_ptr<Dataset> all,
                                                         const LoadContext& context) {
  if (config.min_pass_rate > config.max_pass_rate) {
    return InvalidArgument("data.min_pass_rate is {} and max_pass_rate {}; expected the smaller first", config.min_pass_rate,
                           config.max_pass_rate);
  }
  CUPEL_ASSIGN_OR_RETURN(const auto rates, ReadPassRates(config.pass_rates));
  int64_t num_rated = 0;
  const int64_t num_before = std::min(all->size(), kMostListed);
  std::unique_ptr<Dataset> kept = KeepTasks(std::move(all), [&](const Task& task) {
    const auto rate = rates.find(task.id);
    num_rated += rate == rates.end() ? 0 : 1;
    return rate == rates.end() ? config.keep_unrated : config.min_pass_rate <= rate->second && rate->second <= config.max_pass_rate;
  });
  if (num_rated == 0) {
    return InvalidArgument(
        "{}: rates none of the {} training tasks; their ids must be those of the run that was rated (the same path, or "
        "data.jsonl.id_column)",
        config.pass_rates, num_before);
  }
  if (kept->size() == 0) {
    return InvalidArgument("{}: no training task has a pass rate from {} to {}; widen data.min_pass_rate and data.max_pass_rate",
                           config.pass_rates, config.min_pass_rate, config.max_pass_rate);
  }
  if (context.report != nullptr) {
    context.report->outside_pass_rates += num_before - kept->size();
  }
  return kept;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> MakeDataset(const DatasetConfig& config, uint64_t seed, Split split, const LoadContext& context) {
  CUPEL_ASSIGN_OR_RETURN(const Source* source, FindSource(config.source));
  CUPEL_ASSIGN_OR_RETURN(std::unique_ptr<Dataset> dataset, source->make(config, seed, split, context));
  if (config.source == "mixture") {
    return dataset;  // its parts have been through this
  }
  if (config.source != "jsonl" && context.check_gold) {  // a file's rows are checked one by one, where their lines are known
    CUPEL_RETURN_IF_ERROR(CheckTasks(*dataset, context.check_gold));
  }
  if (split == Split::kTrain && context.excluded != nullptr) {
    CUPEL_ASSIGN_OR_RETURN(dataset, WithoutExcluded(std::move(dataset), context));
  }
  if (split == Split::kTrain && !config.pass_rates.empty()) {
    CUPEL_ASSIGN_OR_RETURN(dataset, WithinPassRates(config, std::move(dataset), context));
  }
  return dataset;
}

absl::Status CheckTasks(const Dataset& dataset, const std::function<absl::Status(const Task&)>& check) {
  const int64_t count = dataset.size() <= kMostListed ? dataset.size() : kSample;
  for (int64_t i = 0; i < count; ++i) {
    const Task task = dataset.At(i);
    CUPEL_RETURN_IF_ERROR(Annotate(check(task), task.id));
  }
  return absl::OkStatus();
}

std::vector<std::string_view> DatasetNames() {
  std::vector<std::string_view> names;
  std::ranges::transform(kSources, std::back_inserter(names), &Source::name);
  return names;
}

}  // namespace cupel
