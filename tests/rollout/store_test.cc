// Covers rollout/rollout_store.h: what is stored comes back, what must be refused is. Alone: build/release/tests/rollout_test "[store]"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "base/status.h"
#include "rollout/rollout_store.h"
#include "rollout/sqlite.h"
#include "tests/rollout/sample_log.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Mode = RolloutStore::Mode;

absl::Status OpenStatus(const std::string& path, Mode mode) { return RolloutStore::Open(path, mode).status(); }

// Runs SQL on a database by a connection of the test's own.
void Execute(const std::string& path, const std::string& sql) {
  absl::StatusOr<SqliteConnection> connection = SqliteConnection::Open(path, SqliteConnection::Access::kCreate);
  REQUIRE(connection.ok());
  const absl::Status status = connection->Execute(sql);
  INFO(Message(status));
  REQUIRE(status.ok());
}

bool Mentions(const absl::Status& status, std::string_view what) { return Message(status).find(what) != std::string_view::npos; }

TEST_CASE("a step comes back bit for bit", "[store]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  RolloutStore store = CreateSampleLog(path);
  const auto plain = SampleGroups(0);
  const auto extreme = ExtremeGroups(1);
  const auto large = SampleGroups(7, {.num_groups = 4, .group_size = 16, .num_tokens = 500});
  REQUIRE(store.AppendStep(0, plain).ok());
  REQUIRE(store.AppendStep(1, extreme).ok());
  REQUIRE(store.AppendStep(7, large).ok());
  CHECK(FirstDifference(store.ReadStep(0).value(), plain).empty());
  CHECK(FirstDifference(store.ReadStep(1).value(), extreme).empty());
  CHECK(FirstDifference(store.ReadStep(7).value(), large).empty());
  CHECK(store.ReadStep(2).value().empty());
  CHECK(store.StepNumbers().value() == std::vector<int64_t>{0, 1, 7});

  SECTION("after the log was closed and opened again") {
    store = RolloutStore::Open(path, Mode::kReadOnly).value();
    CHECK(FirstDifference(store.ReadStep(1).value(), extreme).empty());
  }
  CHECK(IntegrityProblems(path).empty());
}

TEST_CASE("the comparison of steps sees every bit", "[store]") {
  const auto groups = SampleGroups(0);
  const auto differs = [&](auto change) {
    auto other = groups;
    change(other[1].rollouts[2], other[1]);
    return !FirstDifference(groups, other).empty();
  };
  CHECK(differs(
      [](Rollout& rollout, RolloutGroup&) { rollout.completion.logprobs[0] = std::nextafter(rollout.completion.logprobs[0], 1.0F); }));
  CHECK(differs([](Rollout& rollout, RolloutGroup&) { rollout.reward = std::nextafter(rollout.reward, 9.0); }));
  CHECK(differs([](Rollout& rollout, RolloutGroup&) { rollout.completion.tokens[0] ^= 1; }));
  CHECK(differs([](Rollout& rollout, RolloutGroup&) { rollout.text += '\0'; }));
  CHECK(differs([](Rollout& rollout, RolloutGroup&) { rollout.terms.pop_back(); }));
  CHECK(differs([](Rollout&, RolloutGroup& group) { group.task.metadata = "{}"; }));
}

TEST_CASE("the request id of a stored completion is its group's index", "[store]") {
  const TempDir folder;
  RolloutStore store = CreateSampleLog(folder.File("run.db"));
  REQUIRE(store.AppendStep(0, SampleGroups(0)).ok());
  CHECK(store.ReadStep(0).value()[2].rollouts[1].completion.request_id == 2);
}

