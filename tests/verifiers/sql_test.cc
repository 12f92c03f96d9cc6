// Queries that nobody trusts: what they may do, what they may cost, and that results are compared by value. Run alone:
// build/release/tests/verifiers_test "[sql]"

#include <string>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "verifiers/sql/database.h"

namespace cupel::sql {
namespace {

using Catch::Contains;

constexpr std::string_view kSetup =
    "CREATE TABLE t (name TEXT, size INT); INSERT INTO t VALUES ('a', 1), ('b', 2), ('c', 3); CREATE VIEW v AS SELECT name FROM t;";

QueryResult Run(std::string_view query, const Limits& limits = {}) { return Database::Create(kSetup, 1'000'000)->Query(query, limits); }

std::string Value(std::string_view query) {
  const QueryResult result = Run(query);
  CAPTURE(query, result.problem);
  REQUIRE(result.problem.empty());
  REQUIRE(result.rows.size() == 1);
  REQUIRE(result.rows[0].size() == 1);
  return result.rows[0][0];
}

std::string Repeat(std::string_view part, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += part;
  }
  return text;
}

TEST_CASE("queries give rows", "[sql]") {
  const QueryResult result = Run("SELECT name, size FROM t WHERE size > 1 ORDER BY size DESC");
  CHECK(result.problem.empty());
  CHECK(result.reads_table);
  CHECK(result.num_columns == 2);
  CHECK(result.rows == std::vector<Row>{{"'c", "3"}, {"'b", "2"}});
  CHECK(Run("SELECT name FROM v").rows.size() == 3);
  CHECK_FALSE(Run("WITH t2 AS (SELECT 1) SELECT count(*) FROM t2").reads_table);
  CHECK(Run("SELECT name FROM t", {.max_rows = 2}).is_beyond_rows);
}

TEST_CASE("cells are equal when values are", "[sql]") {
  CHECK(Value("SELECT 1") == Value("SELECT 1.0"));
  CHECK(Value("SELECT 0.1 + 0.2") == Value("SELECT 0.3"));
  CHECK(Value("SELECT '1'") != Value("SELECT 1"));
  CHECK(Value("SELECT x'41'") != Value("SELECT 'A'"));
  CHECK(Value("SELECT NULL") != Value("SELECT 'NULL'"));
  CHECK(Value("SELECT 9007199254740993") != Value("SELECT 9007199254740992"));
}

TEST_CASE("functions that were replaced do what SQLite's do", "[sql]") {
  CHECK(Value("SELECT 'Straße' LIKE 'stra_e'") == "1");
  CHECK(Value("SELECT 'abcbd' LIKE '%b%d'") == "1");
  CHECK(Value("SELECT 'abc' LIKE 'a%c%d'") == "0");
  CHECK(Value("SELECT '' LIKE '%'") == "1");
  CHECK(Value("SELECT 'a' LIKE ''") == "0");
  CHECK(Value("SELECT '10%' LIKE '10!%' ESCAPE '!'") == "1");
  CHECK(Value("SELECT '100' LIKE '10!%' ESCAPE '!'") == "0");
  CHECK(Value("SELECT '\xC3\x89' LIKE '\xC3\xA9'") == "0");
  CHECK(Value("SELECT NULL LIKE 'a'") == "NULL");
  CHECK(Value("SELECT 12 LIKE '1_'") == "1");
  CHECK(Value("SELECT instr('\xC3\xA9t\xC3\xA9', 't')") == "2");
  CHECK(Value("SELECT instr(x'C3A974', x'74')") == "3");
  CHECK(Value("SELECT instr('abc', '')") == "1");
  CHECK(Value("SELECT instr('abc', 'z')") == "0");
  CHECK(Value("SELECT replace('banana', 'an', 'x')") == "'bxxa");
  CHECK(Value("SELECT replace('banana', '', 'x')") == "'banana");
  CHECK(Value("SELECT replace(1231, 1, 9)") == "'9239");
  CHECK(Value("SELECT trim('xxaxx', 'x')") == "'a");
  CHECK(Value("SELECT ltrim('xyaxy', 'yx') || rtrim('xyaxy', 'yx')") == "'axyxya");
  CHECK(Value("SELECT trim('\xC3\xA9"
              "a\xC3\xA9', '\xC3\xA9')") == "'a");
  CHECK(Value("SELECT trim('  a ')") == "'a");
}

TEST_CASE("the clock stands still and local time is refused", "[sql]") {
  CHECK(Value("SELECT datetime('now')") == "'2024-01-01 12:00:00");
  CHECK(Value("SELECT CURRENT_DATE") == "'2024-01-01");
  CHECK(Value("SELECT date('2024-02-28', '+2 days')") == "'2024-03-01");
  CHECK_THAT(Run("SELECT datetime('now', 'localtime')").problem, Contains("local time"));
}

TEST_CASE("only one SELECT over the database's own tables is run", "[sql]") {
  for (const std::string query : {"DROP TABLE t",
                                  "CREATE TABLE u (a)",
                                  "CREATE TEMP TABLE u AS SELECT 1",
                                  "DELETE FROM t",
                                  "UPDATE t SET size = 0",
                                  "INSERT INTO t SELECT * FROM t",
                                  "REPLACE INTO t VALUES (1, 2)",
                                  "ATTACH ':memory:' AS x",
                                  "ATTACH '/etc/passwd' AS x",
                                  "DETACH main",
                                  "PRAGMA user_version",
                                  "PRAGMA cache_size = 1000000",
                                  "VACUUM",
                                  "VACUUM INTO '/tmp/x'",
                                  "BEGIN",
                                  "COMMIT",
                                  "SAVEPOINT s",
                                  "REINDEX",
                                  "ANALYZE",
                                  "EXPLAIN SELECT 1",
                                  "EXPLAIN QUERY PLAN SELECT 1",
                                  "CREATE VIRTUAL TABLE x USING fts5(a)",
                                  "SELECT 1; SELECT 2",
                                  "",
                                  ";",
                                  "-- nothing",
                                  "SELECT * FROM sqlite_master",
                                  "SELECT count(*) FROM sqlite_master",
                                  "SELECT * FROM sqlite_schema",
                                  "SELECT * FROM sqlite_temp_schema",
                                  "SELECT * FROM pragma_database_list",
                                  "SELECT count(*) FROM pragma_function_list",
                                  "SELECT * FROM json_each('[1]')",
                                  "SELECT * FROM dbstat",
                                  "SELECT * FROM sqlite_stmt",
                                  "SELECT load_extension('x')",
                                  "SELECT random()",
                                  "SELECT randomblob(4)",
                                  "SELECT zeroblob(4)",
                                  "SELECT sqlite_version()",
                                  "SELECT changes()",
                                  "SELECT last_insert_rowid()",
                                  "SELECT readfile('/etc/passwd')",
                                  "SELECT writefile('/tmp/x', 'y')",
                                  "SELECT 'a' GLOB 'a'",
                                  "SELECT 'a' REGEXP 'a'",
                                  "SELECT 'a' MATCH 'a'",
                                  "SELECT json('{}')",
                                  "SELECT fts3_tokenizer('simple')",
                                  "SELECT ?",
                                  "SELECT :a",
                                  "SELECT * FROM nobody",
                                  "SELEC 1",
                                  "SELECT 1 FROM"}) {
    const QueryResult result = Run(query);
    CAPTURE(query);
    CHECK_FALSE(result.problem.empty());
    CHECK(result.rows.empty());
  }
  CHECK_FALSE(Run(std::string("SELECT 1\0; DROP TABLE t", 23)).problem.empty());
}

TEST_CASE("a query that never ends is ended by the count of its steps", "[sql]") {
  const std::string endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) ";
  for (const std::string& query :
       {endless + "SELECT count(*) FROM n", endless + "SELECT i FROM n WHERE i < 0", endless + "SELECT max(i) FROM n, t",
        std::string("SELECT count(*) FROM t a, t b, t c, t d, t e, t f, t g, t h, t i, t j, t k, t l, t m, t n, t o"),
        endless + "SELECT sum(instr(printf('%.60000c', 'a'), printf('%.30000c', 'a') || 'b')) FROM n",
        endless + "SELECT sum(printf('%.60000c', 'a') LIKE '%a%a%a%a%b') FROM n",
        endless + "SELECT sum(length(replace(printf('%.60000c', 'a'), printf('%.30000c', 'a') || 'b', ''))) FROM n",
        endless + "SELECT sum(length(trim(printf('%.60000c', 'a'), printf('%.60000c', 'b') || 'a'))) FROM n"}) {
    const QueryResult first = Run(query, {.max_steps = 200'000});
    CAPTURE(query, first.problem);
    CHECK_THAT(first.problem, Contains("more work"));
    CHECK(first.steps >= 200'000);
    CHECK(Run(query, {.max_steps = 200'000}).steps == first.steps);
  }
}

TEST_CASE("memory is bounded", "[sql]") {
  const std::string many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) ";
  for (const std::string& query :
       {many + "SELECT DISTINCT i || printf('%.10000c', 'a') FROM n", many + "SELECT i FROM n ORDER BY i || printf('%.10000c', 'a')",
        many + "SELECT count(*) FROM n GROUP BY i || printf('%.10000c', 'a')",
        many + ", m AS MATERIALIZED (SELECT i || printf('%.10000c', 'a') x FROM n) SELECT count(*) FROM m a, m b"}) {
    CAPTURE(query);
    CHECK_THAT(Run(query, {.max_steps = 50'000'000}).problem, Contains("more memory"));
  }
  CHECK(Value("SELECT printf('%.1000000c', 'a')") == "NULL");
  CHECK_FALSE(Run(many + "SELECT group_concat(printf('%.10000c', 'a')) FROM n", {.max_steps = 50'000'000}).problem.empty());
  CHECK_THAT(Run(many + "SELECT printf('%.60000c', 'a') FROM n", {.max_steps = 50'000'000, .max_rows = 1000}).problem, Contains("bytes"));
}

TEST_CASE("a query cannot make its parsing endless", "[sql]") {
  std::string doubling = "WITH a0 AS (SELECT 1)";
  for (int i = 1; i <= 40; ++i) {
    doubling += ", a" + std::to_string(i) + " AS (SELECT 1 FROM a" + std::to_string(i - 1) + " x, a" + std::to_string(i - 1) + " y)";
  }
  CHECK_THAT(Run(doubling + " SELECT 1 FROM a40").problem, Contains("WITH refer"));
  CHECK(ExpansionsOfWith(doubling) > 1e9);
  CHECK(ExpansionsOfWith("WITH a AS (SELECT 1), b(x, y) AS MATERIALIZED (SELECT * FROM a, a) SELECT * FROM b, \"a\"") == 10);
  CHECK(ExpansionsOfWith("SELECT 'a AS (b)' FROM t AS x") == 0);
  for (const std::string& query :
       {"SELECT " + Repeat("(", 5000) + "1" + Repeat(")", 5000), "SELECT " + Repeat("-", 10000) + "1",
        "SELECT " + Repeat("NOT ", 3000) + "1", "SELECT " + Repeat("1+", 5000) + "1", "SELECT 1" + Repeat(" UNION SELECT 1", 1000),
        "SELECT 1 FROM t" + Repeat(", t", 5000), "SELECT " + Repeat("(SELECT ", 1500) + "1" + Repeat(")", 1500), Repeat("a", 10000),
        Repeat("(", 10000), "SELECT '" + Repeat("a", 20000) + "'", "/*" + Repeat("*", 10000), "SELECT " + Repeat("CASE WHEN 1 THEN ", 900),
        "SELECT 1 WHERE " + Repeat("1 OR ", 3000) + "1", std::string("SELECT \"\xFF\xFE")}) {
    CAPTURE(query.substr(0, 60));
    CHECK_FALSE(Run(query).problem.empty());
  }
}

TEST_CASE("an order outside parentheses is one that matters", "[sql]") {
  CHECK(IsOrdered("SELECT a FROM t ORDER BY a"));
  CHECK(IsOrdered("select a from t\norder\tby a limit 3"));
  CHECK(IsOrdered("SELECT a FROM (SELECT a FROM t) x ORDER /* and */ BY a"));
  CHECK_FALSE(IsOrdered("SELECT a FROM (SELECT a FROM t ORDER BY a)"));
  CHECK_FALSE(IsOrdered("SELECT 'ORDER BY' FROM t"));
  CHECK_FALSE(IsOrdered("SELECT rank() OVER (ORDER BY a) FROM t -- ORDER BY a"));
  CHECK_FALSE(IsOrdered("SELECT \"order\" AS by FROM t"));
}

TEST_CASE("the author's statements build tables and nothing else", "[sql]") {
  const auto error = [](std::string_view setup) { return std::string(Message(Database::Create(setup, 100'000).status())); };
  CHECK(
      Database::Create("PRAGMA foreign_keys=OFF; BEGIN TRANSACTION; CREATE TABLE a (x); INSERT INTO a VALUES (1); COMMIT;", 100'000).ok());
  CHECK_THAT(error("CREATE TABLE"), Contains("fail") && Contains("incomplete input"));
  CHECK_THAT(error("ATTACH '/tmp/x' AS y"), Contains("not authorized"));
  CHECK_THAT(error("CREATE TABLE a (x); INSERT INTO a WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"),
             Contains("too much work"));
}

}  // namespace
}  // namespace cupel::sql
