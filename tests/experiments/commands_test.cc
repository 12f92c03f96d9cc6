// Covers what each command prints when all is well. Alone: build/release/tests/experiments_test "[commands]"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "tests/experiments/cupel.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

namespace fs = std::filesystem;

using testing::Contains;
using testing::Cupel;
using testing::TinyRecipe;
using testing::TrainTiny;

const std::vector<std::string> kCommands = {"train", "sft", "eval", "sample", "show", "doctor", "bench"};

// Standard output as one JSON document.
Json JsonOf(const ProcessResult& result) {
  INFO("standard output: " << result.out << "standard error: " << result.err);
  const absl::StatusOr<Json> json = ParseJson(result.out, "standard output");
  REQUIRE(json.ok());
  return *json;
}

std::string FinishedRun(const TempDir& folder) {
  const std::string run = folder.File("run");
  REQUIRE(Cupel(TrainTiny(run)).exit_code == 0);
  return run;
}

TEST_CASE("every command explains itself", "[commands]") {
  const ProcessResult all = Cupel({"--help"});
  CHECK(all.exit_code == 0);
  CHECK(Contains(all.out, "Exit codes"));
  for (const std::string& command : kCommands) {
    INFO(command);
    CHECK(Contains(all.out, command));
    const ProcessResult help = Cupel({command, "--help"});
    CHECK(help.exit_code == 0);
    CHECK(Contains(help.out, "--json"));
    CHECK(help.err.empty());
  }
  CHECK(Contains(Cupel({"--version"}).out, "cupel 0."));
}

// A long run's memory stays near its plan because of the allocator (experiments/LOG.md): that it is linked and reads our settings.
TEST_CASE("the program allocates by jemalloc and keeps large blocks", "[commands]") {
  ProcessRequest request = testing::Request({"--version"});
  request.environment = {"MALLOC_CONF=stats_print:true"};
  const ProcessResult result = RunProcess(request);
  CHECK(result.exit_code == 0);
  CHECK(Contains(result.err, "opt.oversize_threshold: 0\n"));
  CHECK(Contains(result.err, "opt.dirty_decay_ms: 30000"));
}

TEST_CASE("train lists every setting with range and default", "[commands]") {
  const ProcessResult result = Cupel({"train", "--settings"});
  CHECK(result.exit_code == 0);
  for (const char* name : {"model.path", "data.arithmetic.operators", "rollout.group_size", "grpo.objective.clip_high",
                           "optimizer.learning_rate", "engine.kv_cache_mib", "eval.samples", "run.seed"}) {
    CHECK(Contains(result.out, name));
  }
}

TEST_CASE("train prints its settings, a line per step, evaluations and where things are", "[commands]") {
  const TempDir folder;
  const std::string run = folder.File("run");
  const ProcessResult result = Cupel(TrainTiny(run, {"--set", "run.steps=2"}));
  INFO(result.out);
  CHECK(result.exit_code == 0);
  CHECK(result.err.empty());
  for (const char* part : {"learning_rate = 0.001", "group_size = 8", "evaluation (before): pass@1", "step/2", "evaluation (after): pass@1",
                           "held-out pass@1"}) {
    INFO(part);
    CHECK(Contains(result.out, part));
  }
  CHECK(Contains(result.out, run + "/run.db"));
  CHECK(Contains(result.out, run + "/checkpoints/step-000002"));
  CHECK(Exists(run + "/checkpoints/step-000002/model.safetensors"));
  CHECK_FALSE(Contains(result.out, "\r"));  // nothing is redrawn in a file

  // The stored recipe is complete: it starts the same run again.
  const ProcessResult again = Cupel({"train", run + "/recipe.toml", "--run", folder.File("again"), "--no-eval"});
  INFO(again.err);
  CHECK(again.exit_code == 0);
  CHECK(ReadFile(run + "/recipe.toml").value() == ReadFile(folder.File("again") + "/recipe.toml").value());
}

