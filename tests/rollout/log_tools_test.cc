// Covers rollout/log_maintenance.h and rollout/rollout_jsonl.h: merging, checking, pruning, compacting, exporting and importing logs.
// Alone: build/release/tests/rollout_test "[tools]"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "base/status.h"
#include "rollout/blob.h"
#include "rollout/log_maintenance.h"
#include "rollout/rollout_jsonl.h"
#include "tests/rollout/sample_log.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Mode = RolloutStore::Mode;

void WriteLog(const std::string& path, int64_t num_steps, int64_t first_step = 0) {
  RolloutStore store = CreateSampleLog(path);
  for (int64_t step = first_step; step < first_step + num_steps; ++step) {
    REQUIRE(store.AppendStep(step, SampleGroups(step)).ok());
    REQUIRE(store.WriteMetrics(step, {{"reward", 0.25}, {"policy_loss", -1.0 / 3}}, RolloutStore::Update{7, "d"}).ok());
  }
  REQUIRE(store.WriteEvaluation({0, "before", 10, 4, 0.2, 0.05, Json::array()}).ok());
  REQUIRE(store.AppendCheckpoint({1, "checkpoints/step-000001", "aa"}).ok());
  REQUIRE(store.AppendEvent(1, "start", "begun").ok());
}

void Execute(const std::string& path, const std::string& sql) {
  SqliteConnection connection = SqliteConnection::Open(path, SqliteConnection::Access::kReadWrite).value();
  const absl::Status status = connection.Execute(sql);
  INFO(Message(status));
  REQUIRE(status.ok());
}