TEST_CASE("a step is recorded once", "[store]") {
  const TempDir folder;
  RolloutStore store = CreateSampleLog(folder.File("run.db"));
  const auto groups = SampleGroups(3);
  REQUIRE(store.AppendStep(3, groups).ok());
  const absl::Status again = store.AppendStep(3, SampleGroups(3, {.num_groups = 1}));
  CHECK(absl::IsAlreadyExists(again));
  CHECK(Mentions(again, "step 3"));
  CHECK(FirstDifference(store.ReadStep(3).value(), groups).empty());

  SECTION("and so are its groups and samples: nothing of a refused step stays") {
    auto twice = SampleGroups(4);
    twice[1].group_idx = twice[0].group_idx;
    CHECK(absl::IsAlreadyExists(store.AppendStep(4, twice)));
    twice = SampleGroups(4);
    twice[2].rollouts[1].completion.sample_idx = 0;
    CHECK(absl::IsAlreadyExists(store.AppendStep(4, twice)));
    CHECK(store.StepNumbers().value() == std::vector<int64_t>{3});
    CHECK(store.AppendStep(4, SampleGroups(4)).ok());
  }
  CHECK(IntegrityProblems(store.path()).empty());
}

TEST_CASE("numbers that are not finite are refused by name", "[store]") {
  const TempDir folder;
  RolloutStore store = CreateSampleLog(folder.File("run.db"));
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    auto groups = SampleGroups(5);
    groups[1].rollouts[3].reward = bad;
    const absl::Status status = store.AppendStep(5, groups);
    CHECK(absl::IsInvalidArgument(status));
    CHECK(Mentions(status, "step 5, group 1, sample 3"));
    groups = SampleGroups(5);
    groups[0].rollouts[0].terms[1].value = bad;
    CHECK(Mentions(store.AppendStep(5, groups), "format(boxed)"));
  }
  auto groups = SampleGroups(5);
  groups[0].task.prompt[1].content = "\xFF";
  CHECK(Mentions(store.AppendStep(5, groups), "is not UTF-8"));
  CHECK(store.StepNumbers().value().empty());
}

TEST_CASE("the run's row comes back and is written once", "[store]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  RolloutStore store = RolloutStore::Open(path, Mode::kCreate).value();
  CHECK(absl::IsNotFound(store.ReadRun().status()));
  CHECK(absl::IsFailedPrecondition(store.AppendStep(0, SampleGroups(0))));
  CHECK(absl::IsFailedPrecondition(store.AppendEvent(0, "start", "")));
  REQUIRE(store.WriteRun(SampleRun()).ok());
  CHECK(absl::IsAlreadyExists(store.WriteRun(SampleRun())));
  const RolloutStore::RunInfo run = store.ReadRun().value();
  CHECK(run.recipe == SampleRun().recipe);
  CHECK(run.program_version == "0.1.0");
  CHECK(run.build == "g++ 12.2");
  CHECK(run.model_digest == std::string(64, 'a'));
  CHECK(run.host == "testhost");
  CHECK(run.started_at == "2025-01-02T03:04:05Z");
  CHECK(run.name == "sample");
  CHECK(run.git_revision == "0123abc");
  CHECK(run.kernels == "avx2");
  CHECK(run.ended_at.empty());
  REQUIRE(store.WriteEnd(true).ok());
  CHECK_THAT(store.ReadRun()->ended_at, Catch::Matchers::Matches("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"));
  REQUIRE(store.WriteEnd(false).ok());
  CHECK(store.ReadRun()->ended_at.empty());
}

