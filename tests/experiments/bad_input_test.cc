// Covers what the program says to bad usage, settings, files and folders: one clear line and the documented exit code. Alone:
// build/release/tests/experiments_test "[bad_input]"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include "base/file.h"
#include "base/sha256.h"
#include "tests/experiments/cupel.h"
#include "tests/experiments/run_digest.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

namespace fs = std::filesystem;

using testing::Contains;
using testing::Cupel;
using testing::TinyRecipe;
using testing::TrainTiny;

constexpr int kFailed = 1;
constexpr int kUsage = 2;

std::string FinishedRun(const TempDir& folder) {
  const std::string run = folder.File("run");
  const ProcessResult result = Cupel(TrainTiny(run, {"--no-eval", "--set", "run.steps=2"}));
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  return run;
}

// Exactly one line on standard error that says `parts`, and the exit code.
void CheckRefused(const ProcessResult& result, int exit_code, const std::vector<std::string>& parts) {
  INFO("standard error: " << result.err);
  CHECK(result.exit_code == exit_code);
  CHECK(Contains(result.err, "cupel: "));
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  for (const std::string& part : parts) {
    INFO("expected: " << part);
    CHECK(Contains(result.err, part));
  }
}

TEST_CASE("settings that cannot be are refused before a folder is made", "[bad_input]") {
  struct Case {
    std::string assignment;
    std::vector<std::string> parts;
  };
  const std::vector<Case> cases = {
      {"optimizer.learning_rat=1e-4", {"learning_rat", "learning_rate"}},
      {"optimiser.learning_rate=1e-4", {"optimiser", "optimizer"}},
      {"grpo.objective.clip_low=7", {"grpo.objective.clip_low", "7", "0", "1"}},
      {"grpo.objective.clip_low=nan", {"grpo.objective.clip_low"}},
      {"grpo.aggregation=tokenmean", {"grpo.aggregation", "tokenmean", "token_mean"}},
      {"rollout.group_size=1", {"rollout.group_size", "1"}},
      {"rollout.group_size=2.5", {"rollout.group_size", "2.5"}},
      {"rollout.weights=int4", {"rollout.weights", "int4", "exact", "int8"}},
      {"rollout.weights=int8",
       {"rollout.weights", "grpo.old_logprobs", "\"recompute\"", "grpo.correction.kind", "\"truncated\"", "\"exact\""}},
      {"model.device=gpu", {"model.device", "gpu", "cpu", "cuda", "reference"}},
      {"run.steps=many", {"run.steps", "many"}},
      {"run.steps", {"run.steps", "="}},
      {"run=3", {"run"}},
      {"model.path=", {"model.path"}},
      {"grpo.updates_per_rollout=64", {"grpo.updates_per_rollout", "64", "prompts_per_step"}},
      {"data.source=arithmetics", {"data.source", "arithmetics", "arithmetic"}},
      {"data.arithmetic.template=nothing", {"{expression}"}},
      {"data.arithmetic.operators=[\"/\"]", {"operators", "/"}},
  };
  const TempDir folder;
  for (const Case& item : cases) {
    INFO(item.assignment);
    CheckRefused(Cupel(TrainTiny(folder.File("run"), {"--set", item.assignment})), kUsage, item.parts);
    CHECK((!Exists(folder.File("run")) || !Exists(folder.File("run") + "/recipe.toml")));
  }
}

TEST_CASE("a device that is not to be had, or cannot do what is asked, is refused", "[bad_input]") {
  const TempDir folder;
  const auto train = [&](const std::vector<std::string>& settings) {
    std::vector<std::string> more = {"--no-eval", "--set", "run.steps=1"};
    for (const std::string& setting : settings) {
      more.insert(more.end(), {"--set", setting});
    }
    return Cupel(TrainTiny(folder.File("run"), more));
  };
  CheckRefused(train({"model.device=reference", "rollout.weights=int8", "grpo.old_logprobs=recompute", "grpo.correction.kind=truncated"}),
               kUsage, {"rollout.weights", "model.device", "reference"});
  CheckRefused(train({"model.device=reference", "model.compute=bf16", "model.linear=onednn"}), kUsage,
               {"model.linear", "model.device", "auto"});
  if (const ProcessResult result = train({"model.device=cuda"}); result.exit_code != 0) {
    CheckRefused(result, kFailed, {"model.device", "cuda", "\"cpu\""});
  }
  CheckRefused(Cupel({"bench", "decode", "--model", "tiny", "--device", "reference", "--weights", "int8"}), kUsage,
               {"--weights", "--device"});
}

