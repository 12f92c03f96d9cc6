#include "datasets/dataset.h"

#include <algorithm>
#include <array>

#include "base/status.h"
#include "datasets/registry.h"

namespace cupel {
namespace {

struct Source {
  std::string_view name;
  absl::StatusOr<std::unique_ptr<Dataset>> (*make)(const DatasetConfig&, uint64_t, Split);
};

constexpr auto kSources = std::to_array<Source>({
#define CUPEL_DATASET(name, Make) {#name, &Make},
#include "datasets/registry.def"
#undef CUPEL_DATASET
});

static_assert(std::ranges::adjacent_find(kSources, std::ranges::greater_equal(), &Source::name) == kSources.end(),
              "datasets/registry.def must be sorted by name, without duplicates");

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> MakeDataset(const DatasetConfig& config, uint64_t seed, Split split) {
  const auto source = std::ranges::find(kSources, config.source, &Source::name);
  if (source != kSources.end()) {
    return source->make(config, seed, split);
  }
  const std::vector<std::string_view> views = DatasetNames();
  const std::vector<std::string> names(views.begin(), views.end());
  const std::string nearest = NearestName(config.source, names);
  return InvalidArgument("dataset.source: there is no source \"{}\"{}; sources are {}", config.source,
                         nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest), fmt::join(names, ", "));
}

std::vector<std::string_view> DatasetNames() {
  std::vector<std::string_view> names;
  std::ranges::transform(kSources, std::back_inserter(names), &Source::name);
  return names;
}

}  // namespace cupel
