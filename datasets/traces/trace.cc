#include "datasets/traces/trace.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/check.h"
#include "base/json.h"
#include "base/status.h"
#include "datasets/traces/pen.h"

namespace cupel {
namespace {

struct Entry {
  std::string_view family;
  TraceWriter write;
};
constexpr auto kWriters = std::to_array<Entry>({
#define CUPEL_TRACE(family, Write) {#family, &Write},
#include "datasets/traces/registry.def"
#undef CUPEL_TRACE
});
static_assert(std::ranges::is_sorted(kWriters, {}, &Entry::family));

constexpr std::string_view kArithmetic = "arithmetic";

// The stream of traces within kTaskContent, whose other streams have small numbers in their last coordinate.
constexpr uint32_t kTraceStream = 0x74726163;

struct Problem {
  std::string family;
  Json data;
};

absl::StatusOr<Problem> ReadProblem(const Task& task) {
  const size_t slash = task.id.find('/');
  if (task.id.substr(0, slash) == kArithmetic) {
    return Problem{std::string(kArithmetic), {{"expression", task.id.substr(slash + 1)}}};
  }
  if (task.metadata.empty()) {
    return Problem{task.id.substr(0, slash), Json::object()};
  }
  CUPEL_ASSIGN_OR_RETURN(Json data, ParseJson(task.metadata, task.id));
  std::string family = data.value("source_dataset", std::string());
  return Problem{std::move(family), std::move(data)};
}

}  // namespace

TracePen::TracePen(const TraceConfig& config, RandomStream stream, int64_t spoilt_claim) : stream_(stream), spoilt_claim_(spoilt_claim) {
  wording_ = static_cast<int64_t>(stream_.Below(static_cast<uint64_t>(config.wordings)));
  checks_ = stream_.Uniform() < config.check_rate;
  correction_ = static_cast<int64_t>(stream_.Below(static_cast<uint64_t>(config.wordings)));
  slip_ = stream_.Below(2) == 0 ? 1 : -1;
}

void TracePen::Line(std::string_view text) {
  text_ += text_.empty() ? "" : "\n";
  text_ += text;
}

std::string_view TracePen::Say(std::string_view brief, std::string_view plain, std::string_view full) const {
  return std::array{brief, plain, full}.at(static_cast<size_t>(wording_));
}

std::string TracePen::Claim(std::string_view lhs, int64_t value) {
  const int64_t wrong = value + slip_ < 0 && value >= 0 ? value + 1 : value + slip_;
  return Claim(lhs, fmt::format("{}", value), fmt::format("{}", wrong));
}

std::string TracePen::Claim(std::string_view lhs, std::string_view value, std::string_view wrong) {
  const std::string right = fmt::format("{}={}", lhs, value);
  if (num_claims_++ != spoilt_claim_) {
    return right;
  }
  constexpr std::array<std::string_view, 3> kCorrections = {"wait,", "no, that is wrong:", "let me recheck:"};
  return fmt::format("{}={}, {} {}", lhs, wrong, kCorrections.at(static_cast<size_t>(correction_)), right);
}

std::string TracePen::Finish(std::string_view answer) const { return fmt::format("<think>{}</think>\n<answer>{}</answer>", text_, answer); }

std::vector<std::string_view> TraceFamilies() {
  std::vector<std::string_view> names;
  std::ranges::transform(kWriters, std::back_inserter(names), &Entry::family);
  return names;
}

absl::StatusOr<std::string> WriteTrace(const Task& task, const TraceConfig& config, uint64_t seed, int64_t index) {
  CUPEL_ASSIGN_OR_RETURN(const Problem problem, ReadProblem(task));
  const auto* writer = std::ranges::find(kWriters, problem.family, &Entry::family);
  if (writer == kWriters.end()) {
    return absl::UnimplementedError(fmt::format("{}: no worked solutions for the family \"{}\"; there are some for {}", task.id,
                                                problem.family, fmt::join(TraceFamilies(), ", ")));
  }
  RandomStream decisions(seed, RandomPurpose::kTaskContent, static_cast<uint32_t>(index), 1, kTraceStream);
  const RandomStream draws(seed, RandomPurpose::kTaskContent, static_cast<uint32_t>(index), 2, kTraceStream);
  TracePen pen(config, draws, -1);
  std::optional<std::string> answer = writer->write(problem.data, task.answer, pen);
  if (answer && pen.num_claims() > 0 && decisions.Uniform() < config.mistake_rate) {
    pen = TracePen(config, draws, static_cast<int64_t>(decisions.Below(static_cast<uint64_t>(pen.num_claims()))));
    answer = writer->write(problem.data, task.answer, pen);
  }
  if (!answer) {
    return InvalidArgument("{}: the task's data are not those of a problem of {} that can be worked step by step", task.id, problem.family);
  }
  return pen.Finish(*answer);
}

}  // namespace cupel
