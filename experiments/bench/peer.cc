#include "experiments/bench/peer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>

#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <fmt/format.h>

#include "base/status.h"

namespace cupel {
namespace {

constexpr auto kPatience = std::chrono::minutes(10);  // of one repetition, loading included in the first
constexpr size_t kMaxAnswer = 4096;
constexpr int64_t kPeerMemory = int64_t{1} << 46;  // address space, which CUDA builds reserve by the terabyte

std::vector<double> Collect(const std::vector<BenchSlice>& slices, const std::function<double(const BenchSlice&)>& value) {
  std::vector<double> values;
  std::transform(slices.begin(), slices.end(), std::back_inserter(values), value);
  return values;
}

Json Spread(const std::vector<double>& values) {
  return {{"median", Quantile(values, 0.5)}, {"p10", Quantile(values, 0.1)}, {"p90", Quantile(values, 0.9)}};
}

double Ratio(const BenchSlice& slice) { return slice.rate / slice.peer; }
bool HasPeer(const std::vector<BenchSlice>& slices) { return !slices.empty() && slices.front().peer > 0; }

}  // namespace

absl::StatusOr<BenchPeer> BenchPeer::Start(const std::string& command) {
  const std::vector<std::string> words = absl::StrSplit(command, ' ', absl::SkipEmpty());
  if (words.empty()) {
    return InvalidArgument("--peer is empty; name a program that answers each line on its standard input with its rate");
  }
  absl::StatusOr<ChildProcess> process = ChildProcess::Start(words, kPeerMemory);
  CUPEL_RETURN_IF_ERROR(Annotate(process.status(), "--peer"));
  BenchPeer peer(command, *std::move(process));
  CUPEL_RETURN_IF_ERROR(peer.Run().status());
  return peer;
}

absl::StatusOr<double> BenchPeer::Run() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  CUPEL_RETURN_IF_ERROR(Annotate(process_.WriteLine("run", deadline), "--peer " + command_));
  absl::StatusOr<std::string> line = process_.ReadLine(deadline, kMaxAnswer);
  CUPEL_RETURN_IF_ERROR(Annotate(line.status(), "--peer " + command_));
  double rate = 0;
  if (!absl::SimpleAtod(*line, &rate) || !(rate > 0) || !std::isfinite(rate)) {
    return InvalidArgument("--peer {}: answered \"{}\", but a repetition's answer is one positive number, its rate", command_, *line);
  }
  return rate;
}

double Quantile(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  const double place = p * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, values.size() - 1);
  const double share = place - static_cast<double>(below);
  return values[below] * (1 - share) + values[above] * share;
}

Json SlicesToJson(const std::vector<BenchSlice>& slices, const std::string& unit) {
  Json json = {{"unit", unit}, {"rate", Spread(Collect(slices, [](const BenchSlice& slice) { return slice.rate; }))}};
  for (const BenchSlice& slice : slices) {
    Json line = {
        {"matmul_gflops", slice.calibration.matmul_gflops}, {"copy_gb_per_s", slice.calibration.copy_gb_per_s}, {"rate", slice.rate}};
    if (slice.peer > 0) {
      line["peer"] = slice.peer;
    }
    json["slices"].push_back(std::move(line));
  }
  if (HasPeer(slices)) {
    json["peer"] = Spread(Collect(slices, [](const BenchSlice& slice) { return slice.peer; }));
    json["ratio"] = Spread(Collect(slices, Ratio));
  }
  return json;
}

std::string SlicesToTable(const std::vector<BenchSlice>& slices, const std::string& unit) {
  std::string table = fmt::format("{:>6} {:>14} {:>10} {:>14} {:>14} {:>8}\n", "slice", "matmul GF/s", "copy GB/s", unit, "peer", "ratio");
  const auto line = [&](const std::string& name, const std::string& matmul, const std::string& copy, double rate, double peer,
                        double ratio) {
    const std::string other = peer > 0 ? fmt::format("{:.5g}", peer) : "-";
    const std::string quotient = peer > 0 ? fmt::format("{:.3f}", ratio) : "-";
    table += fmt::format("{:>6} {:>14} {:>10} {:>14.5g} {:>14} {:>8}\n", name, matmul, copy, rate, other, quotient);
  };
  for (size_t i = 0; i < slices.size(); ++i) {
    const BenchSlice& slice = slices[i];
    line(std::to_string(i + 1), fmt::format("{:.0f}", slice.calibration.matmul_gflops),
         fmt::format("{:.1f}", slice.calibration.copy_gb_per_s), slice.rate, slice.peer, HasPeer(slices) ? Ratio(slice) : 0);
  }
  const std::vector<double> rates = Collect(slices, [](const BenchSlice& slice) { return slice.rate; });
  const std::vector<double> peers = Collect(slices, [](const BenchSlice& slice) { return slice.peer; });
  const std::vector<double> ratios = HasPeer(slices) ? Collect(slices, Ratio) : std::vector<double>{0};
  for (const auto& [name, p] : {std::pair("median", 0.5), std::pair("p10", 0.1), std::pair("p90", 0.9)}) {
    line(name, "", "", Quantile(rates, p), Quantile(peers, p), Quantile(ratios, p));
  }
  return table;
}

}  // namespace cupel
