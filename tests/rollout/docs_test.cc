// Covers docs/rollout-log.md: every query in it runs, and every table and column is explained. Alone: build/release/tests/rollout_test
// "[docs]"

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
  REQUIRE(store.AppendCheckpoint({20, "checkpoints/step-000020", std::string(64, 'b')}).ok());
  REQUIRE(store
              .WriteEvaluation({0, "before", 10, 4, 0.2, 0.05,
                                Json::parse(R"([{"task": "t", "question": "q", "gold": "1", "answer": "2", "outcome": "incorrect"}])")})
              .ok());
  REQUIRE(store.AppendEvent(3, "skipped_update", "gradient is not finite").ok());
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

TEST_CASE("the document has a section for every table and view, and a word on every column", "[docs]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  WriteLog(path);
  const SqliteConnection connection = SqliteConnection::Open(path, SqliteConnection::Access::kReadOnly).value();
  const std::string document = Document();
  SqliteStatement column =
      connection.Prepare("SELECT m.name, c.name FROM sqlite_schema m, pragma_table_xinfo(m.name) c WHERE m.type IN ('table', 'view')")
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
