#include <algorithm>
#include <bit>
#include <set>
#include <span>

#include <fmt/format.h>

#include "base/sha256.h"
#include "base/status.h"
#include "rollout/log_maintenance.h"
#include "rollout/log_schema.h"
#include "rollout/sqlite.h"

namespace cupel {
namespace {

std::string Hex(double value) { return fmt::format("{:016x}", std::bit_cast<uint64_t>(value)); }

// What must be true of rows that no constraint states: a query that counts the exceptions, and what they are.
struct Invariant {
  const char* query;
  const char* what;
};

constexpr Invariant kInvariants[] = {
    {"SELECT count(*) FROM rollouts LEFT JOIN verdicts USING (rollout_id) WHERE verdicts.rollout_id IS NULL",
     "completions without a verdict"},
    {"SELECT count(*) FROM steps LEFT JOIN groups USING (run_id, step) WHERE group_id IS NULL", "steps without a group"},
    {"SELECT count(*) FROM rollouts WHERE (tokens IS NULL) <> (logprobs IS NULL)",
     "completions with only one of token ids and log-probabilities"},
    {"SELECT count(*) FROM rollouts WHERE num_tokens < 0", "completions with a negative number of tokens"},
    {"SELECT count(*) FROM verdicts JOIN rollouts USING (rollout_id) WHERE span_begin < 0 OR span_end < span_begin OR "
     "(tokens IS NOT NULL AND span_end > length(CAST(text AS BLOB)))",
     "verdicts whose span is not in the text"},
    {"SELECT count(*) FROM runs WHERE NOT json_valid(recipe)", "runs whose recipe is not JSON"},
    {"SELECT count(*) FROM groups WHERE NOT json_valid(messages)", "groups whose messages are not JSON"},
    {"SELECT count(*) FROM evaluations WHERE NOT json_valid(examples)", "evaluations whose examples are not JSON"},
};

class LogChecker {
 public:
  LogChecker(const std::string& path, int64_t max_problems) : path_(path), max_problems_(static_cast<size_t>(max_problems)) {}

  absl::StatusOr<LogCheck> Check() && {
    CUPEL_ASSIGN_OR_RETURN(const SqliteConnection connection, OpenLogForReading(path_));
    CUPEL_RETURN_IF_ERROR(Pragma(connection, "PRAGMA integrity_check", [](const SqliteStatement& row) { return row.Text(0); }));
    if (!check_.problems.empty()) {
      return std::move(check_);  // what else is read from a damaged file says nothing
    }
    CUPEL_RETURN_IF_ERROR(Pragma(connection, "PRAGMA foreign_key_check", [](const SqliteStatement& row) {
      return fmt::format("row {} of {} refers to a row of {} that is not there", row.Integer(1), row.Text(0), row.Text(2));
    }));
    for (const Invariant& invariant : kInvariants) {
      CUPEL_ASSIGN_OR_RETURN(const int64_t count, connection.QueryInteger(invariant.query));
      if (count > 0) {
        Problem(fmt::format("{} {}", count, invariant.what));
      }
    }
    CUPEL_RETURN_IF_ERROR(SearchIndex(connection));
    CUPEL_ASSIGN_OR_RETURN(check_.num_runs, connection.QueryInteger("SELECT count(*) FROM runs"));
    CUPEL_ASSIGN_OR_RETURN(check_.num_pruned, connection.QueryInteger("SELECT count(*) FROM rollouts WHERE tokens IS NULL"));
    for (int64_t run_id = 1; run_id <= check_.num_runs; ++run_id) {
      CUPEL_RETURN_IF_ERROR(Run(run_id));
    }
    check_.digest = digest_.Hex();
    return std::move(check_);
  }

 private:
  void Problem(std::string what) {
    if (check_.problems.size() < max_problems_) {
      check_.problems.push_back(std::move(what));
    }
  }

  template <class Describe>
  absl::Status Pragma(const SqliteConnection& connection, std::string_view pragma, Describe describe) {
    CUPEL_ASSIGN_OR_RETURN(SqliteStatement row, connection.Prepare(pragma));
    while (true) {
      CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
      if (!has_row) {
        return absl::OkStatus();
      }
      if (row.Text(0) != "ok") {
        Problem(describe(row));
      }
    }
  }

