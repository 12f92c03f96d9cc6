#include "tests/rollout/sample_log.h"

#include <bit>
#include <limits>
#include <string_view>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/random.h"
#include "base/status.h"
#include "rollout/sqlite.h"

namespace cupel {
namespace {

Rollout SampleRollout(RandomStream& random, int64_t sample_idx, int64_t gold, const SampleShape& shape) {
  Rollout rollout;
  Completion& completion = rollout.completion;
  completion.sample_idx = sample_idx;
  const int64_t num_tokens = random.Between(1, shape.num_tokens);
  for (int64_t i = 0; i < num_tokens; ++i) {
    completion.tokens.push_back(static_cast<TokenId>(random.Below(49152)));
    completion.logprobs.push_back(static_cast<float>(-3.0 * random.Uniform() * random.Uniform()));
  }
  completion.finish_reason = num_tokens == shape.num_tokens ? FinishReason::kLength : FinishReason::kStop;
  completion.policy_version = 7;
  const int64_t answer = gold + random.Between(0, 1);
  rollout.text = fmt::format("Let me think. The answer is {}.", answer);
  rollout.verdict.outcome = answer == gold ? Outcome::kCorrect : Outcome::kIncorrect;
  rollout.verdict.extracted = fmt::format("{}", answer);
  rollout.verdict.span = {29, 29 + std::ssize(rollout.verdict.extracted)};
  rollout.verdict.rule = "answer_is";
  rollout.verdict.reason = fmt::format("gold {}, answer {}", gold, answer);
  rollout.verdict.cost = std::ssize(rollout.text);
  rollout.verifier_version = 1;
  const double correct = answer == gold ? 1.0 : 0.0;
  rollout.terms = {{"correctness", correct, 1.0}, {"format(boxed)", 0.5 * random.Uniform(), 0.1}};
  rollout.reward = correct + 0.1 * rollout.terms[1].value;
  rollout.advantage = random.Normal();
  return rollout;
}

template <class Float, class Bits>
bool SameFloats(const std::vector<Float>& left, const std::vector<Float>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](Float a, Float b) { return std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b); });
}

bool SameBits(double left, double right) { return std::bit_cast<uint64_t>(left) == std::bit_cast<uint64_t>(right); }

bool SameTask(const Task& left, const Task& right) {
  return left.id == right.id && left.prompt == right.prompt && left.answer == right.answer && left.verifier == right.verifier &&
         left.metadata == right.metadata;
}

bool SameVerdict(const Verdict& left, const Verdict& right) {
  return left.outcome == right.outcome && left.extracted == right.extracted && left.span == right.span && left.rule == right.rule &&
         left.reason == right.reason && left.cost == right.cost;
}

bool SameTerms(const std::vector<RewardTerm>& left, const std::vector<RewardTerm>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const RewardTerm& a, const RewardTerm& b) {
    return a.name == b.name && SameBits(a.value, b.value) && SameBits(a.weight, b.weight);
  });
}

std::string_view DifferentField(const Rollout& left, const Rollout& right) {
  const Completion& a = left.completion;
  const Completion& b = right.completion;
  if (a.sample_idx != b.sample_idx) return "sample_idx";
  if (a.tokens != b.tokens) return "tokens";
  if (!SameFloats<float, uint32_t>(a.logprobs, b.logprobs)) return "logprobs";
  if (!SameFloats<float, uint32_t>(a.raw_logprobs, b.raw_logprobs)) return "raw_logprobs";
  if (a.finish_reason != b.finish_reason) return "finish_reason";
  if (a.policy_version != b.policy_version) return "policy_version";
  if (left.text != right.text) return "text";
  if (!SameVerdict(left.verdict, right.verdict)) return "verdict";
  if (left.verifier_version != right.verifier_version) return "verifier_version";
  if (!SameTerms(left.terms, right.terms)) return "terms";
  if (!SameBits(left.reward, right.reward)) return "reward";
  if (!SameBits(left.advantage, right.advantage)) return "advantage";
  return "";
}

std::string DifferenceOfGroups(const RolloutGroup& left, const RolloutGroup& right) {
  if (left.step != right.step || left.group_idx != right.group_idx) return "step or group_idx";
  if (!SameTask(left.task, right.task)) return "task";
  if (left.prompt != right.prompt) return "prompt";
  if (left.rollouts.size() != right.rollouts.size()) return "number of rollouts";
  for (size_t i = 0; i < left.rollouts.size(); ++i) {
    if (const std::string_view field = DifferentField(left.rollouts[i], right.rollouts[i]); !field.empty()) {
      return fmt::format("rollout {}: {}", i, field);
    }
  }
  return "";
}

}  // namespace

std::vector<RolloutGroup> SampleGroups(int64_t step, const SampleShape& shape) {
  RandomStream random(20, RandomPurpose::kTaskContent, static_cast<uint32_t>(step));
  std::vector<RolloutGroup> groups;
  for (int64_t group_idx = 0; group_idx < shape.num_groups; ++group_idx) {
    RolloutGroup& group = groups.emplace_back();
    const int64_t a = random.Between(0, 3);
    const int64_t b = random.Between(0, 3);
    group.step = step;
    group.group_idx = group_idx;
    group.task = {.id = fmt::format("arithmetic/{}+{}", a, b),
                  .prompt = {{"system", "Answer with a number."}, {"user", fmt::format("What is {} + {}?", a, b)}},
                  .answer = fmt::format("{}", a + b),
                  .verifier = "number",
                  .metadata = ""};
    group.prompt = {1, static_cast<TokenId>(a), 300, static_cast<TokenId>(b), 49151};
    for (int64_t sample_idx = 0; sample_idx < shape.group_size; ++sample_idx) {
      group.rollouts.push_back(SampleRollout(random, sample_idx, a + b, shape));
    }
  }
  return groups;
}

