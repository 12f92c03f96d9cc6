// Covers what a training run can be besides the default: supervised, with adapters, with a reference policy, with dynamic sampling; and
// what it leaves in its folder. Alone: build/release/tests/experiments_test "[variants]"

#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "tests/experiments/cupel.h"
#include "tests/experiments/run_digest.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

namespace fs = std::filesystem;

using testing::Contains;
using testing::Cupel;
using testing::DigestRun;
using testing::TrainTiny;

std::vector<std::string> Lines(const std::string& path) {
  std::vector<std::string> lines;
  const std::string text = ReadFile(path).value();
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// The run in one go, and the same stopped after a checkpoint and resumed, end alike.
void CheckResumes(const std::vector<std::string>& settings) {
  const TempDir folder;
  std::vector<std::string> more = {
      "--no-eval", "--set", "run.steps=4", "--set", "run.checkpoint_every=2", "--set", "run.keep_checkpoints=9"};
  for (const std::string& setting : settings) {
    more.insert(more.end(), {"--set", setting});
  }
  const std::string run = folder.File("run");
  const ProcessResult whole = Cupel(TrainTiny(run, more));
  INFO(whole.out << whole.err);
  REQUIRE(whole.exit_code == 0);
  const auto expected = DigestRun(run);
  fs::remove_all(run + "/checkpoints/step-000004");
  const ProcessResult resumed = Cupel({"train", "--resume", "--no-eval", "--run", run});
  INFO(resumed.out << resumed.err);
  REQUIRE(resumed.exit_code == 0);
  CHECK(Contains(resumed.out, "resumed after 2 finished steps"));
  CHECK(DigestRun(run) == expected);
}

TEST_CASE("variants of the update resume exactly", "[variants]") {
  CheckResumes({"model.lora.rank=4"});
  CheckResumes({"grpo.kl.beta=0.05", "grpo.kl.reset=every", "grpo.kl.reset_steps=1"});
  CheckResumes({"grpo.kl.beta=0.05", "grpo.kl.placement=reward", "grpo.kl.estimator=k1"});
  CheckResumes({"grpo.entropy.bonus=0.01", "grpo.entropy.target=3", "grpo.entropy.top_share=0.5"});
  CheckResumes({"grpo.entropy.target=3", "grpo.entropy.without_signal=1"});
  CheckResumes({"grpo.updates_per_rollout=2", "grpo.passes_per_rollout=2", "grpo.old_logprobs=recompute", "grpo.correction.kind=truncated",
                "grpo.objective.kind=sequence_ratio", "grpo.aggregation=sequence_mean"});
  CheckResumes({"rollout.weights=int8", "grpo.old_logprobs=recompute", "grpo.correction.kind=truncated"});
  CheckResumes({"grpo.resample_rounds=2", "grpo.recompute_activations=true"});
  CheckResumes({"model.device=reference", "grpo.kl.beta=0.05"});
  CheckResumes({"model.device=reference", "model.lora.rank=4", "grpo.recompute_activations=true"});
}

TEST_CASE("a run leaves its metrics as JSON lines and for TensorBoard, once per step", "[variants]") {
  const TempDir folder;
  const std::string run = folder.File("run");
  REQUIRE(Cupel(TrainTiny(run, {"--no-eval"})).exit_code == 0);
  const std::vector<std::string> lines = Lines(run + "/metrics.jsonl");
  REQUIRE(lines.size() == 6);
  for (size_t i = 0; i < lines.size(); ++i) {
    const Json line = ParseJson(lines[i], "line").value();
    CHECK(line["step"] == i + 1);
    CHECK(line["reward"].is_number());
    CHECK(line["clip_ratio/region_mean"].is_number());
  }
  size_t event_files = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(run)) {
    event_files += entry.path().filename().string().starts_with("events.out.tfevents.") ? 1 : 0;
  }
  CHECK(event_files == 1);
  fs::remove_all(run + "/checkpoints/step-000006");
  REQUIRE(Cupel({"train", "--resume", "--no-eval", "--run", run}).exit_code == 0);
  CHECK(Lines(run + "/metrics.jsonl").size() == 6);
}

TEST_CASE("a run can be resumed from an older checkpoint by its step", "[variants]") {
  const TempDir folder;
  const std::string run = folder.File("run");
  REQUIRE(Cupel(TrainTiny(run, {"--no-eval"})).exit_code == 0);
  const auto expected = DigestRun(run);
  const ProcessResult result = Cupel({"train", "--resume", "--no-eval", "--run", run, "--step", "3"});
  CHECK(Contains(result.out, "resumed after 3 finished steps"));
  CHECK(DigestRun(run) == expected);
}

TEST_CASE("more memory than there is is refused before anything is loaded, with advice", "[variants]") {
  const TempDir folder;
  const ProcessResult result = Cupel(TrainTiny(folder.File("run"), {"--set", "engine.kv_cache_mib=1048576"}));
  CHECK(result.exit_code == 1);
  for (const char* word : {"training needs", "available", "keys and values", "engine.kv_cache_mib"}) {
    INFO(word);
    CHECK(Contains(result.err, word));
  }
}

