// Covers grpo/checkpoint.h. Alone: build/release/tests/grpo_test "[checkpoint]"

#include "grpo/checkpoint.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <sys/resource.h>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "base/sha256.h"
#include "grpo/trainer.h"
#include "tests/grpo/groups.h"
#include "tests/grpo/tiny_policy.h"
#include "tests/testing/catch_torch.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

namespace fs = std::filesystem;

using testing::Masters;
using testing::SameBits;

std::string Name(int64_t step) { return fmt::format("step-{:06}", step); }

// A run folder with a policy that learns one update per step.
class Run {
 public:
  Run() : policy_(testing::LoadTiny()), trainer_(std::make_unique<Trainer>(*policy_, GrpoConfig{}, OptimizerConfig{}, 1.0, 100)) {
    store_.emplace(RolloutStore::Open(folder_.File("run.db"), RolloutStore::Mode::kCreate).value());
    RolloutStore::RunInfo info;
    info.recipe = Json::object();
    info.build = "a compiler";
    REQUIRE(store_->WriteRun(info).ok());
  }

  void Learn() {
    std::vector<RolloutGroup> groups = testing::RandomGroups(static_cast<uint64_t>(trainer_->num_updates()), 2, 4);
    trainer_->Judge(groups);
    REQUIRE(trainer_->Learn(groups).ok());
  }
  absl::Status Save(int64_t step) { return SaveCheckpoint(folder_.path(), step, *policy_, *trainer_, *store_); }
  // Learns and saves checkpoints of steps 1, 2, ... `count`.
  void LearnAndSave(int64_t count) {
    for (int64_t step = 1; step <= count; ++step) {
      Learn();
      const absl::Status status = Save(step);
      INFO(status.ToString());
      REQUIRE(status.ok());
    }
  }
  // What a fresh process would load.
  struct Loaded {
    absl::StatusOr<int64_t> step;
    std::vector<std::string> warnings;
    std::vector<float> masters;
    int64_t num_updates;
  };
  Loaded Load() {
    const std::unique_ptr<Policy> policy = testing::LoadTiny(99);
    Trainer trainer(*policy, GrpoConfig{}, OptimizerConfig{}, 1.0, 100);
    Loaded loaded{0, {}, {}, 0};
    loaded.step = LoadNewestCheckpoint(folder_.path(), *store_, *policy, trainer, loaded.warnings);
    loaded.masters = Masters(*policy);
    loaded.num_updates = trainer.num_updates();
    return loaded;
  }

  std::string Checkpoints() const { return folder_.File("checkpoints"); }
  std::string Checkpoint(int64_t step) const { return Checkpoints() + "/" + Name(step); }
  const std::string& folder() const { return folder_.path(); }
  Policy& policy() { return *policy_; }
  RolloutStore& store() { return *store_; }

 private:
  TempDir folder_;
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<Trainer> trainer_;
  std::optional<RolloutStore> store_;
};

std::set<std::string> Entries(const std::string& directory) {
  std::set<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

void FlipBit(const std::string& path, uint64_t byte, int bit) {
  std::string contents = ReadFile(path).value();
  contents[byte] = static_cast<char>(static_cast<unsigned char>(contents[byte]) ^ (1U << bit));
  REQUIRE(WriteFileAtomically(path, contents).ok());
}

bool Mentions(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

TEST_CASE("a published checkpoint verifies, is acknowledged and loads bit for bit", "[checkpoint]") {
  Run run;
  run.LearnAndSave(2);
  CHECK(VerifyCheckpoint(run.Checkpoint(2)).ok());
  const std::set<std::string> files = Entries(run.Checkpoint(2));
  for (const char* name : {"model.safetensors", "config.json", "trainer.json", "optimizer.safetensors", "manifest.json"}) {
    CHECK(files.contains(name));
  }
  // The manifest names every other file with size and digest.
  const Json manifest = ParseJson(ReadFile(run.Checkpoint(2) + "/manifest.json").value(), "manifest").value();
  CHECK(manifest["step"] == 2);
  CHECK(manifest["format"] == kCheckpointFormat);
  CHECK(manifest["made_by"]["recipe_sha256"] == Sha256Hex("{}"));
  CHECK(manifest["made_by"]["build"] == "a compiler");
  std::set<std::string> named = {"manifest.json"};
  for (const Json& file : manifest["files"]) {
    const auto name = file["name"].get<std::string>();
    named.insert(name);
    CHECK(file["bytes"] == fs::file_size(run.Checkpoint(2) + "/" + name));
    CHECK(file["sha256"] == Sha256File(run.Checkpoint(2) + "/" + name).value());
  }
  CHECK(named == files);

  const std::vector<RolloutStore::Checkpoint> rows = run.store().ReadCheckpoints().value();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].step == 2);
  CHECK(rows[0].directory == "checkpoints/step-000002");
  CHECK(rows[0].manifest_sha256 == Sha256File(run.Checkpoint(2) + "/manifest.json").value());

  const Run::Loaded loaded = run.Load();
  CHECK(loaded.step.value() == 2);
  CHECK(loaded.warnings.empty());
  CHECK(SameBits(loaded.masters, Masters(run.policy())));
  CHECK(loaded.num_updates == 2);
}

