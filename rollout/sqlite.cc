#include "rollout/sqlite.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/check.h"
#include "base/status.h"

namespace cupel {
namespace {

constexpr int kBusyTimeoutMs = 5000;
constexpr int kOldestSqlite = 3037000;  // the first with STRICT tables

bool IsOutOfSpace(int system_error) { return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG; }

absl::Status DiskFull(const std::string& path, std::string_view what) {
  return ResourceExhausted(
      "{}: the disk (or a quota or file size limit) is full: {}; free some space and start again: everything acknowledged before is kept",
      path, what);
}

absl::Status InputOutputError(sqlite3* db, const std::string& path, std::string_view what) {
  // SQLite keeps no system error of a failed COMMIT, but errno is still as the failed call left it.
  const int system_error = errno != 0 ? errno : sqlite3_system_errno(db);
  if (IsOutOfSpace(system_error)) {
    return DiskFull(path, what);
  }
  return Unavailable("{}: input or output error ({}): {}; check the disk, then start again: everything acknowledged before is kept", path,
                     system_error == 0 ? "no system error given" : std::generic_category().message(system_error), what);
}

absl::Status ConstraintError(const std::string& path, int code, std::string_view what) {
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return absl::AlreadyExistsError(fmt::format("{}: {}", path, what));
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return FailedPrecondition("{}: {}", path, what);
    default:
      return InvalidArgument("{}: {}", path, what);
  }
}

// The failure of the last call on a connection as a Status; errno was 0 before that call.
absl::Status StatusOf(sqlite3* db, const std::string& path, int code) {
  const std::string_view what = sqlite3_errmsg(db);
  switch (code & 0xff) {
    case SQLITE_FULL:
      return DiskFull(path, what);
    case SQLITE_IOERR:
      return InputOutputError(db, path, what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Unavailable("{}: another process is writing to it ({}): wait for it or stop it, then try again", path, what);
    case SQLITE_NOTADB:
      return DataLoss("{}: not an SQLite database", path);
    case SQLITE_CORRUPT:
      return DataLoss("{}: the database is damaged ({}): restore it from a copy, or save what is readable with `sqlite3 FILE .recover`",
                      path, what);
    case SQLITE_CONSTRAINT:
      return ConstraintError(path, code, what);
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return ResourceExhausted("{}: {}", path, what);
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return FailedPrecondition("{}: {}: check the permissions of the file and its folder", path, what);
    default:
      return Unavailable("{}: SQLite error {}: {}", path, code, what);
  }
}

// A file: URI that opens `path` itself, whatever characters it has.
std::string ImmutableUri(const std::string& path) {
  std::string uri = path.starts_with('/') ? "file://" : "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

int OpenFlags(SqliteConnection::Access access) {
  switch (access) {
    case SqliteConnection::Access::kCreate:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case SqliteConnection::Access::kReadWrite:
      return SQLITE_OPEN_READWRITE;
    case SqliteConnection::Access::kReadOnly:
      return SQLITE_OPEN_READONLY;
    case SqliteConnection::Access::kImmutable:
      return SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
  }
  Check(false, "every access has its flags");
  return 0;
}

}  // namespace

SqliteConnection::Handle::~Handle() {
  const int code = sqlite3_close(db);
  Check(code == SQLITE_OK, "statements are destroyed before their connection");
}

absl::StatusOr<SqliteConnection> SqliteConnection::Open(const std::string& path, Access access) {
  if (sqlite3_libversion_number() < kOldestSqlite) {
    return FailedPrecondition("SQLite {} is too old: version 3.37 or later is needed", sqlite3_libversion());
  }
  sqlite3* db = nullptr;
  const std::string name = access == Access::kImmutable ? ImmutableUri(path) : path;
  errno = 0;
  const int code = sqlite3_open_v2(name.c_str(), &db, OpenFlags(access) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  auto handle = std::make_unique<Handle>(path, db);
  if (db == nullptr) {
    return ResourceExhausted("{}: no memory for a connection", path);
  }
  if (code != SQLITE_OK) {
    const bool is_missing = (code & 0xff) == SQLITE_CANTOPEN && sqlite3_system_errno(db) == ENOENT;
    return is_missing ? NotFound("{}: no such {}", path, access == Access::kCreate ? "folder to make it in" : "file")
                      : StatusOf(db, path, code);
  }
  if ((access == Access::kCreate || access == Access::kReadWrite) && sqlite3_db_readonly(db, "main") == 1) {
    return FailedPrecondition("{}: the file cannot be written: check its permissions and those of its folder", path);
  }
  sqlite3_busy_timeout(db, kBusyTimeoutMs);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  SqliteConnection connection(std::move(handle));
  if (access == Access::kReadOnly || access == Access::kImmutable) {
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    CUPEL_RETURN_IF_ERROR(connection.Execute("PRAGMA query_only = 1; PRAGMA wal_autocheckpoint = 0"));
  }
  return connection;
}

absl::Status SqliteConnection::Execute(const std::string& sql) {
  errno = 0;
  const int code = sqlite3_exec(handle_->db, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : StatusOf(handle_->db, handle_->path, code);
}

absl::StatusOr<SqliteStatement> SqliteConnection::Prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  errno = 0;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v2(handle_->db, sql.data(), static_cast<int>(sql.size()), &statement, &rest);
  if (code != SQLITE_OK) {
    return StatusOf(handle_->db, handle_->path, code);
  }
  SqliteStatement prepared(handle_.get(), statement);
  const std::string_view tail = sql.substr(static_cast<size_t>(rest - sql.data()));
  if (statement == nullptr || tail.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    return InvalidArgument("{}: one SQL statement is expected: {}", handle_->path, sql);
  }
  return prepared;
}

absl::StatusOr<int64_t> SqliteConnection::QueryInteger(std::string_view sql) const {
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement statement, Prepare(sql));
  CUPEL_ASSIGN_OR_RETURN(const bool has_row, statement.Next());
  if (!has_row) {
    return DataLoss("{}: no row from: {}", handle_->path, sql);
  }
  return statement.Integer(0);
}

absl::Status SqliteConnection::AddFunction(const char* name, BlobFunction function) const {
  const auto call = [](sqlite3_context* context, int, sqlite3_value** arguments) {
    if (sqlite3_value_type(arguments[0]) == SQLITE_NULL) {
      sqlite3_result_null(context);
      return;
    }
    const auto* bytes = static_cast<const char*>(sqlite3_value_blob(arguments[0]));
    const auto size = static_cast<size_t>(sqlite3_value_bytes(arguments[0]));
    const auto apply = reinterpret_cast<BlobFunction>(sqlite3_user_data(context));
    const absl::StatusOr<std::string> result = apply(std::string_view(bytes, size), sqlite3_value_int64(arguments[1]));
    if (result.ok()) {
      sqlite3_result_text64(context, result->data(), result->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    } else {
      sqlite3_result_error(context, std::string(Message(result.status())).c_str(), -1);
    }
  };
  const int code = sqlite3_create_function_v2(handle_->db, name, 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, reinterpret_cast<void*>(function),
                                              call, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : StatusOf(handle_->db, handle_->path, code);
}

int64_t SqliteConnection::last_insert_rowid() const { return sqlite3_last_insert_rowid(handle_->db); }

const std::string& SqliteConnection::path() const { return handle_->path; }

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void SqliteStatement::Rewind() {
  sqlite3_reset(statement_.get());
  bind_error_ = SQLITE_OK;
}

void SqliteStatement::NoteBinding(int code) {
  if (bind_error_ == SQLITE_OK) {
    bind_error_ = code;
  }
}

void SqliteStatement::Bind(int parameter, int64_t value) { NoteBinding(sqlite3_bind_int64(statement_.get(), parameter, value)); }

void SqliteStatement::Bind(int parameter, double value) { NoteBinding(sqlite3_bind_double(statement_.get(), parameter, value)); }

// A null pointer would bind NULL: empty contents are given the address of an empty literal.
void SqliteStatement::Bind(int parameter, std::string_view text) {
  const char* data = text.empty() ? "" : text.data();
  NoteBinding(sqlite3_bind_text64(statement_.get(), parameter, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void SqliteStatement::Bind(int parameter, SqlBlob blob) {
  const char* data = blob.bytes.empty() ? "" : blob.bytes.data();
  NoteBinding(sqlite3_bind_blob64(statement_.get(), parameter, data, blob.bytes.size(), SQLITE_TRANSIENT));
}

void SqliteStatement::Bind(int parameter, std::nullptr_t) { NoteBinding(sqlite3_bind_null(statement_.get(), parameter)); }

absl::StatusOr<bool> SqliteStatement::Next() {
  Check(bind_error_ != SQLITE_RANGE, "a statement has a parameter for every value");
  if (bind_error_ != SQLITE_OK) {
    return ResourceExhausted("{}: a value is too large for SQLite ({})", handle_->path, sqlite3_errstr(bind_error_));
  }
  errno = 0;
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) {
    return true;
  }
  const absl::Status status = code == SQLITE_DONE ? absl::OkStatus() : StatusOf(handle_->db, handle_->path, code);
  sqlite3_reset(statement_.get());
  if (!status.ok()) {
    return status;
  }
  return false;
}

absl::Status SqliteStatement::Finish() {
  CUPEL_ASSIGN_OR_RETURN(const bool has_row, Next());
  Check(!has_row, "Run is for statements that give no rows");
  return absl::OkStatus();
}

int64_t SqliteStatement::Integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

double SqliteStatement::Real(int column) const { return sqlite3_column_double(statement_.get(), column); }

std::string SqliteStatement::Text(int column) const { return std::string(Blob(column)); }

std::string_view SqliteStatement::Blob(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(data), static_cast<size_t>(size));
}

bool SqliteStatement::IsNull(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

SqliteStatement::Type SqliteStatement::TypeOf(int column) const {
  switch (sqlite3_column_type(statement_.get(), column)) {
    case SQLITE_INTEGER:
      return Type::kInteger;
    case SQLITE_FLOAT:
      return Type::kReal;
    case SQLITE_TEXT:
      return Type::kText;
    case SQLITE_BLOB:
      return Type::kBlob;
    default:
      return Type::kNull;
  }
}

int SqliteStatement::num_columns() const { return sqlite3_column_count(statement_.get()); }

std::string SqliteStatement::ColumnName(int column) const { return sqlite3_column_name(statement_.get(), column); }

absl::Status SqliteStatement::RunWithRow(const SqliteStatement& row) {
  Rewind();
  for (int column = 0; column < row.num_columns(); ++column) {
    NoteBinding(sqlite3_bind_value(statement_.get(), column + 1, sqlite3_column_value(row.statement_.get(), column)));
  }
  return Finish();
}

absl::StatusOr<SqliteTransaction> SqliteTransaction::Begin(SqliteConnection& connection) {
  CUPEL_RETURN_IF_ERROR(connection.Execute("BEGIN IMMEDIATE"));
  return SqliteTransaction(&connection);
}

SqliteTransaction::~SqliteTransaction() {
  // Some failures (a full disk, no memory) end the transaction by themselves.
  if (connection_ != nullptr && sqlite3_get_autocommit(connection_->handle_->db) == 0) {
    connection_->Execute("ROLLBACK").IgnoreError();
  }
}

absl::Status SqliteTransaction::Commit() {
  CUPEL_RETURN_IF_ERROR(connection_->Execute("COMMIT"));
  connection_ = nullptr;
  return absl::OkStatus();
}

}  // namespace cupel
