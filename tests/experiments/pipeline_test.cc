// Covers `cupel pipeline`: the whole chain with the built-in model, resuming after a kill at many moments, the plan, and what it refuses.
// Alone: build/release/tests/pipeline_test

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "tests/experiments/cupel.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using testing::Contains;
using testing::Cupel;

const std::string kChain = CUPEL_SOURCE_DIR "/experiments/recipes/r1/tiny-chain.toml";

ProcessRequest ChainRequest(const std::string& folder, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"pipeline", kChain, "--set", "pipeline.folder=" + folder};
  arguments.insert(arguments.end(), more.begin(), more.end());
  ProcessRequest request = testing::Request(arguments);
  request.directory = CUPEL_SOURCE_DIR;
  return request;
}

// Digest of what every stage gave, and every evaluation's accuracy, by stage. Paths and times are left out.
std::map<std::string, std::string> Results(const std::string& folder) {
  std::map<std::string, std::string> results;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string stage = entry.path().filename().string();
    if (Exists(entry.path() / "stage.json")) {
      results[stage] = ParseJson(ReadFile(entry.path() / "stage.json").value(), "")->at("digest").get<std::string>();
    }
    if (Exists(entry.path() / "evaluation.json")) {
      const Json summary = ParseJson(ReadFile(entry.path() / "evaluation.json").value(), "")->at("summary");
      results[stage + "/evaluation"] = DumpJson({summary["pass@1"], summary["mean_length"], summary["budgets"]});
    }
  }
  return results;
}