TEST_CASE("without a checkpoint nothing is loaded", "[checkpoint]") {
  Run run;
  const Run::Loaded loaded = run.Load();
  CHECK(loaded.step.value() == 0);
  CHECK(loaded.warnings.empty());
  CHECK(SameBits(loaded.masters, Masters(*testing::LoadTiny(99))));
}

TEST_CASE("a flipped bit in any file is found and the file named", "[checkpoint]") {
  Run run;
  run.LearnAndSave(1);
  RandomStream random(4, RandomPurpose::kTaskContent);
  for (const std::string& name : Entries(run.Checkpoint(1))) {
    const std::string path = run.Checkpoint(1) + "/" + name;
    const uint64_t size = fs::file_size(path);
    for (int i = 0; i < 60; ++i) {
      const uint64_t byte = i == 0 ? 0 : i == 1 ? size - 1 : random.Below(size);
      const int bit = static_cast<int>(random.Below(8));
      INFO(name << " byte " << byte << " bit " << bit);
      FlipBit(path, byte, bit);
      if (name != "manifest.json") {
        const absl::Status status = VerifyCheckpoint(run.Checkpoint(1));
        CHECK(absl::IsDataLoss(status));
        CHECK(Mentions(Message(status), path));
      } else if (i < 20) {  // the manifest's own digest is in the log
        const Run::Loaded loaded = run.Load();
        CHECK(loaded.step.value() == 0);
        REQUIRE(loaded.warnings.size() == 1);
        CHECK(Mentions(loaded.warnings[0], "manifest.json"));
      }
      FlipBit(path, byte, bit);
    }
  }
  CHECK(VerifyCheckpoint(run.Checkpoint(1)).ok());
  CHECK(run.Load().step.value() == 1);
}

TEST_CASE("a truncated, longer or missing file is found and named", "[checkpoint]") {
  Run run;
  run.LearnAndSave(1);
  for (const std::string& name : Entries(run.Checkpoint(1))) {
    const std::string path = run.Checkpoint(1) + "/" + name;
    const std::string contents = ReadFile(path).value();
    const auto check = [&] {
      INFO(name);
      const absl::Status status = VerifyCheckpoint(run.Checkpoint(1));
      CHECK_FALSE(status.ok());
      CHECK(Mentions(Message(status), path));
      const Run::Loaded loaded = run.Load();
      CHECK(loaded.step.value() == 0);
      REQUIRE(loaded.warnings.size() == 1);
      CHECK(Mentions(loaded.warnings[0], path));
    };
    for (const size_t size : {size_t{0}, contents.size() / 2, contents.size() - 2}) {
      REQUIRE(WriteFileAtomically(path, contents.substr(0, size)).ok());
      check();
    }
    if (name != "manifest.json") {
      REQUIRE(WriteFileAtomically(path, contents + "x").ok());
      check();
    }
    REQUIRE(fs::remove(path));
    check();
    REQUIRE(WriteFileAtomically(path, contents).ok());
  }
  CHECK(run.Load().step.value() == 1);
}

TEST_CASE("a manifest cannot name files outside its folder", "[checkpoint]") {
  Run run;
  run.LearnAndSave(1);
  const std::string path = run.Checkpoint(1) + "/manifest.json";
  for (const char* name : {"../../run.db", "/etc/hostname", "..", ".", ""}) {
    const Json manifest = {{"format", 1}, {"step", 1}, {"files", {{{"name", name}, {"bytes", 1}, {"sha256", ""}}}}};
    REQUIRE(WriteFileAtomically(path, DumpJson(manifest)).ok());
    const absl::Status status = VerifyCheckpoint(run.Checkpoint(1));
    CHECK(absl::IsDataLoss(status));
    CHECK(Mentions(Message(status), "is not the name of a file"));
  }
  for (const char* text : {"", "[]", "{}", "{\"format\": 1}", "{\"format\": \"1\", \"files\": []}", "{\"format\": 1, \"files\": [3]}"}) {
    REQUIRE(WriteFileAtomically(path, text).ok());
    CHECK_FALSE(VerifyCheckpoint(run.Checkpoint(1)).ok());
  }
}

