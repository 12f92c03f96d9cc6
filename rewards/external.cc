// A reward computed by a program of the user's, in any language: docs/rewards.md has the protocol and an example. The program is started
// once, at the first group, and asked group by group with JSON lines:
//
//   we    {"cupel_reward": 1, "name": "", "range": [0, 1]}    name: the pattern of the recipe
//   it    {"cupel_reward": 1}
//   we    {"id": 1, "task": {"id", "prompt": [{"role", "content"}], "answer", "metadata"},
//          "candidates": [{"text", "outcome", "extracted", "credit", "num_tokens", "is_truncated"}]}
//   it    {"id": 1, "scores": [0.5, ...]}    one number per candidate, in order, in `range`; or {"id": 1, "error": "why"}
//
// Candidates without a verdict are not sent, and get the range's lower end, which nobody looks at. Range: as configured, [0, 1].
//
// What can go wrong is an error of the group and never a score: no program, no answer within deadline_ms, a line that is not the answer,
// too few scores, null or a number out of range, an exception, death by signal or by the bound on memory. After any of them, but a reported
// "error" and a bad number, the program is killed, and started again for the next group. A start that fails is tried again then.
//
// How it is gamed: as its author left it open. Run the workbench on it first (cupel score).

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>

#include "base/json.h"
#include "base/status.h"
#include "rewards/child_process.h"
#include "rewards/registry.h"
#include "rewards/settings.h"

namespace cupel {
namespace {

constexpr int kProtocolVersion = 1;
constexpr size_t kMaxReplyBytes = size_t{64} << 20;

Json RequestOf(int64_t id, const Task& task, std::span<const Candidate> group) {
  Json prompt = Json::array();
  for (const ChatMessage& message : task.prompt) {
    prompt.push_back({{"role", message.role}, {"content", message.content}});
  }
  Json candidates = Json::array();
  for (const Candidate& candidate : group) {
    if (candidate.verdict->is_scored()) {
      candidates.push_back({{"text", candidate.text},
                            {"outcome", OutcomeName(candidate.verdict->outcome)},
                            {"extracted", candidate.verdict->extracted},
                            {"credit", candidate.verdict->credit},
                            {"num_tokens", candidate.num_tokens},
                            {"is_truncated", candidate.is_truncated}});
    }
  }
  Json asked = {{"id", task.id}, {"prompt", std::move(prompt)}, {"answer", task.answer}, {"metadata", task.metadata}};
  return {{"id", id}, {"task", std::move(asked)}, {"candidates", std::move(candidates)}};
}

// The numbers of a reply; NaN where there is none, which the composition makes an error of that candidate.
absl::StatusOr<std::vector<double>> ScoresOf(const Json& reply, size_t expected) {
  const auto found = reply.find("scores");
  if (found == reply.end() || !found->is_array()) {
    return DataLoss("its reply has no \"scores\"; expected {{\"id\": ..., \"scores\": [...]}}");
  }
  if (found->size() != expected) {
    return DataLoss("it gave {} scores for {} candidates", found->size(), expected);
  }
  std::vector<double> scores;
  for (const Json& score : *found) {
    scores.push_back(score.is_number() ? score.get<double>() : std::nan(""));
  }
  return scores;
}

// The process and its numbering of requests, used by one thread at a time.
class Conversation {
 public:
  Conversation(std::vector<std::string> command, int64_t memory_bytes, std::chrono::milliseconds patience, Json greeting)
      : command_(std::move(command)), memory_bytes_(memory_bytes), patience_(patience), greeting_(std::move(greeting)) {}

  absl::StatusOr<std::vector<double>> Ask(const Task& task, std::span<const Candidate> group) {
    const ChildProcess::Deadline deadline = std::chrono::steady_clock::now() + patience_;
    const Json request = RequestOf(++last_id_, task, group);
    absl::StatusOr<Json> reply = Exchange(request, deadline);
    if (reply.ok() && !(reply->is_object() && reply->value("id", Json()) == request["id"])) {
      reply = DataLoss("its reply does not carry the request's id {}", last_id_);
    }
    if (!reply.ok()) {
      process_.reset();
      return Explained(reply.status());
    }
    if (const auto error = reply->find("error"); error != reply->end()) {
      return Unavailable("it reports: {}", error->is_string() ? error->get<std::string>() : DumpJson(*error));
    }
    absl::StatusOr<std::vector<double>> scores = ScoresOf(*reply, request["candidates"].size());
    if (!scores.ok()) {
      process_.reset();
    }
    return scores;
  }