TEST_CASE("a chain of every kind of stage runs, is finished the second time, and says so in table and report", "[pipeline]") {
  const TempDir temp;
  const std::string folder = temp.File("chain");
  const ProcessResult first = RunProcess(ChainRequest(folder, {"--json"}));
  INFO(first.err);
  REQUIRE(first.exit_code == 0);
  const Json summary = ParseJson(first.out, "json").value();
  REQUIRE(summary["stages"].size() == 7);
  CHECK(summary["stages"][0]["name"] == "untouched");
  for (const Json& stage : summary["stages"]) {
    INFO(DumpJson(stage));
    const std::string kind = stage["kind"];
    CHECK(stage.contains("evaluation") == (kind != "traces" && kind != "sample"));
    CHECK(stage.contains("gain") == (stage.contains("evaluation") && stage["name"] != "untouched"));
    if (kind == "sft" || kind == "train") {
      CHECK(stage["cost"]["trained_tokens"].get<double>() > 0);
      CHECK(stage["cost"]["flops"].get<double>() > 0);
      CHECK(stage["cost"]["cpu_seconds"].get<double>() > 0);
    }
    if (kind == "sample") {
      CHECK(stage["facts"]["answers"] == 20 * 64);
      CHECK(stage["facts"]["added"] == 8);
      CHECK(stage["facts"]["kept"].get<int64_t>() > 0);
    }
    if (kind == "shrink") {
      CHECK(stage["facts"]["layers"] == 1);
      CHECK(stage["facts"]["of_layers"] == 2);
    }
  }
  // The ends of the chain, by the command that people compare with.
  const ProcessResult compared =
      testing::Cupel({"compare", folder + "/student/evaluation.json", folder + "/distill/evaluation.json", "--json"});
  INFO(compared.err);
  REQUIRE(compared.exit_code == 0);
  const Json pair = ParseJson(compared.out, "json").value();
  CHECK(summary["stages"].back()["gain"]["over"] == "student");
  CHECK(pair["difference"]["low95"] == summary["stages"].back()["gain"]["low95"]);
  CHECK(pair["second"]["pass@1"] == summary["stages"].back()["evaluation"]["summary"]["pass@1"]);
  const std::string page = ReadFile(folder + "/report.html").value();
  for (const char* part : {"<svg", "Behaviour", "distill", "not skill", "all stages"}) {
    CHECK(Contains(page, part));
  }
  const std::map<std::string, std::string> results = Results(folder);
  CHECK(results.size() == 6 + 5);
  const ProcessResult second = RunProcess(ChainRequest(folder));
  INFO(second.err);
  CHECK(second.exit_code == 0);
  CHECK(Contains(second.out, "[6/6] distill (sft): finished before"));
  CHECK(Contains(second.out, "pass@1"));
  CHECK(Results(folder) == results);

  SECTION("other settings for a finished stage are refused") {
    const ProcessResult refused = RunProcess(ChainRequest(folder, {"--set", "pipeline.budgets=[1]"}));
    CHECK(refused.exit_code == 0);  // only the evaluations are made again
    const std::string changed = temp.File("changed.toml");
    std::string text = ReadFile(kChain).value();
    text.replace(text.find("run.steps=3"), 11, "run.steps=4");
    REQUIRE(WriteFileAtomically(changed, text).ok());
    ProcessRequest request = testing::Request({"pipeline", changed, "--set", "pipeline.folder=" + folder});
    request.directory = CUPEL_SOURCE_DIR;
    const ProcessResult other = RunProcess(request);
    CHECK(other.exit_code == 1);
    CHECK(Contains(other.err, "stage cold-start: finished, but with other settings (run.steps: 3 -> 4)"));
    CHECK(Contains(other.err, "remove " + folder + "/cold-start"));
  }
  SECTION("a seed offset is another run of the whole, from its first stage on") {
    const std::string other = temp.File("other");
    REQUIRE(RunProcess(ChainRequest(other, {"--set", "pipeline.seed_offset=1"})).exit_code == 0);
    for (const auto& [stage, digest] : Results(other)) {
      INFO(stage);
      if (!stage.ends_with("/evaluation")) {
        CHECK(digest != results.at(stage));
      }
    }
    const auto seeds = [](const std::string& stage) {
      const Json recipe = ParseJson(ReadFile(stage + "/stage.json").value(), "")->at("recipe");
      return recipe[recipe.contains("traces") ? "traces" : recipe.contains("keep") ? "keep" : "run"]["seed"].get<int64_t>();
    };
    for (const char* stage : {"traces", "cold-start", "reasoning-rl", "rejection", "distill"}) {
      INFO(stage);
      CHECK(seeds(other + "/" + stage) == seeds(folder + "/" + stage) + 1000);
    }
    const ProcessResult far = RunProcess(ChainRequest(other, {"--set", "pipeline.seed_offset=1e17"}));
    CHECK(far.exit_code == 2);
    CHECK(Contains(far.err, "pipeline.seed_offset"));
  }
  SECTION("a stage that was finished before a setting existed is finished") {
    const std::string path = folder + "/cold-start/stage.json";
    Json record = ParseJson(ReadFile(path).value(), path).value();
    record["recipe"]["model"].erase("device");
    REQUIRE(WriteFileAtomically(path, DumpJson(record)).ok());
    CHECK(RunProcess(ChainRequest(folder)).exit_code == 0);
  }
  SECTION("a changed output is refused") {
    REQUIRE(WriteFileAtomically(folder + "/traces/traces.jsonl", "{}\n").ok());
    const ProcessResult other = RunProcess(ChainRequest(folder));
    CHECK(other.exit_code == 1);
    CHECK(Contains(other.err, "is not what it was"));
  }
}

// Kills the chain at call first, first + stride, ... of fsync and rename; the same command goes on and must end like the uninterrupted one.
int DieAtEvery(int first, int stride, int most) {
  const TempDir temp;
  const std::string whole = temp.File("whole");
  REQUIRE(RunProcess(ChainRequest(whole)).exit_code == 0);
  const std::map<std::string, std::string> expected = Results(whole);
  int deaths = 0;
  for (int call = first; deaths < most; call += stride) {
    const std::string folder = temp.File("chain" + std::to_string(call));
    ProcessRequest request = ChainRequest(folder);
    request.environment = {"LD_PRELOAD=" CUPEL_DIE_AT_SYNC, "CUPEL_DIE_AT_SYNC=" + std::to_string(call)};
    const ProcessResult killed = RunProcess(request);
    INFO("call " << call << ": " << killed.err);
    if (killed.exit_code == 0) {
      return deaths;
    }
    ++deaths;
    REQUIRE(killed.signal == SIGKILL);
    const ProcessResult resumed = RunProcess(ChainRequest(folder));
    INFO(resumed.err);
    CHECK(resumed.exit_code == 0);
    CHECK(Results(folder) == expected);
    REQUIRE(RemoveTree(folder).ok());
  }
  return deaths;
}