bool Mentions(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

int64_t Count(const std::string& path, const std::string& query) {
  return RolloutStore::Open(path, Mode::kReadOnly)->connection().QueryInteger(query).value();
}

// Every row of a query as text, reals with all their digits.
std::vector<std::string> Rows(const std::string& path, const std::string& query) {
  const RolloutStore store = RolloutStore::Open(path, Mode::kReadOnly).value();
  SqliteStatement row = store.connection().Prepare(query).value();
  std::vector<std::string> rows;
  while (row.Next().value()) {
    std::string& text = rows.emplace_back();
    for (int column = 0; column < row.num_columns(); ++column) {
      text += row.TypeOf(column) == SqliteStatement::Type::kReal ? fmt::format("{}|", row.Real(column)) : row.Text(column) + "|";
    }
  }
  return rows;
}

TEST_CASE("merged logs hold every run as it was", "[tools]") {
  const TempDir folder;
  WriteLog(folder.File("a.db"), 3);
  WriteLog(folder.File("b.db"), 2, 5);
  {
    SqliteConnection connection = SqliteConnection::Open(folder.File("old.db"), SqliteConnection::Access::kCreate).value();
    REQUIRE(connection.Execute(ReadFile(CUPEL_SOURCE_DIR "/tests/golden/log/schema1.sql").value()).ok());
  }
  const std::string merged = folder.File("merged.db");
  const absl::Status status = MergeLogs({folder.File("a.db"), folder.File("b.db"), folder.File("old.db")}, merged);
  INFO(Message(status));
  REQUIRE(status.ok());
  CHECK(IntegrityProblems(merged).empty());
  const RolloutStore second = RolloutStore::Open(merged, Mode::kReadOnly, 2).value();
  CHECK(second.StepNumbers().value() == std::vector<int64_t>{5, 6});
  CHECK(FirstDifference(second.ReadStep(6).value(), SampleGroups(6)).empty());
  CHECK(second.ReadMetrics(5).value() == RolloutStore::Metrics{{"reward", 0.25}, {"policy_loss", -1.0 / 3}});
  CHECK(second.ReadUpdate(5).value()->weights_digest == "d");
  CHECK(second.ReadCheckpoints().value().size() == 1);
  const RolloutStore third = RolloutStore::Open(merged, Mode::kReadOnly, 3).value();
  CHECK(third.ReadRun()->recipe["model"]["path"] == "tiny");
  CHECK(third.ReadStep(3).value().size() == 2);
  CHECK(Count(merged, "SELECT count(*) FROM completions WHERE completions MATCH 'answer'") == 60);
  CHECK(CheckLog(merged)->problems.empty());
  CHECK(CheckLog(merged)->num_runs == 3);

  CHECK(absl::IsAlreadyExists(MergeLogs({folder.File("a.db")}, merged)));
  CHECK(absl::IsNotFound(MergeLogs({folder.File("a.db"), folder.File("none.db")}, folder.File("c.db"))));
  CHECK_FALSE(Exists(folder.File("c.db")));
}

TEST_CASE("a sound log passes the check, and its digest is that of its contents", "[tools]") {
  const TempDir folder;
  WriteLog(folder.File("a.db"), 3);
  WriteLog(folder.File("same.db"), 3);
  const LogCheck check = CheckLog(folder.File("a.db")).value();
  CHECK(check.problems.empty());
  CHECK(check.num_steps == 3);
  CHECK(check.num_rollouts == 36);
  CHECK(check.digest == CheckLog(folder.File("same.db"))->digest);
  for (const char* change :
       {"UPDATE rollouts SET reward = reward + 1e-15 WHERE rollout_id = 30", "UPDATE groups SET answer = '77' WHERE group_id = 2",
        "UPDATE metrics SET value = 0.5 WHERE step = 1 AND name = 'reward'"}) {
    INFO(change);
    std::filesystem::copy(folder.File("a.db"), folder.File("changed.db"), std::filesystem::copy_options::overwrite_existing);
    Execute(folder.File("changed.db"), change);
    CHECK(CheckLog(folder.File("changed.db"))->digest != check.digest);
  }
}

TEST_CASE("the check finds damage of every kind", "[tools]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  WriteLog(path, 2);
  std::string mention;
  SECTION("a blob that does not decode") {
    Execute(path, "UPDATE rollouts SET logprobs = x'03ff' WHERE rollout_id = 5");
    mention = "step 0, group 1";
  }
  SECTION("a lost verdict") {
    Execute(path, "DELETE FROM verdicts WHERE rollout_id = 5");
    mention = "1 completions without a verdict";
  }
  SECTION("a broken reference") {
    Execute(path, "PRAGMA foreign_keys = 0; DELETE FROM groups WHERE group_id = 2");
    mention = "refers to a row of groups";
  }
  SECTION("a span outside the text") {
    Execute(path, "UPDATE verdicts SET span_end = 4000 WHERE rollout_id = 3");
    mention = "span is not in the text";
  }
  SECTION("a text that the index does not know") {
    Execute(path,
            "INSERT INTO completions (completions, rowid, text) SELECT 'delete', rollout_id, text FROM rollouts WHERE rollout_id = 4");
    mention = "full-text index";
  }
  SECTION("damaged pages") {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(path) / 2));
    file << std::string(3000, '\xAA');
  }
  const absl::StatusOr<LogCheck> check = CheckLog(path);
  INFO(Message(check.status()));
  if (!check.ok()) {
    CHECK(absl::IsDataLoss(check.status()));
  } else {
    REQUIRE_FALSE(check->problems.empty());
    CHECK(Mentions(fmt::format("{}", check->problems.front()), mention));
  }
}