TEST_CASE("when the newest checkpoint is damaged the one before is loaded", "[checkpoint]") {
  Run run;
  run.LearnAndSave(2);
  const std::vector<float> two = Masters(run.policy());
  run.Learn();
  REQUIRE(run.Save(3).ok());
  FlipBit(run.Checkpoint(3) + "/optimizer.safetensors", 4000, 3);
  const Run::Loaded loaded = run.Load();
  CHECK(loaded.step.value() == 2);
  CHECK(SameBits(loaded.masters, two));
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(Mentions(loaded.warnings[0], "step-000003/optimizer.safetensors"));
}

TEST_CASE("when the newest checkpoint is gone the one before is loaded with a warning", "[checkpoint]") {
  Run run;
  run.LearnAndSave(2);
  fs::remove_all(run.Checkpoint(2));
  const Run::Loaded loaded = run.Load();
  CHECK(loaded.step.value() == 1);
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(Mentions(loaded.warnings[0], "step-000002"));
}

TEST_CASE("a damaged or lost checkpoint is written again, a good one is kept", "[checkpoint]") {
  Run run;
  run.LearnAndSave(2);
  const std::string path = run.Checkpoint(2) + "/model.safetensors";
  const std::string digest = Sha256File(path).value();
  const auto written = fs::last_write_time(path);
  REQUIRE(run.Save(2).ok());
  CHECK(fs::last_write_time(path) == written);
  CHECK(run.store().ReadCheckpoints().value().size() == 2);

  FlipBit(path, 1000, 0);
  REQUIRE(run.Save(2).ok());
  CHECK(Sha256File(path).value() == digest);
  fs::remove_all(run.Checkpoint(2));
  REQUIRE(run.Save(2).ok());
  CHECK(run.Load().step.value() == 2);

  // Its several rows are still one checkpoint.
  REQUIRE(PruneCheckpoints(run.folder(), {.newest = 1}, run.store()).ok());
  CHECK(Entries(run.Checkpoints()) == std::set<std::string>{Name(2)});
  CHECK(run.Load().step.value() == 2);
}

TEST_CASE("folders that were never acknowledged are deleted, the user's own are not", "[checkpoint]") {
  Run run;
  run.LearnAndSave(1);
  fs::copy(run.Checkpoint(1), run.Checkpoint(7));  // renamed, but its row was never written
  fs::copy(run.Checkpoint(1), run.Checkpoints() + "/.unfinished-step-000008");
  fs::copy(run.Checkpoint(1), run.Checkpoint(1) + "-best");
  fs::create_directories(run.Checkpoints() + "/notes");
  CHECK(run.Load().step.value() == 1);
  CHECK(Entries(run.Checkpoints()) == std::set<std::string>{Name(1), Name(1) + "-best", "notes"});
}

TEST_CASE("a path in the log is not followed", "[checkpoint]") {
  Run run;
  run.LearnAndSave(1);
  const TempDir precious;
  REQUIRE(run.store().AppendCheckpoint({2, "checkpoints/../../" + fs::path(precious.path()).filename().string(), ""}).ok());
  REQUIRE(run.store().AppendCheckpoint({3, precious.path(), ""}).ok());
  REQUIRE(PruneCheckpoints(run.folder(), {.newest = 1}, run.store()).ok());
  CHECK(Exists(precious.path()));
}

TEST_CASE("a checkpoint of a newer format is refused, not passed over", "[checkpoint]") {
  Run run;
  run.LearnAndSave(2);
  const std::string path = run.Checkpoint(2) + "/manifest.json";
  Json manifest = ParseJson(ReadFile(path).value(), path).value();
  manifest["format"] = kCheckpointFormat + 1;
  const std::string text = DumpJson(manifest);
  REQUIRE(WriteFileAtomically(path, text).ok());
  REQUIRE(run.store().AppendCheckpoint({2, "checkpoints/" + Name(2), Sha256Hex(text)}).ok());
  const Run::Loaded loaded = run.Load();
  CHECK(absl::IsFailedPrecondition(loaded.step.status()));
  CHECK(Mentions(Message(loaded.step.status()), "use a newer cupel"));
  CHECK(Exists(run.Checkpoint(2)));
}

TEST_CASE("the newest checkpoints are kept and the others removed", "[checkpoint]") {
  Run run;
  run.LearnAndSave(4);
  REQUIRE(PruneCheckpoints(run.folder(), {.newest = 2}, run.store()).ok());
  CHECK(Entries(run.Checkpoints()) == std::set<std::string>{Name(3), Name(4)});
  REQUIRE(PruneCheckpoints(run.folder(), {.newest = 0}, run.store()).ok());
  CHECK(Entries(run.Checkpoints()) == std::set<std::string>{Name(4)});
  CHECK(run.store().ReadCheckpoints().value().size() == 4);
  const Run::Loaded loaded = run.Load();
  CHECK(loaded.step.value() == 4);
  CHECK(loaded.warnings.empty());  // a pruned checkpoint is not a lost one
}

