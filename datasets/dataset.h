#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "base/config.h"
#include "datasets/jsonl_config.h"
#include "datasets/load.h"
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

// A part of a mixture: settings of its own, in the words of --set, on top of the defaults (datasets/mixture.h).
struct MixturePart {
  double weight = 0;
  std::vector<std::string> set;
  std::vector<CurriculumStage> curriculum;
  template <class Field>
  void VisitFields(Field&& field) {
    field("weight", weight, "share of the mixture beside the other weights, before the temperature; 0: its number of tasks",
          Range{0, 1e12});
    field("set", set, "the part's settings: [\"source=jsonl\", \"jsonl.path=train.jsonl\"]");
    field("curriculum", curriculum, "easier settings of this part alone, stage by stage; steps count from the start of the mixture");
  }
};

// Which tasks a run uses. One source per run; its section is the one that `source` names. Evaluation always asks by these settings;
// training comes to them through the stages of `curriculum`. The pass rates filter the training tasks of any source; those of a mixture
// concern every part that names none itself.
struct DatasetConfig {
  std::string source = "arithmetic";  // name in datasets/registry.def
  ArithmeticConfig arithmetic;
  JsonlConfig jsonl;
  ProceduralConfig procedural;
  RepairConfig repair;
  std::vector<MixturePart> mixture;
  double mixture_temperature = 1;
  std::string pass_rates;
  double min_pass_rate = 0;
  double max_pass_rate = 1;
  bool keep_unrated = true;
  std::vector<CurriculumStage> curriculum;
  template <class Field>
  void VisitFields(Field&& field) {
    field("source", source, "where tasks come from", OneOf{{"arithmetic", "jsonl", "mixture", "procedural", "repair"}});
    field("arithmetic", arithmetic, "generated arithmetic");
    field("jsonl", jsonl, "a file of tasks");
    field("procedural", procedural, "generated problems of many families");
    field("repair", repair, "small projects with a bug");
    field("mixture", mixture, "several sources in one, drawn by weight");
    field("mixture_temperature", mixture_temperature, "above 1 evens the shares of the parts out", Range{0.01, 1000});
    field("pass_rates", pass_rates, "file of pass rates by task, as `cupel log pass-rates` writes it; empty: none");
    field("min_pass_rate", min_pass_rate, "leave out training tasks that were solved less often", Range{0, 1});
    field("max_pass_rate", max_pass_rate, "leave out training tasks that were solved more often", Range{0, 1});
    field("keep_unrated", keep_unrated, "keep training tasks without a pass rate");
    field("curriculum", curriculum, "easier settings that training draws from first, stage by stage");
  }
};

enum class Split { kTrain, kEval };

// Builds one split of the final settings. Train and eval of one configuration share no question, whatever the seeds; the order of the eval
// split is the same for every seed, so that its first k tasks are comparable between runs. Errors: unknown source, unusable settings, an
// unreadable or malformed file (with its line), an empty split; with context.check_gold, the first task whose verifier does not accept it
// (CheckTasks). What the settings say to leave out is counted in context.report.
absl::StatusOr<std::unique_ptr<Dataset>> MakeDataset(const DatasetConfig& config, uint64_t seed, Split split,
                                                     const LoadContext& context = {});

// The status of the first task that `check` refuses, with the task's id ("train.jsonl:12"). Of a dataset of more than 2^20 tasks, which
// only generators have, the first 4096 are looked at.
absl::Status CheckTasks(const Dataset& dataset, const std::function<absl::Status(const Task&)>& check);

std::vector<std::string_view> DatasetNames();  // what `source` may name, sorted

}  // namespace cupel