TEST_CASE("metrics keep their order and are replaced as a whole", "[store]") {
  const TempDir folder;
  RolloutStore store = CreateSampleLog(folder.File("run.db"));
  REQUIRE(store.WriteMetrics(0, {{"reward", 0.1}, {"kl", -0.0}, {"a", 1e300}}).ok());
  REQUIRE(store.WriteMetrics(1, {{"reward", 0.2}, {"gone", 3}}).ok());
  REQUIRE(store.WriteMetrics(1, {{"reward", 0.3}, {"policy_loss", std::nan("")}, {"up", std::numeric_limits<double>::infinity()}}).ok());
  CHECK(store.ReadMetrics(0).value() == RolloutStore::Metrics{{"reward", 0.1}, {"kl", 0.0}, {"a", 1e300}});
  CHECK(std::signbit(store.ReadMetrics(0).value()[1].second));
  const RolloutStore::Metrics second = store.ReadMetrics(1).value();
  REQUIRE(second.size() == 3);
  CHECK(second[0] == std::pair<std::string, double>("reward", 0.3));
  CHECK(std::isnan(second[1].second));
  CHECK(std::isinf(second[2].second));
  CHECK(store.ReadMetrics(2).value().empty());
  CHECK(store.ReadMetricSeries("reward").value() == std::vector<std::pair<int64_t, double>>{{0, 0.1}, {1, 0.3}});
  CHECK(store.ReadMetricSeries("gone").value().empty());
  CHECK_FALSE(store.WriteMetrics(0, {{"twice", 1}, {"twice", 2}}).ok());
  CHECK(store.ReadMetrics(0).value().size() == 3);
  CHECK(IntegrityProblems(store.path()).empty());
}

TEST_CASE("checkpoints come newest first, in the order of writing", "[store]") {
  const TempDir folder;
  RolloutStore store = CreateSampleLog(folder.File("run.db"));
  REQUIRE(store.AppendCheckpoint({10, "checkpoints/step-000010", "aa"}).ok());
  REQUIRE(store.AppendCheckpoint({20, "checkpoints/step-000020", "bb"}).ok());
  REQUIRE(store.AppendCheckpoint({10, "checkpoints/step-000010", "cc"}).ok());
  const auto checkpoints = store.ReadCheckpoints().value();
  REQUIRE(checkpoints.size() == 3);
  CHECK(checkpoints[0].manifest_sha256 == "cc");
  CHECK(checkpoints[1].step == 20);
  CHECK(checkpoints[2].directory == "checkpoints/step-000010");
}

TEST_CASE("evaluations are replaced by step and name, examples included", "[store]") {
  const TempDir folder;
  RolloutStore store = CreateSampleLog(folder.File("run.db"));
  const Json examples = Json::array({{{"task", "t"}, {"answer", "line\n\"quoted\""}}});
  REQUIRE(store.WriteEvaluation({0, "before", 64, 4, 0.25, 0.03, Json::array()}).ok());
  REQUIRE(store.WriteEvaluation({20, "after", 64, 4, 0.75, std::nan(""), examples}).ok());
  REQUIRE(store.WriteEvaluation({0, "before", 32, 2, 1.0 / 3, 0.05, examples}).ok());
  const auto evaluations = store.ReadEvaluations().value();
  REQUIRE(evaluations.size() == 2);
  CHECK(evaluations[0].name == "before");
  CHECK(evaluations[0].num_questions == 32);
  CHECK(evaluations[0].samples_per_question == 2);
  CHECK(evaluations[0].pass_at_1 == 1.0 / 3);
  CHECK(evaluations[0].examples == examples);
  CHECK(evaluations[1].step == 20);
  CHECK(std::isnan(evaluations[1].standard_error));
}

TEST_CASE("events are kept in order with a time in UTC", "[store]") {
  const TempDir folder;
  RolloutStore store = CreateSampleLog(folder.File("run.db"));
  REQUIRE(store.AppendEvent(0, "start", "").ok());
  REQUIRE(store.AppendEvent(4, "skipped_update", "gradient is not finite").ok());
  const auto events = store.ReadEvents().value();
  REQUIRE(events.size() == 2);
  CHECK(events[1].step == 4);
  CHECK(events[1].kind == "skipped_update");
  CHECK(events[1].message == "gradient is not finite");
  CHECK_THAT(events[1].at, Catch::Matchers::Matches("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z"));
}

TEST_CASE("a missing log is not found, an existing one not made again", "[store]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  CHECK(absl::IsNotFound(OpenStatus(path, Mode::kReadWrite)));
  CHECK(absl::IsNotFound(OpenStatus(path, Mode::kReadOnly)));
  CHECK_FALSE(Exists(path));
  CHECK(Mentions(OpenStatus(folder.File("no/such/run.db"), Mode::kCreate), "no such folder"));
  CreateSampleLog(path);
  const absl::Status again = OpenStatus(path, Mode::kCreate);
  CHECK(absl::IsAlreadyExists(again));
  CHECK(Mentions(again, path));
}