TEST_CASE("a chain that dies at many moments and is started again ends with the same digests", "[pipeline]") {
  CHECK(DieAtEvery(5, 29, 8) >= 6);
}

TEST_CASE("a chain that dies at any fsync or rename and is started again ends with the same digests", "[.soak]") {
  CHECK(DieAtEvery(1, 1, 100000) >= 50);
}

TEST_CASE("the plan runs nothing", "[pipeline]") {
  const TempDir temp;
  const ProcessResult plan = RunProcess(ChainRequest(temp.File("chain"), {"--dry-run"}));
  INFO(plan.err);
  CHECK(plan.exit_code == 0);
  for (const char* part : {"6 stages", "[3/6] reasoning-rl", "model.path <- cold-start", "of memory", "of disk", "about"}) {
    CHECK(Contains(plan.out, part));
  }
  CHECK_FALSE(Exists(temp.File("chain")));
}

// A pipeline file of stages; "tiny" is the model wherever a stage needs one.
ProcessResult RunStages(const TempDir& temp, const std::string& stages, const std::vector<std::string>& more = {"--dry-run"}) {
  const std::string path = temp.File("pipeline.toml");
  REQUIRE(WriteFileAtomically(path, "[pipeline]\nfolder = \"" + temp.File("out") + "\"\n" + stages).ok());
  std::vector<std::string> arguments = {"pipeline", path};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Cupel(arguments);
}

std::string StageText(const std::string& name, const std::string& kind, const std::string& more) {
  return "[[stages]]\nname = \"" + name + "\"\nkind = \"" + kind + "\"\n" + more + "\n";
}

TEST_CASE("pipelines that cannot be are refused before anything runs", "[pipeline]") {
  const std::string traces = StageText("traces", "traces", "");
  const std::string tiny = "\"model.path=tiny\", \"model.chat_template=plain\"";
  const auto sft = [&](const std::string& name, const std::string& inputs, const std::string& more = "") {
    return StageText(name, "sft", "inputs = [" + inputs + "]\nset = [" + tiny + "]\n" + more);
  };
  struct Case {
    std::string stages;
    std::vector<std::string> parts;
  };
  const std::vector<Case> cases = {
      {"", {"no stages", "[[stages]]"}},
      {traces + sft("cold", "\"sft.path=trace\""), {"stage cold", "\"trace\"", "no such stage", "did you mean traces?"}},
      {sft("cold", "\"sft.path=traces\"") + traces, {"stage cold", "traces, which comes later"}},
      {sft("cold", "\"sft.path=cold\""), {"stage cold", "its own output", "cold <- cold"}},
      {StageText("a", "sample", "inputs = [\"model.path=b\"]") + StageText("b", "sft", "inputs = [\"sft.path=a\"]\nset = [" + tiny + "]"),
       {"stage a", "a <- b <- a", "break the cycle"}},
      {traces + traces, {"two stages are called \"traces\""}},
      {traces + StageText("more", "traces", "folder = \"traces\""), {"traces and more", "both write to traces"}},
      {traces + StageText("more", "traces", "folder = \"traces/in\""), {"traces and more", "both write to traces"}},
      {StageText("more", "traces", "folder = \"../out\""), {"not a folder inside"}},
      {StageText("More", "traces", ""), {"\"More\" is no name"}},
      {StageText("a", "dance", ""), {"stages", "dance", "sample"}},
      {traces + sft("cold", "\"sft.path\""), {"stage cold", "not of the form"}},
      {traces + sft("cold", "\"sft.batch_size=traces\""), {"sft.batch_size is no input", "sft.path"}},
      {traces + sft("cold", "\"model.path=traces\""), {"model.path takes a model, but traces gives examples"}},
      {traces + StageText("cold", "sft", "inputs = [\"sft.path=traces\"]\nset = [\"sft.path=x\"]"),
       {"sft.path is both an input and in set"}},
      {sft("cold", ""), {"stage cold", "sft.path is empty"}},
      {StageText("cold", "sft", "set = [\"model.path=tiny\", \"sft.path=nowhere.jsonl\"]"), {"stage cold", "nowhere.jsonl", "not there"}},
      {StageText("rl", "train", "set = [\"model.path=nowhere.gguf\"]"), {"stage rl", "nowhere.gguf", "not there"}},
      {StageText("rl", "train", "recipe = \"nowhere.toml\""), {"stage rl", "nowhere.toml"}},
      {StageText("rl", "train", "set = [\"rollout.group_siz=2\"]"), {"stage rl", "group_siz", "group_size"}},
      {StageText("keep", "sample", "set = [\"model.path=tiny\", \"keep.language=xx\"]"), {"stage keep", "keep.language", "xx", "en"}},
      {StageText("keep", "sample", "set = [\"model.path=tiny\", \"keep.format=brackets\"]"), {"stage keep", "brackets"}},
  };
  for (const Case& one : cases) {
    const TempDir temp;
    const ProcessResult result = RunStages(temp, one.stages);
    INFO(one.stages << "\n" << result.err);
    CHECK(result.exit_code != 0);
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    for (const std::string& part : one.parts) {
      INFO("expected: " << part);
      CHECK(Contains(result.err, part));
    }
    CHECK_FALSE(Exists(temp.File("out")));
  }
}

