#include "rollout/rollout_store.h"

#include <limits>
#include <optional>
#include <string_view>

#include <absl/status/status.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "base/check.h"
#include "base/status.h"
#include "rollout/log_schema.h"
#include "rollout/sqlite.h"
#include "rollout/step_rows.h"

namespace cupel {
namespace {

// NaN is stored as NULL, which is what SQLite makes of it.
double RealOrNan(const SqliteStatement& row, int column) {
  return row.IsNull(column) ? std::numeric_limits<double>::quiet_NaN() : row.Real(column);
}

template <class... Values>
absl::Status RunOnce(const SqliteConnection& connection, std::string_view sql, const Values&... values) {
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement statement, connection.Prepare(sql));
  return statement.Run(values...);
}

// Collects read(row) of every row of a query.
template <class Read, class... Values>
auto ReadRows(const SqliteConnection& connection, std::string_view sql, Read read, const Values&... values)
    -> absl::StatusOr<std::vector<decltype(read(std::declval<const SqliteStatement&>()))>> {
  std::vector<decltype(read(std::declval<const SqliteStatement&>()))> result;
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement row, connection.Prepare(sql));
  row.Query(values...);
  while (true) {
    CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
    if (!has_row) {
      return result;
    }
    result.push_back(read(row));
  }
}

}  // namespace

struct RolloutStore::State {
  SqliteConnection connection;
  int64_t run_id;
  std::optional<StepWriter> step_writer;  // of a log opened for writing

  // Whether a rollout of the step fulfils a condition.
  absl::StatusOr<bool> AnyRollout(int64_t step, std::string_view condition) const {
    CUPEL_ASSIGN_OR_RETURN(
        SqliteStatement row,
        connection.Prepare(fmt::format(
            "SELECT EXISTS (SELECT 1 FROM groups JOIN rollouts USING (group_id) WHERE run_id = ?1 AND step = ?2 AND {})", condition)));
    row.Query(run_id, step);
    CUPEL_RETURN_IF_ERROR(row.Next().status());
    return row.Integer(0) != 0;
  }

  // Runs `write` in a transaction of its own. Every row refers to the run's: its absence is the one broken reference that can happen.
  template <class Write>
  absl::Status InTransaction(Write write) {
    Check(step_writer.has_value(), "only a log opened for writing is written to");
    CUPEL_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(connection));
    const absl::Status status = write();
    if (absl::IsFailedPrecondition(status)) {
      return FailedPrecondition(
          "{}: the log does not say what run it is of (the program that made it was stopped): delete it and start again",
          connection.path());
    }
    CUPEL_RETURN_IF_ERROR(status);
    return transaction.Commit();
  }
};

RolloutStore::RolloutStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
RolloutStore::RolloutStore(RolloutStore&&) noexcept = default;
RolloutStore& RolloutStore::operator=(RolloutStore&&) noexcept = default;
RolloutStore::~RolloutStore() = default;

const std::string& RolloutStore::path() const { return state_->connection.path(); }

int64_t RolloutStore::run_id() const { return state_->run_id; }

const SqliteConnection& RolloutStore::connection() const { return state_->connection; }

void RolloutStore::SetTokenizer(const Tokenizer* tokenizer) {
  Check(state_->step_writer.has_value(), "only a log opened for writing stores a vocabulary");
  state_->step_writer->SetTokenizer(tokenizer);
}

absl::StatusOr<RolloutStore> RolloutStore::Open(const std::string& path, Mode mode, int64_t run_id) {
  const auto open = [&] {
    switch (mode) {
      case Mode::kCreate:
        return CreateLog(path);
      case Mode::kReadWrite:
        return OpenLogForWriting(path);
      case Mode::kReadOnly:
        return OpenLogForReading(path);
    }
    Check(false, "every mode opens a log");
    return CreateLog(path);
  };
  CUPEL_ASSIGN_OR_RETURN(SqliteConnection connection, open());
  auto state = std::make_unique<State>(State{std::move(connection), run_id, std::nullopt});
  if (mode != Mode::kReadOnly) {
    CUPEL_ASSIGN_OR_RETURN(state->step_writer, StepWriter::Create(state->connection));
  }
  return RolloutStore(std::move(state));
}

