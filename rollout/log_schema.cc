#include "rollout/log_schema.h"

#include <cstdio>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/status.h"
#include "rollout/log_migration.h"
#include "rollout/log_tables.h"
#include "rollout/rollout_store.h"

namespace cupel {
namespace {

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

absl::Status CreateIndexesAndViews(SqliteConnection& connection) {
  return connection.Execute(fmt::format("{}{}{}", LogIndexSql(), LogSearchSql(), LogViewSql()));
}

// Writes an empty log to `path` in one transaction and closes it.
absl::Status WriteEmptyLog(const std::string& path) {
  CUPEL_ASSIGN_OR_RETURN(SqliteConnection connection, SqliteConnection::Open(path, SqliteConnection::Access::kCreate));
  CUPEL_RETURN_IF_ERROR(connection.Execute(fmt::format("PRAGMA page_size = {}; PRAGMA synchronous = FULL", kPageBytes)));
  CUPEL_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(connection));
  for (const LogTable& table : LogTables()) {
    CUPEL_RETURN_IF_ERROR(connection.Execute(CreateTableSql(table, table.name)));
  }
  CUPEL_RETURN_IF_ERROR(CreateIndexesAndViews(connection));
  CUPEL_RETURN_IF_ERROR(connection.Execute(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kLogApplicationId, RolloutStore::kSchemaVersion)));
  CUPEL_RETURN_IF_ERROR(transaction.Commit());
  return UseWriteAheadLog(connection);
}

// The schema of the log; DataLoss or FailedPrecondition when the file is not a log that this program knows.
absl::StatusOr<int64_t> CheckIdentity(const SqliteConnection& connection) {
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
  return version;
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
  CUPEL_ASSIGN_OR_RETURN(const int64_t version, CheckIdentity(connection));
  CUPEL_RETURN_IF_ERROR(PresentAsCurrent(connection, version));
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
  CUPEL_ASSIGN_OR_RETURN(const int64_t version, CheckIdentity(connection));
  CUPEL_RETURN_IF_ERROR(UseWriteAheadLog(connection));
  CUPEL_RETURN_IF_ERROR(connection.Execute(fmt::format("PRAGMA synchronous = FULL; PRAGMA journal_size_limit = {}", kKeptWalBytes)));
  CUPEL_RETURN_IF_ERROR(MigrateLog(connection, version));
  CUPEL_RETURN_IF_ERROR(connection.Execute("PRAGMA foreign_keys = 1"));
  return connection;
}

absl::StatusOr<SqliteConnection> OpenLogForReading(const std::string& path) {
  CUPEL_ASSIGN_OR_RETURN(SqliteConnection connection, SqliteConnection::Open(path, SqliteConnection::Access::kReadOnly));
  if (absl::IsFailedPrecondition(connection.QueryInteger("PRAGMA application_id").status())) {
    return OpenImmutable(path);
  }
  CUPEL_ASSIGN_OR_RETURN(const int64_t version, CheckIdentity(connection));
  CUPEL_RETURN_IF_ERROR(PresentAsCurrent(connection, version));
  return connection;
}

}  // namespace cupel