TEST_CASE("a run without a name gets one, and the next another", "[commands]") {
  const TempDir folder;
  for (const char* expected : {"runs/tiny", "runs/tiny-2"}) {
    ProcessRequest request = testing::Request({"train", TinyRecipe(), "--no-eval", "--set", "run.steps=1", "--set", "model.threads=1"});
    request.directory = folder.path();
    CHECK(RunProcess(request).exit_code == 0);
    CHECK(Exists(folder.File(expected) + "/run.db"));
  }
}

TEST_CASE("every command's --json is one document", "[commands]") {
  const TempDir folder;
  const std::string run = folder.File("run");
  const Json train = JsonOf(Cupel(TrainTiny(run, {"--json"})));
  CHECK(train["steps"] == 6);
  CHECK(train["database"] == run + "/run.db");
  CHECK(train["checkpoint"] == run + "/checkpoints/step-000006");
  REQUIRE(train["evaluations"].size() == 2);
  CHECK(train["evaluations"][0]["name"] == "before");
  CHECK(train["evaluations"][1]["step"] == 6);

  const Json show = JsonOf(Cupel({"show", run, "--json"}));
  CHECK(show.is_object());
  const Json step = JsonOf(Cupel({"show", run, "--step", "1", "--json"}));
  CHECK(step["step"] == 1);
  CHECK(step["groups"].size() == 4);
  CHECK(step["groups"][0]["rollouts"].size() == 8);
  CHECK(step["metrics"].contains("reward"));

  const Json eval = JsonOf(Cupel({"eval", "--run", run, "--json"}));
  for (const char* key : {"pass@1", "standard_error", "questions", "samples", "model"}) {
    CHECK(eval.contains(key));
  }
  const Json sample = JsonOf(Cupel({"sample", "tiny", "--prompt", "1+1=", "--max-new-tokens", "5", "--json"}));
  CHECK(sample["tokens"].size() == sample["logprobs"].size());
  CHECK(sample["tokens"].size() <= 5);
  CHECK(JsonOf(Cupel({"doctor", "--model", "tiny", "--json"})).size() >= 6);
  const Json bench = JsonOf(Cupel({"bench", "step", "--model", "tiny", "--prompts", "2", "--group", "2", "--prompt-tokens", "4",
                                   "--new-tokens", "4", "--repeats", "1", "--threads", "1", "--json"}));
  CHECK(bench["sampled_tokens_per_second"].get<double>() > 0);
  CHECK(bench["trained_tokens_per_second"].get<double>() > 0);
}

TEST_CASE("bench takes turns with a peer and says how far apart they are", "[commands]") {
  const std::vector<std::string> work = {"bench", "decode",          "--model", "tiny",         "--prompts", "1",         "--group",
                                         "2",     "--prompt-tokens", "4",       "--new-tokens", "4",         "--threads", "1"};
  std::string peer = CUPEL_PROGRAM;
  for (const std::string& word : work) {
    peer += " " + word;
  }
  std::vector<std::string> arguments = work;
  arguments.insert(arguments.end(), {"--repeats", "3", "--json", "--peer"});
  const auto with_peer = [&](const std::string& command) {
    std::vector<std::string> all = arguments;
    all.push_back(command);
    return Cupel(all);
  };
  const Json bench = JsonOf(with_peer(peer + " --serve"));
  REQUIRE(bench["slices"].size() == 3);
  CHECK(bench["slices"][2]["matmul_gflops"].get<double>() > 0);
  CHECK(bench["slices"][2]["peer"].get<double>() > 0);
  CHECK(bench["ratio"]["p10"].get<double>() <= bench["ratio"]["median"].get<double>());
  CHECK(bench["ratio"]["median"].get<double>() <= bench["ratio"]["p90"].get<double>());
  const ProcessResult echo = with_peer("cat");
  CHECK(echo.exit_code == 2);
  CHECK(Contains(echo.err, "answered \"run\""));
  CHECK(with_peer("/no/such/program").exit_code == 1);
  CHECK(JsonOf(Cupel({"bench", "verify", "--repeats", "1", "--json"}))["correct"] == 1000);
  CHECK(JsonOf(Cupel({"bench", "store", "--prompts", "1", "--group", "2", "--repeats", "1", "--json"}))["rate"]["median"].get<double>() >
        0);
}

