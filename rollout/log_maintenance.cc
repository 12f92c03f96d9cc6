#include "rollout/log_maintenance.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/check.h"
#include "base/file.h"
#include "base/status.h"
#include "rollout/blob.h"
#include "rollout/log_schema.h"
#include "rollout/log_tables.h"
#include "rollout/sqlite.h"

namespace cupel {
namespace {

namespace fs = std::filesystem;

// The keys that number rows within one log, and the table whose rows they number.
constexpr std::pair<std::string_view, std::string_view> kKeys[] = {
    {"run_id", "runs"},
    {"group_id", "groups"},
    {"rollout_id", "rollouts"},
    {"evaluation_id", "evaluations"},
    {"checkpoint_id", "checkpoints"},
    {"event_id", "events"},
    {"rescore_id", "rescores"},
};

// The columns of a table that hold something, in order.
absl::StatusOr<std::vector<std::string>> StoredColumns(const SqliteConnection& connection, std::string_view table) {
  std::vector<std::string> columns;
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement row,
                         connection.Prepare("SELECT name FROM pragma_table_xinfo(?1, 'main') WHERE hidden = 0 ORDER BY cid"));
  row.Query(table);
  while (true) {
    CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
    if (!has_row) {
      return columns;
    }
    columns.push_back(row.Text(0));
  }
}

// What is added to the keys of a source, so that they follow those that the target has.
using KeyOffsets = std::map<std::string, int64_t, std::less<>>;

absl::StatusOr<KeyOffsets> NextKeys(const SqliteConnection& target) {
  KeyOffsets offsets;
  for (const auto& [key, table] : kKeys) {
    CUPEL_ASSIGN_OR_RETURN(offsets[std::string(key)], target.QueryInteger(fmt::format("SELECT ifnull(max({}), 0) FROM {}", key, table)));
  }
  return offsets;
}

absl::Status CopyTable(const SqliteConnection& source, SqliteConnection& target, std::string_view table, const KeyOffsets& offsets) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<std::string> columns, StoredColumns(target, table));
  std::vector<std::string> values;
  for (const std::string& column : columns) {
    const auto offset = offsets.find(column);
    values.push_back(offset == offsets.end() ? fmt::format("?{}", values.size() + 1)
                                             : fmt::format("?{} + {}", values.size() + 1, offset->second));
  }
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement row, source.Prepare(fmt::format("SELECT {} FROM {}", fmt::join(columns, ", "), table)));
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement insert, target.Prepare(fmt::format("INSERT INTO {} ({}) VALUES ({})", table,
                                                                            fmt::join(columns, ", "), fmt::join(values, ", "))));
  while (true) {
    CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
    if (!has_row) {
      return absl::OkStatus();
    }
    CUPEL_RETURN_IF_ERROR(insert.RunWithRow(row));
  }
}

absl::Status CopyLog(const std::string& path, SqliteConnection& target) {
  CUPEL_ASSIGN_OR_RETURN(SqliteConnection source, OpenLogForReading(path));
  CUPEL_RETURN_IF_ERROR(source.Execute("BEGIN"));  // one snapshot, even of a run that is still going
  CUPEL_ASSIGN_OR_RETURN(const KeyOffsets offsets, NextKeys(target));
  for (const LogTable& table : LogTables()) {
    CUPEL_RETURN_IF_ERROR(CopyTable(source, target, table.name, offsets));
  }
  return absl::OkStatus();
}

absl::Status CopyLogs(const std::vector<std::string>& sources, SqliteConnection& target) {
  CUPEL_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(target));
  for (const std::string& source : sources) {
    CUPEL_RETURN_IF_ERROR(CopyLog(source, target));
  }
  CUPEL_RETURN_IF_ERROR(target.Execute("INSERT INTO completions (completions) VALUES ('rebuild')"));
  return transaction.Commit();
}