TEST_CASE("a name with every awkward character is a name", "[store]") {
  const TempDir folder;
  const std::string path = folder.File("run 100%41?mode=memory#1 'a'.db");
  CreateSampleLog(path);
  CHECK(Exists(path));
  CHECK(RolloutStore::Open(path, Mode::kReadOnly).value().ReadRun().ok());
}

TEST_CASE("what is left of a deleted or half-made log does not get into a new one", "[store]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  {
    RolloutStore old = CreateSampleLog(path);
    REQUIRE(old.AppendStep(0, SampleGroups(0)).ok());
    std::filesystem::copy(path + "-wal", folder.File("old-wal"));
  }
  std::filesystem::remove(path);
  std::filesystem::copy(folder.File("old-wal"), path + "-wal");
  std::filesystem::copy(folder.File("old-wal"), path + ".new-wal");
  std::ofstream(path + ".new") << "half";
  const RolloutStore store = CreateSampleLog(path);
  CHECK(store.StepNumbers().value().empty());
  CHECK(IntegrityProblems(path).empty());
}

TEST_CASE("files that are no log are refused and left alone", "[store]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  std::string mention;
  SECTION("text") {
    std::ofstream(path) << std::string(5000, 'x');
    mention = "not an SQLite database";
  }
  SECTION("an empty file") {
    std::ofstream(path).flush();
    mention = "not the log of a run";
  }
  SECTION("a database of something else") {
    Execute(path, "CREATE TABLE steps (step); INSERT INTO steps VALUES (1)");
    mention = "not the log of a run";
  }
  SECTION("a schema number that never was") {
    CreateSampleLog(path);
    Execute(path, "PRAGMA user_version = 0");
    mention = "schema 0";
  }
  const std::string before = ReadFile(path).value();
  for (const Mode mode : {Mode::kReadOnly, Mode::kReadWrite}) {
    const absl::Status status = OpenStatus(path, mode);
    CHECK(absl::IsDataLoss(status));
    CHECK(Mentions(status, path));
    CHECK(Mentions(status, mention));
  }
  CHECK(ReadFile(path).value() == before);
}

TEST_CASE("a log of a newer program is refused with both schema numbers", "[store]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  CreateSampleLog(path);
  Execute(path, "PRAGMA user_version = 12");
  for (const Mode mode : {Mode::kReadOnly, Mode::kReadWrite}) {
    const absl::Status status = OpenStatus(path, mode);
    CHECK(absl::IsFailedPrecondition(status));
    CHECK(Mentions(status, "schema 12"));
    CHECK(Mentions(status, fmt::format("up to {}", RolloutStore::kSchemaVersion)));
  }
}

TEST_CASE("a damaged log gives an error, not wrong groups", "[store]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  {
    RolloutStore store = CreateSampleLog(path);
    REQUIRE(store.AppendStep(0, SampleGroups(0)).ok());
  }
  SECTION("a truncated file") {
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
    const auto store = RolloutStore::Open(path, Mode::kReadOnly);
    CHECK((!store.ok() || absl::IsDataLoss(store->ReadStep(0).status())));
  }
  SECTION("a blob that does not decode") {
    Execute(path, "UPDATE rollouts SET tokens = x'0100' WHERE rollout_id = 6");
    const absl::Status status = RolloutStore::Open(path, Mode::kReadOnly)->ReadStep(0).status();
    CHECK(absl::IsDataLoss(status));
    CHECK(Mentions(status, path + ": step 0, group 1"));
  }
  SECTION("a count that does not fit the blob") {
    Execute(path, "UPDATE rollouts SET num_tokens = num_tokens + 1 WHERE rollout_id = 1");
    CHECK(absl::IsDataLoss(RolloutStore::Open(path, Mode::kReadOnly)->ReadStep(0).status()));
  }
  SECTION("a finish reason that does not exist") {
    Execute(path, "PRAGMA ignore_check_constraints = 1; UPDATE rollouts SET finish_reason = 'tired'");
    CHECK(Mentions(RolloutStore::Open(path, Mode::kReadOnly)->ReadStep(0).status(), "tired"));
  }
}