TEST_CASE("multiples and the best are kept beside the newest", "[checkpoint]") {
  Run run;
  run.LearnAndSave(6);
  for (int64_t step = 0; step < 6; ++step) {
    // Of the step that makes the checkpoint of step + 1; the third is the best.
    REQUIRE(run.store().WriteMetrics(step, {{"reward", step == 2 ? 0.9 : 0.1 * static_cast<double>(step)}}).ok());
  }
  REQUIRE(PruneCheckpoints(run.folder(), {.newest = 1, .every = 2, .best_metric = "reward"}, run.store()).ok());
  CHECK(Entries(run.Checkpoints()) == std::set<std::string>{Name(2), Name(3), Name(4), Name(6)});
  RolloutStore::Evaluation evaluation;
  evaluation.name = "step";
  evaluation.step = 4;
  evaluation.pass_at_1 = 0.5;
  REQUIRE(run.store().WriteEvaluation(evaluation).ok());
  REQUIRE(PruneCheckpoints(run.folder(), {.newest = 1, .every = 0, .best_metric = "pass@1"}, run.store()).ok());
  CHECK(Entries(run.Checkpoints()) == std::set<std::string>{Name(4), Name(6)});
}

// Through the digests that VerifyCheckpoint compares, on the file's bytes in memory: writing each flip to the disk would test the disk.
TEST_CASE("ten thousand flipped bits all change a file's digest", "[checkpoint]") {
  Run run;
  run.LearnAndSave(1);
  const std::string path = run.Checkpoint(1) + "/manifest.json";
  const Json manifest = ParseJson(ReadFile(path).value(), path).value();
  RandomStream random(6, RandomPurpose::kTaskContent);
  int flips = 0;
  for (const Json& entry : manifest["files"]) {
    std::string bytes = ReadFile(run.Checkpoint(1) + "/" + entry["name"].get<std::string>()).value();
    const bool is_small = bytes.size() < 100000;
    for (int i = 0; i < (is_small ? 2200 : 150); ++i, ++flips) {
      char& byte = bytes[random.Below(bytes.size())];
      const char before = byte;
      byte = static_cast<char>(byte ^ (1 << random.Below(8)));
      REQUIRE(Sha256Hex(bytes) != entry["sha256"].get<std::string>());
      byte = before;
    }
    REQUIRE(Sha256Hex(bytes) == entry["sha256"].get<std::string>());
  }
  CHECK(flips >= 10000);
}

// Files cannot grow beyond `bytes` while this lives: what a full disk does, at a chosen place.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(uint64_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST_CASE("a write that fails publishes nothing, frees its space and leaves the last checkpoint good", "[checkpoint]") {
  Run run;
  run.LearnAndSave(1);
  const std::vector<float> one = Masters(run.policy());
  run.Learn();
  const uint64_t model_bytes = fs::file_size(run.Checkpoint(1) + "/model.safetensors");
  for (const uint64_t limit : {uint64_t{0}, uint64_t{100}, uint64_t{20000}, model_bytes - 1, model_bytes + 1000}) {
    INFO("files up to " << limit << " bytes");
    {
      const FileSizeLimit full(limit);
      const absl::Status status = run.Save(2);
      CHECK_FALSE(status.ok());
      CHECK(Mentions(Message(status), "checkpoint of step 2"));
    }
    CHECK(Entries(run.Checkpoints()) == std::set<std::string>{Name(1)});
    const Run::Loaded loaded = run.Load();
    CHECK(loaded.step.value() == 1);
    CHECK(loaded.warnings.empty());
    CHECK(SameBits(loaded.masters, one));
  }
  REQUIRE(run.Save(2).ok());  // there is space again
  CHECK(run.Load().step.value() == 2);
}

TEST_CASE("a place that cannot be written is named", "[checkpoint]") {
  Run run;
  run.Learn();
  REQUIRE(WriteFileAtomically(run.Checkpoints(), "a file where the folder should be").ok());
  const absl::Status status = run.Save(1);
  CHECK_FALSE(status.ok());
  CHECK(Mentions(Message(status), run.Checkpoints()));
  CHECK(run.store().ReadCheckpoints().value().empty());
}

// Not run by default: tests/grpo/transformers_test.sh asks for it.
TEST_CASE("a checkpoint is written for transformers", "[.export]") {
  Run run;
  run.LearnAndSave(1);
  fs::remove_all("tests/exported_checkpoint");
  fs::copy(run.Checkpoint(1), "tests/exported_checkpoint");
}

}  // namespace
}  // namespace cupel