absl::Status RemoveLog(const std::string& path) {
  for (const std::string_view suffix : {"", "-wal", "-shm"}) {
    CUPEL_RETURN_IF_ERROR(RemoveTree(fmt::format("{}{}", path, suffix)));
  }
  return absl::OkStatus();
}

int64_t LogBytes(const std::string& path) {
  int64_t bytes = 0;
  for (const std::string_view suffix : {"", "-wal"}) {
    std::error_code error;
    const auto size = fs::file_size(fmt::format("{}{}", path, suffix), error);
    bytes += error ? 0 : static_cast<int64_t>(size);
  }
  return bytes;
}

// Completions of the run's old steps that lose their text, as a query over rollout_id. Within a group, places count from both ends: best,
// worst, second best, ….
constexpr std::string_view kPrunable = R"sql(
WITH old AS (
  SELECT step FROM steps WHERE step <= (SELECT max(step) FROM steps) - ?1 AND (?2 = 0 OR step % max(?2, 1) <> 0)),
ranked AS (
  SELECT rollout_id, tokens IS NULL AS is_pruned,
         row_number() OVER (PARTITION BY group_id ORDER BY reward DESC, sample_idx) AS from_best,
         row_number() OVER (PARTITION BY group_id ORDER BY reward, sample_idx DESC) AS from_worst
  FROM groups JOIN rollouts USING (group_id) WHERE step IN old)
)sql";
constexpr std::string_view kIsKept = "min(2 * from_best - 1, 2 * from_worst) <= ?3";

absl::StatusOr<int64_t> CountRanked(const SqliteConnection& connection, const PruneRequest& request, std::string_view condition) {
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement row,
                         connection.Prepare(fmt::format("{} SELECT count(*) FROM ranked WHERE {}", kPrunable, condition)));
  row.Query(request.keep_steps, request.keep_every, request.keep_samples);
  CUPEL_RETURN_IF_ERROR(row.Next().status());
  return row.Integer(0);
}

absl::Status EmptyRows(SqliteConnection& connection, const PruneRequest& request) {
  CUPEL_RETURN_IF_ERROR(connection.Execute("CREATE TEMP TABLE pruned_now (rollout_id INTEGER PRIMARY KEY)"));
  {
    CUPEL_ASSIGN_OR_RETURN(
        SqliteStatement choose,
        connection.Prepare(
            fmt::format("{} INSERT INTO pruned_now SELECT rollout_id FROM ranked WHERE NOT is_pruned AND NOT {}", kPrunable, kIsKept)));
    CUPEL_RETURN_IF_ERROR(choose.Run(request.keep_steps, request.keep_every, request.keep_samples));
  }
  return connection.Execute(
      "INSERT INTO completions (completions, rowid, text) SELECT 'delete', rollout_id, text FROM rollouts WHERE rollout_id IN pruned_now;"
      "UPDATE rollouts SET text = '', tokens = NULL, logprobs = NULL, raw_logprobs = NULL WHERE rollout_id IN pruned_now;"
      "INSERT INTO completions (rowid, text) SELECT rollout_id, '' FROM pruned_now;"
      "DROP TABLE pruned_now");
}

}  // namespace

absl::Status MergeLogs(const std::vector<std::string>& sources, const std::string& target) {
  for (const std::string& source : sources) {
    CUPEL_RETURN_IF_ERROR(OpenLogForReading(source).status());  // before anything is made
  }
  absl::Status status;
  {
    CUPEL_ASSIGN_OR_RETURN(SqliteConnection connection, CreateLog(target));
    status = CopyLogs(sources, connection);
  }
  if (!status.ok()) {
    RemoveLog(target).IgnoreError();
  }
  return status;
}

absl::StatusOr<LogSizes> VacuumLog(const std::string& path) {
  LogSizes sizes{.bytes_before = LogBytes(path)};
  {
    CUPEL_ASSIGN_OR_RETURN(SqliteConnection connection, OpenLogForWriting(path));
    CUPEL_RETURN_IF_ERROR(connection.Execute(
        "INSERT INTO completions (completions) VALUES ('optimize'); VACUUM; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA optimize"));
  }
  sizes.bytes_after = LogBytes(path);
  return sizes;
}