absl::Status RolloutStore::WriteRun(const RunInfo& info) {
  const absl::Status status = state_->InTransaction([&] {
    return RunOnce(state_->connection,
                   "INSERT INTO runs (run_id, name, recipe, program_version, git_revision, build, kernels, model_digest, host, started_at)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                   state_->run_id, std::string_view(info.name), std::string_view(DumpJson(info.recipe)),
                   std::string_view(info.program_version), std::string_view(info.git_revision), std::string_view(info.build),
                   std::string_view(info.kernels), std::string_view(info.model_digest), std::string_view(info.host),
                   std::string_view(info.started_at));
  });
  return absl::IsAlreadyExists(status) ? absl::AlreadyExistsError(fmt::format("{}: the log says already what run it is of", path()))
                                       : status;
}

absl::StatusOr<RolloutStore::RunInfo> RolloutStore::ReadRun() const {
  CUPEL_ASSIGN_OR_RETURN(
      SqliteStatement row,
      state_->connection.Prepare("SELECT recipe, program_version, build, model_digest, host, started_at, name, git_revision, kernels, "
                                 "ifnull(ended_at, '') FROM runs WHERE run_id = ?1"));
  row.Query(state_->run_id);
  CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
  if (!has_row) {
    return NotFound("{}: the log does not say what run it is of (the program that made it was stopped): delete it and start again", path());
  }
  CUPEL_ASSIGN_OR_RETURN(Json recipe, ParseJson(row.Text(0), path() + ": runs.recipe"));
  return RunInfo{std::move(recipe), row.Text(1), row.Text(2), row.Text(3), row.Text(4),
                 row.Text(5),       row.Text(6), row.Text(7), row.Text(8), row.Text(9)};
}

absl::Status RolloutStore::WriteEnd(bool has_ended) {
  return state_->InTransaction([&] {
    return RunOnce(state_->connection, "UPDATE runs SET ended_at = iif(?2, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), NULL) WHERE run_id = ?1",
                   state_->run_id, has_ended ? 1 : 0);
  });
}

absl::Status RolloutStore::AppendStep(int64_t step, const std::vector<RolloutGroup>& groups) {
  const absl::Status status = state_->InTransaction([&] { return state_->step_writer->Insert(state_->run_id, step, groups); });
  if (!status.ok()) {
    state_->step_writer->ForgetVocabulary();  // what was rolled back is not known
  }
  if (absl::IsAlreadyExists(status)) {
    return absl::AlreadyExistsError(fmt::format(
        "{}: step {} is in the log already, or has a group or sample twice ({}): a step is recorded once", path(), step, Message(status)));
  }
  return status;
}

absl::StatusOr<std::vector<RolloutGroup>> RolloutStore::ReadStep(int64_t step) const {
  return ReadStepRows(state_->connection, state_->run_id, step);
}

absl::StatusOr<std::vector<int64_t>> RolloutStore::StepNumbers() const {
  return ReadRows(
      state_->connection, "SELECT step FROM steps WHERE run_id = ?1 ORDER BY step",
      [](const SqliteStatement& row) { return row.Integer(0); }, state_->run_id);
}

absl::StatusOr<bool> RolloutStore::IsPruned(int64_t step) const { return state_->AnyRollout(step, "tokens IS NULL"); }

absl::StatusOr<bool> RolloutStore::IsRounded(int64_t step) const {
  return state_->AnyRollout(step, "substr(logprobs, 1, 1) IN (x'04', x'06', x'14')");  // the first bytes of bfloat16 blobs
}

absl::Status RolloutStore::WriteMetrics(int64_t step, const Metrics& metrics, const std::optional<Update>& update) {
  return state_->InTransaction([&]() -> absl::Status {
    CUPEL_RETURN_IF_ERROR(RunOnce(state_->connection, "DELETE FROM metrics WHERE run_id = ?1 AND step = ?2", state_->run_id, step));
    CUPEL_ASSIGN_OR_RETURN(
        SqliteStatement insert,
        state_->connection.Prepare("INSERT INTO metrics (run_id, step, metric_idx, name, value) VALUES (?1, ?2, ?3, ?4, ?5)"));
    int64_t metric_idx = 0;
    for (const auto& [name, value] : metrics) {
      CUPEL_RETURN_IF_ERROR(insert.Run(state_->run_id, step, metric_idx++, std::string_view(name), value));
    }
    if (!update) {
      return absl::OkStatus();
    }
    return RunOnce(state_->connection,
                   "INSERT OR REPLACE INTO updates (run_id, step, policy_version, weights_digest) VALUES (?1, ?2, ?3, ?4)", state_->run_id,
                   step, static_cast<int64_t>(update->policy_version), std::string_view(update->weights_digest));
  });
}