TEST_CASE("pruning keeps every statistic and the samples", "[tools]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  WriteLog(path, 8);
  const std::vector<std::string> statistics = {
      "SELECT step, num_groups, num_rollouts, reward, pass_rate, no_signal_fraction, mean_length, truncated_fraction FROM step_summary",
      "SELECT * FROM reward_by_task",
      "SELECT rollout_id, reward, advantage, num_tokens, finish_reason FROM rollouts",
      "SELECT * FROM verdicts",
      "SELECT * FROM reward_terms",
      "SELECT step, group_idx, sample_idx, text FROM best_samples",
      "SELECT step, group_idx, reward FROM worst_samples"};
  std::vector<std::vector<std::string>> before;
  for (const std::string& query : statistics) {
    before.push_back(Rows(path, query));
  }
  const PruneResult result = PruneLog(path, {.keep_steps = 2, .keep_every = 4, .keep_samples = 2}).value();
  // Steps 0 and 4 are multiples of 4, 6 and 7 the newest: of 1, 2, 3 and 5 two of the four samples of each of three groups go.
  CHECK(result.num_pruned == 4 * 3 * 2);
  CHECK(result.num_kept == 4 * 3 * 2);
  for (size_t i = 0; i < statistics.size(); ++i) {
    INFO(statistics[i]);
    CHECK(Rows(path, statistics[i]) == before[i]);
  }
  const RolloutStore store = RolloutStore::Open(path, Mode::kReadOnly).value();
  CHECK(store.IsPruned(1).value());
  CHECK_FALSE(store.IsPruned(4).value());
  CHECK(FirstDifference(store.ReadStep(4).value(), SampleGroups(4)).empty());
  CHECK(FirstDifference(store.ReadStep(7).value(), SampleGroups(7)).empty());
  CHECK(Count(path, "SELECT count(*) FROM completions WHERE completions MATCH 'answer'") == 8 * 12 - 24);
  CHECK(store.ReadEvents()->back().kind == "prune");
  CHECK(IntegrityProblems(path).empty());
  CHECK(CheckLog(path)->problems.empty());
  CHECK(CheckLog(path)->num_pruned == 24);

  CHECK(PruneLog(path, {.keep_steps = 2, .keep_every = 4, .keep_samples = 2})->num_pruned == 0);
  Execute(path, "INSERT INTO completions (completions, rank) VALUES ('integrity-check', 1)");  // SQLite's own view of the index
}

TEST_CASE("rounding log-probabilities touches nothing else", "[tools]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  WriteLog(path, 5);
  CHECK(RoundLogprobs(path, {.keep_steps = 2}).value() == 3 * 12);
  CHECK(RoundLogprobs(path, {.keep_steps = 2}).value() == 0);
  const RolloutStore store = RolloutStore::Open(path, Mode::kReadOnly).value();
  CHECK(store.IsRounded(2).value());
  CHECK_FALSE(store.IsRounded(3).value());
  CHECK_FALSE(store.IsPruned(2).value());
  auto expected = SampleGroups(2);
  for (RolloutGroup& group : expected) {
    for (Rollout& rollout : group.rollouts) {
      std::ranges::transform(rollout.completion.logprobs, rollout.completion.logprobs.begin(), RoundToBfloat16);
    }
  }
  CHECK(FirstDifference(store.ReadStep(2).value(), expected) == "");
  CHECK(FirstDifference(store.ReadStep(3).value(), SampleGroups(3)) == "");
  CHECK(CheckLog(path)->problems.empty());
}

TEST_CASE("compacting changes nothing but the size", "[tools]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  WriteLog(path, 20);
  REQUIRE(PruneLog(path, {.keep_steps = 1, .keep_samples = 0}).ok());
  const std::string digest = CheckLog(path)->digest;
  const LogSizes sizes = VacuumLog(path).value();
  CHECK(sizes.bytes_after < sizes.bytes_before);
  CHECK(CheckLog(path)->digest == digest);
  CHECK(IntegrityProblems(path).empty());
}

// Writes every line of an export to a file.
ExportResult ExportTo(const std::string& log, const std::string& file, const ExportRequest& request = {}) {
  const RolloutStore store = RolloutStore::Open(log, Mode::kReadOnly).value();
  std::ofstream out(file);
  return ExportRollouts(store, request,
                        [&](std::string_view line) {
                          out << line << "\n";
                          return absl::OkStatus();
                        })
      .value();
}

TEST_CASE("what is exported and imported again is the same, bit for bit", "[tools]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  {
    RolloutStore store = CreateSampleLog(path);
    REQUIRE(store.AppendStep(0, SampleGroups(0)).ok());
    auto extreme = ExtremeGroups(3);
    extreme.erase(extreme.begin() + 1);                      // a group without completions has no line
    extreme[0].rollouts[0].text = "no tokens";               // an empty one would count as pruned
    extreme[0].rollouts[1].text = std::string("a\0b\n", 4);  // bytes that are not UTF-8 do not survive JSON
    REQUIRE(store.AppendStep(3, extreme).ok());
  }
  const ExportResult exported = ExportTo(path, folder.File("out.jsonl"));
  CHECK(exported.num_lines == 12 + 10);
  const absl::StatusOr<ImportResult> imported = ImportRollouts(folder.File("out.jsonl"), folder.File("again.db"));
  INFO(Message(imported.status()));
  REQUIRE(imported.ok());
  CHECK(imported->num_steps == 2);
  const RolloutStore before = RolloutStore::Open(path, Mode::kReadOnly).value();
  const RolloutStore after = RolloutStore::Open(folder.File("again.db"), Mode::kReadOnly).value();
  CHECK(FirstDifference(after.ReadStep(0).value(), before.ReadStep(0).value()) == "");
  CHECK(FirstDifference(after.ReadStep(3).value(), before.ReadStep(3).value()) == "");
}

