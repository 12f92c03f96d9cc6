#include "verifiers/sql/database.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <set>

#include <sqlite3.h>

#include "base/check.h"
#include "base/status.h"
#include "verifiers/answer/characters.h"
#include "verifiers/answer/extract.h"
#include "verifiers/sql/functions.h"

namespace cupel::sql {
namespace {

constexpr const char* kNoFiles = "cupel_no_files";
constexpr sqlite3_int64 kNow = 212'570'870'400'000;  // noon of 2024-01-01 UTC, in milliseconds of the Julian day
constexpr int kStepsPerCall = 256;                   // of the virtual machine, between two looks at the budget
constexpr size_t kMaxQuery = 16384;
constexpr size_t kMaxSetup = size_t{8} << 20;

// A file system without files and with a clock that stands still.
sqlite3_vfs MakeNoFiles() {
  sqlite3_vfs vfs = {};
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(sqlite3_file);
  vfs.mxPathname = 512;
  vfs.zName = kNoFiles;
  vfs.xOpen = [](sqlite3_vfs*, const char*, sqlite3_file* file, int, int*) {
    file->pMethods = nullptr;
    return SQLITE_CANTOPEN;
  };
  vfs.xDelete = [](sqlite3_vfs*, const char*, int) { return SQLITE_IOERR_DELETE; };
  vfs.xAccess = [](sqlite3_vfs*, const char*, int, int* found) {
    *found = 0;
    return SQLITE_OK;
  };
  vfs.xFullPathname = [](sqlite3_vfs*, const char* name, int size, char* full) {
    sqlite3_snprintf(size, full, "%s", name);
    return SQLITE_OK;
  };
  vfs.xRandomness = [](sqlite3_vfs*, int size, char* bytes) {
    std::memset(bytes, 0, static_cast<size_t>(size));
    return size;
  };
  vfs.xSleep = [](sqlite3_vfs*, int) { return 0; };
  vfs.xCurrentTime = [](sqlite3_vfs*, double* days) {
    *days = static_cast<double>(kNow) / 86'400'000.0;
    return SQLITE_OK;
  };
  vfs.xCurrentTimeInt64 = [](sqlite3_vfs*, sqlite3_int64* milliseconds) {
    *milliseconds = kNow;
    return SQLITE_OK;
  };
  vfs.xGetLastError = [](sqlite3_vfs*, int, char*) { return 0; };
  return vfs;
}

// SQLite keeps the file system by its address, under its name, for the whole program.
bool RegisterNoFiles() {
  static sqlite3_vfs vfs = MakeNoFiles();
  static const bool is_registered = sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
  return is_registered;
}

struct CloseConnection {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Connection = std::unique_ptr<sqlite3, CloseConnection>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

constexpr auto kQueryLimits = std::to_array<std::pair<int, int>>({
    {SQLITE_LIMIT_LENGTH, 65536},
    {SQLITE_LIMIT_SQL_LENGTH, 2 * static_cast<int>(kMaxQuery)},
    {SQLITE_LIMIT_COLUMN, 500},
    {SQLITE_LIMIT_EXPR_DEPTH, 200},
    {SQLITE_LIMIT_COMPOUND_SELECT, 50},
    {SQLITE_LIMIT_VDBE_OP, 100'000},
    {SQLITE_LIMIT_FUNCTION_ARG, 32},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 0},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 0},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
});

std::string NumberCell(double value) {
  constexpr double kExactWhole = 9007199254740992.0;  // 2^53
  const bool is_whole = std::abs(value) < kExactWhole && std::floor(value) == value;
  return is_whole ? fmt::format("{}", static_cast<int64_t>(value)) : fmt::format("{:.12g}", value);
}

std::string Cell(sqlite3_stmt* statement, int column) {
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement, column));
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return fmt::format("{}", sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
      return NumberCell(sqlite3_column_double(statement, column));
    case SQLITE_TEXT:
      return "'" + std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement, column)), size);
    case SQLITE_BLOB: {
      const std::string_view bytes(static_cast<const char*>(sqlite3_column_blob(statement, column)), size);
      std::string cell = "x";
      for (const char byte : bytes) {
        cell += fmt::format("{:02x}", static_cast<unsigned char>(byte));
      }
      return cell;
    }
    default:
      return "NULL";
  }
}