absl::StatusOr<int64_t> RoundLogprobs(const std::string& path, const PruneRequest& request) {
  CUPEL_ASSIGN_OR_RETURN(SqliteConnection connection, OpenLogForWriting(path));
  CUPEL_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(connection));
  int64_t num_rounded = 0;
  {
    CUPEL_ASSIGN_OR_RETURN(SqliteStatement row,
                           connection.Prepare(fmt::format(
                               "{} SELECT rollout_id, num_tokens, logprobs, raw_logprobs FROM ranked JOIN rollouts USING (rollout_id)"
                               " WHERE NOT is_pruned AND ?3 = ?3",
                               kPrunable)));
    CUPEL_ASSIGN_OR_RETURN(SqliteStatement update,
                           connection.Prepare("UPDATE rollouts SET logprobs = ?2, raw_logprobs = ?3 WHERE rollout_id = ?1"));
    row.Query(request.keep_steps, request.keep_every, request.keep_samples);
    BlobEncoder encoder;
    while (true) {
      CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
      if (!has_row) {
        break;
      }
      if (IsRounded(row.Blob(2))) {
        continue;
      }
      CUPEL_ASSIGN_OR_RETURN(const std::vector<float> logprobs, DecodeFloats(row.Blob(2), row.Integer(1)));
      const std::string rounded = encoder.RoundedFloats(logprobs);
      if (row.IsNull(3)) {
        CUPEL_RETURN_IF_ERROR(update.Run(row.Integer(0), SqlBlob{rounded}, nullptr));
      } else {
        CUPEL_ASSIGN_OR_RETURN(const std::vector<float> raw, DecodeFloats(row.Blob(3), row.Integer(1)));
        CUPEL_RETURN_IF_ERROR(update.Run(row.Integer(0), SqlBlob{rounded}, SqlBlob{encoder.RoundedFloats(raw)}));
      }
      ++num_rounded;
    }
  }
  CUPEL_RETURN_IF_ERROR(connection.Execute(fmt::format(
      "INSERT INTO events (run_id, step, kind, message) SELECT run_id, (SELECT ifnull(max(step), 0) FROM steps s WHERE s.run_id = "
      "runs.run_id), 'round', 'the log-probabilities of {} completions were rounded to bfloat16' FROM runs",
      num_rounded)));
  CUPEL_RETURN_IF_ERROR(transaction.Commit());
  return num_rounded;
}

absl::StatusOr<PruneResult> PruneLog(const std::string& path, const PruneRequest& request) {
  CUPEL_ASSIGN_OR_RETURN(SqliteConnection connection, OpenLogForWriting(path));
  CUPEL_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(connection));
  PruneResult result;
  CUPEL_ASSIGN_OR_RETURN(result.num_pruned, CountRanked(connection, request, fmt::format("NOT is_pruned AND NOT {}", kIsKept)));
  CUPEL_ASSIGN_OR_RETURN(result.num_kept, CountRanked(connection, request, fmt::format("NOT is_pruned AND {}", kIsKept)));
  if (result.num_pruned == 0) {
    return result;
  }
  CUPEL_RETURN_IF_ERROR(EmptyRows(connection, request));
  CUPEL_RETURN_IF_ERROR(connection.Execute(fmt::format(
      "INSERT INTO events (run_id, step, kind, message) SELECT run_id, (SELECT ifnull(max(step), 0) FROM steps s WHERE s.run_id = "
      "runs.run_id), 'prune', 'text, token ids and log-probabilities of {} completions were removed' FROM runs",
      result.num_pruned)));
  CUPEL_RETURN_IF_ERROR(transaction.Commit());
  return result;
}

}  // namespace cupel