TEST_CASE("a recipe with a mistake is refused with its line and key", "[bad_input]") {
  struct Case {
    std::string text;
    std::vector<std::string> parts;
  };
  const std::vector<Case> cases = {
      {"[run]\nsteps = 2\nsteps = 3\n", {"recipe.toml", "steps"}},
      {"[run]\nsteps = \n", {"recipe.toml", "2"}},
      {"[run]\n\nstep = 2\n", {"recipe.toml:3", "step", "steps"}},
      {"[rum]\nsteps = 2\n", {"recipe.toml", "rum", "run"}},
      {"[run]\nsteps = \"two\"\n", {"recipe.toml:2", "run.steps"}},
      {"[model]\npath = \"tiny\"\n[[reward.terms]]\nname = \"corectness\"\n", {"corectness", "correctness"}},
      {"[model]\npath = \"tiny\"\n[reward]\nterms = []\n", {"reward"}},
      {"steps = 2\n", {"recipe.toml", "steps"}},
  };
  const TempDir folder;
  const std::string path = folder.File("recipe.toml");
  for (const Case& item : cases) {
    INFO(item.text);
    REQUIRE(WriteFileAtomically(path, item.text).ok());
    CheckRefused(Cupel({"train", path, "--run", folder.File("run")}), kUsage, item.parts);
    CHECK_FALSE(Exists(folder.File("run")));
  }
}

