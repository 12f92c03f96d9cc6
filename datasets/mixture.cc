#include "datasets/mixture.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "datasets/filters.h"
#include "datasets/registry.h"

namespace cupel {
namespace {

constexpr int64_t kPeriod = 10000;

// Beyond this a part of a generator's is cut off, so that sums of sizes never overflow.
int64_t SizeOf(const Dataset& part) { return std::min(part.size(), int64_t{1} << 50); }

// A part that is only trained on: its settings hold nothing out.
bool HasNoEvaluation(const DatasetConfig& config) {
  return config.source == "jsonl" && config.jsonl.eval_path.empty() && config.jsonl.held_out_fraction == 0;
}

std::string PartName(size_t k) { return fmt::format("data.mixture.{}", k); }

absl::StatusOr<std::vector<DatasetConfig>> PartConfigs(const DatasetConfig& config) {
  if (config.mixture.empty()) {
    return InvalidArgument("data.mixture is empty; a mixture wants [[data.mixture]] with set = [\"source=...\", ...] for every part");
  }
  std::vector<DatasetConfig> parts;
  for (size_t k = 0; k < config.mixture.size(); ++k) {
    absl::StatusOr<DatasetConfig> part = PartConfig(config, config.mixture[k]);
    CUPEL_RETURN_IF_ERROR(Annotate(part.status(), PartName(k)));
    parts.push_back(*std::move(part));
  }
  return parts;
}

// The evaluation parts in the places of their parts; null where there is none.
absl::StatusOr<std::vector<std::unique_ptr<Dataset>>> EvaluationParts(const std::vector<DatasetConfig>& configs, uint64_t seed,
                                                                      const LoadContext& context) {
  std::vector<std::unique_ptr<Dataset>> parts(configs.size());
  for (size_t k = 0; k < configs.size(); ++k) {
    if (!HasNoEvaluation(configs[k])) {
      absl::StatusOr<std::unique_ptr<Dataset>> part = MakeDataset(configs[k], seed, Split::kEval, context);
      CUPEL_RETURN_IF_ERROR(Annotate(part.status(), PartName(k)));
      parts[k] = *std::move(part);
    }
  }
  return parts;
}

absl::StatusOr<std::vector<std::unique_ptr<Dataset>>> TrainingParts(const std::vector<DatasetConfig>& configs, uint64_t seed,
                                                                    const LoadContext& context) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<std::unique_ptr<Dataset>> evaluation, EvaluationParts(configs, seed, context));
  absl::flat_hash_set<std::string> asked = context.excluded == nullptr ? absl::flat_hash_set<std::string>() : *context.excluded;
  for (const std::unique_ptr<Dataset>& part : evaluation) {
    if (part != nullptr) {
      AddKeysOf(*part, asked);
    }
  }
  LoadContext part_context = context;
  part_context.excluded = &asked;
  std::vector<std::unique_ptr<Dataset>> parts;
  for (size_t k = 0; k < configs.size(); ++k) {
    absl::StatusOr<std::unique_ptr<Dataset>> part = MakeDataset(configs[k], seed, Split::kTrain, part_context);
    CUPEL_RETURN_IF_ERROR(Annotate(part.status(), PartName(k)));
    parts.push_back(*std::move(part));
  }
  return parts;
}

std::vector<double> SharesOf(const DatasetConfig& config, const std::vector<std::unique_ptr<Dataset>>& parts) {
  std::vector<double> shares;
  for (size_t k = 0; k < parts.size(); ++k) {
    const double weight = config.mixture[k].weight > 0 ? config.mixture[k].weight : static_cast<double>(parts[k]->size());
    shares.push_back(std::pow(weight, 1 / config.mixture_temperature));
  }
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  std::ranges::for_each(shares, [&](double& share) { share /= sum; });
  return shares;
}

}  // namespace

absl::StatusOr<SharePattern> SharePattern::Create(std::span<const double> shares) {
  SharePattern pattern;
  pattern.counts_before_.assign(shares.size(), {0});
  for (int64_t i = 0; i < kPeriod; ++i) {
    size_t chosen = 0;
    double most = -std::numeric_limits<double>::infinity();
    for (size_t k = 0; k < shares.size(); ++k) {
      const double behind = shares[k] * static_cast<double>(i + 1) - pattern.counts_before_[k].back();
      chosen = behind > most ? k : chosen;
      most = std::max(most, behind);
    }
    pattern.part_at_.push_back(static_cast<int32_t>(chosen));
    for (size_t k = 0; k < shares.size(); ++k) {
      std::vector<int32_t>& counts = pattern.counts_before_[k];
      counts.push_back(counts.back() + (k == chosen ? 1 : 0));
    }
  }
  for (size_t k = 0; k < shares.size(); ++k) {
    if (pattern.counts_before_[k].back() == 0) {
      return InvalidArgument("{}: its share is {:.2g}, less than one task in {}; raise its weight or data.mixture_temperature", PartName(k),
                             shares[k], kPeriod);
    }
  }
  return pattern;
}