TEST_CASE("a reader sees whole steps while a writer appends", "[store]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  RolloutStore writer = CreateSampleLog(path);
  const RolloutStore reader = RolloutStore::Open(path, Mode::kReadOnly).value();
  for (int64_t step = 0; step < 50; ++step) {
    REQUIRE(writer.AppendStep(step, SampleGroups(step)).ok());
    CHECK(reader.StepNumbers().value().size() == static_cast<size_t>(step + 1));
    CHECK(FirstDifference(reader.ReadStep(step).value(), SampleGroups(step)).empty());
  }
  writer = RolloutStore::Open(path, Mode::kReadWrite).value();  // closing the first writer does not disturb the reader
  CHECK(FirstDifference(reader.ReadStep(49).value(), SampleGroups(49)).empty());
  CHECK(IntegrityProblems(path).empty());
}

TEST_CASE("a reader never moves the write-ahead log into the file", "[store]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  const std::string copy = folder.File("copy.db");
  {
    RolloutStore writer = CreateSampleLog(path);
    REQUIRE(writer.AppendStep(0, SampleGroups(0)).ok());
    std::filesystem::copy(path, copy);  // as a killed writer leaves them
    std::filesystem::copy(path + "-wal", copy + "-wal");
  }
  const std::string before = ReadFile(copy).value();
  CHECK(FirstDifference(RolloutStore::Open(copy, Mode::kReadOnly)->ReadStep(0).value(), SampleGroups(0)).empty());
  CHECK(ReadFile(copy).value() == before);
  CHECK(std::filesystem::file_size(copy + "-wal") > 0);
  CHECK(FirstDifference(RolloutStore::Open(copy, Mode::kReadWrite)->ReadStep(0).value(), SampleGroups(0)).empty());
  CHECK(ReadFile(copy).value() != before);
  CHECK_FALSE(Exists(copy + "-wal"));
}

// Runs `body` in a child process without the rights to write into `folder`, and gives what it returned.
int InReadOnlyFolder(const std::string& folder, const std::function<int()>& body) {
  std::filesystem::permissions(folder, std::filesystem::perms(0555));
  const pid_t child = fork();
  if (child == 0) {
    const bool is_unprivileged = geteuid() != 0 || setuid(65534) == 0;
    _exit(is_unprivileged ? body() : 100);
  }
  int status = 0;
  waitpid(child, &status, 0);
  std::filesystem::permissions(folder, std::filesystem::perms(0755));
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_CASE("a log on a medium that cannot be written is readable if it was closed", "[store]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  const auto read = [&] {
    const auto store = RolloutStore::Open(path, Mode::kReadOnly);
    if (!store.ok()) return Mentions(store.status(), "copy both files") ? 2 : 3;
    return FirstDifference(store->ReadStep(0).value(), SampleGroups(0)).empty() ? 0 : 1;
  };
  const auto write = [&] { return absl::IsFailedPrecondition(OpenStatus(path, Mode::kReadWrite)) ? 0 : 1; };
  {
    RolloutStore store = CreateSampleLog(path);
    REQUIRE(store.AppendStep(0, SampleGroups(0)).ok());
  }
  CHECK(InReadOnlyFolder(folder.path(), read) == 0);
  CHECK(InReadOnlyFolder(folder.path(), write) == 0);
  std::ofstream(path + "-wal") << "not moved into the file yet";
  CHECK(InReadOnlyFolder(folder.path(), read) == 2);
}

TEST_CASE("the SQLite library says its version", "[store]") { CHECK(SqliteVersion().substr(0, 2) == "3."); }

}  // namespace
}  // namespace cupel
