#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "base/config.h"
#include "datasets/procedural/config.h"
#include "datasets/repair/config.h"
#include "datasets/task.h"

namespace cupel {

// A finite, ordered collection of tasks. At(i) is a pure function of the configuration and i. Immutable, thread-safe.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;          // >= 1
  virtual Task At(int64_t index) const = 0;  // 0 <= index < size()
};

// Generated arithmetic: `terms` numbers, each uniform in [min_operand, max_operand], joined by operators, each uniform among `operators`.
//
// The held-out share is of the tuples of numbers: a tuple that is held out is held out with every operator, so that 7 - 5 does not teach
// what 7 + 5 asks. It does not depend on the seed: runs of different seeds are evaluated on the same questions. With at most 2^62
// expressions the two splits together are all of them, each once, and the share is exact up to rounding; beyond that a split is a million
// draws, sorted into train and eval by a hash of the tuple.
struct ArithmeticConfig {
  std::vector<std::string> operators = {"+", "-"};  // of + - *
  int64_t min_operand = 0;
  int64_t max_operand = 9;
  int64_t terms = 2;                                    // numbers in the expression
  std::string template_text = "What is {expression}?";  // must contain {expression}
  std::string system;                                   // system message; empty: the chat template's own default
  double held_out_fraction = 0.2;                       // share of all tuples of numbers kept for evaluation
  template <class Field>
  void VisitFields(Field&& field) {
    field("operators", operators, "operators that join the terms, each equally often: \"+\", \"-\", \"*\"");
    field("min_operand", min_operand, "smallest number in an expression", Range{-1e9, 1e9});
    field("max_operand", max_operand, "largest number in an expression", Range{-1e9, 1e9});
    field("terms", terms, "numbers in an expression", Range{2, 8});
    field("template", template_text, "the question; {expression} stands for the expression");
    field("system", system, "system message; empty takes the chat template's default");
    field("held_out_fraction", held_out_fraction, "share of all expressions that training never draws", Range{0.01, 0.9});
  }
};

// JSON lines with a column mapping. The defaults read GSM8K as published. Rows with the same question are always in the same split, and a
// question that eval_path holds is left out of training.
struct JsonlConfig {
  std::string path;       // training file
  std::string eval_path;  // evaluation file; empty: held_out_fraction of `path`
  std::string prompt_column = "question";
  std::string answer_column = "answer";
  std::string answer_after = "####";       // gold is what follows the last such mark; empty: the whole column
  std::string template_text = "{prompt}";  // the question; {prompt} stands for the column
  std::string system;
  std::string verifier = "number";
  std::string verifier_options;  // JSON object, becomes Task::metadata: {"percent_is_bare": true}
  double held_out_fraction = 0.1;
  int64_t limit = 0;  // use the first so many rows of each file; 0: all
  template <class Field>
  void VisitFields(Field&& field) {
    field("path", path, "JSON lines file of training tasks");
    field("eval_path", eval_path, "JSON lines file of evaluation tasks; empty holds out part of `path`");
    field("prompt_column", prompt_column, "member that holds the question: text, or a list of {role, content}");
    field("answer_column", answer_column, "member that holds the gold answer");
    field("answer_after", answer_after, "the gold answer follows the last such mark; empty takes the whole member");
    field("template", template_text, "the question; {prompt} stands for the member");
    field("system", system, "system message; empty takes the chat template's default");
    field("verifier", verifier, "verifier that judges the answers");
    field("verifier_options", verifier_options, "JSON object of options for that verifier; empty takes its defaults");
    field("held_out_fraction", held_out_fraction, "share of rows that training never draws, when eval_path is empty", Range{0.0, 0.9});
    field("limit", limit, "use the first so many rows of each file; 0: all", Range{0, 1e12});
  }
};

// A stage of a curriculum: for so many steps, other settings of the same section (datasets/curriculum.h).
struct CurriculumStage {
  int64_t steps = 0;
  std::vector<std::string> set;
  template <class Field>
  void VisitFields(Field&& field) {
    field("steps", steps, "training steps that the stage lasts", Range{1, 1e9});
    field("set", set, "what differs from the final settings: [\"arithmetic.max_operand=9\"]");
  }
};

// Which tasks a run uses. One source per run; its section is the one that `source` names. Evaluation always asks by these settings;
// training comes to them through the stages of `curriculum`.
struct DatasetConfig {
  std::string source = "arithmetic";  // name in datasets/registry.def
  ArithmeticConfig arithmetic;
  JsonlConfig jsonl;
  ProceduralConfig procedural;
  RepairConfig repair;
  std::vector<CurriculumStage> curriculum;
  template <class Field>
  void VisitFields(Field&& field) {
    field("source", source, "where tasks come from", OneOf{{"arithmetic", "jsonl", "procedural", "repair"}});
    field("arithmetic", arithmetic, "generated arithmetic");
    field("jsonl", jsonl, "JSON lines file");
    field("procedural", procedural, "generated problems of many families");
    field("repair", repair, "small projects with a bug");
    field("curriculum", curriculum, "easier settings that training draws from first, stage by stage");
  }
};

enum class Split { kTrain, kEval };

// Builds one split of the final settings. Train and eval of one configuration share no question, whatever the seeds; the order of the eval
// split is the same for every seed, so that its first k tasks are comparable between runs. Errors: unknown source, unusable settings, an
// unreadable or malformed file (with its line), an empty split. Whether the gold answers suit the verifier is for CheckGolds
// (verifiers/check_golds.h), one layer up.
absl::StatusOr<std::unique_ptr<Dataset>> MakeDataset(const DatasetConfig& config, uint64_t seed, Split split);

std::vector<std::string_view> DatasetNames();  // what `source` may name, sorted

}  // namespace cupel
