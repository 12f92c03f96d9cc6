// Covers docs/rollout-log.md: every query in it runs, and every table and column is explained. Alone: build/release/tests/rollout_test
// "[docs]"

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/status.h"
#include "rollout/sqlite.h"
#include "tests/rollout/sample_log.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

std::string Document() { return ReadFile(std::string(CUPEL_SOURCE_DIR) + "/docs/rollout-log.md").value(); }

// The contents of the fenced blocks of one language.
std::vector<std::string> CodeBlocks(const std::string& document, const std::string& language) {
  const std::string opening = "\n```" + language + "\n";
  std::vector<std::string> blocks;
  for (size_t at = document.find(opening); at != std::string::npos; at = document.find(opening, at)) {
    at += opening.size();
    const size_t end = document.find("\n```", at);
    REQUIRE(end != std::string::npos);
    blocks.push_back(document.substr(at, end - at));
  }
  return blocks;
}

// A log with something in every table: answers of two steps, of which one was not judged.
void WriteLog(const std::string& path) {
  RolloutStore store = CreateSampleLog(path);
  for (int64_t step = 0; step < 20; ++step) {
    auto groups = SampleGroups(step, {.num_groups = 8});
    groups[0].rollouts[0].verdict.outcome = Outcome::kError;
    REQUIRE(store.AppendStep(step, groups).ok());
    REQUIRE(store.WriteMetrics(step, {{"reward", 0.1}, {"policy_loss", -0.5}, {"entropy", 0.3}, {"kl", 0.01}, {"step_time", 1.5}}).ok());
  }
  REQUIRE(store.WriteMetrics(3, {{"reward", 0.1}, {"policy_loss", -0.5}}, RolloutStore::Update{4, std::string(64, 'c')}).ok());
  REQUIRE(store.AppendCheckpoint({20, "checkpoints/step-000020", std::string(64, 'b')}).ok());
  REQUIRE(store
              .WriteEvaluation({0, "before", 10, 4, 0.2, 0.05,
                                Json::parse(R"([{"task": "t", "question": "q", "gold": "1", "answer": "2", "outcome": "incorrect"}])")})
              .ok());
  REQUIRE(store.AppendEvent(3, "skipped_update", "gradient is not finite").ok());
  // The same completions under another verifier: the first ten change sides.
  store = RolloutStore::Open(path, RolloutStore::Mode::kReadOnly).value();
  SqliteConnection connection = SqliteConnection::Open(path, SqliteConnection::Access::kReadWrite).value();
  const absl::Status status = connection.Execute(
      "INSERT INTO vocabulary VALUES (1, 300, x'20736f', 0);"
      "INSERT INTO rescores (run_id, label, settings, program_version) VALUES (1, 'strict', '{}', '0.1.0');"
      "INSERT INTO rescored SELECT 1, rollout_id, iif(rollout_id > 10, outcome, iif(outcome = 'correct', 'incorrect', 'correct')), "
      "extracted, "
      "reason, cost, verifier, 2, '[]', reward, advantage FROM rollouts JOIN verdicts USING (rollout_id)");
  INFO(Message(status));
  REQUIRE(status.ok());
}

TEST_CASE("every query in the document runs and finds something", "[docs]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  WriteLog(path);
  const SqliteConnection connection = SqliteConnection::Open(path, SqliteConnection::Access::kReadOnly).value();
  const std::vector<std::string> queries = CodeBlocks(Document(), "sql");
  CHECK(queries.size() >= 8);
  for (const std::string& query : queries) {
    INFO(query);
    absl::StatusOr<SqliteStatement> statement = connection.Prepare(query);
    INFO(Message(statement.status()));
    REQUIRE(statement.ok());
    CHECK(statement->Next().value());
  }
}

// The canned queries of the metadata for Datasette: the lines below "sql: |-" that are indented further. Parameters get values.
std::vector<std::string> CannedQueries() {
  std::istringstream lines(ReadFile(std::string(CUPEL_SOURCE_DIR) + "/docs/datasette-metadata.yml").value());
  std::vector<std::string> queries;
  size_t indent = 0;  // of the key, while its text lasts
  for (std::string line; std::getline(lines, line);) {
    const size_t begin = line.find_first_not_of(' ');
    if (indent > 0 && begin > indent) {
      queries.back() += line + "\n";
    } else {
      indent = line.ends_with("sql: |-") ? begin : 0;
      queries.resize(queries.size() + (indent > 0 ? 1 : 0));
    }
  }
  const std::map<std::string, std::string> values = {{":words", "'answer'"}, {":step", "3"},    {":from_1", "0"},
                                                     {":to_1", "9"},         {":from_2", "10"}, {":to_2", "19"}};
  for (std::string& query : queries) {
    for (const auto& [name, value] : values) {
      for (size_t at = query.find(name); at != std::string::npos; at = query.find(name, at)) {
        query.replace(at, name.size(), value);
      }
    }
  }
  return queries;
}

TEST_CASE("every canned query for Datasette runs and finds something", "[docs]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  WriteLog(path);
  const SqliteConnection connection = SqliteConnection::Open(path, SqliteConnection::Access::kReadOnly).value();
  const std::vector<std::string> queries = CannedQueries();
  CHECK(queries.size() >= 8);
  for (const std::string& query : queries) {
    INFO(query);
    absl::StatusOr<SqliteStatement> statement = connection.Prepare(query);
    INFO(Message(statement.status()));
    REQUIRE(statement.ok());
    CHECK(statement->Next().value());
  }
}

TEST_CASE("the document has a section for every table and view, and a word on every column", "[docs]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  WriteLog(path);
  const SqliteConnection connection = SqliteConnection::Open(path, SqliteConnection::Access::kReadOnly).value();
  const std::string document = Document();
  SqliteStatement column = connection
                               .Prepare(
                                   "SELECT m.name, c.name FROM pragma_table_list m, pragma_table_xinfo(m.name) c"
                                   " WHERE m.schema = 'main' AND m.type <> 'shadow' AND m.name NOT LIKE 'sqlite_%' AND c.hidden <> 1")
                               .value();
  int num_columns = 0;
  while (column.Next().value()) {
    ++num_columns;
    const std::string table = column.Text(0);
    INFO(table << "." << column.Text(1));
    const size_t begin = document.find("\n### " + table + "\n");
    REQUIRE(begin != std::string::npos);
    const std::string section = document.substr(begin, document.find("\n##", begin + 4) - begin);
    CHECK(section.find("`" + column.Text(1) + "`") != std::string::npos);
  }
  CHECK(num_columns > 60);
}

}  // namespace
}  // namespace cupel
