// Covers experiments/show: queries, search and comparisons. Alone: build/release/tests/experiments_offline_test "[show]"

#include <string>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "experiments/open_run.h"
#include "experiments/show/diff.h"
#include "experiments/show/query.h"
#include "experiments/show/show_run.h"
#include "tests/rollout/sample_log.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

std::string WriteLog(const std::string& path) {
  RolloutStore store = CreateSampleLog(path);
  for (int64_t step = 0; step < 4; ++step) {
    REQUIRE(store.AppendStep(step, SampleGroups(step)).ok());
    REQUIRE(store.WriteMetrics(step, {{"reward", 0.5}, {"policy_loss", 0.1 * static_cast<double>(step)}}).ok());
  }
  return path;
}

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

TEST_CASE("a query shows its rows as a table and as JSON", "[show]") {
  const TempDir folder;
  const RolloutStore store = OpenRunForReading(WriteLog(folder.File("run.db"))).value();
  const std::string table = QueryTable(store, "SELECT step, 'a' AS name, 0.1 + 0.2 AS sum, NULL AS none FROM steps WHERE step < 2").value();
  CHECK(table == "step  name  sum  none\n   0  a     0.3\n   1  a     0.3\n(2 rows)\n");
  const Json json =
      ParseJson(QueryJson(store, "SELECT step, 0.1 + 0.2 AS sum, x'00ff' AS bytes, NULL AS none FROM steps LIMIT 1;").value(), "rows")
          .value();
  CHECK(json == Json::parse(R"([{"step": 0, "sum": 0.30000000000000004, "bytes": {"bytes": 2, "hex": "00ff"}, "none": null}])"));
  CHECK(QueryJson(store, "SELECT 1 WHERE 0").value() == "[\n]\n");
}

TEST_CASE("token ids and log-probabilities can be asked for", "[show]") {
  const TempDir folder;
  const RolloutStore store = OpenRunForReading(WriteLog(folder.File("run.db"))).value();
  const Json rows =
      ParseJson(
          QueryJson(store,
                    "SELECT token_ids(tokens, num_tokens) AS ids, logprobs(logprobs, num_tokens) AS values_, token_ids(NULL, 1) AS none "
                    "FROM rollouts WHERE rollout_id = 1")
              .value(),
          "rows")
          .value();
  const Completion completion = store.ReadStep(0).value()[0].rollouts[0].completion;
  CHECK(ParseJson(rows[0]["ids"].get<std::string>(), "ids").value() == Json(completion.tokens));
  const Json values = ParseJson(rows[0]["values_"].get<std::string>(), "values").value();
  REQUIRE(values.size() == completion.logprobs.size());
  CHECK(static_cast<float>(values[0].get<double>()) == completion.logprobs[0]);
  CHECK(rows[0]["none"].is_null());
  CHECK(Contains(Message(QueryTable(store, "SELECT token_ids(x'09', 3)").status()), "--sql"));
}

TEST_CASE("a wrong query is answered in SQLite's words and changes nothing", "[show]") {
  const TempDir folder;
  const RolloutStore store = OpenRunForReading(WriteLog(folder.File("run.db"))).value();
  for (const auto& [sql, mention] :
       std::vector<std::pair<std::string, std::string>>{{"SELECT nowhere FROM rollouts", "no such column: nowhere"},
                                                        {"SELEC 1", "syntax error"},
                                                        {"", "one SQL statement"},
                                                        {"-- only a comment", "one SQL statement"},
                                                        {"SELECT 1; SELECT 2", "one SQL statement"},
                                                        {"DELETE FROM rollouts", "readonly"},
                                                        {"UPDATE runs SET host = ''", "readonly"}}) {
    INFO(sql);
    const absl::Status status = QueryTable(store, sql).status();
    INFO(Message(status));
    CHECK(absl::IsInvalidArgument(status));
    CHECK(Contains(Message(status), mention));
  }
  CHECK(store.connection().QueryInteger("SELECT count(*) FROM rollouts").value() == 48);
}

TEST_CASE("words are searched for as they are", "[show]") {
  const TempDir folder;
  const RolloutStore store = OpenRunForReading(WriteLog(folder.File("run.db"))).value();
  CHECK(Contains(QueryTable(store, SearchSql(store, "think answer").value()).value(), "(48 rows)"));
  CHECK(Contains(QueryTable(store, SearchSql(store, "elephant").value()).value(), "(0 rows)"));
  for (const char* words : {"\"", "NOT", "a'b", "x)(", "*", "col:umn"}) {
    INFO(words);
    CHECK(QueryTable(store, SearchSql(store, words).value()).ok());
  }
  CHECK_FALSE(SearchSql(store, "  ").ok());
}

TEST_CASE("two runs and two steps are compared", "[show]") {
  const TempDir folder;
  const RolloutStore a = OpenRunForReading(WriteLog(folder.File("a.db"))).value();
  const RolloutStore b = OpenRunForReading(WriteLog(folder.File("b.db"))).value();
  const Json same = DiffRuns(a, b).value();
  CHECK(same["settings"].empty());
  CHECK(same["parts"][0]["rows"][0]["a"] == same["parts"][0]["rows"][0]["b"]);
  const Json steps = DiffSteps(a, 0, b, 3).value();
  CHECK(steps["parts"][0]["rows"][1] == Json({{"name", "policy_loss"}, {"a", 0.0}, {"b", 0.1 * 3}}));
  CHECK(Contains(DiffText(steps), "+0.3"));
  CHECK(Contains(Message(DiffSteps(a, 0, b, 9).status()), "step 10 is not stored; steps 1 to 4 are"));
}

TEST_CASE("a run of a merged log is named by its number", "[show]") {
  const TempDir folder;
  WriteLog(folder.File("a.db"));
  CHECK(OpenRunForReading(folder.File("a.db") + ":1").ok());
  CHECK(Contains(Message(OpenRunForReading(folder.File("a.db") + ":3").status()), "has runs 1 to 1, not 3"));
}

}  // namespace
}  // namespace cupel
