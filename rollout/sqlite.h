#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

struct sqlite3;
struct sqlite3_stmt;

// A thin layer over SQLite's C interface: handles that close themselves, values bound and read by type, and failures as absl::Status that
// name the file, what was being done and what to do about it. Not thread-safe: one thread at a time per connection.
//
// A program must never open a database file by other means while a connection to it is open: closing any other descriptor of the file drops
// SQLite's locks (https://www.sqlite.org/howtocorrupt.html, section 2.2). Nothing here does.

namespace cupel {

// Bytes to be stored as a BLOB, where std::string_view means TEXT.
struct SqlBlob {
  std::string_view bytes;
};

class SqliteStatement;

class SqliteConnection {
 public:
  enum class Access {
    kCreate,     // as kReadWrite, and makes the file when it is missing
    kReadWrite,  // waits up to 5 s for another writer
    kReadOnly,   // never writes, never checkpoints the write-ahead log
    kImmutable,  // as kReadOnly for a file that nobody can change: takes no locks and makes no files beside it
  };
  // NotFound when the file is missing (but for kCreate). SQLite reads the file at the first statement, so a file of another kind is found
  // out there (DataLoss).
  static absl::StatusOr<SqliteConnection> Open(const std::string& path, Access access);

  // Runs statements without parameters, separated by semicolons; rows they give are dropped.
  absl::Status Execute(const std::string& sql);
  // `sql` is one statement; its parameters are ?1, ?2, …. InvalidArgument when it is none, or several.
  absl::StatusOr<SqliteStatement> Prepare(std::string_view sql) const;
  // The first column of the first row of a query; DataLoss when it has no row.
  absl::StatusOr<int64_t> QueryInteger(std::string_view sql) const;

  // Makes `function` callable from this connection's statements as name(blob, count); what it refuses is an error of the statement.
  using BlobFunction = absl::StatusOr<std::string> (*)(std::string_view blob, int64_t count);
  absl::Status AddFunction(const char* name, BlobFunction function) const;

  int64_t last_insert_rowid() const;
  const std::string& path() const;

 private:
  friend class SqliteStatement;
  friend class SqliteTransaction;
  struct Handle {
    std::string path;
    sqlite3* db = nullptr;
    Handle(std::string file, sqlite3* connection) : path(std::move(file)), db(connection) {}
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle();
  };
  explicit SqliteConnection(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
  std::unique_ptr<Handle> handle_;  // at a fixed address, which statements refer to
};

// A prepared statement, reusable. Must be destroyed before its connection.
class SqliteStatement {
 public:
  // Binds the values to ?1, ?2, … and runs a statement that gives no rows.
  template <class... Values>
  absl::Status Run(const Values&... values) {
    BindAll(values...);
    return Finish();
  }
  // Binds the values; Next() then gives the rows. std::string_view binds TEXT, SqlBlob BLOB, nullptr NULL; contents are copied.
  template <class... Values>
  void Query(const Values&... values) {
    BindAll(values...);
  }
  // Binds the columns of `row` to ?1, ?2, … with their types and bits, and runs a statement that gives no rows.
  absl::Status RunWithRow(const SqliteStatement& row);
  // Moves to the next row; false after the last one.
  absl::StatusOr<bool> Next();

  // Columns of the current row, from 0. A value of another type is converted as SQLite does.
  int64_t Integer(int column) const;
  double Real(int column) const;
  std::string Text(int column) const;       // NUL bytes included
  std::string_view Blob(int column) const;  // valid until Next or the next binding
  bool IsNull(int column) const;
  enum class Type { kInteger, kReal, kText, kBlob, kNull };
  Type TypeOf(int column) const;
  int num_columns() const;
  std::string ColumnName(int column) const;

 private:
  friend class SqliteConnection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  SqliteStatement(const SqliteConnection::Handle* handle, sqlite3_stmt* statement) : handle_(handle), statement_(statement) {}

  template <class... Values>
  void BindAll(const Values&... values) {
    Rewind();
    [[maybe_unused]] int parameter = 0;
    (Bind(++parameter, values), ...);
  }
  void Rewind();
  void Bind(int parameter, int64_t value);
  void Bind(int parameter, int value) { Bind(parameter, int64_t{value}); }
  void Bind(int parameter, double value);
  void Bind(int parameter, std::string_view text);
  void Bind(int parameter, SqlBlob blob);
  void Bind(int parameter, std::nullptr_t);
  void NoteBinding(int code);
  absl::Status Finish();

  const SqliteConnection::Handle* handle_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_error_ = 0;  // the first failed binding, reported when the statement runs
};

// BEGIN IMMEDIATE: the write lock is taken at once, where waiting for another writer works (an upgrade of a read transaction never waits).
// Rolled back when destroyed before Commit succeeded.
class SqliteTransaction {
 public:
  static absl::StatusOr<SqliteTransaction> Begin(SqliteConnection& connection);
  SqliteTransaction(SqliteTransaction&& other) noexcept : connection_(other.connection_) { other.connection_ = nullptr; }
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction();
  absl::Status Commit();  // on disk when it returns OK, as far as `PRAGMA synchronous` asks for

 private:
  explicit SqliteTransaction(SqliteConnection* connection) : connection_(connection) {}
  SqliteConnection* connection_;  // null when there is nothing to roll back
};

}  // namespace cupel
