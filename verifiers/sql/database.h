#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

struct sqlite3;

// A database in memory, on which a query that nobody trusts is run. What keeps it harmless:
//
//   statements   one SELECT (or WITH, VALUES) and no more; an authorizer refuses everything but reading tables of the database and calling
//                functions of a list: no ATTACH, PRAGMA, writing, load_extension, random(), virtual tables, tables of SQLite's own
//   files        none can be opened: the connection's file system has none. What does not fit the caches ends the query
//   work         counted in steps of SQLite's virtual machine and, for functions whose work grows faster than their arguments (LIKE, instr,
//                replace, trim), in comparisons; never by a clock
//   parsing      a WITH that refers to itself several times over is refused where it would be expanded more than kMaxExpansions times
//   memory       values of at most 64 KiB, caches of a fixed size, results bounded in rows and bytes
//   time         'now' is noon of 2024-01-01 (UTC), and there is no local time: the same verdict tomorrow and elsewhere

namespace cupel::sql {

struct Limits {
  int64_t max_steps = 2'000'000;  // one query
  int64_t max_rows = 10'000;      // of a result
  int64_t max_bytes = int64_t{4} << 20;
};

// Cells are text that is equal exactly when the values are: NULL, whole and other numbers by value (12 digits of fractions), texts and
// blobs with their kind: "12", "0.5", "'Rome", "x0a".
using Row = std::vector<std::string>;

struct QueryResult {
  std::string problem;  // why there is no result, for a person; empty when there is one
  std::vector<Row> rows;
  int64_t num_columns = 0;
  int64_t steps = 0;
  bool reads_table = false;     // whether any table of the database is read
  bool is_beyond_rows = false;  // more rows than were asked for; `rows` has the first
};

class Database {
 public:
  // Runs the author's statements, which build the tables. They may do what a script of CREATE and INSERT does, in at most `max_steps`; they
  // cannot reach a file either. InvalidArgument says what is wrong with them.
  static absl::StatusOr<Database> Create(std::string_view setup, int64_t max_steps);
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  QueryResult Query(std::string_view query, const Limits& limits);

 private:
  struct Guard;
  explicit Database(std::unique_ptr<Guard> guard);
  std::unique_ptr<Guard> guard_;  // owns the connection; its address is known to SQLite
};

// Whether the rows of a query have an order that matters: it has an ORDER BY outside all parentheses.
bool IsOrdered(std::string_view query);

// Upper bound of how many times the bodies of WITH are put in place of their names when a query is parsed.
double ExpansionsOfWith(std::string_view query);
inline constexpr double kMaxExpansions = 1000;

}  // namespace cupel::sql