TEST_CASE("a student of another vocabulary than its teacher is refused", "[pipeline]") {
  const TempDir temp;
  REQUIRE(Cupel(testing::TrainTiny(temp.File("run"), {"--no-eval", "--set", "run.steps=1"})).exit_code == 0);
  const std::string teacher = temp.File("run") + "/checkpoints/step-000001";
  std::string tokenizer = ReadFile(teacher + "/tokenizer.json").value();
  const std::string before = "\"A\":65,\"B\":66";
  REQUIRE(Contains(tokenizer, before));
  const auto stages = [&](const std::string& student) {
    return StageText("keep", "sample", "set = [\"model.path=" + teacher + "\"]") +
           StageText("distill", "sft", "inputs = [\"sft.path=keep\"]\nset = [\"model.path=" + student + "\"]");
  };
  const ProcessResult same = RunStages(temp, stages("tiny"));
  INFO(same.err);
  CHECK(same.exit_code == 0);
  tokenizer.replace(tokenizer.find(before), before.size(), "\"A\":66,\"B\":65");
  REQUIRE(WriteFileAtomically(teacher + "/tokenizer.json", tokenizer).ok());
  const ProcessResult other = RunStages(temp, stages("tiny"));
  INFO(other.err);
  CHECK(other.exit_code == 2);
  CHECK(Contains(other.err, "stage distill: the student tiny has a vocabulary of 259 tokens, and its teacher " + teacher));
}

TEST_CASE("a set in which nothing is kept says which rule removed how many", "[pipeline]") {
  const TempDir temp;
  const std::string common =
      "\"model.path=tiny\", \"model.chat_template=plain\", \"model.compute=fp32\", \"model.threads=1\", "
      "\"rollout.max_new_tokens=2\", \"keep.questions=3\"";
  const ProcessResult wrong = RunStages(
      temp,
      StageText("keep", "sample", "set = [" + common + ", \"data.arithmetic.min_operand=1000\", \"data.arithmetic.max_operand=9000\"]"),
      {});
  INFO(wrong.err);
  CHECK(wrong.exit_code == 1);
  CHECK(Contains(wrong.err, "stage keep: rejection kept none of 24 answers (removed: 24 wrong)"));
  CHECK(Contains(wrong.err, "raise keep.questions or rollout.group_size"));
}

}  // namespace
}  // namespace cupel