TEST_CASE("data that cannot be used is refused", "[bad_input]") {
  const TempDir folder;
  const std::string path = folder.File("tasks.jsonl");
  REQUIRE(WriteFileAtomically(path, R"({"question": "1+1?", "answer": "#### 2"})").ok());
  REQUIRE(WriteFileAtomically(folder.File("eval.jsonl"), R"({"question": "2+2?", "answer": "#### 4"})").ok());
  const auto train = [&](const std::string& setting) {
    return Cupel(TrainTiny(folder.File("run"),
                           {"--no-eval", "--set", "run.steps=1", "--set", "data.source=jsonl", "--set", "data.jsonl.path=" + path, "--set",
                            "data.jsonl.eval_path=" + folder.File("eval.jsonl"), "--set", setting}));
  };
  CheckRefused(train("data.jsonl.path=" + folder.File("none.jsonl")), kFailed, {"none.jsonl"});
  CheckRefused(train("data.jsonl.verifier=numbr"), kUsage, {"data.jsonl.verifier", "numbr", "number"});
  CheckRefused(train("data.jsonl.prompt_column=query"), kUsage, {".jsonl:1", "query", "data.jsonl.prompt_column"});
  CheckRefused(train("data.jsonl.verifier_options={\"percent\": true}"), kUsage, {"percent"});
  REQUIRE(WriteFileAtomically(path, R"({"question": "1+1?", "answer": "#### two"})").ok());
  CheckRefused(train("run.seed=1"), kUsage, {"two", "tasks.jsonl"});
  REQUIRE(WriteFileAtomically(path, R"({"question": "1+1?", "answer": "#### 2"})").ok());
  CHECK(train("run.seed=1").exit_code == 0);
}

TEST_CASE("bad usage exits with 2 and says how to get help", "[bad_input]") {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {}, {"tran"}, {"train", "--runn", "x"}, {"show"}, {"sample"}, {"bench", "everything"}, {"sample", "tiny", "--top-p", "2"}}) {
    const ProcessResult result = Cupel(arguments);
    INFO(result.out << result.err);
    CHECK(result.exit_code == kUsage);
    CHECK(Contains(result.err, "--help"));
    CHECK(result.out.empty());
  }
  CheckRefused(Cupel({"train"}), kUsage, {"recipe"});
  CheckRefused(Cupel({"train", "--resume"}), kUsage, {"--run"});
  CheckRefused(Cupel({"sample", "tiny"}), kUsage, {"prompt"});
  CheckRefused(Cupel({"sample", "tiny", "--prompt", "1+1=", "--device", "reference", "--weights", "int8"}), kUsage,
               {"--weights", "--device"});
  CheckRefused(Cupel({"show", "nowhere", "--group", "1"}), kUsage, {"--step"});
}

TEST_CASE("what is not there is named", "[bad_input]") {
  const TempDir folder;
  const std::string none = folder.File("none");
  CheckRefused(Cupel({"train", none + ".toml"}), kFailed, {none + ".toml"});
  CheckRefused(Cupel({"train", TinyRecipe(), "--run", folder.File("run"), "--set", "model.path=" + none + ".gguf"}), kFailed,
               {none + ".gguf"});
  CheckRefused(Cupel({"train", "--resume", "--run", none}), kFailed, {none, "no run to resume"});
  CheckRefused(Cupel({"eval", none}), kFailed, {none});
  CheckRefused(Cupel({"sample", none, "--prompt", "1+1="}), kFailed, {none});
  CheckRefused(Cupel({"show", none}), kFailed, {none});
  const ProcessResult doctor = Cupel({"doctor", "--model", none});
  CHECK(doctor.exit_code == kFailed);
  CHECK(Contains(doctor.out, "error    model"));
  CHECK(Contains(doctor.out, none));
  CHECK(Contains(doctor.out, "->"));
}

TEST_CASE("a truncated or corrupt model is refused by name", "[bad_input]") {
  const TempDir folder;
  const std::string run = FinishedRun(folder);
  const std::string model = folder.File("model");
  fs::copy(run + "/checkpoints/step-000002", model);
  REQUIRE(Cupel({"sample", model, "--prompt", "1+1=", "--max-new-tokens", "4"}).exit_code == 0);
  const std::string weights = model + "/model.safetensors";
  const std::string whole = ReadFile(weights).value();
  for (const size_t size : {size_t{0}, size_t{7}, size_t{100}, whole.size() / 2, whole.size() - 1}) {
    INFO(size << " of " << whole.size() << " bytes");
    REQUIRE(WriteFileAtomically(weights, whole.substr(0, size)).ok());
    CheckRefused(Cupel({"sample", model, "--prompt", "1+1="}), kFailed, {"model.safetensors"});
  }
  REQUIRE(WriteFileAtomically(weights, whole).ok());
  for (const char* file : {"config.json", "tokenizer.json"}) {
    const std::string path = model + "/" + file;
    const std::string text = ReadFile(path).value();
    REQUIRE(WriteFileAtomically(path, text.substr(0, text.size() / 2)).ok());
    CheckRefused(Cupel({"sample", model, "--prompt", "1+1="}), kFailed, {file});
    REQUIRE(WriteFileAtomically(path, text).ok());
  }
}

TEST_CASE("a folder that cannot be written is named", "[bad_input]") {
  const TempDir folder;
  REQUIRE(WriteFileAtomically(folder.File("file"), "not a folder").ok());
  CheckRefused(Cupel({"train", TinyRecipe(), "--run", folder.File("file") + "/run"}), kFailed, {folder.File("file") + "/run"});
}

TEST_CASE("a run is not overwritten, and is resumed only with the settings it had", "[bad_input]") {
  const TempDir folder;
  const std::string run = FinishedRun(folder);
  const auto before = testing::DigestRun(run);
  CheckRefused(Cupel({"train", TinyRecipe(), "--run", run}), kFailed, {run, "--resume"});

  const ProcessResult changed = Cupel({"train", "--resume", "--run", run, "--set", "optimizer.learning_rate=0.5", "--set", "run.steps=3"});
  CHECK(changed.exit_code != 0);
  CHECK(Contains(changed.err, "--force"));
  CHECK(Contains(changed.err, "optimizer.learning_rate: 0.001 -> 0.5"));
  CHECK(Contains(changed.err, "run.steps: 2 -> 3"));
  CHECK(testing::DigestRun(run) == before);

  const ProcessResult forced = Cupel({"train", "--resume", "--force", "--no-eval", "--run", run, "--set", "run.steps=3"});
  INFO(forced.err);
  CHECK(forced.exit_code == 0);
  CHECK(testing::DigestRun(run).at("step") == "3");
}

TEST_CASE("a run folder that another process uses is refused", "[bad_input]") {
  const TempDir folder;
  const std::string run = FinishedRun(folder);
  const FileLock lock = FileLock::Acquire(run + "/.lock").value();
  CheckRefused(Cupel({"train", "--resume", "--run", run}), kFailed, {run, "another process"});
  CHECK(Cupel({"show", run}).exit_code == 0);  // reading is always possible
}

void Execute(const std::string& database, const char* sql) {
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open(database.c_str(), &connection) == SQLITE_OK);
  CHECK(sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(connection);
}

TEST_CASE("a log of a newer schema, or that is no log, is refused and left as it is", "[bad_input]") {
  const TempDir folder;
  const std::string run = FinishedRun(folder);
  Execute(run + "/run.db", "PRAGMA user_version = 99");
  const std::string digest = Sha256File(run + "/run.db").value();
  CheckRefused(Cupel({"show", run}), kFailed, {"run.db", "99"});
  CheckRefused(Cupel({"train", "--resume", "--run", run}), kFailed, {"run.db", "99"});
  CheckRefused(Cupel({"train", TinyRecipe(), "--run", run}), kFailed, {run});
  CHECK(Sha256File(run + "/run.db").value() == digest);

  REQUIRE(WriteFileAtomically(folder.File("text.db"), std::string(5000, 'x')).ok());
  CheckRefused(Cupel({"show", folder.File("text.db")}), kFailed, {"text.db"});
}

TEST_CASE("the commands that read logs say what they were given", "[bad_input]") {
  const TempDir folder;
  const std::string text = folder.File("text.db");
  const std::string none = folder.File("none");
  REQUIRE(WriteFileAtomically(text, std::string(5000, 'x')).ok());
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"report"}, {"log", "check"}, {"log", "export"}, {"log", "vacuum"}, {"log", "prune"}, {"replay", "--all"}}) {
    for (const std::string& run : {text, none}) {
      std::vector<std::string> arguments = command;
      arguments.push_back(run);
      CheckRefused(Cupel(arguments), kFailed, {run});
    }
  }
  CHECK(ReadFile(text).value() == std::string(5000, 'x'));
  CHECK_FALSE(Exists(none));
  CheckRefused(Cupel({"log", "merge", text, "--out", folder.File("merged.db")}), kFailed, {text});
  CheckRefused(Cupel({"log", "import", text, "--out", folder.File("merged.db")}), kUsage, {"text.db:1"});
  CHECK_FALSE(Exists(folder.File("merged.db")));

  const std::string run = FinishedRun(folder);
  CheckRefused(Cupel({"report", run, "--out", folder.File("no/such/report.html")}), kFailed, {"report.html"});
  CheckRefused(Cupel({"log", "merge", run, "--out", run + "/run.db"}), kFailed, {"exists already"});
  CheckRefused(Cupel({"show", run, "--sql", "SELECT x FROM rollouts"}), kUsage, {"no such column: x"});
  CheckRefused(Cupel({"show", run, "--diff-step", "2"}), kUsage, {"--step"});
  const FileLock lock = FileLock::Acquire(run + "/.lock").value();
  for (const char* command : {"vacuum", "prune"}) {
    CheckRefused(Cupel({"log", command, run}), kFailed, {"still going"});
  }
  CHECK(Cupel({"log", "check", run}).exit_code == 0);  // what only reads is always possible
  CHECK(Cupel({"report", run, "--out", folder.File("report.html")}).exit_code == 0);
}

TEST_CASE("a model whose numbers are not finite is stopped by the safety rule", "[bad_input]") {
  const TempDir folder;
  const std::string model = folder.File("model");
  fs::copy(FinishedRun(folder) + "/checkpoints/step-000002", model);
  std::string bytes = ReadFile(model + "/model.safetensors").value();
  bytes.replace(bytes.size() - 4, 4, "\xff\xff\xff\x7f");  // the last weight becomes NaN
  REQUIRE(WriteFileAtomically(model + "/model.safetensors", bytes).ok());
  const ProcessResult result =
      Cupel(TrainTiny(folder.File("nan"), {"--no-eval", "--set", "model.path=" + model, "--set", "grpo.safety.max_skipped_updates=2"}));
  INFO(result.out);
  CheckRefused(result, 3, {"2 updates in a row", "learning_rate"});
  CHECK(Contains(result.out, "the update was skipped"));
}

}  // namespace
}  // namespace cupel
