#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <absl/status/statusor.h>

#include "datasets/dataset.h"

namespace cupel {

// Which part each position of an endless sequence belongs to: always the one that is farthest behind its share, so that every stretch has
// the shares to within one task of each part. Shares are met to one in 10,000; the pattern repeats after so many positions.
class SharePattern {
 public:
  // `shares` are positive and sum to 1. InvalidArgument names the part whose share is too small to come up.
  static absl::StatusOr<SharePattern> Create(std::span<const double> shares);

  int64_t PartAt(int64_t position) const;                     // 0-based
  int64_t CountBefore(int64_t part, int64_t position) const;  // how many of the positions before belong to the part

 private:
  std::vector<int32_t> part_at_;                     // [kPeriod]
  std::vector<std::vector<int32_t>> counts_before_;  // [parts][kPeriod + 1]
};

// Several datasets in one. Part k has the share
//
//   w_k^(1/T) / sum_j w_j^(1/T)
//
// of what training draws, with the weights w (a weight of 0 stands for the number of tasks) and the temperature T: 1 keeps the proportions,
// a larger T evens them out (multilingual BERT, with s = 1/T: arXiv 1911.02116, section 3.1).
//
// As a Dataset it holds every task of every part once: the parts take turns, and those that end drop out, so that the first tasks of an
// evaluation ask all parts alike. Training does not draw from that order but by the pattern, each part in epochs of its own
// (curriculum.h).
class Mixture final : public Dataset {
 public:
  // Training parts hold nothing that evaluation of any part asks. Errors are those of MakeDataset, with the part they are in.
  static absl::StatusOr<std::unique_ptr<Mixture>> Create(const DatasetConfig& config, uint64_t seed, Split split,
                                                         const LoadContext& context);

  int64_t size() const override;
  Task At(int64_t index) const override;

  int64_t num_parts() const { return std::ssize(parts_); }
  const Dataset& part(int64_t k) const { return *parts_[static_cast<size_t>(k)]; }
  const std::vector<double>& shares() const { return shares_; }
  const SharePattern& pattern() const { return pattern_; }

 private:
  // From this index on, the parts that are left take turns.
  struct Turns {
    int64_t first_index;
    int64_t first_task;  // of each part in the turns
    std::vector<const Dataset*> parts;
  };

  Mixture(std::vector<std::unique_ptr<Dataset>> parts, std::vector<double> shares, SharePattern pattern);

  std::vector<std::unique_ptr<Dataset>> parts_;
  std::vector<double> shares_;
  SharePattern pattern_;
  std::vector<Turns> turns_;
};

// The settings of one part: the defaults with what it sets, and the mixture's pass rates if it names none.
absl::StatusOr<DatasetConfig> PartConfig(const DatasetConfig& config, const MixturePart& part);

}  // namespace cupel
