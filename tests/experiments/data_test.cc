// `cupel data`, pass rates from a log, and data sets of programs trained on and evaluated end to end with the built-in model. Alone:
// build/release/tests/experiments_test "[data]"

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

const std::string kPrograms = CUPEL_SOURCE_DIR "/experiments/recipes/code.jsonl";

// Two records by hand in the shape of HumanEval.
constexpr const char* kHumanEval =
    R"json({"task_id": "H/0", "prompt": "def double(x):\n    \"\"\"Gives twice x.\"\"\"\n", "canonical_solution": "    return 2 * x\n", "test": "def check(candidate):\n    assert candidate(4) == 8\n    assert candidate(0) == 0\n", "entry_point": "double"}
{"task_id": "H/1", "prompt": "def last(items):\n    \"\"\"Gives the last of some items.\"\"\"\n", "canonical_solution": "    return items[-1]\n", "test": "def check(candidate):\n    assert candidate([1, 2]) == 2\n", "entry_point": "last"}
)json";

std::string Write(const TempDir& folder, const std::string& name, const std::string& text) {
  REQUIRE(WriteFileAtomically(folder.File(name), text).ok());
  return folder.File(name);
}

// Whether this machine can run programs at all; the code verifier's own tests say more.
bool HasSandbox() { return Cupel({"sandbox", "check"}).exit_code == 0; }