absl::StatusOr<std::optional<RolloutStore::Update>> RolloutStore::ReadUpdate(int64_t step) const {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<Update> updates,
                         ReadRows(
                             state_->connection, "SELECT policy_version, weights_digest FROM updates WHERE run_id = ?1 AND step = ?2",
                             [](const SqliteStatement& row) {
                               return Update{static_cast<uint64_t>(row.Integer(0)), row.Text(1)};
                             },
                             state_->run_id, step));
  return updates.empty() ? std::nullopt : std::optional<Update>(updates.front());
}

absl::StatusOr<RolloutStore::Metrics> RolloutStore::ReadMetrics(int64_t step) const {
  return ReadRows(
      state_->connection, "SELECT name, value FROM metrics WHERE run_id = ?1 AND step = ?2 ORDER BY metric_idx",
      [](const SqliteStatement& row) { return std::pair(row.Text(0), RealOrNan(row, 1)); }, state_->run_id, step);
}

absl::StatusOr<std::vector<std::pair<int64_t, double>>> RolloutStore::ReadMetricSeries(const std::string& name) const {
  return ReadRows(
      state_->connection, "SELECT step, value FROM metrics WHERE run_id = ?1 AND name = ?2 ORDER BY step",
      [](const SqliteStatement& row) { return std::pair(row.Integer(0), RealOrNan(row, 1)); }, state_->run_id, std::string_view(name));
}

absl::Status RolloutStore::AppendCheckpoint(const Checkpoint& checkpoint) {
  return state_->InTransaction([&] {
    return RunOnce(state_->connection, "INSERT INTO checkpoints (run_id, step, directory, manifest_sha256) VALUES (?1, ?2, ?3, ?4)",
                   state_->run_id, checkpoint.step, std::string_view(checkpoint.directory), std::string_view(checkpoint.manifest_sha256));
  });
}

absl::StatusOr<std::vector<RolloutStore::Checkpoint>> RolloutStore::ReadCheckpoints() const {
  return ReadRows(
      state_->connection, "SELECT step, directory, manifest_sha256 FROM checkpoints WHERE run_id = ?1 ORDER BY checkpoint_id DESC",
      [](const SqliteStatement& row) {
        return Checkpoint{row.Integer(0), row.Text(1), row.Text(2)};
      },
      state_->run_id);
}

absl::Status RolloutStore::WriteEvaluation(const Evaluation& evaluation) {
  return state_->InTransaction([&] {
    return RunOnce(
        state_->connection,
        "INSERT OR REPLACE INTO evaluations (run_id, step, name, num_questions, samples_per_question, pass_at_1, standard_error, examples)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        state_->run_id, evaluation.step, std::string_view(evaluation.name), evaluation.num_questions, evaluation.samples_per_question,
        evaluation.pass_at_1, evaluation.standard_error, std::string_view(DumpJson(evaluation.examples)));
  });
}

absl::StatusOr<std::vector<RolloutStore::Evaluation>> RolloutStore::ReadEvaluations() const {
  absl::Status malformed;
  CUPEL_ASSIGN_OR_RETURN(
      std::vector<Evaluation> evaluations,
      ReadRows(
          state_->connection,
          "SELECT step, name, num_questions, samples_per_question, pass_at_1, standard_error, examples FROM evaluations WHERE run_id = ?1"
          " ORDER BY step, evaluation_id",
          [&](const SqliteStatement& row) {
            absl::StatusOr<Json> examples = ParseJson(row.Text(6), path() + ": evaluations.examples");
            malformed.Update(examples.status());
            return Evaluation{row.Integer(0),
                              row.Text(1),
                              row.Integer(2),
                              row.Integer(3),
                              row.Real(4),
                              RealOrNan(row, 5),
                              examples.ok() ? *std::move(examples) : Json()};
          },
          state_->run_id));
  CUPEL_RETURN_IF_ERROR(malformed);
  return evaluations;
}

absl::Status RolloutStore::AppendEvent(int64_t step, const std::string& kind, const std::string& message) {
  return state_->InTransaction([&] {
    return RunOnce(state_->connection, "INSERT INTO events (run_id, step, kind, message) VALUES (?1, ?2, ?3, ?4)", state_->run_id, step,
                   std::string_view(kind), std::string_view(message));
  });
}

absl::StatusOr<std::vector<RolloutStore::Event>> RolloutStore::ReadEvents() const {
  return ReadRows(
      state_->connection, "SELECT at, step, kind, message FROM events WHERE run_id = ?1 ORDER BY event_id",
      [](const SqliteStatement& row) {
        return Event{row.Text(0), row.Integer(1), row.Text(2), row.Text(3)};
      },
      state_->run_id);
}

std::string SqliteVersion() { return sqlite3_libversion(); }

}  // namespace cupel
