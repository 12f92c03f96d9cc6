#include "rollout/log_migration.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/check.h"
#include "base/status.h"
#include "rollout/log_tables.h"
#include "rollout/rollout_store.h"

namespace cupel {
namespace {

// The columns of the two tables that schema 2 changed, in its order, as expressions over those of schema 1.
struct ChangedTable {
  std::string_view name;
  std::string_view columns;
};

constexpr ChangedTable kChangedInSchema2[] = {
    {"runs",
     "run_id, '' AS name, recipe, program_version, '' AS git_revision, "
     "iif(instr(build, '; kernels ') > 0, substr(build, 1, instr(build, '; kernels ') - 1), build) AS build, "
     "iif(instr(build, '; kernels ') > 0, substr(build, instr(build, '; kernels ') + 10), '') AS kernels, "
     "model_digest, host, started_at, NULL AS ended_at"},
    {"rollouts",
     "rollout_id, group_id, sample_idx, finish_reason, policy_version, num_tokens, reward, advantage, NULL AS sample_seconds, "
     "NULL AS verify_seconds, text, tokens, logprobs, raw_logprobs"},
};

constexpr std::string_view kAddedInSchema2[] = {"vocabulary", "updates", "rescores", "rescored"};

const LogTable& TableNamed(std::string_view name) {
  const auto table = std::ranges::find(LogTables(), name, &LogTable::name);
  Check(table != LogTables().end(), "a migration names tables of the present schema");
  return *table;
}

std::string Replaced(std::string text, std::string_view what, std::string_view by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

// A table cannot be given columns in the middle: a new one is filled and takes the old one's name. References by name stay valid.
absl::Status Rebuild(SqliteConnection& connection, const ChangedTable& change) {
  const std::string unfinished = fmt::format("{}_schema2", change.name);
  return connection.Execute(CreateTableSql(TableNamed(change.name), unfinished) +
                            fmt::format("INSERT INTO {0} SELECT {1} FROM {2}; DROP TABLE {2}; ALTER TABLE {0} RENAME TO {2};", unfinished,
                                        change.columns, change.name));
}

absl::Status MigrateFrom1To2(SqliteConnection& connection) {
  for (const std::string_view view : LogViewNames()) {
    CUPEL_RETURN_IF_ERROR(connection.Execute(fmt::format("DROP VIEW IF EXISTS {}", view)));
  }
  CUPEL_RETURN_IF_ERROR(connection.Execute("DROP INDEX groups_by_task; DROP INDEX verdicts_by_outcome; DROP INDEX metrics_by_step"));
  for (const ChangedTable& change : kChangedInSchema2) {
    CUPEL_RETURN_IF_ERROR(Rebuild(connection, change));
  }
  for (const std::string_view name : kAddedInSchema2) {
    CUPEL_RETURN_IF_ERROR(connection.Execute(CreateTableSql(TableNamed(name), name)));
  }
  CUPEL_RETURN_IF_ERROR(connection.Execute(fmt::format("{}{}{}", LogIndexSql(), LogSearchSql(), LogViewSql())));
  return connection.Execute("INSERT INTO completions (completions) VALUES ('rebuild')");
}

}  // namespace

absl::Status MigrateLog(SqliteConnection& connection, int64_t version) {
  if (version == RolloutStore::kSchemaVersion) {
    return absl::OkStatus();
  }
  Check(version == 1, "every schema below the present one has its migration");
  CUPEL_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(connection));
  CUPEL_RETURN_IF_ERROR(
      Annotate(MigrateFrom1To2(connection), fmt::format("bringing the log from schema 1 to {}", RolloutStore::kSchemaVersion)));
  CUPEL_RETURN_IF_ERROR(connection.Execute(fmt::format("PRAGMA user_version = {}", RolloutStore::kSchemaVersion)));
  return transaction.Commit();
}

absl::Status PresentAsCurrent(SqliteConnection& connection, int64_t version) {
  if (version == RolloutStore::kSchemaVersion) {
    return absl::OkStatus();
  }
  Check(version == 1, "every schema below the present one can be read");
  // Temporary tables and views come before those of the file when a name is looked up.
  std::string sql = "PRAGMA query_only = 0; PRAGMA temp_store = MEMORY;";
  for (const ChangedTable& change : kChangedInSchema2) {
    sql += fmt::format("CREATE TEMP VIEW {0} AS SELECT {1} FROM main.{0};", change.name, change.columns);
  }
  for (const std::string_view name : kAddedInSchema2) {
    sql += Replaced(CreateTableSql(TableNamed(name), name), "CREATE TABLE", "CREATE TEMP TABLE");
  }
  sql += Replaced(std::string(LogViewSql()), "CREATE VIEW", "CREATE TEMP VIEW");
  return connection.Execute(sql + "PRAGMA query_only = 1;");
}

}  // namespace cupel