TEST_CASE("exports for trainers have the shape that they read", "[tools]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  WriteLog(path, 2);
  ExportTo(path, folder.File("sft.jsonl"), {.format = ExportFormat::kSupervised, .only_correct = true});
  std::ifstream supervised(folder.File("sft.jsonl"));
  int64_t lines = 0;
  for (std::string line; std::getline(supervised, line); ++lines) {
    const Json json = ParseJson(line, "sft").value();
    CHECK(json["messages"].size() == 3);
    CHECK(json["messages"][2]["role"] == "assistant");
  }
  CHECK(lines == Count(path, "SELECT count(*) FROM verdicts WHERE outcome = 'correct'"));
  const ExportResult pairs = ExportTo(path, folder.File("pairs.jsonl"), {.format = ExportFormat::kPreferences});
  CHECK(pairs.num_lines == 6);  // the format term makes the rewards of every group differ
  std::ifstream preferences(folder.File("pairs.jsonl"));
  for (std::string line; std::getline(preferences, line);) {
    const Json json = ParseJson(line, "pairs").value();
    CHECK(json["prompt"].size() == 2);
    CHECK(json["chosen"][0]["role"] == "assistant");
    CHECK(json["chosen_reward"].get<double>() > json["rejected_reward"].get<double>());
  }
  CHECK(ExportTo(path, folder.File("some.jsonl"), {.first_step = 1, .with_token_ids = false}).num_lines == 12);
}

TEST_CASE("lines that cannot be imported are refused with file and line, and leave no log", "[tools]") {
  const TempDir folder;
  const std::string good =
      R"({"step": 1, "group": 0, "sample": 0, "messages": [{"role": "user", "content": "q"}], "completion": "a", "reward": 1})";
  struct Case {
    std::string line;
    std::string mention;
  };
  const std::vector<Case> cases = {
      {"{\"step\": 1", "lines.jsonl:2"},
      {"[1]", "not a JSON object"},
      {R"({"step": 1, "group": 0, "sample": 1, "completion": "a", "reward": 1})", "\"messages\" is missing"},
      {R"({"step": "1", "group": 0, "sample": 1, "messages": [], "completion": "a", "reward": 1})", "\"step\" has the wrong type"},
      {R"({"step": 0, "group": 0, "sample": 1, "messages": [], "completion": "a", "reward": 1})", "step 0 comes after step 1"},
      {R"({"step": 1, "group": 0, "sample": 0, "messages": [], "completion": "a", "reward": 1})", "twice"},
      {R"({"step": 1, "group": 0, "sample": 1, "messages": [], "completion": "a", "reward": 1, "completion_ids": [1, -2]})",
       "completion_ids"},
      {R"({"step": 1, "group": 0, "sample": 1, "messages": [], "completion": "a", "reward": 1, "completion_ids": [1], "logprobs": [0, 0]})",
       "another length"},
      {R"({"step": 1, "group": 0, "sample": 1, "messages": [], "completion": "a", "reward": 1, "outcome": "fine"})",
       "\"outcome\" has an unknown value"},
  };
  for (const Case& item : cases) {
    INFO(item.line);
    std::ofstream(folder.File("lines.jsonl")) << good << "\n" << item.line << "\n";
    const absl::Status status = ImportRollouts(folder.File("lines.jsonl"), folder.File("out.db")).status();
    INFO(Message(status));
    CHECK_FALSE(status.ok());
    CHECK(Mentions(Message(status), item.mention));
    CHECK_FALSE(Exists(folder.File("out.db")));
  }
}

}  // namespace
}  // namespace cupel
