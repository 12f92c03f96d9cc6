// Covers `cupel replay`: steps done again are identical, and a changed byte is found where it is. Alone:
// build/release/tests/experiments_test "[replay]"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "rollout/blob.h"
#include "rollout/rollout_store.h"
#include "tests/experiments/cupel.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::Cupel;
using testing::TrainTiny;

// A finished run of the built-in model that is rewarded for something in most steps, with every checkpoint kept.
std::string TrainRun(const TempDir& folder, int steps) {
  const std::string run = folder.File("run");
  const ProcessResult result =
      Cupel(TrainTiny(run, {"--no-eval", "--set", "run.steps=" + std::to_string(steps), "--set", "run.checkpoint_every=10", "--set",
                            "run.keep_checkpoints=100", "--set", "data.arithmetic.max_operand=3"}));
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  return run;
}

// Digest of every file of a folder.
std::map<std::string, std::string> Files(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    // Readers of a write-ahead log may leave its empty companions.
    const std::string name = entry.path().string();
    if (entry.is_regular_file() && !name.ends_with("-shm") && !name.ends_with("-wal")) {
      files[name] = Sha256File(name).value();
    }
  }
  return files;
}

void Execute(const std::string& run, const std::string& sql) {
  SqliteConnection connection = SqliteConnection::Open(run + "/run.db", SqliteConnection::Access::kReadWrite).value();
  REQUIRE(connection.Execute(sql).ok());
}