 private:
  absl::StatusOr<Json> Exchange(const Json& request, ChildProcess::Deadline deadline) {
    CUPEL_RETURN_IF_ERROR(Annotate(StartIfNeeded(deadline), "at its start"));
    return Converse(request, deadline);
  }

  absl::Status StartIfNeeded(ChildProcess::Deadline deadline) {
    if (process_) {
      return absl::OkStatus();
    }
    CUPEL_ASSIGN_OR_RETURN(process_, ChildProcess::Start(command_, memory_bytes_));
    CUPEL_ASSIGN_OR_RETURN(const Json reply, Converse(greeting_, deadline));
    if (!reply.is_object() || reply.value("cupel_reward", Json()) != kProtocolVersion) {
      return FailedPrecondition("it answered the greeting with {}; expected {{\"cupel_reward\": {}}}", DumpJson(reply), kProtocolVersion);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Json> Converse(const Json& line, ChildProcess::Deadline deadline) {
    CUPEL_RETURN_IF_ERROR(process_->WriteLine(DumpJson(line), deadline));
    CUPEL_ASSIGN_OR_RETURN(const std::string reply, process_->ReadLine(deadline, kMaxReplyBytes));
    return ParseJson(reply, "its reply");
  }

  absl::Status Explained(const absl::Status& status) const {
    return absl::IsDeadlineExceeded(status) ? Unavailable("no answer within {} ms (deadline_ms); it was killed", patience_.count())
                                            : status;
  }

  std::vector<std::string> command_;
  int64_t memory_bytes_;
  std::chrono::milliseconds patience_;
  Json greeting_;
  std::optional<ChildProcess> process_;
  int64_t last_id_ = 0;
};

class External final : public RewardFunction {
 public:
  External(Conversation conversation, ValueRange range) : range_(range), conversation_(std::move(conversation)) {}
  std::string_view name() const override { return "external"; }
  double min_value() const override { return range_.low; }
  double max_value() const override { return range_.high; }

  absl::Status Score(const Task& task, std::span<const Candidate> group, std::span<double> scores) const override {
    std::ranges::fill(scores, range_.low);
    if (std::ranges::none_of(group, [](const Candidate& candidate) { return candidate.verdict->is_scored(); })) {
      return absl::OkStatus();
    }
    const std::lock_guard lock(mutex_);
    CUPEL_ASSIGN_OR_RETURN(const std::vector<double> values, conversation_.Ask(task, group));
    size_t next = 0;
    for (size_t i = 0; i < group.size(); ++i) {
      if (group[i].verdict->is_scored()) {
        scores[i] = values[next++];
      }
    }
    return absl::OkStatus();
  }

 private:
  ValueRange range_;
  mutable std::mutex mutex_;
  mutable Conversation conversation_;  // guarded by mutex_
};

}  // namespace

absl::StatusOr<std::unique_ptr<RewardFunction>> MakeExternalReward(const RewardTermConfig& config) {
  CUPEL_RETURN_IF_ERROR(RefuseOtherSettings(config, {"command", "range", "deadline_ms", "memory_mb", "pattern"}));
  if (config.command.empty()) {
    return InvalidArgument(
        "the reward \"external\" has no command; name the program and its arguments, such as command = [\"python3\", \"my_reward.py\"]");
  }
  CUPEL_RETURN_IF_ERROR(Annotate(FindProgram(config.command.front()).status(), "the reward \"external\""));
  CUPEL_ASSIGN_OR_RETURN(const ValueRange range, ReadRange(config.range, "range", {0, 1}));
  const Json greeting = {{"cupel_reward", kProtocolVersion}, {"name", config.pattern}, {"range", {range.low, range.high}}};
  Conversation conversation(config.command, config.memory_mb << 20U, std::chrono::milliseconds(config.deadline_ms), greeting);
  return std::make_unique<External>(std::move(conversation), range);
}

}  // namespace cupel
