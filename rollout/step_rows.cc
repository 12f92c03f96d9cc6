#include "rollout/step_rows.h"

#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/json.h"
#include "base/status.h"

namespace cupel {
namespace {

enum Table : size_t { kSteps, kGroups, kRollouts, kVerdicts, kRewardTerms, kCompletions, kVocabulary };

constexpr std::string_view kInserts[] = {
    "INSERT INTO steps (run_id, step) VALUES (?1, ?2)",
    "INSERT INTO groups (run_id, step, group_idx, task_id, messages, answer, verifier, metadata, num_prompt_tokens, prompt_tokens)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    "INSERT INTO rollouts (group_id, sample_idx, text, finish_reason, policy_version, reward, advantage, num_tokens, tokens, logprobs, "
    "raw_logprobs, sample_seconds, verify_seconds)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, nullif(?12, -1.0), nullif(?13, -1.0))",
    "INSERT INTO verdicts (rollout_id, outcome, extracted, span_begin, span_end, rule, reason, cost, verifier, verifier_version)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    "INSERT INTO reward_terms (rollout_id, term_idx, name, value, weight) VALUES (?1, ?2, ?3, ?4, ?5)",
    "INSERT INTO completions (rowid, text) VALUES (?1, ?2)",
    "INSERT OR IGNORE INTO vocabulary (run_id, token_id, bytes, is_control) VALUES (?1, ?2, ?3, ?4)",
};

constexpr std::string_view kSelectGroups =
    "SELECT group_idx, task_id, messages, answer, verifier, metadata, num_prompt_tokens, prompt_tokens FROM groups"
    " WHERE run_id = ?1 AND step = ?2 ORDER BY group_idx";

constexpr std::string_view kSelectRollouts =
    "SELECT group_idx, sample_idx, text, finish_reason, policy_version, reward, advantage, num_tokens, tokens, logprobs, raw_logprobs,"
    " outcome, extracted, span_begin, span_end, rule, reason, cost, verifier_version, ifnull(sample_seconds, -1.0), ifnull(verify_seconds, "
    "-1.0)"
    " FROM groups JOIN rollouts USING (group_id) JOIN verdicts USING (rollout_id)"
    " WHERE run_id = ?1 AND step = ?2 ORDER BY group_idx, sample_idx";

constexpr std::string_view kSelectTerms =
    "SELECT group_idx, sample_idx, reward_terms.name, value, weight FROM groups JOIN rollouts USING (group_id) JOIN reward_terms USING "
    "(rollout_id)"
    " WHERE run_id = ?1 AND step = ?2 ORDER BY group_idx, sample_idx, term_idx";

std::string Place(const RolloutGroup& group, const Rollout& rollout) {
  return fmt::format("step {}, group {}, sample {}", group.step, group.group_idx, rollout.completion.sample_idx);
}

// What our own code must have got right, and what a reward function or a data set may have got wrong.
absl::Status CheckRollout(const RolloutGroup& group, const Rollout& rollout) {
  const Completion& completion = rollout.completion;
  Check(completion.logprobs.size() == completion.tokens.size(), "a log-probability for every token");
  Check(completion.raw_logprobs.empty() || completion.raw_logprobs.size() == completion.tokens.size(),
        "raw log-probabilities for all tokens or none");
  if (!std::isfinite(rollout.reward) || !std::isfinite(rollout.advantage)) {
    return InvalidArgument("{}: reward {} and advantage {}: a log holds finite numbers only", Place(group, rollout), rollout.reward,
                           rollout.advantage);
  }
  for (const RewardTerm& term : rollout.terms) {
    if (!std::isfinite(term.value) || !std::isfinite(term.weight)) {
      return InvalidArgument("{}: reward term {} has value {} and weight {}: a log holds finite numbers only", Place(group, rollout),
                             term.name, term.value, term.weight);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> MessagesToJson(const RolloutGroup& group) {
  Json messages = Json::array();
  for (const ChatMessage& message : group.task.prompt) {
    if (ReplaceInvalidUtf8(message.role) != message.role || ReplaceInvalidUtf8(message.content) != message.content) {
      return InvalidArgument("step {}, group {}: the prompt of task {} is not UTF-8: convert the data set", group.step, group.group_idx,
                             group.task.id);
    }
    messages.push_back({{"role", message.role}, {"content", message.content}});
  }
  return DumpJson(messages);
}

absl::StatusOr<std::vector<ChatMessage>> MessagesFromJson(const std::string& text, const std::string& where) {
  CUPEL_ASSIGN_OR_RETURN(const Json array, ParseJson(text, where));
  if (!array.is_array()) {
    return DataLoss("{}: the messages are not a JSON array", where);
  }
  std::vector<ChatMessage> messages;
  for (const Json& element : array) {
    CUPEL_ASSIGN_OR_RETURN(std::string role, JsonString(element, "role", where));
    CUPEL_ASSIGN_OR_RETURN(std::string content, JsonString(element, "content", where));
    messages.push_back({std::move(role), std::move(content)});
  }
  return messages;
}

absl::StatusOr<FinishReason> FinishReasonFromName(std::string_view name) {
  for (const FinishReason reason : {FinishReason::kStop, FinishReason::kLength, FinishReason::kAborted}) {
    if (FinishReasonName(reason) == name) {
      return reason;
    }
  }
  return DataLoss("unknown finish reason \"{}\"", name);
}

absl::StatusOr<Outcome> OutcomeFromName(std::string_view name) {
  for (const Outcome outcome : {Outcome::kCorrect, Outcome::kIncorrect, Outcome::kNoAnswer, Outcome::kUndecided, Outcome::kError}) {
    if (OutcomeName(outcome) == name) {
      return outcome;
    }
  }
  return DataLoss("unknown outcome \"{}\"", name);
}

// Reading one step: rows arrive in order of group and sample, so each belongs to the current element of the nested vectors.
class StepReader {
 public:
  StepReader(const SqliteConnection& connection, int64_t run_id, int64_t step) : connection_(connection), run_id_(run_id), step_(step) {}

  // A step is stored at once and never changed, so three queries see the same step even while another process appends.
  absl::StatusOr<std::vector<RolloutGroup>> Read() && {
    CUPEL_RETURN_IF_ERROR(ForEachRow(kSelectGroups, &StepReader::AddGroup));
    if (groups_.empty()) {
      return std::move(groups_);
    }
    CUPEL_RETURN_IF_ERROR(ForEachRow(kSelectRollouts, &StepReader::AddRollout));
    CUPEL_RETURN_IF_ERROR(ForEachRow(kSelectTerms, &StepReader::AddTerm));
    return std::move(groups_);
  }

 private:
  absl::Status ForEachRow(std::string_view sql, absl::Status (StepReader::*add)(const SqliteStatement&)) {
    CUPEL_ASSIGN_OR_RETURN(SqliteStatement row, connection_.Prepare(sql));
    row.Query(run_id_, step_);
    group_ = 0;
    rollout_ = 0;
    while (true) {
      CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
      if (!has_row) {
        return absl::OkStatus();
      }
      const absl::Status status = (this->*add)(row);
      if (!status.ok()) {
        return Annotate(absl::DataLossError(status.message()),
                        fmt::format("{}: step {}, group {}", connection_.path(), step_, row.Integer(0)));
      }
    }
  }

  absl::Status AddGroup(const SqliteStatement& row) {
    RolloutGroup& group = groups_.emplace_back();
    group.step = step_;
    group.group_idx = row.Integer(0);
    group.task.id = row.Text(1);
    CUPEL_ASSIGN_OR_RETURN(group.task.prompt, MessagesFromJson(row.Text(2), "messages"));
    group.task.answer = row.Text(3);
    group.task.verifier = row.Text(4);
    group.task.metadata = row.Text(5);
    CUPEL_ASSIGN_OR_RETURN(group.prompt, DecodeTokens(row.Blob(7), row.Integer(6)));
    return absl::OkStatus();
  }

  // Moves to the group with this index, which the order of rows puts at or after the current one.
  absl::Status FindGroup(int64_t group_idx) {
    while (group_ < groups_.size() && groups_[group_].group_idx != group_idx) {
      ++group_;
      rollout_ = 0;
    }
    return group_ < groups_.size() ? absl::OkStatus() : DataLoss("rows are missing or out of order: the log is damaged");
  }

  absl::Status AddRollout(const SqliteStatement& row) {
    CUPEL_RETURN_IF_ERROR(FindGroup(row.Integer(0)));
    Rollout& rollout = groups_[group_].rollouts.emplace_back();
    rollout.text = row.Text(2);
    rollout.reward = row.Real(5);
    rollout.advantage = row.Real(6);
    rollout.sample_seconds = row.Real(19);
    rollout.verify_seconds = row.Real(20);
    CUPEL_RETURN_IF_ERROR(ReadCompletion(row, rollout.completion));
    return ReadVerdict(row, rollout);
  }

  static absl::Status ReadCompletion(const SqliteStatement& row, Completion& completion) {
    const int64_t num_tokens = row.Integer(7);
    completion.request_id = static_cast<uint64_t>(row.Integer(0));
    completion.sample_idx = row.Integer(1);
    CUPEL_ASSIGN_OR_RETURN(completion.finish_reason, FinishReasonFromName(row.Text(3)));
    completion.policy_version = static_cast<uint64_t>(row.Integer(4));
    if (row.IsNull(8)) {
      return absl::OkStatus();  // pruned
    }
    CUPEL_ASSIGN_OR_RETURN(completion.tokens, DecodeTokens(row.Blob(8), num_tokens));
    CUPEL_ASSIGN_OR_RETURN(completion.logprobs, DecodeFloats(row.Blob(9), num_tokens));
    if (!row.IsNull(10)) {
      CUPEL_ASSIGN_OR_RETURN(completion.raw_logprobs, DecodeFloats(row.Blob(10), num_tokens));
    }
    return absl::OkStatus();
  }

  static absl::Status ReadVerdict(const SqliteStatement& row, Rollout& rollout) {
    CUPEL_ASSIGN_OR_RETURN(rollout.verdict.outcome, OutcomeFromName(row.Text(11)));
    rollout.verdict.extracted = row.Text(12);
    rollout.verdict.span = {row.Integer(13), row.Integer(14)};
    rollout.verdict.rule = row.Text(15);
    rollout.verdict.reason = row.Text(16);
    rollout.verdict.cost = row.Integer(17);
    rollout.verifier_version = static_cast<int>(row.Integer(18));
    return absl::OkStatus();
  }

  absl::Status AddTerm(const SqliteStatement& row) {
    CUPEL_RETURN_IF_ERROR(FindGroup(row.Integer(0)));
    std::vector<Rollout>& rollouts = groups_[group_].rollouts;
    while (rollout_ < rollouts.size() && rollouts[rollout_].completion.sample_idx != row.Integer(1)) {
      ++rollout_;
    }
    if (rollout_ == rollouts.size()) {
      return DataLoss("a reward term of a sample that is not there: the log is damaged");
    }
    rollouts[rollout_].terms.push_back({row.Text(2), row.Real(3), row.Real(4)});
    return absl::OkStatus();
  }

  const SqliteConnection& connection_;
  int64_t run_id_;
  int64_t step_;
  std::vector<RolloutGroup> groups_;
  size_t group_ = 0;  // where the current row belongs
  size_t rollout_ = 0;
};

}  // namespace

absl::StatusOr<StepWriter> StepWriter::Create(SqliteConnection& connection) {
  StepWriter writer(connection);
  for (const std::string_view sql : kInserts) {
    CUPEL_ASSIGN_OR_RETURN(SqliteStatement statement, connection.Prepare(sql));
    writer.statements_.push_back(std::move(statement));
  }
  return writer;
}

absl::Status StepWriter::Insert(int64_t run_id, int64_t step, const std::vector<RolloutGroup>& groups) {
  CUPEL_RETURN_IF_ERROR(statements_[kSteps].Run(run_id, step));
  for (const RolloutGroup& group : groups) {
    Check(group.step == step, "the groups belong to the step under which they are stored");
    CUPEL_RETURN_IF_ERROR(InsertGroup(run_id, group));
  }
  return tokenizer_ == nullptr ? absl::OkStatus() : InsertVocabulary(run_id, groups);
}

// What the step's token ids stand for, as far as this writer has not stored it.
absl::Status StepWriter::InsertVocabulary(int64_t run_id, const std::vector<RolloutGroup>& groups) {
  const auto insert = [&](const std::vector<TokenId>& tokens) -> absl::Status {
    for (const TokenId token : tokens) {
      const auto id = static_cast<size_t>(token);
      if (id >= known_tokens_.size()) {
        known_tokens_.resize(id + 1);
      }
      if (known_tokens_[id]) {
        continue;
      }
      known_tokens_[id] = true;
      const std::string_view control = tokenizer_->ControlSpelling(token);
      CUPEL_RETURN_IF_ERROR(statements_[kVocabulary].Run(
          run_id, int64_t{token}, SqlBlob{control.empty() ? tokenizer_->TokenBytes(token) : control}, control.empty() ? 0 : 1));
    }
    return absl::OkStatus();
  };
  for (const RolloutGroup& group : groups) {
    CUPEL_RETURN_IF_ERROR(insert(group.prompt));
    for (const Rollout& rollout : group.rollouts) {
      CUPEL_RETURN_IF_ERROR(insert(rollout.completion.tokens));
    }
  }
  return absl::OkStatus();
}

absl::Status StepWriter::InsertGroup(int64_t run_id, const RolloutGroup& group) {
  CUPEL_ASSIGN_OR_RETURN(const std::string messages, MessagesToJson(group));
  const Task& task = group.task;
  CUPEL_RETURN_IF_ERROR(statements_[kGroups].Run(
      run_id, group.step, group.group_idx, std::string_view(task.id), std::string_view(messages), std::string_view(task.answer),
      std::string_view(task.verifier), std::string_view(task.metadata), std::ssize(group.prompt), SqlBlob{encoder_->Tokens(group.prompt)}));
  const int64_t group_id = connection_->last_insert_rowid();
  for (const Rollout& rollout : group.rollouts) {
    CUPEL_RETURN_IF_ERROR(InsertRollout(group_id, rollout, group));
  }
  return absl::OkStatus();
}

absl::Status StepWriter::InsertRollout(int64_t group_id, const Rollout& rollout, const RolloutGroup& group) {
  CUPEL_RETURN_IF_ERROR(CheckRollout(group, rollout));
  const Completion& completion = rollout.completion;
  const int64_t num_tokens = std::ssize(completion.tokens);
  const std::string tokens = encoder_->Tokens(completion.tokens);
  const std::string logprobs = encoder_->Floats(completion.logprobs);
  SqliteStatement& insert = statements_[kRollouts];
  const auto run = [&](const auto& raw_logprobs) {
    return insert.Run(group_id, completion.sample_idx, std::string_view(rollout.text), FinishReasonName(completion.finish_reason),
                      static_cast<int64_t>(completion.policy_version), rollout.reward, rollout.advantage, num_tokens, SqlBlob{tokens},
                      SqlBlob{logprobs}, raw_logprobs, rollout.sample_seconds, rollout.verify_seconds);
  };
  CUPEL_RETURN_IF_ERROR(completion.raw_logprobs.empty() ? run(nullptr) : run(SqlBlob{encoder_->Floats(completion.raw_logprobs)}));
  const int64_t rollout_id = connection_->last_insert_rowid();
  CUPEL_RETURN_IF_ERROR(statements_[kCompletions].Run(rollout_id, std::string_view(rollout.text)));
  return InsertJudgement(rollout_id, rollout, group.task.verifier);
}

absl::Status StepWriter::InsertJudgement(int64_t rollout_id, const Rollout& rollout, std::string_view verifier) {
  const Verdict& verdict = rollout.verdict;
  CUPEL_RETURN_IF_ERROR(statements_[kVerdicts].Run(rollout_id, OutcomeName(verdict.outcome), std::string_view(verdict.extracted),
                                                   verdict.span.begin, verdict.span.end, std::string_view(verdict.rule),
                                                   std::string_view(verdict.reason), verdict.cost, verifier, rollout.verifier_version));
  int64_t term_idx = 0;
  for (const RewardTerm& term : rollout.terms) {
    CUPEL_RETURN_IF_ERROR(statements_[kRewardTerms].Run(rollout_id, term_idx++, std::string_view(term.name), term.value, term.weight));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<RolloutGroup>> ReadStepRows(const SqliteConnection& connection, int64_t run_id, int64_t step) {
  return StepReader(connection, run_id, step).Read();
}

}  // namespace cupel