std::vector<RolloutGroup> ExtremeGroups(int64_t step) {
  using DoubleLimits = std::numeric_limits<double>;
  using FloatLimits = std::numeric_limits<float>;
  const std::string nul("a\0b\0", 4);
  std::vector<RolloutGroup> groups = SampleGroups(step, {.num_groups = 3, .group_size = 5});
  groups[0].task.prompt = {{"user", nul + "\"\\\n\xF0\x9F\xA6\x8A"}};
  groups[0].task.id = "quote ' and \" and " + nul;
  groups[0].task.metadata = R"({"unit": "m"})";
  groups[0].prompt = {0, 65535, 65536, std::numeric_limits<TokenId>::max()};

  Rollout& empty = groups[0].rollouts[0];
  empty = Rollout();
  Rollout& bytes = groups[0].rollouts[1];
  bytes.text = nul + "\xFF\xC3\x28 cut \xE2\x82" + nul;
  bytes.verdict.extracted = std::string(1, '\0');
  bytes.verdict.outcome = Outcome::kError;
  Rollout& zeros = groups[0].rollouts[2];
  zeros.terms = {{"length", -0.0, -0.0}, {"length", 0.0, 0.1}};
  zeros.reward = -0.0;
  zeros.advantage = -0.0;
  zeros.completion.policy_version = std::numeric_limits<uint64_t>::max();
  Rollout& limits = groups[0].rollouts[3];
  limits.reward = DoubleLimits::max();
  limits.advantage = -DoubleLimits::denorm_min();
  limits.terms = {{"", 1.0 / 3, -1e-308}, {"whole", 9007199254740992.0, -9223372036854775808.0}};
  limits.verdict.cost = std::numeric_limits<int64_t>::max();
  Rollout& floats = groups[0].rollouts[4];
  floats.completion.tokens = {65535, 0, 1, 2, 3, 4};
  floats.completion.logprobs = {
      -0.0F, 0.0F, -FloatLimits::infinity(), FloatLimits::denorm_min(), FloatLimits::lowest(), FloatLimits::quiet_NaN()};
  floats.completion.raw_logprobs = {-1.0F, -2.0F, -0.1F, -0.2F, -0.3F, -0.0F};

  groups[1].rollouts.clear();
  Completion& repeated = groups[2].rollouts[0].completion;
  repeated.tokens.assign(40000, 70000);
  repeated.logprobs.assign(40000, -1.5F);
  groups[2].rollouts[0].text = std::string(200000, 'x');
  groups[2].rollouts[1].verdict.outcome = Outcome::kUndecided;
  groups[2].rollouts[2].verdict.outcome = Outcome::kNoAnswer;
  return groups;
}

RolloutStore::RunInfo SampleRun() {
  return {.recipe = {{"seed", 17}, {"rollout", {{"group_size", 4}, {"temperature", 1.0}}}},
          .program_version = "0.1.0",
          .build = "g++ 12.2",
          .model_digest = std::string(64, 'a'),
          .host = "testhost",
          .started_at = "2025-01-02T03:04:05Z",
          .name = "sample",
          .git_revision = "0123abc",
          .kernels = "avx2"};
}

RolloutStore CreateSampleLog(const std::string& path) {
  absl::StatusOr<RolloutStore> store = RolloutStore::Open(path, RolloutStore::Mode::kCreate);
  INFO(Message(store.status()));
  REQUIRE(store.ok());
  REQUIRE(store->WriteRun(SampleRun()).ok());
  return *std::move(store);
}

std::string FirstDifference(const std::vector<RolloutGroup>& left, const std::vector<RolloutGroup>& right) {
  if (left.size() != right.size()) return fmt::format("{} groups and {}", left.size(), right.size());
  for (size_t i = 0; i < left.size(); ++i) {
    if (const std::string difference = DifferenceOfGroups(left[i], right[i]); !difference.empty()) {
      return fmt::format("group {}: {}", i, difference);
    }
  }
  return "";
}

std::string IntegrityProblems(const std::string& path) {
  absl::StatusOr<SqliteConnection> connection = SqliteConnection::Open(path, SqliteConnection::Access::kReadOnly);
  if (!connection.ok()) return std::string(Message(connection.status()));
  std::string problems;
  for (const std::string_view check : {"PRAGMA integrity_check", "PRAGMA foreign_key_check"}) {
    absl::StatusOr<SqliteStatement> statement = connection->Prepare(check);
    if (!statement.ok()) return std::string(Message(statement.status()));
    absl::StatusOr<bool> has_row = statement->Next();
    for (; has_row.ok() && *has_row; has_row = statement->Next()) {
      problems += statement->Text(0) == "ok" ? "" : statement->Text(0) + "\n";
    }
    problems += Message(has_row.status());
  }
  return problems;
}

}  // namespace cupel