TEST_CASE("a run trains on a data set of programs", "[data]") {
  const TempDir folder;
  const ProcessResult result = Cupel(
      testing::TrainTiny(folder.File("run"), {"--no-eval", "--set", "run.steps=1", "--set", "rollout.group_size=2", "--set",
                                              "data.source=jsonl", "--set", "data.jsonl.preset=mbpp", "--set", "data.jsonl.verifier=code",
                                              "--set", "data.jsonl.path=" + kPrograms, "--set", "data.jsonl.held_out_fraction=0.25"}));
  INFO(result.out << result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(Contains(result.out, "3 to train on, 1 held out"));
  const ProcessResult log = Cupel({"log", "export", folder.File("run"), "--no-token-ids"});
  CHECK(Contains(log.out, "The program must pass these tests"));
  CHECK_FALSE(Contains(log.out, "needs metadata"));
}

TEST_CASE("a model is evaluated on a data set of programs", "[data]") {
  const TempDir folder;
  const ProcessResult result = Cupel({"eval", "tiny", "--json", "--set", "model.chat_template=plain", "--set", "eval.samples=2", "--set",
                                      "data.source=jsonl", "--set", "data.jsonl.preset=humaneval", "--set", "data.jsonl.path=" + kPrograms,
                                      "--set", "data.jsonl.eval_path=" + Write(folder, "humaneval.jsonl", kHumanEval)});
  INFO(result.out << result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(Contains(result.out, "\"questions\": 2"));
}

TEST_CASE("gold programs pass their own tests", "[data]") {
  if (!HasSandbox()) {
    return;
  }
  const TempDir folder;
  for (const auto& [preset, path] :
       {std::pair{std::string("mbpp"), kPrograms}, std::pair{std::string("humaneval"), Write(folder, "h.jsonl", kHumanEval)}}) {
    const ProcessResult result = Cupel({"data", "check", path, "--preset", preset, "--judge", "--json"});
    INFO(result.out << result.err);
    CHECK(result.exit_code == 0);
    const Json golds = ParseJson(result.out, "check").value()["training"]["golds"];
    CHECK(golds["judged"] == golds["correct"]);
    CHECK(golds["judged"] == (preset == "mbpp" ? 4 : 2));
  }
  std::string wrong = kHumanEval;
  wrong.replace(wrong.find("2 * x"), 5, "3 * x");
  const ProcessResult result = Cupel({"data", "check", Write(folder, "wrong.jsonl", wrong), "--preset", "humaneval", "--judge"});
  CHECK(result.exit_code == 1);
  CHECK(Contains(result.out, "1 of 2 gold answers are correct"));
  CHECK(Contains(result.out, "H/0: incorrect"));
}

TEST_CASE("a data set converts to lines that give the same tasks, packed or not", "[data]") {
  const TempDir folder;
  for (const std::string& out : {folder.File("tasks.jsonl"), folder.File("tasks.jsonl.zst")}) {
    REQUIRE(Cupel({"data", "convert", kPrograms, "--preset", "mbpp", "--out", out}).exit_code == 0);
    const ProcessResult before = Cupel({"data", "show", kPrograms, "--preset", "mbpp", "--json", "--count", "9"});
    const ProcessResult after = Cupel({"data", "show", out, "--preset", "cupel", "--json", "--count", "9"});
    CHECK(before.exit_code == 0);
    CHECK(before.out == after.out);
    CHECK(std::count(before.out.begin(), before.out.end(), '\n') == 4);
  }
}

TEST_CASE("a check lists every bad row and what training would say", "[data]") {
  const TempDir folder;
  const std::string path = Write(folder, "rows.jsonl",
                                 "{\"question\": \"a\", \"answer\": \"#### 1\"}\n{\"question\": \"b\", \"answer\": \"#### two\"}\n"
                                 "{\"question\": \"\", \"answer\": \"#### 1\"}\n{\"quest\": \"c\"}\n");
  const ProcessResult text = Cupel({"data", "check", path});
  CHECK(text.exit_code == 1);
  for (const char* part : {"4 rows, 1 tasks; 3 unusable", "rows.jsonl:2: the gold answer", "rows.jsonl:3: \"question\" is empty",
                           "rows.jsonl:4: there is no member", "training would refuse this", "on_bad_row=skip"}) {
    INFO(part << "\n" << text.out);
    CHECK(Contains(text.out, part));
  }
  const ProcessResult json = Cupel({"data", "check", path, "--json", "--set", "data.jsonl.on_bad_row=skip"});
  CHECK(json.exit_code == 0);
  const Json check = ParseJson(json.out, "check").value();
  CHECK(check["files"][0]["unusable"] == 3);
  CHECK(check["training"]["tasks"] == 1);
  CHECK(check["refusal"] == "");
  CHECK(Cupel({"data", "check", path, "--preset", "gsm9k"}).exit_code == 2);
  CHECK(Cupel({"data", "check", folder.File("none.jsonl")}).exit_code == 1);
  CHECK(Cupel({"data", "check", testing::TinyRecipe(), "--preset", "gsm8k"}).exit_code == 2);
  CHECK(Cupel({"data", "check", testing::TinyRecipe()}).exit_code == 0);
  CHECK(Contains(Cupel({"data", "presets"}).out, "humaneval"));
}

TEST_CASE("pass rates of a run filter the tasks of the next", "[data]") {
  const TempDir folder;
  REQUIRE(Cupel(testing::TrainTiny(folder.File("run"), {"--no-eval", "--set", "run.steps=3"})).exit_code == 0);
  const std::string rates = folder.File("rates.jsonl");
  REQUIRE(Cupel({"log", "pass-rates", folder.File("run"), "--out", rates}).exit_code == 0);
  const ProcessResult lines = Cupel({"log", "pass-rates", folder.File("run")});
  CHECK(lines.out == ReadFile(rates).value());
  CHECK(Contains(lines.out, "{\"task\":\"arithmetic/"));
  const ProcessResult check = Cupel({"data", "check", testing::TinyRecipe(), "--json", "--set", "data.pass_rates=" + rates, "--set",
                                     "data.min_pass_rate=0", "--set", "data.keep_unrated=false"});
  INFO(check.out << check.err);
  CHECK(check.exit_code == 0);
  CHECK(ParseJson(check.out, "check").value()["training"]["tasks"] == std::count(lines.out.begin(), lines.out.end(), '\n'));
  const ProcessResult none = Cupel({"data", "check", testing::TinyRecipe(), "--set", "data.pass_rates=" + kPrograms});
  CHECK(none.exit_code == 2);
  CHECK(Contains(none.err, "cupel log pass-rates"));
}

}  // namespace
}  // namespace cupel
