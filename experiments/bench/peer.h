#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "policy/calibration.h"
#include "rewards/child_process.h"

namespace cupel {

// One repetition of a benchmark and what the machine gave right before it.
struct BenchSlice {
  Calibration calibration;
  double rate = 0;  // work per second
  double peer = 0;  // the peer's, right after; 0 without a peer
};

// Another program that does the same work when it is told to. For every line on its standard input ("run") it does one repetition and
// answers with a line that is its rate in the benchmark's unit, a positive number. `cupel bench ... --serve` is such a program. It stays up
// between repetitions, so the two can take turns without loading anything again.
class BenchPeer {
 public:
  // `command`: program and arguments, split at spaces, without a shell. The first repetition is asked for and not counted.
  static absl::StatusOr<BenchPeer> Start(const std::string& command);
  absl::StatusOr<double> Run();

 private:
  BenchPeer(std::string command, ChildProcess process) : command_(std::move(command)), process_(std::move(process)) {}

  std::string command_;
  ChildProcess process_;
};

// Value below which the share p of `values` lies, by linear interpolation. `values` must not be empty.
double Quantile(std::vector<double> values, double p);

// {"unit", "rate" {median, p10, p90}, "slices" [...]} and, with a peer, "peer" and "ratio" (own / peer, slice by slice) likewise.
Json SlicesToJson(const std::vector<BenchSlice>& slices, const std::string& unit);
// The same as a table, one line per slice.
std::string SlicesToTable(const std::vector<BenchSlice>& slices, const std::string& unit);

}  // namespace cupel