TEST_CASE("eval of a run's checkpoint repeats the run's last evaluation", "[commands]") {
  const TempDir folder;
  const std::string run = FinishedRun(folder);
  const Json show = JsonOf(Cupel({"show", run, "--json"}));
  const std::string out = folder.File("answers.jsonl");
  const ProcessResult result = Cupel({"eval", "--run", run, "--json", "--out", out});
  const Json eval = JsonOf(result);
  INFO(show.dump());
  bool found = false;
  for (const Json& evaluation : show["evaluations"]) {
    if (evaluation["name"] == "after") {
      found = true;
      CHECK(evaluation["pass@1"] == eval["pass@1"]);
      CHECK(evaluation["standard_error"] == eval["standard_error"]);
    }
  }
  CHECK(found);

  // One line per question; their shares are the result.
  LineReader lines = LineReader::Open(out).value();
  double share = 0;
  int64_t questions = 0;
  while (const std::optional<std::string_view> line = lines.Next().value()) {
    const Json item = ParseJson(*line, out).value();
    CHECK(item["answers"].size() == item["samples"].get<size_t>());
    share += item["correct"].get<double>() / item["samples"].get<double>();
    ++questions;
  }
  CHECK(questions == eval["questions"].get<int64_t>());
  CHECK(eval["pass@1"].get<double>() == Approx(share / static_cast<double>(questions)).margin(1e-12));
}

TEST_CASE("eval takes a model, a recipe and settings", "[commands]") {
  const ProcessResult result = Cupel({"eval", "tiny", "--recipe", TinyRecipe(), "--set", "eval.questions=3", "--set", "eval.samples=2",
                                      "--set", "model.threads=1", "--json"});
  const Json eval = JsonOf(result);
  CHECK(eval["questions"] == 3);
  CHECK(eval["samples"] == 2);
  CHECK(Contains(result.err, "pass@1"));  // for people, beside the JSON
}

TEST_CASE("sample answers from the option and from standard input alike, and the same for the same seed", "[commands]") {
  const std::vector<std::string> base = {"sample", "tiny", "--max-new-tokens", "20", "--seed", "3", "--temperature", "1"};
  std::vector<std::string> with_option = base;
  with_option.insert(with_option.end(), {"--prompt", "Hello"});
  const ProcessResult by_option = Cupel(with_option);
  const ProcessResult by_input = Cupel(base, "Hello\n");
  CHECK(by_option.exit_code == 0);
  CHECK_FALSE(by_option.out.empty());
  CHECK(by_option.out == by_input.out);
  CHECK(by_option.out == Cupel(with_option).out);
  with_option[5] = "4";
  CHECK(by_option.out != Cupel(with_option).out);
  CHECK(Contains(by_option.err, "tokens, ended by"));
}

TEST_CASE("sample computes with weights rounded to 8 bits when asked to", "[commands]") {
  const auto first_token = [](const char* weights) {
    const Json sample = JsonOf(Cupel({"sample", "tiny", "--prompt", "1+1=", "--max-new-tokens", "1", "--temperature", "0", "--top-logprobs",
                                      "1", "--weights", weights, "--json"}));
    return sample["top_logprobs"][0][0];
  };
  const Json exact = first_token("exact");
  const Json rounded = first_token("int8");
  CHECK(rounded["token"] == exact["token"]);
  CHECK(rounded["logprob"] != exact["logprob"]);
  CHECK(rounded["logprob"].get<double>() == Approx(exact["logprob"].get<double>()).margin(0.1));
}

