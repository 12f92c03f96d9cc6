// Data sets in the shapes in which they are published: records by hand, one per preset and variation. Run alone:
// build/release/tests/datasets_test "[presets]"

#include "datasets/presets.h"

#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "datasets/procedural/family.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Catch::Contains;
using Catch::StartsWith;

struct Published {
  const char* preset;
  const char* record;
  const char* question;  // how the last message begins
  const char* answer;
  const char* verifier;
  const char* metadata;
};

const std::vector<Published> kPublished = {
    {"aime", R"({"problem": "Find n.", "answer": "042", "id": 1})", "Find n.\n\nPut the final answer within \\boxed{}.", "042", "number",
     ""},
    {"alpaca", R"({"instruction": "Add.", "input": "1 and 2", "output": "3"})", "Add.\n\n1 and 2", "3", "exact_match", ""},
    {"alpaca", R"({"instruction": "Name a prime.", "input": "", "output": "2"})", "Name a prime.", "2", "exact_match", ""},
    {"alpaca", R"({"instruction": "Name one.", "output": "2"})", "Name one.", "2", "exact_match", ""},
    {"apps", R"({"question": "Echo.", "input_output": "{}", "starter_code": ""})", "Echo.\n\nAnswer with a ```python block.", "", "code",
     R"({"format":"apps","record":{"question":"Echo.","input_output":"{}","starter_code":""}})"},
    {"countdown", R"({"nums": [3, 5, 2], "target": 13})", "Using the numbers [3, 5, 2], create an equation that equals 13.", "(3 * 5) - 2",
     "puzzle", R"({"source_dataset":"countdown","variant":"cupel","numbers":[3,5,2],"target":13})"},
    {"cupel",
     R"({"prompt": [{"role": "user", "content": "2+2?"}], "answer": "4", "verifier": "math", "metadata": {"ratio": true}, "id": "a/1"})",
     "2+2?", "4", "math", R"({"ratio":true})"},
    {"gsm8k", R"({"question": "How many?", "answer": "Two and two.\n#### 1,004"})", "How many?", "1,004", "number", ""},
    {"humaneval",
     R"({"task_id": "HumanEval/0", "prompt": "def f(x):\n", "canonical_solution": "    return x\n", "test": "def check(c): pass"})",
     "Complete this Python function.", "def f(x):\n    return x\n", "code",
     R"({"format":"humaneval","record":{"task_id":"HumanEval/0","prompt":"def f(x):\n","canonical_solution":"    return x\n","test":"def check(c): pass"}})"},
    {"knights_knaves", R"({"quiz": "Who is who?", "names": ["Zoey", "Leo"], "solution": [false, true], "solution_text": "..."})",
     "Who is who?", "Zoey is a knave, Leo is a knight", "puzzle",
     R"({"source_dataset":"knights_knaves","variant":"cupel","names":["Zoey","Leo"],"roles":["knave","knight"]})"},
    {"math", R"({"problem": "What is $1+1$?", "solution": "It is \\boxed{2}.", "answer": "2", "level": 1})", "What is $1+1$?", "2", "math",
     ""},
    {"math_solution", R"({"problem": "What?", "solution": "First \\boxed{1}, then \\boxed{\\frac{1}{2}}."})", "What?", "\\frac{1}{2}",
     "math", ""},
    {"mbpp",
     R"json({"task_id": 601, "text": "Write f.", "code": "def f():\r\n  pass", "test_list": ["assert f() is None", "assert not f()"]})json",
     "Write f.\n\nThe program must pass these tests:\nassert f() is None\nassert not f()\n\nAnswer with a ```python block.",
     "def f():\r\n  pass", "code", R"({"format":"mbpp",)"},
    {"multiple_choice", R"({"question": "Which?", "choices": ["red", "blue"], "answer": 1})", "Which?\nA. red\nB. blue\n\nPut the letter",
     "B", "math", ""},
    {"multiple_choice", R"({"question": "Which?", "choices": {"text": ["x", "y"], "label": ["1", "2"]}, "answerKey": "2"})",
     "Which?\nA. x\nB. y", "B", "math", ""},
    {"multiple_choice", R"json({"question": "Which?", "options": ["A)21", "B)21.5"], "correct": "A"})json", "Which?\nA. 21\nB. 21.5", "A",
     "math", ""},
    {"multiple_choice", R"({"question": "Which?", "options": ["x", "y"], "answer": "y"})", "Which?", "B", "math", ""},
    {"olympiadbench", R"({"question": "Find it.", "context": null, "final_answer": ["$2 \\pi$"], "unit": null})", "Find it.", "$2 \\pi$",
     "math", ""},
    {"olympiadbench", R"({"question": "Find it.", "context": "Let x be.", "final_answer": ["1"]})", "Let x be.\n\nFind it.", "1", "math",
     ""},
    {"reasoning_gym", R"({"question": "gcd?", "answer": "3", "metadata": {"source_dataset": "gcd", "numbers": [3, 6], "result": 3}})",
     "gcd?", "3", "puzzle", R"({"source_dataset":"gcd","numbers":[3,6],"result":3})"},
    {"reasoning_gym", R"({"question": "Sort.", "answer": "a, b", "metadata": {"source_dataset": "word_sorting", "n": 2}})", "Sort.", "a, b",
     "exact_match", ""},
    {"reasoning_gym", R"({"question": "Turn it.", "answer": "d", "metadata": {"source_dataset": "rubiks_cube"}})", "Turn it.", "d",
     "exact_match", ""},
    {"reasoning_gym",
     R"({"question": "Reach 9.", "answer": "4+5", "metadata": {"source_dataset": "countdown", "numbers": [4, 5], "target": 9}})",
     "Reach 9.", "4+5", "puzzle", R"({"source_dataset":"countdown","numbers":[4,5],"target":9,"variant":"cupel"})"},
    {"reasoning_gym",
     R"({"question": "?", "answer": "Mia is a hero.", "metadata": {"source_dataset": "knights_knaves", "names": ["Mia"], "solution": [true],
     "knight_knave_terms": {"knight": "hero", "knave": "villain"}}})",
     "?", "Mia is a hero.", "puzzle", R"({"source_dataset":"knights_knaves","names":["Mia"],"solution":[true],)"},
    {"reasoning_gym",
     R"({"question": "Colour.", "answer": null, "metadata": {"source_dataset": "graph_color", "possible_answer": {"0": 1}}})", "Colour.",
     R"({"0":1})", "puzzle", R"({"source_dataset":"graph_color",)"},
    {"sharegpt", R"({"conversations": [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "Hello?"},
     {"from": "gpt", "value": "Hi."}]})",
     "Hello?", "Hi.", "exact_match", ""},
    {"svamp", R"({"Body": "Dan has 5 apples", "Question": "How many?", "Answer": 5.0})", "Dan has 5 apples How many?", "5.0", "number", ""},
    {"trl", R"({"prompt": [{"role": "user", "content": "2+2?"}], "solution": "4"})", "2+2?", "4", "math", ""},
    {"trl", R"({"prompt": "2+2?", "ground_truth": 4})", "2+2?", "4", "math", ""},
    {"verl",
     R"({"data_source": "lighteval/MATH", "prompt": [{"role": "user", "content": "2+2?"}], "reward_model": {"style": "rule", "ground_truth": "4"}})",
     "2+2?", "4", "math", ""},
    {"verl", R"({"data_source": "openai/gsm8k", "prompt": [{"role": "user", "content": "2+2?"}], "reward_model": {"ground_truth": "4"}})",
     "2+2?", "4", "number", ""},
    {"verl",
     R"({"data_source": "apps", "prompt": [{"role": "user", "content": "Echo."}], "reward_model": {"ground_truth": "{\"inputs\": []}"}})",
     "Echo.", "", "code", R"({"format":"verl","record":{"data_source":"apps",)"},
};