std::string_view OrEmpty(const char* text) { return text == nullptr ? std::string_view() : std::string_view(text); }

}  // namespace

struct Database::Guard {
  Connection connection;
  WorkBudget budget;
  std::set<std::string> tables;  // of the author, and views, in small letters
  bool is_setup = true;          // whether the author's statements run
  bool reads_table = false;
  std::string refused;  // the first thing the authorizer refused

  static int Progress(void* guard) { return (static_cast<Guard*>(guard)->budget.steps_left -= kStepsPerCall) < 0 ? 1 : 0; }

  static int Authorize(void* guard, int action, const char* first, const char* second, const char*, const char*) {
    return static_cast<Guard*>(guard)->Allows(action, OrEmpty(first), OrEmpty(second)) ? SQLITE_OK : SQLITE_DENY;
  }

  bool Allows(int action, std::string_view first, std::string_view second) {
    if (is_setup) {
      const bool is_outside = action == SQLITE_ATTACH || action == SQLITE_DETACH || action == SQLITE_CREATE_VTABLE;
      return !is_outside && (action != SQLITE_PRAGMA || LowerCaseText(first) == "foreign_keys");
    }
    switch (action) {
      case SQLITE_SELECT:
      case SQLITE_RECURSIVE:
        return true;
      case SQLITE_READ:
        return AllowsReading(first, second);
      case SQLITE_FUNCTION:
        return IsAllowedFunction(second) || Refuse(fmt::format("the function {} is not allowed", Excerpt(second)));
      default:
        return Refuse("only SELECT is allowed");
    }
  }

  // Of a name of WITH whose columns are not used, SQLite asks as of a table.
  bool AllowsReading(std::string_view table, std::string_view column) {
    const bool is_own = tables.contains(LowerCaseText(table));
    reads_table = reads_table || is_own;
    const std::string name = LowerCaseText(table);
    const bool is_builtin = name.starts_with("sqlite_") || name.starts_with("pragma_");
    return is_own || (column.empty() && !is_builtin) || Refuse(fmt::format("the table {} is not one of the database", Excerpt(table)));
  }

  bool Refuse(std::string what) {
    refused = refused.empty() ? std::move(what) : refused;
    return false;
  }

  bool Execute(const char* text) const { return sqlite3_exec(connection.get(), text, nullptr, nullptr, nullptr) == SQLITE_OK; }
  std::string Error() const { return std::string(CutText(OrEmpty(sqlite3_errmsg(connection.get())), 300)); }

  std::string Problem(int code, std::string_view otherwise) const {
    return code == SQLITE_INTERRUPT || budget.steps_left < 0                        ? "the query takes more work than is allowed"
           : code == SQLITE_CANTOPEN || code == SQLITE_NOMEM || code == SQLITE_FULL ? "the query takes more memory than is allowed"
           : !refused.empty()                                                       ? refused
                                                                                    : std::string(otherwise);
  }

  bool Open();
  void ReadTables();
  void Step(sqlite3_stmt* statement, const Limits& limits, QueryResult& result) const;
  Statement Prepare(std::string_view query, QueryResult& result) const;
};

bool Database::Guard::Open() {
  sqlite3* opened = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
  const int code = RegisterNoFiles() ? sqlite3_open_v2(":memory:", &opened, kFlags, kNoFiles) : SQLITE_ERROR;
  connection.reset(opened);
  if (code != SQLITE_OK ||
      !Execute("PRAGMA temp_store=FILE; PRAGMA cache_size=-8000; PRAGMA max_page_count=16384; PRAGMA trusted_schema=OFF")) {
    return false;
  }
  sqlite3_drop_modules(opened, nullptr);
  sqlite3_progress_handler(opened, kStepsPerCall, &Progress, this);
  sqlite3_set_authorizer(opened, &Authorize, this);
  return sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr) == SQLITE_OK && ReplaceSlowFunctions(opened, &budget);
}

void Database::Guard::ReadTables() {
  const auto add = [](void* found, int, char** values, char**) {
    static_cast<std::set<std::string>*>(found)->insert(LowerCaseText(OrEmpty(values[0])));
    return 0;
  };
  const char* query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') UNION ALL SELECT name FROM sqlite_temp_master";
  Check(sqlite3_exec(connection.get(), query, add, &tables, nullptr) == SQLITE_OK, "the tables of a database of ours can be listed");
}