TEST_CASE("show tells a run's progress and one step's answers", "[commands]") {
  const TempDir folder;
  const std::string run = FinishedRun(folder);
  for (const std::string& name : {run, run + "/run.db"}) {
    const ProcessResult result = Cupel({"show", name});
    INFO(result.out);
    CHECK(result.exit_code == 0);
    CHECK(Contains(result.out, "reward"));
    CHECK(Contains(result.out, "pass@1"));
  }
  const ProcessResult step = Cupel({"show", run, "--step", "6"});
  CHECK(step.exit_code == 0);
  CHECK(Contains(step.out, "group 3"));
  CHECK(Contains(step.out, "gold"));
  const ProcessResult group = Cupel({"show", run, "--step", "6", "--group", "0"});
  CHECK(group.out.size() > 0);
  CHECK_FALSE(Contains(group.out, "group 1"));
  const ProcessResult beyond = Cupel({"show", run, "--step", "7"});
  CHECK(beyond.exit_code == 1);
  CHECK(Contains(beyond.err, "steps 1 to 6"));
  CHECK(Cupel({"show", run, "--step", "1", "--group", "4"}).exit_code == 1);
}

TEST_CASE("doctor says what it found, one line each", "[commands]") {
  const ProcessResult result = Cupel({"doctor", "--model", "tiny"});
  INFO(result.out);
  for (const char* subject : {"processor", "threads", "memory", "libtorch", "sqlite", "model", "disk"}) {
    CHECK(Contains(result.out, subject));
  }
  CHECK(result.exit_code == (Contains(result.out, "\nerror ") ? 1 : 0));
}

TEST_CASE("score samples answers of a model", "[commands]") {
  const ProcessResult result =
      Cupel({"score", "--model", "tiny", "--recipe", testing::TinyRecipe(), "--set", "eval.samples=3", "--no-attacks", "--json"});
  INFO(result.err);
  CHECK(result.exit_code == 0);
  const Json report = JsonOf(result);
  CHECK(report["source"]["name"] == "tiny");
  CHECK(report["counts"]["answers"] == 3 * report["counts"]["groups"].get<int64_t>());
  CHECK(report["determinism"]["different"] == 0);
  CHECK(Cupel({"score"}).exit_code == 2);
  CHECK(Cupel({"score", "answers.jsonl", "--model", "tiny"}).exit_code == 2);
}

TEST_CASE("every shipped recipe whose problems are short runs two steps on the built-in model", "[commands]") {
  const TempDir folder;
  int count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(CUPEL_SOURCE_DIR "/experiments/recipes")) {
    // A whole project is longer than the built-in model's context: experiments_model_test runs that recipe with the model it names.
    if (entry.path().extension() != ".toml" || entry.path().filename() == "repair.toml") {
      continue;
    }
    INFO(entry.path());
    ++count;
    // The settings as shipped, on the built-in model and in small.
    ProcessRequest request = testing::Request({"train", entry.path().string(),
                                               "--run", folder.File(entry.path().stem().string()),
                                               "--set", "model.path=tiny",
                                               "--set", "model.chat_template=plain",
                                               "--set", "rollout.prompts_per_step=2",
                                               "--set", "rollout.group_size=4",
                                               "--set", "rollout.max_new_tokens=8",
                                               "--set", "eval.questions=2",
                                               "--set", "eval.samples=2",
                                               "--set", "run.steps=2"});
    request.directory = CUPEL_SOURCE_DIR;  // recipes name files from there
    const ProcessResult result = RunProcess(request);
    INFO(result.out << result.err);
    CHECK(result.exit_code == 0);
    CHECK(Exists(folder.File(entry.path().stem().string()) + "/checkpoints/step-000002"));
  }
  CHECK(count >= 2);
}

}  // namespace
}  // namespace cupel
