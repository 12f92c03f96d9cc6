// Covers what the log promises when a process is killed, the power cut or the disk full: nothing acknowledged is lost, no step is there in
// part. Every rig is also shown a writer that is wrong, and must see it. Alone: build/release/tests/rollout_test "[crash]"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <signal.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/check.h"
#include "base/file.h"
#include "base/random.h"
#include "base/status.h"
#include "rollout/rollout_store.h"
#include "rollout/sqlite.h"
#include "rollout/step_rows.h"
#include "tests/rollout/sample_log.h"
#include "tests/rollout/test_disk.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Mode = RolloutStore::Mode;
using Acknowledge = std::function<void(int64_t step)>;

// The store, and three ways to write the same rows wrongly.
enum class Writer {
  kStore,
  kRowByRow,          // no transaction around a step
  kEarlyAcknowledge,  // acknowledged before it is stored
  kNormalSync,        // synchronous=NORMAL: commits without a sync
};

RandomStream CrashRandom(uint32_t which) { return {99, RandomPurpose::kTaskContent, which}; }

// Appends steps [first, last) to an existing log.
absl::Status AppendSteps(const std::string& path, Writer writer, int64_t first, int64_t last, const Acknowledge& acknowledge) {
  CUPEL_ASSIGN_OR_RETURN(RolloutStore store, RolloutStore::Open(path, Mode::kReadWrite));
  for (int64_t step = first; step < last; ++step) {
    if (writer == Writer::kEarlyAcknowledge) acknowledge(step);
    CUPEL_RETURN_IF_ERROR(store.AppendStep(step, SampleGroups(step)));
    if (writer == Writer::kStore) acknowledge(step);
  }
  return absl::OkStatus();
}