int64_t SharePattern::PartAt(int64_t position) const { return part_at_.at(static_cast<size_t>(position % kPeriod)); }

int64_t SharePattern::CountBefore(int64_t part, int64_t position) const {
  const std::vector<int32_t>& counts = counts_before_.at(static_cast<size_t>(part));
  return position / kPeriod * counts.back() + counts.at(static_cast<size_t>(position % kPeriod));
}

absl::StatusOr<std::unique_ptr<Mixture>> Mixture::Create(const DatasetConfig& config, uint64_t seed, Split split,
                                                         const LoadContext& context) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<DatasetConfig> configs, PartConfigs(config));
  CUPEL_ASSIGN_OR_RETURN(std::vector<std::unique_ptr<Dataset>> parts,
                         split == Split::kEval ? EvaluationParts(configs, seed, context) : TrainingParts(configs, seed, context));
  std::erase(parts, nullptr);
  if (parts.empty()) {
    return InvalidArgument("data.mixture: no part holds anything out to be evaluated on; set jsonl.eval_path or jsonl.held_out_fraction");
  }
  if (split == Split::kEval) {
    const double share = 1 / static_cast<double>(parts.size());
    std::vector<double> shares(parts.size(), share);
    CUPEL_ASSIGN_OR_RETURN(SharePattern pattern, SharePattern::Create(shares));
    return std::unique_ptr<Mixture>(new Mixture(std::move(parts), std::move(shares), std::move(pattern)));
  }
  std::vector<double> shares = SharesOf(config, parts);
  CUPEL_ASSIGN_OR_RETURN(SharePattern pattern, SharePattern::Create(shares));
  return std::unique_ptr<Mixture>(new Mixture(std::move(parts), std::move(shares), std::move(pattern)));
}

Mixture::Mixture(std::vector<std::unique_ptr<Dataset>> parts, std::vector<double> shares, SharePattern pattern)
    : parts_(std::move(parts)), shares_(std::move(shares)), pattern_(std::move(pattern)) {
  int64_t index = 0, task = 0;
  while (true) {
    Turns turns{index, task, {}};
    int64_t end = std::numeric_limits<int64_t>::max();  // tasks of the smallest part that is left
    for (const std::unique_ptr<Dataset>& part : parts_) {
      if (SizeOf(*part) > task) {
        turns.parts.push_back(part.get());
        end = std::min(end, SizeOf(*part));
      }
    }
    if (turns.parts.empty()) {
      break;
    }
    index += (end - task) * std::ssize(turns.parts);
    task = end;
    turns_.push_back(std::move(turns));
  }
}

int64_t Mixture::size() const {
  return std::accumulate(parts_.begin(), parts_.end(), int64_t{0}, [](int64_t sum, const auto& part) { return sum + SizeOf(*part); });
}

Task Mixture::At(int64_t index) const {
  const auto after = std::ranges::upper_bound(turns_, index, {}, &Turns::first_index);
  Check(after != turns_.begin(), "indices count from 0");
  const Turns& turns = *(after - 1);
  const int64_t place = index - turns.first_index;
  const Dataset& part = *turns.parts[static_cast<size_t>(place % std::ssize(turns.parts))];
  return part.At(turns.first_task + place / std::ssize(turns.parts));
}

absl::StatusOr<DatasetConfig> PartConfig(const DatasetConfig& config, const MixturePart& part) {
  DatasetConfig result;
  for (const std::string& assignment : part.set) {
    CUPEL_RETURN_IF_ERROR(ApplyOverride(assignment, result));
  }
  if (result.source == "mixture" || !result.mixture.empty() || !result.curriculum.empty()) {
    return InvalidArgument("a part cannot be a mixture, and its curriculum is [[data.mixture.curriculum]]");
  }
  if (result.pass_rates.empty()) {
    result.pass_rates = config.pass_rates;
    result.min_pass_rate = config.min_pass_rate;
    result.max_pass_rate = config.max_pass_rate;
    result.keep_unrated = config.keep_unrated;
  }
  return result;
}

absl::StatusOr<std::unique_ptr<Dataset>> MakeMixtureDataset(const DatasetConfig& config, uint64_t seed, Split split,
                                                            const LoadContext& context) {
  return Mixture::Create(config, seed, split, context);
}

}  // namespace cupel