// A file of one record, nothing held out.
class RecordFile {
 public:
  RecordFile(const std::string& preset, const std::string& record) {
    std::string line = record;
    line.erase(std::remove(line.begin(), line.end(), '\n'), line.end());
    REQUIRE(WriteFileAtomically(folder_.File("rows.jsonl"), line + "\n").ok());
    config.source = "jsonl";
    config.jsonl.path = folder_.File("rows.jsonl");
    config.jsonl.preset = preset;
    config.jsonl.held_out_fraction = 0;
  }
  Task Only() const {
    const auto dataset = MakeDataset(config, 1, Split::kTrain).value();
    REQUIRE(dataset->size() == 1);
    return dataset->At(0);
  }
  std::string Error() const { return std::string(Message(MakeDataset(config, 1, Split::kTrain).status())); }

 private:
  TempDir folder_;

 public:
  DatasetConfig config;
};

TEST_CASE("every preset reads its data set as published", "[presets]") {
  std::set<std::string_view> seen;
  for (const Published& item : kPublished) {
    INFO(item.preset << " " << item.record);
    const Task task = RecordFile(item.preset, item.record).Only();
    CHECK_THAT(task.prompt.back().content, StartsWith(item.question));
    CHECK(task.answer == item.answer);
    CHECK(task.verifier == item.verifier);
    CHECK_THAT(task.metadata, StartsWith(item.metadata));
    CHECK(task.metadata.empty() == std::string_view(item.metadata).empty());
    seen.insert(item.preset);
  }
  for (const Preset& preset : Presets()) {
    CAPTURE(preset.name);
    CHECK(seen.contains(preset.name));
  }
}

TEST_CASE("ids come from the data set where it has some, else from file and line", "[presets]") {
  CHECK(RecordFile("humaneval", R"({"task_id": "HumanEval/0", "prompt": "def f():"})").Only().id == "HumanEval/0");
  CHECK(RecordFile("mbpp", R"({"task_id": 601, "text": "f", "test_list": []})").Only().id == "601");
  CHECK_THAT(RecordFile("mbpp", R"({"text": "f", "test_list": []})").Only().id, Contains("rows.jsonl:1"));
}