Statement Database::Guard::Prepare(std::string_view query, QueryResult& result) const {
  sqlite3_stmt* prepared = nullptr;
  const char* rest = nullptr;
  int code = sqlite3_prepare_v2(connection.get(), query.data(), static_cast<int>(query.size()), &prepared, &rest);
  Statement statement(prepared);
  if (code != SQLITE_OK || prepared == nullptr) {
    result.problem = code == SQLITE_OK ? "there is no statement" : Problem(code, Error());
    return nullptr;
  }
  sqlite3_stmt* second = nullptr;
  code = sqlite3_prepare_v2(connection.get(), rest, static_cast<int>(query.data() + query.size() - rest), &second, nullptr);
  const Statement owned(second);
  const bool is_query = sqlite3_stmt_readonly(prepared) != 0 && sqlite3_stmt_isexplain(prepared) == 0 && sqlite3_column_count(prepared) > 0;
  result.problem = code != SQLITE_OK || second != nullptr ? "there is more than one statement" : is_query ? "" : "only SELECT is allowed";
  return result.problem.empty() ? std::move(statement) : nullptr;
}

void Database::Guard::Step(sqlite3_stmt* statement, const Limits& limits, QueryResult& result) const {
  const int columns = sqlite3_column_count(statement);
  result.num_columns = columns;
  int64_t bytes = 0;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    if (std::ssize(result.rows) >= limits.max_rows) {
      result.is_beyond_rows = true;
      return;
    }
    Row row;
    for (int column = 0; column < columns; ++column) {
      row.push_back(Cell(statement, column));
      bytes += std::ssize(row.back()) + 1;
    }
    result.rows.push_back(std::move(row));
    if (bytes > limits.max_bytes) {
      result.problem = fmt::format("the result has more than {} bytes", limits.max_bytes);
      return;
    }
  }
  result.problem = code == SQLITE_DONE ? "" : Problem(code, Error());
}

Database::Database(std::unique_ptr<Guard> guard) : guard_(std::move(guard)) {}
Database::Database(Database&& other) noexcept = default;
Database& Database::operator=(Database&& other) noexcept = default;
Database::~Database() = default;

absl::StatusOr<Database> Database::Create(std::string_view setup, int64_t max_steps) {
  if (setup.size() > kMaxSetup || setup.find('\0') != std::string_view::npos) {
    return InvalidArgument("the database's statements have {} bytes; at most {} without NUL are run", setup.size(), kMaxSetup);
  }
  auto guard = std::make_unique<Guard>();
  if (!guard->Open()) {
    return Unavailable("SQLite cannot open a database in memory: {}", guard->Error());
  }
  guard->budget.steps_left = max_steps;
  if (!guard->Execute(std::string(setup).c_str())) {
    return InvalidArgument("the database's statements fail: {}", guard->budget.steps_left < 0 ? "they take too much work" : guard->Error());
  }
  guard->budget.steps_left = max_steps;
  guard->ReadTables();
  for (const auto& [limit, value] : kQueryLimits) {
    sqlite3_limit(guard->connection.get(), limit, value);
  }
  guard->is_setup = false;
  return Database(std::move(guard));
}

QueryResult Database::Query(std::string_view query, const Limits& limits) {
  QueryResult result;
  if (query.size() > kMaxQuery || query.find('\0') != std::string_view::npos) {
    result.problem = fmt::format("the query has {} bytes; at most {} without NUL are run", query.size(), kMaxQuery);
    return result;
  }
  const std::string lower = LowerCaseText(query);
  if (lower.find("localtime") != std::string::npos || lower.find("'utc'") != std::string::npos) {
    result.problem = "local time is not the same everywhere";
    return result;
  }
  if (ExpansionsOfWith(query) > kMaxExpansions) {
    result.problem = "the names of WITH refer to each other too often";
    return result;
  }
  guard_->budget.steps_left = limits.max_steps;
  guard_->reads_table = false;
  guard_->refused.clear();
  if (const Statement statement = guard_->Prepare(query, result)) {
    guard_->Step(statement.get(), limits, result);
  }
  result.reads_table = guard_->reads_table;
  result.steps = limits.max_steps - guard_->budget.steps_left;
  return result;
}

}  // namespace cupel::sql
