#include "rollout/log_schema.h"

#include <cstdio>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/status.h"
#include "rollout/rollout_store.h"

namespace cupel {
namespace {

// Numbers whose bits must come back are ANY, not REAL: a REAL column keeps whole numbers as integers and so loses the sign of -0.0.
constexpr char kTables[] = R"sql(
CREATE TABLE runs (
  run_id INTEGER PRIMARY KEY,
  recipe TEXT NOT NULL,
  program_version TEXT NOT NULL,
  build TEXT NOT NULL,
  model_digest TEXT NOT NULL,
  host TEXT NOT NULL,
  started_at TEXT NOT NULL
) STRICT;

CREATE TABLE steps (
  run_id INTEGER NOT NULL REFERENCES runs,
  step INTEGER NOT NULL,
  stored_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  PRIMARY KEY (run_id, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE groups (
  group_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL,
  step INTEGER NOT NULL,
  group_idx INTEGER NOT NULL,
  task_id TEXT NOT NULL,
  messages TEXT NOT NULL,
  question TEXT GENERATED ALWAYS AS (json_extract(messages, '$[#-1].content')) VIRTUAL,
  answer TEXT NOT NULL,
  verifier TEXT NOT NULL,
  metadata TEXT NOT NULL,
  num_prompt_tokens INTEGER NOT NULL,
  prompt_tokens BLOB NOT NULL,
  UNIQUE (run_id, step, group_idx),
  FOREIGN KEY (run_id, step) REFERENCES steps
) STRICT;
CREATE INDEX groups_by_task ON groups (task_id);

CREATE TABLE rollouts (
  rollout_id INTEGER PRIMARY KEY,
  group_id INTEGER NOT NULL REFERENCES groups,
  sample_idx INTEGER NOT NULL,
  text TEXT NOT NULL,
  finish_reason TEXT NOT NULL CHECK (finish_reason IN ('stop', 'length', 'aborted')),
  policy_version INTEGER NOT NULL,
  reward ANY NOT NULL CHECK (typeof(reward) = 'real'),
  advantage ANY NOT NULL CHECK (typeof(advantage) = 'real'),
  num_tokens INTEGER NOT NULL,
  tokens BLOB NOT NULL,
  logprobs BLOB NOT NULL,
  raw_logprobs BLOB,
  UNIQUE (group_id, sample_idx)
) STRICT;

CREATE TABLE verdicts (
  rollout_id INTEGER PRIMARY KEY REFERENCES rollouts,
  outcome TEXT NOT NULL CHECK (outcome IN ('correct', 'incorrect', 'no_answer', 'undecided', 'error')),
  extracted TEXT NOT NULL,
  span_begin INTEGER NOT NULL,
  span_end INTEGER NOT NULL,
  rule TEXT NOT NULL,
  reason TEXT NOT NULL,
  cost INTEGER NOT NULL,
  verifier TEXT NOT NULL,
  verifier_version INTEGER NOT NULL
) STRICT;
CREATE INDEX verdicts_by_outcome ON verdicts (outcome);

CREATE TABLE reward_terms (
  rollout_id INTEGER NOT NULL REFERENCES rollouts,
  term_idx INTEGER NOT NULL,
  name TEXT NOT NULL,
  value ANY NOT NULL CHECK (typeof(value) = 'real'),
  weight ANY NOT NULL CHECK (typeof(weight) = 'real'),
  PRIMARY KEY (rollout_id, term_idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE metrics (
  run_id INTEGER NOT NULL REFERENCES runs,
  step INTEGER NOT NULL,
  name TEXT NOT NULL,
  metric_idx INTEGER NOT NULL,
  value ANY CHECK (value IS NULL OR typeof(value) = 'real'),
  PRIMARY KEY (run_id, name, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX metrics_by_step ON metrics (run_id, step);

CREATE TABLE evaluations (
  evaluation_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs,
  step INTEGER NOT NULL,
  name TEXT NOT NULL,
  num_questions INTEGER NOT NULL,
  samples_per_question INTEGER NOT NULL,
  pass_at_1 ANY NOT NULL CHECK (typeof(pass_at_1) = 'real'),
  standard_error ANY CHECK (standard_error IS NULL OR typeof(standard_error) = 'real'),
  examples TEXT NOT NULL,
  stored_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  UNIQUE (run_id, step, name)
) STRICT;

CREATE TABLE checkpoints (
  checkpoint_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs,
  step INTEGER NOT NULL,
  directory TEXT NOT NULL,
  manifest_sha256 TEXT NOT NULL,
  stored_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

CREATE TABLE events (
  event_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs,
  at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  step INTEGER NOT NULL,
  kind TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT;
)sql";

constexpr char kViews[] = R"sql(
CREATE VIEW samples AS
SELECT run_id, step, group_idx, sample_idx, task_id, question, answer, text, outcome, extracted, reason, reward, advantage,
       outcome NOT IN ('undecided', 'error') AS is_scored, num_tokens, finish_reason, policy_version, group_id, rollout_id
FROM groups JOIN rollouts USING (group_id) JOIN verdicts USING (rollout_id);

CREATE VIEW best_samples AS
SELECT * FROM (
  SELECT *, row_number() OVER (PARTITION BY run_id, step, group_idx ORDER BY reward DESC, sample_idx) AS place
  FROM samples WHERE is_scored)
WHERE place = 1;

CREATE VIEW worst_samples AS
SELECT * FROM (
  SELECT *, row_number() OVER (PARTITION BY run_id, step, group_idx ORDER BY reward, sample_idx) AS place
  FROM samples WHERE is_scored)
WHERE place = 1;

CREATE VIEW reward_by_task AS
SELECT run_id, task_id, question, answer, count(DISTINCT step) AS num_steps, count(*) AS num_rollouts, avg(reward) AS reward,
       avg(outcome = 'correct') AS pass_rate, avg(num_tokens) AS mean_length, min(step) AS first_step, max(step) AS last_step
FROM samples WHERE is_scored
GROUP BY run_id, task_id;

CREATE VIEW step_summary AS
WITH by_group AS (
  SELECT run_id, step, group_idx, count(*) AS num_rollouts, sum(is_scored) AS num_scored,
         sum(reward) FILTER (WHERE is_scored) AS reward, sum(outcome = 'correct') AS num_correct,
         ifnull(max(reward) FILTER (WHERE is_scored) > min(reward) FILTER (WHERE is_scored), 0) AS has_signal,
         sum(num_tokens) AS num_tokens, sum(finish_reason = 'length') AS num_truncated
  FROM samples GROUP BY run_id, step, group_idx)
SELECT run_id, step, stored_at, count(*) AS num_groups, sum(num_rollouts) AS num_rollouts,
       sum(num_rollouts) - sum(num_scored) AS num_unscored,
       sum(reward) / sum(num_scored) AS reward,
       1.0 * sum(num_correct) / sum(num_scored) AS pass_rate,
       1.0 - avg(has_signal) AS no_signal_fraction,
       1.0 * sum(num_tokens) / sum(num_rollouts) AS mean_length,
       1.0 * sum(num_truncated) / sum(num_rollouts) AS truncated_fraction,
       (SELECT value FROM metrics m WHERE m.run_id = s.run_id AND m.step = s.step AND m.name = 'policy_loss') AS policy_loss,
       (SELECT value FROM metrics m WHERE m.run_id = s.run_id AND m.step = s.step AND m.name = 'entropy') AS entropy,
       (SELECT value FROM metrics m WHERE m.run_id = s.run_id AND m.step = s.step AND m.name = 'kl') AS kl,
       (SELECT value FROM metrics m WHERE m.run_id = s.run_id AND m.step = s.step AND m.name = 'step_time') AS step_time
FROM steps s JOIN by_group USING (run_id, step)
GROUP BY run_id, step;
)sql";

constexpr int kPageBytes = 8192;                      // rows of a few kB: fewer overflow pages than with 4096
constexpr int64_t kKeptWalBytes = int64_t{64} << 20;  // what a write-ahead log grown under a long reader shrinks back to

// Files that SQLite puts beside a database. One left over from a deleted log must not meet a new log of the same name: it would be
// replayed.
absl::Status RemoveCompanions(const std::string& path) {
  for (const std::string_view suffix : {"-wal", "-shm", "-journal"}) {
    CUPEL_RETURN_IF_ERROR(RemoveTree(fmt::format("{}{}", path, suffix)));
  }
  return absl::OkStatus();
}

absl::Status UseWriteAheadLog(SqliteConnection& connection) {
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement statement, connection.Prepare("PRAGMA journal_mode = WAL"));
  CUPEL_ASSIGN_OR_RETURN(const bool has_row, statement.Next());
  if (!has_row || statement.Text(0) != "wal") {
    return FailedPrecondition("{}: its file system has no write-ahead logging (SQLite needs shared memory there): use a local disk",
                              connection.path());
  }
  return absl::OkStatus();
}

// Writes an empty log to `path` in one transaction and closes it.
absl::Status WriteEmptyLog(const std::string& path) {
  CUPEL_ASSIGN_OR_RETURN(SqliteConnection connection, SqliteConnection::Open(path, SqliteConnection::Access::kCreate));
  CUPEL_RETURN_IF_ERROR(connection.Execute(fmt::format("PRAGMA page_size = {}; PRAGMA synchronous = FULL", kPageBytes)));
  CUPEL_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(connection));
  CUPEL_RETURN_IF_ERROR(connection.Execute(kTables));
  CUPEL_RETURN_IF_ERROR(connection.Execute(kViews));
  CUPEL_RETURN_IF_ERROR(connection.Execute(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kLogApplicationId, RolloutStore::kSchemaVersion)));
  CUPEL_RETURN_IF_ERROR(transaction.Commit());
  return UseWriteAheadLog(connection);
}

// DataLoss or FailedPrecondition when the file is not a log that this program knows.
absl::Status CheckIdentity(const SqliteConnection& connection) {
  CUPEL_ASSIGN_OR_RETURN(const int64_t application_id, connection.QueryInteger("PRAGMA application_id"));
  if (application_id != kLogApplicationId) {
    return DataLoss("{}: an SQLite database, but not the log of a run: name a run's run.db", connection.path());
  }
  CUPEL_ASSIGN_OR_RETURN(const int64_t version, connection.QueryInteger("PRAGMA user_version"));
  if (version > RolloutStore::kSchemaVersion) {
    return FailedPrecondition("{}: written with log schema {}, this program knows schemas up to {}: use the newer program",
                              connection.path(), version, RolloutStore::kSchemaVersion);
  }
  if (version < 1) {
    return DataLoss("{}: the log has schema {}, which never existed", connection.path(), version);
  }
  return absl::OkStatus();
}

// A log on a medium that cannot be written: SQLite cannot make the files that readers share, so it must be told that nobody writes.
absl::StatusOr<SqliteConnection> OpenImmutable(const std::string& path) {
  const std::string wal = path + "-wal";
  std::error_code error;
  if (const auto bytes = std::filesystem::file_size(wal, error); !error && bytes > 0) {
    return FailedPrecondition(
        "{}: the run was not closed, and its last steps are still in {}; the folder cannot be written, so copy both files to one that can",
        path, wal);
  }
  CUPEL_ASSIGN_OR_RETURN(SqliteConnection connection, SqliteConnection::Open(path, SqliteConnection::Access::kImmutable));
  CUPEL_RETURN_IF_ERROR(CheckIdentity(connection));
  return connection;
}

}  // namespace

absl::StatusOr<SqliteConnection> CreateLog(const std::string& path) {
  if (Exists(path)) {
    return absl::AlreadyExistsError(fmt::format("{}: exists already: resume that run or name another folder", path));
  }
  const std::string unfinished = path + ".new";
  CUPEL_RETURN_IF_ERROR(RemoveTree(unfinished));
  CUPEL_RETURN_IF_ERROR(RemoveCompanions(unfinished));
  CUPEL_RETURN_IF_ERROR(WriteEmptyLog(unfinished));
  CUPEL_RETURN_IF_ERROR(RemoveCompanions(path));
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) {
    return Unavailable("{}: cannot be made from {}: check the folder", path, unfinished);
  }
  const std::string parent = std::filesystem::path(path).parent_path().string();
  CUPEL_RETURN_IF_ERROR(SyncDirectory(parent.empty() ? "." : parent));
  return OpenLogForWriting(path);
}

absl::StatusOr<SqliteConnection> OpenLogForWriting(const std::string& path) {
  CUPEL_ASSIGN_OR_RETURN(SqliteConnection connection, SqliteConnection::Open(path, SqliteConnection::Access::kReadWrite));
  CUPEL_RETURN_IF_ERROR(CheckIdentity(connection));
  CUPEL_RETURN_IF_ERROR(UseWriteAheadLog(connection));
  CUPEL_RETURN_IF_ERROR(
      connection.Execute(fmt::format("PRAGMA synchronous = FULL; PRAGMA foreign_keys = 1; PRAGMA journal_size_limit = {}", kKeptWalBytes)));
  return connection;
}

absl::StatusOr<SqliteConnection> OpenLogForReading(const std::string& path) {
  CUPEL_ASSIGN_OR_RETURN(SqliteConnection connection, SqliteConnection::Open(path, SqliteConnection::Access::kReadOnly));
  if (absl::IsFailedPrecondition(connection.QueryInteger("PRAGMA application_id").status())) {
    return OpenImmutable(path);
  }
  CUPEL_RETURN_IF_ERROR(CheckIdentity(connection));
  return connection;
}

}  // namespace cupel