// The same by the store's own parts, put together wrongly.
absl::Status AppendStepsWrongly(const std::string& path, Writer writer, int64_t first, int64_t last, const Acknowledge& acknowledge) {
  CUPEL_ASSIGN_OR_RETURN(SqliteConnection connection, SqliteConnection::Open(path, SqliteConnection::Access::kReadWrite));
  CUPEL_RETURN_IF_ERROR(connection.Execute(writer == Writer::kNormalSync ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL"));
  CUPEL_ASSIGN_OR_RETURN(StepWriter rows, StepWriter::Create(connection));
  for (int64_t step = first; step < last; ++step) {
    if (writer == Writer::kRowByRow) {
      CUPEL_RETURN_IF_ERROR(rows.Insert(1, step, SampleGroups(step)));
    } else {
      CUPEL_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(connection));
      CUPEL_RETURN_IF_ERROR(rows.Insert(1, step, SampleGroups(step)));
      CUPEL_RETURN_IF_ERROR(transaction.Commit());
    }
    acknowledge(step);
  }
  return absl::OkStatus();
}

absl::Status Append(const std::string& path, Writer writer, int64_t first, int64_t last, const Acknowledge& acknowledge) {
  const bool is_by_store = writer == Writer::kStore || writer == Writer::kEarlyAcknowledge;
  return (is_by_store ? AppendSteps : AppendStepsWrongly)(path, writer, first, last, acknowledge);
}

// What a log holds after a crash, against what it must hold.
struct Findings {
  int64_t num_states = 0;
  int64_t num_acknowledged = 0;  // summed over the states
  int64_t num_lost = 0;          // acknowledged and not there
  int64_t num_partial = 0;       // there, and not as appended
  std::string problems;          // of opening and of SQLite's own checks

  bool is_clean() const { return num_lost == 0 && num_partial == 0 && problems.empty(); }
};

// Steps below `first` are taken for checked.
void Inspect(const std::string& path, const std::set<int64_t>& acknowledged, int64_t first, Findings& findings) {
  ++findings.num_states;
  findings.num_acknowledged += std::ssize(acknowledged);
  const absl::StatusOr<RolloutStore> store = RolloutStore::Open(path, Mode::kReadOnly);
  if (!store.ok()) {
    findings.problems += Message(store.status());
    return;
  }
  const absl::StatusOr<std::vector<int64_t>> steps = store->StepNumbers();
  findings.problems += Message(steps.status());
  const std::set<int64_t> stored = steps.ok() ? std::set<int64_t>(steps->begin(), steps->end()) : std::set<int64_t>();
  for (const int64_t step : acknowledged) {
    findings.num_lost += stored.contains(step) ? 0 : 1;
  }
  for (auto step = stored.lower_bound(first); step != stored.end(); ++step) {
    const absl::StatusOr<std::vector<RolloutGroup>> groups = store->ReadStep(*step);
    findings.num_partial += groups.ok() && FirstDifference(*groups, SampleGroups(*step)).empty() ? 0 : 1;
  }
  findings.problems += IntegrityProblems(path);
}

// A child process that reports step numbers through a pipe.
class Child {
 public:
  explicit Child(const std::function<int(const Acknowledge&)>& body) {
    int ends[2];
    Check(pipe(ends) == 0, "a pipe can be made");
    pid_ = fork();
    Check(pid_ >= 0, "a process can be started");
    if (pid_ == 0) {
      close(ends[0]);
      const auto acknowledge = [&](int64_t step) { Check(write(ends[1], &step, sizeof step) == sizeof step, "the parent listens"); };
      _exit(body(acknowledge));
    }
    close(ends[1]);
    from_child_ = ends[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { close(from_child_); }

  // The next acknowledged step; nullopt when the child has ended.
  std::optional<int64_t> NextAcknowledged() const {
    int64_t step = 0;
    return read(from_child_, &step, sizeof step) == sizeof step ? std::optional(step) : std::nullopt;
  }
  void Kill() const { kill(pid_, SIGKILL); }
  // Waits for the end; the exit code, or -1 when a signal ended it.
  int Wait() const {
    int status = 0;
    waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
  int from_child_ = -1;
};

int64_t NextStep(const std::string& path) {
  const std::vector<int64_t> steps = RolloutStore::Open(path, Mode::kReadOnly)->StepNumbers().value();
  return steps.empty() ? 0 : steps.back() + 1;
}

// Lets writers append to one log and kills each at a random moment.
Findings KillLoop(Writer writer, int num_kills) {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  CreateSampleLog(path);
  RandomStream random = CrashRandom(1);
  std::set<int64_t> acknowledged;
  Findings findings;
  for (int i = 0; i < num_kills; ++i) {
    const int64_t first = NextStep(path);
    const Child child(
        [&](const Acknowledge& acknowledge) { return Append(path, writer, first, first + 1'000'000, acknowledge).ok() ? 0 : 1; });
    for (uint64_t wanted = random.Below(4); wanted > 0; --wanted) {
      acknowledged.insert(child.NextAcknowledged().value_or(-1));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random.Below(3000)));
    child.Kill();
    while (const std::optional<int64_t> step = child.NextAcknowledged()) {
      acknowledged.insert(*step);
    }
    CHECK(child.Wait() == -1);
    Inspect(path, acknowledged, first, findings);
    if (!findings.is_clean()) break;
  }
  Inspect(path, acknowledged, 0, findings);
  return findings;
}

TEST_CASE("two hundred kills lose no acknowledged step and leave none in part", "[crash]") {
  const Findings findings = KillLoop(Writer::kStore, 200);
  INFO(findings.problems);
  CHECK(findings.num_states == 201);
  CHECK(findings.num_acknowledged > 200);
  CHECK(findings.num_lost == 0);
  CHECK(findings.num_partial == 0);
  CHECK(findings.problems.empty());
}

TEST_CASE("the kill loop sees a writer without a transaction around a step", "[crash]") {
  CHECK(KillLoop(Writer::kRowByRow, 40).num_partial > 0);
}

TEST_CASE("the kill loop sees a writer that acknowledges too early", "[crash]") {
  CHECK(KillLoop(Writer::kEarlyAcknowledge, 40).num_lost > 0);
}

// Copies a log as a killed writer would leave it: with some steps in the write-ahead log only.
void CopyUnclosedLog(const TempDir& from, const TempDir& to) {
  for (const std::string name : {"run.db", "run.db-wal"}) {
    std::filesystem::copy(from.File(name), to.File(name), std::filesystem::copy_options::overwrite_existing);
  }
  std::filesystem::remove(to.File("run.db-shm"));
}

TEST_CASE("killed at any write or sync of an append, the step is there whole or not at all", "[crash]") {
  const TempDir start;
  RolloutStore store = CreateSampleLog(start.File("run.db"));
  REQUIRE(store.AppendStep(0, SampleGroups(0)).ok());
  Findings findings;
  int64_t call = 0;
  for (int exit_code = -1; exit_code != 0;) {
    ++call;
    const TempDir folder;
    const std::string path = folder.File("run.db");
    CopyUnclosedLog(start, folder);
    const Child child([&](const Acknowledge& acknowledge) {
      TestDisk disk;
      absl::StatusOr<RolloutStore> log = RolloutStore::Open(path, Mode::kReadWrite);
      disk.FailFrom(call, TestDisk::Fault::kKill);
      const bool is_stored = log.ok() && log->AppendStep(1, SampleGroups(1)).ok();
      if (is_stored) acknowledge(1);
      return is_stored ? 0 : 1;
    });
    std::set<int64_t> acknowledged = {0};
    while (const std::optional<int64_t> step = child.NextAcknowledged()) {
      acknowledged.insert(*step);
    }
    exit_code = child.Wait();
    REQUIRE((exit_code == -1 || exit_code == 0));
    Inspect(path, acknowledged, 0, findings);
  }
  INFO(findings.problems);
  CHECK(call > 10);
  CHECK(findings.is_clean());
}

TEST_CASE("killed at any write or sync of its making, a log is there whole or not at all", "[crash]") {
  const TempDir folder;
  int64_t call = 0;
  for (int exit_code = -1; exit_code != 0;) {
    ++call;
    const std::string path = folder.File(fmt::format("run{}.db", call));
    const Child child([&](const Acknowledge&) {
      TestDisk disk;
      disk.FailFrom(call, TestDisk::Fault::kKill);
      return RolloutStore::Open(path, Mode::kCreate).ok() ? 0 : 1;
    });
    exit_code = child.Wait();
    REQUIRE((exit_code == -1 || exit_code == 0));
    const absl::StatusOr<RolloutStore> store = RolloutStore::Open(path, Exists(path) ? Mode::kReadWrite : Mode::kCreate);
    INFO(Message(store.status()));
    CHECK(store.ok());
    CHECK(IntegrityProblems(path).empty());
  }
  CHECK(call > 10);
}

TEST_CASE("whichever write or sync fails, the append says so and can be repeated", "[crash]") {
  const auto fault = GENERATE(TestDisk::Fault::kFull, TestDisk::Fault::kError);
  int64_t num_failed = 0;
  int64_t call = 0;
  for (bool is_reached = true; is_reached;) {
    ++call;
    const TempDir folder;
    const std::string path = folder.File("run.db");
    TestDisk disk;
    RolloutStore store = CreateSampleLog(path);
    REQUIRE(store.AppendStep(0, SampleGroups(0)).ok());
    disk.FailFrom(call, fault);
    const absl::Status status = store.AppendStep(1, SampleGroups(1));
    is_reached = disk.num_calls() >= call;
    disk.FailFrom(0, TestDisk::Fault::kNone);
    if (!status.ok()) {
      ++num_failed;
      INFO(Message(status));
      CHECK((fault == TestDisk::Fault::kFull ? absl::IsResourceExhausted(status) : absl::IsUnavailable(status)));
      CHECK(Message(status).find(path) != std::string_view::npos);
      CHECK(store.StepNumbers().value() == std::vector<int64_t>{0});
      REQUIRE(store.AppendStep(1, SampleGroups(1)).ok());
    }
    CHECK(FirstDifference(store.ReadStep(0).value(), SampleGroups(0)).empty());
    CHECK(FirstDifference(store.ReadStep(1).value(), SampleGroups(1)).empty());
    CHECK(IntegrityProblems(path).empty());
  }
  CHECK(num_failed > 5);
}

// Lowers the limit on the size of files that this process may write, which a write then reports much as a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(uint64_t bytes) : old_handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit lowered{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &lowered);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

TEST_CASE("a full disk is named with its cure, and writing goes on when there is room", "[crash]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  RolloutStore store = CreateSampleLog(path);
  int64_t num_stored = 0;
  absl::Status status;
  {
    const FileSizeLimit limit(800'000);
    while (status.ok() && num_stored < 1000) {
      status = store.AppendStep(num_stored, SampleGroups(num_stored));
      num_stored += status.ok() ? 1 : 0;
    }
    CHECK_FALSE(RolloutStore::Open(folder.File("other.db"), Mode::kCreate)->AppendStep(0, SampleGroups(0, {.group_size = 4000})).ok());
  }
  INFO(Message(status));
  CHECK(num_stored > 3);
  CHECK(absl::IsResourceExhausted(status));
  CHECK_THAT(std::string(Message(status)), Catch::Matchers::StartsWith(path) && Catch::Matchers::Contains("free some space"));
  REQUIRE(store.AppendStep(num_stored, SampleGroups(num_stored)).ok());
  Findings findings;
  std::set<int64_t> acknowledged;
  for (int64_t step = 0; step <= num_stored; ++step) {
    acknowledged.insert(step);
  }
  Inspect(path, acknowledged, 0, findings);
  CHECK(findings.is_clean());
}

// Records a writer's run and looks at the disk as it may be after power cuts at random moments of it.
Findings PowerCuts(Writer writer, int num_states) {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  CreateSampleLog(path);
  const DiskImage before = {{path, ReadFile(path).value()}};
  TestDisk disk;
  std::vector<size_t> acknowledged_at;  // by step: operations done by then
  const absl::Status status = Append(path, writer, 0, 30, [&](int64_t /*step*/) { acknowledged_at.push_back(disk.operations().size()); });
  INFO(Message(status));
  CHECK(status.ok());

  RandomStream random = CrashRandom(2);
  Findings findings;
  for (int i = 0; i < num_states; ++i) {
    const size_t num_operations = random.Below(acknowledged_at.back() + 1);
    const TempDir crashed;
    for (const auto& [file, contents] : AfterPowerCut(before, disk.operations(), num_operations, random)) {
      std::ofstream(crashed.File(std::filesystem::path(file).filename()), std::ios::binary) << contents;
    }
    std::set<int64_t> acknowledged;
    for (size_t step = 0; step < acknowledged_at.size() && acknowledged_at[step] <= num_operations; ++step) {
      acknowledged.insert(static_cast<int64_t>(step));
    }
    Inspect(crashed.File("run.db"), acknowledged, 0, findings);
  }
  return findings;
}

TEST_CASE("power cuts lose no acknowledged step and leave none in part", "[crash]") {
  const Findings findings = PowerCuts(Writer::kStore, 60);
  INFO(findings.problems);
  CHECK(findings.num_states == 60);
  CHECK(findings.num_acknowledged > 500);
  CHECK(findings.num_lost == 0);
  CHECK(findings.num_partial == 0);
  CHECK(findings.problems.empty());
}

TEST_CASE("the power cuts see a writer that does not sync its commits", "[crash]") {
  CHECK(PowerCuts(Writer::kNormalSync, 20).num_lost > 0);
}

}  // namespace
}  // namespace cupel