TEST_CASE("what is set replaces the preset's", "[presets]") {
  RecordFile file(
      "gsm8k",
      R"({"question": "q", "final": "7", "answer": "#### 8", "n": {"id": 5}, "judge": "exact_match", "opt": {"case_insensitive": true}})");
  JsonlConfig& settings = file.config.jsonl;
  CHECK(file.Only().answer == "8");
  settings.answer_column = "final";  // the mark belongs to the preset's column
  settings.id_column = "n.id";
  settings.template_text = "Q: {prompt}";
  CHECK(file.Only().answer == "7");
  CHECK(file.Only().id == "5");
  CHECK(file.Only().prompt[0].content == "Q: q");
  settings.verifier_column = "judge";
  settings.verifier_options = R"({"case_insensitive": false, "other": 1})";
  settings.options_column = "opt";
  CHECK(file.Only().verifier == "exact_match");
  CHECK(file.Only().metadata == R"({"case_insensitive":true,"other":1})");
  settings.options_column = "judge";
  CHECK_THAT(file.Error(), Contains("rows.jsonl:1") && Contains("expected an object of options"));
}

TEST_CASE("a row is handed to the code verifier in the format that the settings name", "[presets]") {
  RecordFile file("gsm8k", R"({"question": "Add.", "inputs": []})");
  file.config.jsonl.record_format = "stdio";
  file.config.jsonl.verifier = "code";
  file.config.jsonl.verifier_options = R"({"language": "cpp"})";
  CHECK(file.Only().metadata == R"({"format":"stdio","record":{"question":"Add.","inputs":[]},"options":{"language":"cpp"}})");
  file.config.jsonl.preset = "humaneval";  // naming the preset's own verifier changes nothing
  file.config.jsonl.record_format = "";
  file.config.jsonl.prompt_column = "question";
  CHECK_THAT(file.Only().metadata, StartsWith(R"({"format":"humaneval","record")"));
}

TEST_CASE("records that do not suit their preset are refused by line", "[presets]") {
  struct Bad {
    const char* preset;
    const char* record;
    const char* message;
  };
  const std::vector<Bad> bad = {
      {"countdwn", R"({})", "did you mean \"countdown\"?"},
      {"countdown", R"({"nums": [1, 1], "target": 99})", "rows.jsonl:1: no expression of 1, 1 that equals 99"},
      {"countdown", R"({"nums": "1, 1", "target": 2})", "rows.jsonl:1: \"nums|numbers\" is not a list"},
      {"countdown", R"({"nums": [1.5], "target": 2})", "rows.jsonl:1: \"nums|numbers\" holds 1.5"},
      {"countdown", R"({"nums": [1], "target": "2"})", "rows.jsonl:1: \"target\" is \"2\""},
      {"multiple_choice", R"({"question": "?", "choices": ["a"], "answer": 4})", "letter or text of one of the 1 choices"},
      {"multiple_choice", R"({"question": "?", "choices": [], "answer": 0})", "the choices are not a list"},
      {"multiple_choice", R"({"question": "?", "answer": 0})", "there is no member \"choices.text|choices|options\""},
      {"sharegpt", R"({"conversations": [{"from": "human", "value": "?"}]})", "does not end with an answer"},
      {"sharegpt", R"({"conversations": [{"from": "cat", "value": "?"}]})", "a turn is from \"cat\""},
      {"sharegpt", R"({"conversations": "?"})", "does not end with an answer"},
      {"knights_knaves", R"({"quiz": "?", "names": ["Ada"], "solution": ["knight"]})", "list of names and one of as many true and false"},
      {"mbpp", R"json({"text": "f", "test_list": "assert f()"})json", "\"test_list\" is not a list of assertions"},
      {"humaneval", R"({"prompt": 5})", "\"prompt\" is of type number"},
      {"svamp", R"({"Question": "?", "Answer": 1})", "there is no member \"Body\""},
      {"math_solution", R"({"problem": "?", "solution": "so it is 4"})", "has no \"\\boxed\""},
      {"olympiadbench", R"({"question": "?", "final_answer": []})", "there is no member \"final_answer.0\""},
  };
  for (const Bad& row : bad) {
    INFO(row.preset << " " << row.record);
    CHECK_THAT(RecordFile(row.preset, row.record).Error(), Contains(row.message));
  }
}

TEST_CASE("generated problems of every family are read back with their metadata", "[presets]") {
  for (const Family* family : Families()) {
    INFO(family->name);
    const Item item = ItemGenerator::Create(family->name, Variant::kCupel, {}).value().At(7, 0).value();
    const Json record = {{"question", item.question}, {"answer", item.answer}, {"metadata", ParseJson(item.metadata, "").value()}};
    const Task task = RecordFile("reasoning_gym", DumpJson(record)).Only();
    CHECK(task.verifier == "puzzle");
    CHECK(task.answer == item.answer);
    CHECK(ParseJson(task.metadata, "").value() == record["metadata"]);
  }
}

}  // namespace
}  // namespace cupel