  // The index knows as many texts as there are completions; what it says of each is SQLite's business.
  absl::Status SearchIndex(const SqliteConnection& connection) {
    CUPEL_ASSIGN_OR_RETURN(const int64_t has_index,
                           connection.QueryInteger("SELECT count(*) FROM main.sqlite_schema WHERE name = 'completions'"));
    if (has_index == 0) {
      return absl::OkStatus();
    }
    CUPEL_ASSIGN_OR_RETURN(
        const int64_t missing,
        connection.QueryInteger("SELECT count(*) FROM rollouts LEFT JOIN completions_docsize ON id = rollout_id WHERE id IS NULL"));
    if (missing > 0) {
      Problem(fmt::format("{} completions are missing in the full-text index", missing));
    }
    return absl::OkStatus();
  }

  // Decodes every blob of the run and adds it to the digest.
  absl::Status Run(int64_t run_id) {
    CUPEL_ASSIGN_OR_RETURN(const RolloutStore store, RolloutStore::Open(path_, RolloutStore::Mode::kReadOnly, run_id));
    CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, store.StepNumbers());
    check_.num_steps += std::ssize(steps);
    for (const int64_t step : steps) {
      const absl::StatusOr<std::vector<RolloutGroup>> groups = store.ReadStep(step);
      if (!groups.ok()) {
        Problem(std::string(Message(groups.status())));
        continue;
      }
      for (const RolloutGroup& group : *groups) {
        Add(group);
      }
      CUPEL_RETURN_IF_ERROR(AddMetrics(store, step));
    }
    CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutStore::Evaluation> evaluations, store.ReadEvaluations());
    for (const RolloutStore::Evaluation& evaluation : evaluations) {
      digest_.Update(fmt::format("{}|{}|{}|{}|{}\n", evaluation.step, evaluation.name, Hex(evaluation.pass_at_1),
                                 Hex(evaluation.standard_error), DumpJson(evaluation.examples)));
    }
    return absl::OkStatus();
  }

  void Add(const RolloutGroup& group) {
    digest_.Update(fmt::format("{}|{}|{}|{}|{}|{}|{}|", group.step, group.group_idx, group.task.id, group.task.answer, group.task.verifier,
                               group.task.metadata, group.task.prompt.size()));
    for (const ChatMessage& message : group.task.prompt) {
      digest_.Update(fmt::format("{}|{}|", message.role, message.content));
    }
    digest_.Update(std::as_bytes(std::span(group.prompt)));
    for (const Rollout& rollout : group.rollouts) {
      ++check_.num_rollouts;
      Add(rollout);
    }
  }

  void Add(const Rollout& rollout) {
    const Completion& completion = rollout.completion;
    digest_.Update(std::as_bytes(std::span(completion.tokens)));
    digest_.Update(std::as_bytes(std::span(completion.logprobs)));
    digest_.Update(std::as_bytes(std::span(completion.raw_logprobs)));
    const Verdict& verdict = rollout.verdict;
    digest_.Update(fmt::format("{}|{}|{}|{}|", completion.sample_idx, FinishReasonName(completion.finish_reason), completion.policy_version,
                               rollout.text));
    digest_.Update(fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|", OutcomeName(verdict.outcome), verdict.extracted, verdict.span.begin,
                               verdict.span.end, verdict.rule, verdict.reason, verdict.cost, rollout.verifier_version, Hex(rollout.reward),
                               Hex(rollout.advantage)));
    for (const RewardTerm& term : rollout.terms) {
      digest_.Update(fmt::format("{}={}*{}|", term.name, Hex(term.value), Hex(term.weight)));
    }
  }

  absl::Status AddMetrics(const RolloutStore& store, int64_t step) {
    CUPEL_ASSIGN_OR_RETURN(const RolloutStore::Metrics metrics, store.ReadMetrics(step));
    for (const auto& [name, value] : metrics) {
      const bool is_timing = name.starts_with("time/") || name == "step_time";
      digest_.Update(is_timing ? "" : fmt::format("{}|{}|{}|", step, name, Hex(value)));
    }
    return absl::OkStatus();
  }

  const std::string& path_;
  size_t max_problems_;
  LogCheck check_;
  Sha256 digest_;
};

}  // namespace

absl::StatusOr<LogCheck> CheckLog(const std::string& path, int64_t max_problems) { return LogChecker(path, max_problems).Check(); }

}  // namespace cupel