// Doubles every digit: "3" -> "33".
std::string WriteExamples(const TempDir& folder) {
  std::string text;
  for (int digit = 0; digit < 10; ++digit) {
    text += "{\"prompt\": \"" + std::to_string(digit) + "=\", \"completion\": \"" + std::to_string(11 * digit) + "\"}\n";
  }
  text += "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}, {\"role\": \"assistant\", \"content\": \"y\"}]}\n";
  REQUIRE(WriteFileAtomically(folder.File("examples.jsonl"), text).ok());
  return folder.File("examples.jsonl");
}

std::vector<std::string> SftArguments(const TempDir& folder, const std::string& run) {
  return {"sft",
          "--run",
          run,
          "--set",
          "model.path=tiny",
          "--set",
          "model.chat_template=plain",
          "--set",
          "model.compute=fp32",
          "--set",
          "model.threads=1",
          "--set",
          "sft.path=\"" + WriteExamples(folder) + "\"",
          "--set",
          "sft.batch_size=4",
          "--set",
          "optimizer.learning_rate=3e-3",
          "--set",
          "run.steps=30",
          "--set",
          "run.checkpoint_every=10",
          "--set",
          "run.keep_checkpoints=9"};
}

TEST_CASE("supervised fine-tuning learns, resumes exactly and is exported", "[variants]") {
  const TempDir folder;
  const std::string run = folder.File("run");
  const ProcessResult result = Cupel(SftArguments(folder, run));
  INFO(result.out << result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(Contains(result.out, "11 examples from 11 rows"));
  const std::vector<std::string> lines = Lines(run + "/metrics.jsonl");
  REQUIRE(lines.size() == 30);
  const double first = ParseJson(lines.front(), "line").value()["loss"].get<double>();
  const double last = ParseJson(lines.back(), "line").value()["loss"].get<double>();
  CHECK(last < 0.6 * first);
  const auto expected = DigestRun(run);
  fs::remove_all(run + "/checkpoints/step-000030");
  fs::remove_all(run + "/checkpoints/step-000020");
  const ProcessResult resumed = Cupel({"sft", "--resume", "--run", run});
  CHECK(Contains(resumed.out, "resumed after 10 finished steps"));
  CHECK(DigestRun(run) == expected);
  const ProcessResult changed = Cupel({"sft", "--resume", "--run", run, "--set", "optimizer.learning_rate=1e-4"});
  CHECK(changed.exit_code != 0);
  CHECK(Contains(changed.err, "optimizer.learning_rate: 0.003 -> 0.0001"));
  REQUIRE(Cupel({"export", "--run", run, "--to", folder.File("model")}).exit_code == 0);
  CHECK(Sha256File(folder.File("model") + "/model.safetensors").value() == expected.at("model.safetensors"));
  CHECK(Cupel({"export", "--run", run, "--to", folder.File("adapter"), "--adapter"}).exit_code == 2);
}

TEST_CASE("rows that are no examples are refused by file, line and what was expected", "[variants]") {
  const TempDir folder;
  // The arguments write good examples, which the bad row then replaces.
  for (const char* row : {"[]", "{\"prompt\": \"a\"}", "{\"prompt\": 3, \"completion\": \"b\"}", "{\"messages\": [{\"role\": \"user\"}]}",
                          "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}", "{\"prompt\": \"a\", \"completion\": [1]}", "{"}) {
    INFO(row);
    const std::vector<std::string> arguments = SftArguments(folder, folder.File("run"));
    REQUIRE(
        WriteFileAtomically(folder.File("examples.jsonl"), std::string("{\"prompt\": \"a\", \"completion\": \"b\"}\n") + row + "\n").ok());
    const ProcessResult result = Cupel(arguments);
    CHECK(result.exit_code == 2);
    CHECK(Contains(result.err, "examples.jsonl:2"));
    fs::remove_all(folder.File("run"));
  }
  const ProcessResult nothing = Cupel({"sft", "--run", folder.File("run"), "--set", "model.path=tiny"});
  CHECK(nothing.exit_code == 2);
  CHECK(Contains(nothing.err, "sft.path"));
}

TEST_CASE("an adapter that was trained is exported for PEFT", "[variants]") {
  const TempDir folder;
  const std::string run = folder.File("run");
  REQUIRE(Cupel(TrainTiny(run, {"--no-eval", "--set", "model.lora.rank=4", "--set", "run.steps=2"})).exit_code == 0);
  REQUIRE(Cupel({"export", "--run", run, "--to", folder.File("adapter"), "--adapter"}).exit_code == 0);
  CHECK(Exists(folder.File("adapter") + "/adapter_config.json"));
  CHECK(Exists(folder.File("adapter") + "/adapter_model.safetensors"));
  REQUIRE(Cupel({"export", "--run", run, "--to", folder.File("merged")}).exit_code == 0);
  CHECK(Sha256File(folder.File("merged") + "/model.safetensors").value() ==
        Sha256File(run + "/checkpoints/step-000002/model.safetensors").value());
}

}  // namespace
}  // namespace cupel