Json ReplayJson(const std::string& run, std::vector<std::string> more, int expected_exit) {
  std::vector<std::string> arguments = {"replay", run, "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const ProcessResult result = Cupel(arguments);
  INFO(result.out << result.err);
  CHECK(result.exit_code == expected_exit);
  return ParseJson(result.out, "output").value();
}

// The stages of the only replayed step that differ, with what they say.
std::map<std::string, std::string> Differences(const Json& output) {
  std::map<std::string, std::string> differences;
  for (const Json& stage : output["steps"][0]["stages"]) {
    if (stage["result"] == "differs") {
      differences[stage["stage"].get<std::string>()] = stage["difference"].get<std::string>();
    }
  }
  return differences;
}

TEST_CASE("every step of a run of 50 is identical when it is done again, and nothing is written", "[replay]") {
  const TempDir folder;
  const std::string run = TrainRun(folder, 50);
  const auto files = Files(run);
  const Json all = ReplayJson(run, {"--all"}, 0);
  CHECK(all["exact"] == true);
  REQUIRE(all["steps"].size() == 50);
  for (const Json& step : all["steps"]) {
    INFO(step.dump());
    CHECK(step["identical"] == true);
    CHECK(step["stages"].size() == 9);
    for (const Json& stage : step["stages"]) {
      CHECK(stage["result"] == "identical");
    }
  }
  CHECK(ReplayJson(run, {"--all"}, 0)["digest"] == all["digest"]);
  CHECK(Files(run) == files);

  SECTION("single steps, from the checkpoint before or from far away") {
    CHECK(Contains(ReplayJson(run, {"--step", "31"}, 0).dump(), "checkpoints/step-000030"));
    CHECK(Contains(ReplayJson(run, {"--step", "37"}, 0).dump(), "then 6 steps learned again"));
    fs::remove_all(run + "/checkpoints");
    CHECK(Contains(ReplayJson(run, {"--step", "23"}, 0).dump(), "first model, then 22 steps learned again"));
    CHECK(ReplayJson(run, {"--step", "40", "--step", "7", "--from-log", "rewards"}, 0)["steps"].size() == 2);
  }
}

TEST_CASE("a run that sampled with int8 weights is identical too, though its sampler is not its trainer", "[replay]") {
  const TempDir folder;
  const std::string run = folder.File("run");
  const ProcessResult result =
      Cupel(TrainTiny(run, {"--no-eval", "--set", "run.steps=4", "--set", "run.checkpoint_every=2", "--set", "rollout.weights=int8",
                            "--set", "grpo.old_logprobs=recompute", "--set", "grpo.correction.kind=truncated"}));
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(Contains(result.out, "int8 weights of sampling"));  // in the memory plan
  const Json all = ReplayJson(run, {"--all"}, 0);
  CHECK(all["exact"] == true);
  REQUIRE(all["steps"].size() == 4);
  for (const Json& step : all["steps"]) {
    INFO(step.dump());
    CHECK(step["identical"] == true);
    for (const Json& stage : step["stages"]) {
      CHECK(stage["result"] == "identical");
    }
  }
  const RolloutStore store = RolloutStore::Open(run + "/run.db", RolloutStore::Mode::kReadOnly).value();
  double gap = 0;
  for (int64_t step = 0; step < 4; ++step) {
    const RolloutStore::Metrics metrics = store.ReadMetrics(step).value();
    for (const auto& [name, value] : metrics) {
      gap += name == "sampling/sampling_logp_difference/mean" ? value : 0;
    }
  }
  CHECK(gap > 0);
}

// Changes one element of a blob of the first rollout of a step.
void ChangeBlob(const std::string& run, int64_t step, const std::string& column) {
  SqliteConnection connection = SqliteConnection::Open(run + "/run.db", SqliteConnection::Access::kReadWrite).value();
  SqliteStatement row = connection
                            .Prepare("SELECT rollout_id, num_tokens, " + column +
                                     " FROM groups JOIN rollouts USING (group_id) WHERE step = ?1 AND group_idx = 1 AND sample_idx = 3")
                            .value();
  row.Query(step);
  REQUIRE(row.Next().value());
  const int64_t rollout_id = row.Integer(0);
  BlobEncoder encoder;
  std::string blob;
  if (column == "tokens") {
    std::vector<TokenId> tokens = DecodeTokens(row.Blob(2), row.Integer(1)).value();
    tokens[0] ^= 1;
    blob = encoder.Tokens(tokens);
  } else {
    std::vector<float> values = DecodeFloats(row.Blob(2), row.Integer(1)).value();
    values[0] = std::nextafter(values[0], 0.0F);
    blob = encoder.Floats(values);
  }
  while (row.Next().value()) {
  }
  SqliteStatement update = connection.Prepare("UPDATE rollouts SET " + column + " = ?1 WHERE rollout_id = ?2").value();
  REQUIRE(update.Run(SqlBlob{blob}, rollout_id).ok());
}

TEST_CASE("one changed value is found in its stage, with its rollout", "[replay]") {
  const TempDir folder;
  const std::string run = TrainRun(folder, 12);
  const std::string where =
      " WHERE rollout_id = (SELECT rollout_id FROM groups JOIN rollouts USING (group_id) WHERE step = 10 AND group_idx = 1 AND sample_idx "
      "= 3)";
  const std::string place = "group 1, sample 3";
  std::string stage;
  SECTION("a token") {
    ChangeBlob(run, 10, "tokens");
    stage = "sampling";
  }
  SECTION("a log-probability") {
    ChangeBlob(run, 10, "logprobs");
    stage = "sampling";
  }
  SECTION("a text") {
    Execute(run, "UPDATE rollouts SET text = text || '.'" + where);
    stage = "text";
  }
  SECTION("a verdict") {
    Execute(run, "UPDATE verdicts SET cost = cost + 1" + where);
    stage = "verdicts";
  }
  SECTION("a reward term") {
    Execute(run, "UPDATE reward_terms SET value = value + 1e-9" + where);
    stage = "rewards";
  }
  SECTION("a reward") {
    Execute(run, "UPDATE rollouts SET reward = reward + 1e-9" + where);
    stage = "rewards";
  }
  SECTION("an advantage") {
    Execute(run, "UPDATE rollouts SET advantage = advantage + 1e-12" + where);
    stage = "advantages";
  }
  const auto differences = Differences(ReplayJson(run, {"--step", "11"}, 1));
  INFO(Json(differences).dump());
  REQUIRE(differences.contains(stage));
  CHECK(Contains(differences.at(stage), place));
  CHECK(Contains(differences.at(stage), "recorded "));
  CHECK(Contains(differences.at(stage), "replayed "));
}

TEST_CASE("a changed metric, weight digest, prompt or checkpoint is found", "[replay]") {
  const TempDir folder;
  const std::string run = TrainRun(folder, 12);
  SECTION("a metric") {
    Execute(run, "UPDATE metrics SET value = value + 1e-12 WHERE step = 10 AND name = 'entropy'");
    CHECK(Contains(Differences(ReplayJson(run, {"--step", "11"}, 1)).at("update"), "entropy"));
  }
  SECTION("the digest of the weights") {
    Execute(run, "UPDATE updates SET weights_digest = 'x' || weights_digest WHERE step = 10");
    CHECK(Differences(ReplayJson(run, {"--step", "11"}, 1)).size() == 1);
    CHECK(Differences(ReplayJson(run, {"--step", "11"}, 1)).contains("weights"));
    const ProcessResult after = Cupel({"replay", run, "--step", "12"});
    CHECK(after.exit_code == 1);
    CHECK(Contains(after.err, "replay that step to see where it differs (--step 11)"));
  }
  SECTION("a prompt") {
    Execute(run, "UPDATE groups SET answer = '17' WHERE step = 10 AND group_idx = 2");
    CHECK(Contains(Differences(ReplayJson(run, {"--step", "11"}, 1)).at("prompts"), "group 2: gold answer"));
  }
  SECTION("a byte of the checkpoint before") {
    const std::string weights = run + "/checkpoints/step-000010/optimizer.safetensors";
    std::string bytes = ReadFile(weights).value();
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    REQUIRE(WriteFileAtomically(weights, bytes).ok());
    const ProcessResult result = Cupel({"replay", run, "--step", "11"});
    CHECK(result.exit_code == 1);
    CHECK(Contains(result.err, "step-000010/optimizer.safetensors"));
    CHECK(Contains(result.err, "stage start"));
  }
}

TEST_CASE("on another instruction-set path the numbers must agree within bounds", "[replay]") {
  const TempDir folder;
  const std::string run = TrainRun(folder, 12);
  Execute(run, "UPDATE runs SET kernels = 'another'");
  const Json output = ReplayJson(run, {"--step", "11"}, 0);
  CHECK(output["exact"] == false);
  CHECK(Contains(output.dump(), "the record was made on another"));
  ChangeBlob(run, 10, "logprobs");  // by one bit: within the bound
  CHECK(Differences(ReplayJson(run, {"--step", "11"}, 0)).empty());
  ChangeBlob(run, 10, "tokens");  // another token has another log-probability
  CHECK(Contains(Differences(ReplayJson(run, {"--step", "11"}, 1)).at("sampling"), "group 1, sample 3"));
}

TEST_CASE("a step whose log-probabilities were rounded is compared as far as they go", "[replay]") {
  const TempDir folder;
  const std::string run = TrainRun(folder, 12);
  REQUIRE(Cupel({"log", "prune", run, "--round-logprobs", "--keep-steps", "1"}).exit_code == 0);
  const Json output = ReplayJson(run, {"--step", "11"}, 0);
  CHECK(Contains(output.dump(), "rounded to bfloat16"));
  const ProcessResult after = Cupel({"replay", run, "--step", "12"});  // step 11 would have to be learned again
  CHECK(after.exit_code == 1);
  CHECK(Contains(after.err, "step 11 were rounded"));
  ChangeBlob(run, 10, "tokens");
  CHECK(Contains(Differences(ReplayJson(run, {"--step", "11"}, 1)).at("sampling"), "group 1, sample 3"));
}

TEST_CASE("what cannot be replayed says why and what can", "[replay]") {
  const TempDir folder;
  const std::string run = TrainRun(folder, 12);
  const auto fails = [&](std::vector<std::string> more, int code, std::vector<std::string> mentions) {
    std::vector<std::string> arguments = {"replay", run};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult result = Cupel(arguments);
    INFO(result.out << result.err);
    CHECK(result.exit_code == code);
    CHECK(std::ranges::count(result.err, '\n') == 1);
    for (const std::string& mention : mentions) {
      INFO(mention);
      CHECK(Contains(result.err, mention));
    }
  };
  fails({}, 2, {"--step", "--rescore"});
  fails({"--step", "99"}, 1, {"step 99 is not stored", "1 to 12"});
  fails({"--step", "3", "--rescore"}, 2, {"--rescore", "--step"});
  fails({"--step", "3", "--label", "x"}, 2, {"--label"});
  fails({"--all", "--lr", "0.1"}, 2, {"--step N"});
  fails({"--step", "3", "--lr", "0.001"}, 2, {"nothing that the update depends on"});
  fails({"--step", "3", "--set", "optimizer.learning_rat=1"}, 2, {"learning_rate"});
  fails({"--step", "3", "--model", "none.gguf"}, 1, {"none.gguf"});
  fails({"--reward", "correctnes"}, 2, {"correctness"});
  fails({"--reward", "correctness=much"}, 2, {"much", "NAME=WEIGHT"});
  fails({"--verifier", "numbr"}, 1, {"number"});

  REQUIRE(Cupel({"log", "prune", run, "--keep-steps", "4"}).exit_code == 0);
  fails({"--step", "2"}, 1, {"step 2 was pruned", "steps 9 to 12"});
  CHECK(Cupel({"replay", run, "--step", "11"}).exit_code == 0);  // from the checkpoint after the pruned steps
  Execute(run, "UPDATE runs SET model_digest = 'abcdef0123456789'");
  fails({"--step", "11"}, 1, {"tiny", "--model"});
  Execute(run, "UPDATE runs SET recipe = json_set(recipe, '$.reward.terms[0].name', 'gone')");
  fails({"--rescore"}, 2, {"gone", "correctness"});
}

TEST_CASE("a counterfactual update is compared with the recorded one", "[replay]") {
  const TempDir folder;
  const std::string run = TrainRun(folder, 12);
  const auto files = Files(run);
  // A step that learned something.
  const RolloutStore store = RolloutStore::Open(run + "/run.db", RolloutStore::Mode::kReadOnly).value();
  int64_t step = -1;
  const std::vector<std::pair<int64_t, double>> norms = store.ReadMetricSeries("grad_norm").value();
  for (const auto& [one, norm] : norms) {
    step = norm > 0 && step < 0 ? one : step;
  }
  REQUIRE(step >= 0);
  const std::string number = std::to_string(step + 1);
  const Json doubled = ReplayJson(run, {"--step", number, "--lr", "0.002"}, 0);
  INFO(doubled.dump(2));
  CHECK(doubled["settings"] == Json({"optimizer.learning_rate: 0.001 -> 0.002"}));
  CHECK(doubled["cosine"].get<double>() > 0.999);
  CHECK(doubled["other"]["weight_change"].get<double>() == Approx(2 * doubled["recorded"]["weight_change"].get<double>()).epsilon(1e-3));
  CHECK(doubled["other"]["kl_moved"].get<double>() > doubled["recorded"]["kl_moved"].get<double>());
  CHECK(doubled["other"]["metrics"]["policy_loss"] == doubled["recorded"]["metrics"]["policy_loss"]);
  const double recorded_norm = norms[static_cast<size_t>(step)].second;
  CHECK(doubled["recorded"]["metrics"]["grad_norm"].get<double>() == recorded_norm);

  const Json against = ReplayJson(run, {"--step", number, "--set", "reward.terms=[{name=\"correctness\", weight=-1.0}]"}, 0);
  CHECK(against["cosine"].get<double>() < 0);
  CHECK(against["changed_advantages"].get<int64_t>() > 0);
  CHECK(Files(run) == files);
}

TEST_CASE("a run is rescored while it stays as it was, and its results are kept where asked", "[replay]") {
  const TempDir folder;
  const std::string run = TrainRun(folder, 6);
  const auto files = Files(run);
  const Json same = ReplayJson(run, {"--rescore"}, 0);
  CHECK(same["changed_verdicts"] == 0);
  CHECK(same["gradient_weight_moved"] == 0.0);
  CHECK(ReplayJson(run, {"--rescore", testing::TinyRecipe(), "--verifier", "exact_match"}, 0)["rollouts"] == 192);
  REQUIRE(Cupel({"replay", run, "--verifier", "exact_match", "--out", folder.File("copy.db")}).exit_code == 0);
  CHECK(Files(run) == files);
  const ProcessResult changes = Cupel({"show", folder.File("copy.db"), "--sql", "SELECT count(*) AS n FROM rescored", "--json"});
  CHECK(ParseJson(changes.out, "rows").value()[0]["n"] == 192);
  const FileLock lock = FileLock::Acquire(run + "/.lock").value();
  const ProcessResult busy = Cupel({"replay", run, "--rescore", "--label", "x"});
  CHECK(busy.exit_code == 1);
  CHECK(Contains(busy.err, "--out"));
}

}  // namespace
}  // namespace cupel
