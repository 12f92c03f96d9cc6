// Covers rollout/log_migration.h: logs of every released schema are read as they are and brought up to the present one. Alone:
// build/release/tests/rollout_test "[migration]"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "base/status.h"
#include "rollout/rollout_store.h"
#include "tests/rollout/sample_log.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Mode = RolloutStore::Mode;

// A log as the program of that schema wrote it (tests/golden/make_log.py).
void WriteReleasedLog(const std::string& path, int schema) {
  const std::string sql = ReadFile(fmt::format("{}/tests/golden/log/schema{}.sql", CUPEL_SOURCE_DIR, schema)).value();
  SqliteConnection connection = SqliteConnection::Open(path, SqliteConnection::Access::kCreate).value();
  const absl::Status status = connection.Execute(sql);
  INFO(Message(status));
  REQUIRE(status.ok());
}

// Table or view to its columns, in order.
std::map<std::string, std::vector<std::string>> Columns(const std::string& path) {
  const SqliteConnection connection = SqliteConnection::Open(path, SqliteConnection::Access::kReadOnly).value();
  std::map<std::string, std::vector<std::string>> columns;
  SqliteStatement row = connection
                            .Prepare(
                                "SELECT m.name, c.name, c.type, c.\"notnull\", c.pk, c.hidden FROM sqlite_schema m, "
                                "pragma_table_xinfo(m.name) c WHERE m.type IN ('table', 'view') ORDER BY m.name, c.cid")
                            .value();
  while (row.Next().value()) {
    columns[row.Text(0)].push_back(fmt::format("{} {} {} {} {}", row.Text(1), row.Text(2), row.Integer(3), row.Integer(4), row.Integer(5)));
  }
  return columns;
}

std::set<std::string> Names(const std::string& path, const std::string& type) {
  const SqliteConnection connection = SqliteConnection::Open(path, SqliteConnection::Access::kReadOnly).value();
  std::set<std::string> names;
  SqliteStatement row = connection.Prepare("SELECT name FROM sqlite_schema WHERE type = ?1").value();
  row.Query(std::string_view(type));
  while (row.Next().value()) {
    names.insert(row.Text(0));
  }
  return names;
}

int64_t Count(const RolloutStore& store, std::string_view query) { return store.connection().QueryInteger(query).value(); }

// What the released log of schema 1 is known to hold.
void CheckContents(const RolloutStore& store) {
  CHECK(store.StepNumbers().value() == std::vector<int64_t>{0, 1, 2, 3});
  CHECK(Count(store, "SELECT count(*) FROM samples") == 32);
  CHECK(Count(store, "SELECT count(*) FROM step_summary WHERE reward IS NOT NULL AND policy_loss IS NOT NULL") == 4);
  CHECK(Count(store, "SELECT count(*) FROM verdict_changes") == 0);
  const RolloutStore::RunInfo run = store.ReadRun().value();
  CHECK(run.build == "GNU 12.2.0, Release");
  CHECK(run.kernels == "avx512bf16");
  CHECK(run.git_revision.empty());
  CHECK(run.ended_at.empty());
  CHECK(run.recipe["model"]["path"] == "tiny");
  CHECK_FALSE(store.ReadUpdate(0).value().has_value());
  CHECK_FALSE(store.IsPruned(0).value());
  for (const int64_t step : {0, 1, 2, 3}) {
    const std::vector<RolloutGroup> groups = store.ReadStep(step).value();
    REQUIRE(groups.size() == 2);
    CHECK(groups[1].rollouts.size() == 4);
    CHECK(groups[1].rollouts[3].completion.logprobs.size() == groups[1].rollouts[3].completion.tokens.size());
    CHECK(groups[1].rollouts[3].sample_seconds == -1);
  }
}

TEST_CASE("a log of schema 1 is read as it is and stays unchanged", "[migration]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  WriteReleasedLog(path, 1);
  const std::string before = ReadFile(path).value();
  CheckContents(RolloutStore::Open(path, Mode::kReadOnly).value());
  CHECK(ReadFile(path).value() == before);
}

TEST_CASE("a log of schema 1 becomes one of the present schema, with every bit of its contents", "[migration]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  WriteReleasedLog(path, 1);
  std::vector<std::vector<RolloutGroup>> before;
  {
    const RolloutStore old = RolloutStore::Open(path, Mode::kReadOnly).value();
    const std::vector<int64_t> steps = old.StepNumbers().value();
    for (const int64_t step : steps) {
      before.push_back(old.ReadStep(step).value());
    }
  }
  {
    absl::StatusOr<RolloutStore> store = RolloutStore::Open(path, Mode::kReadWrite);
    INFO(Message(store.status()));
    REQUIRE(store.ok());
    CheckContents(*store);
    for (size_t step = 0; step < before.size(); ++step) {
      CHECK(FirstDifference(store->ReadStep(static_cast<int64_t>(step)).value(), before[step]) == "");
    }
    REQUIRE(store->AppendStep(4, SampleGroups(4)).ok());
    CHECK(Count(*store, "SELECT count(*) FROM completions WHERE completions MATCH 'answer'") == 12);
  }
  CHECK(IntegrityProblems(path).empty());
  CheckContents([&] {
    SqliteConnection connection = SqliteConnection::Open(path, SqliteConnection::Access::kReadWrite).value();
    REQUIRE(connection
                .Execute("DELETE FROM reward_terms WHERE rollout_id > 32; DELETE FROM verdicts WHERE rollout_id > 32;"
                         "DELETE FROM rollouts WHERE rollout_id > 32; DELETE FROM groups WHERE step = 4; DELETE FROM steps WHERE step = 4")
                .ok());
    return RolloutStore::Open(path, Mode::kReadOnly).value();
  }());

  const std::string fresh = folder.File("fresh.db");
  CreateSampleLog(fresh);
  CHECK(Columns(path) == Columns(fresh));
  CHECK(Names(path, "index") == Names(fresh, "index"));
  CHECK(Names(path, "view") == Names(fresh, "view"));
}

TEST_CASE("a migration that fails leaves the log as it was", "[migration]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  WriteReleasedLog(path, 1);
  {
    SqliteConnection connection = SqliteConnection::Open(path, SqliteConnection::Access::kReadWrite).value();
    REQUIRE(connection.Execute("CREATE TABLE rescored (mine)").ok());  // in the way of a table of schema 2
  }
  const auto columns = Columns(path);
  const absl::Status status = RolloutStore::Open(path, Mode::kReadWrite).status();
  CHECK_FALSE(status.ok());
  CHECK(Message(status).find("schema 1 to 2") != std::string_view::npos);
  CHECK(Columns(path) == columns);
  CHECK(IntegrityProblems(path).empty());
}

}  // namespace
}  // namespace cupel
