#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "base/progress.h"
#include "base/status.h"
#include "datasets/parquet.h"
#include "datasets/presets.h"
#include "experiments/command.h"
#include "experiments/data/data_check.h"
#include "experiments/data/data_convert.h"
#include "experiments/recipe.h"
#include "verifiers/check_golds.h"

namespace cupel {
namespace {

constexpr size_t kShownWidth = 400;

// What the subcommands were given; each uses its own part.
struct DataOptions {
  std::string source;
  std::string preset;
  std::vector<std::string> overrides;
  std::string split = "train";
  int64_t count = 3;
  int64_t start = 0;
  std::string out;
  bool judges_golds = false;
  bool json = false;
};

// The tasks that a command is about: those of a recipe, or of one file as a whole.
struct DataSource {
  Recipe recipe;
  bool is_file = false;
};

absl::StatusOr<DataSource> SourceOf(const DataOptions& options) {
  DataSource source;
  source.is_file = !options.source.empty() && !options.source.ends_with(".toml");
  if (!options.preset.empty() && !source.is_file) {
    return InvalidArgument("--preset is for a file; of a recipe, --set data.jsonl.preset={}", options.preset);
  }
  std::vector<std::string> overrides;
  if (source.is_file) {
    overrides = {"data.source=jsonl", "data.jsonl.held_out_fraction=0", "data.jsonl.path=" + DumpJson(options.source)};
    if (!options.preset.empty()) {
      overrides.push_back("data.jsonl.preset=" + DumpJson(options.preset));
    }
  }
  overrides.insert(overrides.end(), options.overrides.begin(), options.overrides.end());
  CUPEL_ASSIGN_OR_RETURN(source.recipe, LoadRecipe(source.is_file ? "" : options.source, overrides));
  return source;
}

Json JsonOf(const SplitCheck& split) {
  Json json = {{"tasks", split.tasks}, {"verifiers", split.verifiers}};
  if (split.golds.judged > 0) {
    json["golds"] = {{"judged", split.golds.judged}, {"correct", split.golds.correct}, {"problems", split.golds.problems}};
  }
  return json;
}

Json JsonOf(const DataCheck& check) {
  Json files = Json::array();
  for (const auto& [path, file] : check.report.files) {
    files.push_back({{"path", path},
                     {"rows", file.rows},
                     {"kept", file.kept},
                     {"unusable", file.bad},
                     {"duplicates", file.duplicates},
                     {"overlapping", file.overlapping},
                     {"problems", file.problems}});
  }
  return {{"files", std::move(files)},
          {"outside_pass_rates", check.report.outside_pass_rates},
          {"training", JsonOf(check.training)},
          {"evaluation", JsonOf(check.evaluation)},
          {"refusal", check.refusal}};
}

void PrintSplit(std::string_view name, const SplitCheck& split) {
  std::string verifiers;
  for (const auto& [verifier, count] : split.verifiers) {
    verifiers += fmt::format("{}{} {}", verifiers.empty() ? "" : ", ", verifier, count);
  }
  fmt::print("{:<12} {} tasks ({})\n", name, split.tasks, verifiers);
  if (split.golds.judged > 0) {
    fmt::print("{:<12} {} of {} gold answers are correct to their own verifier\n", "", split.golds.correct, split.golds.judged);
    for (const std::string& problem : split.golds.problems) {
      fmt::print("  {}\n", problem);
    }
  }
}

void Print(const DataCheck& check) {
  for (const auto& [path, file] : check.report.files) {
    fmt::print("{}: {} rows, {} tasks; {} unusable, {} asked before, {} asked by evaluation\n", path, file.rows, file.kept, file.bad,
               file.duplicates, file.overlapping);
    for (const std::string& problem : file.problems) {
      fmt::print("  {}\n", problem);
    }
  }
  if (check.report.outside_pass_rates > 0) {
    fmt::print("{} training tasks are outside the pass rates\n", check.report.outside_pass_rates);
  }
  PrintSplit("training", check.training);
  if (check.evaluation.tasks > 0) {
    PrintSplit("evaluation", check.evaluation);
  }
  if (!check.refusal.empty()) {
    fmt::print("training would refuse this: {}\n", check.refusal);
  }
}

absl::StatusOr<int> Check(const DataOptions& options, StopSignal& /*stop*/) {
  CUPEL_ASSIGN_OR_RETURN(const DataSource source, SourceOf(options));
  const JsonlConfig& file = source.recipe.data.jsonl;
  Progress progress(stderr);
  DataCheckRequest request{.config = source.recipe.data,
                           .seed = static_cast<uint64_t>(source.recipe.run.seed),
                           .has_evaluation = !source.is_file || !file.eval_path.empty() || file.held_out_fraction > 0,
                           .judges_golds = options.judges_golds,
                           .progress = [&](const std::string& line) { progress.Update(line); }};
  CUPEL_ASSIGN_OR_RETURN(const DataCheck check, CheckData(request));
  progress.Update("");
  options.json ? fmt::print("{}\n", DumpJson(JsonOf(check), 2)) : Print(check);
  const bool has_wrong_gold =
      check.training.golds.correct < check.training.golds.judged || check.evaluation.golds.correct < check.evaluation.golds.judged;
  return !check.refusal.empty() || has_wrong_gold ? kExitFailed : 0;
}

absl::StatusOr<std::unique_ptr<Dataset>> Load(const DataOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const DataSource source, SourceOf(options));
  Progress progress(stderr);
  LoadReport report;
  const LoadContext context{.check_gold = &CheckGold, .report = &report, .progress = [&](const std::string& path, int64_t rows) {
                              progress.Update(fmt::format("{}: {} rows", path, rows));
                            }};
  absl::StatusOr<std::unique_ptr<Dataset>> dataset = MakeDataset(source.recipe.data, static_cast<uint64_t>(source.recipe.run.seed),
                                                                 options.split == "eval" ? Split::kEval : Split::kTrain, context);
  for (const std::string& line : report.Lines()) {
    progress.Line(line);
  }
  return dataset;
}

absl::StatusOr<int> Show(const DataOptions& options, StopSignal& stop) {
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> dataset, Load(options));
  const int64_t end = options.start + std::min(options.count, std::max<int64_t>(dataset->size() - options.start, 0));
  for (int64_t i = options.start; i < end && stop.Requested() == 0; ++i) {
    const Task task = dataset->At(i);
    if (options.json) {
      fmt::print("{}\n", TaskLine(task));
      continue;
    }
    fmt::print("--- {} of {}: {}\n", i + 1, dataset->size(), task.id);
    for (const ChatMessage& message : task.prompt) {
      fmt::print("[{}] {}\n", message.role, message.content);
    }
    fmt::print("--- gold for {}: {}\n{}\n", task.verifier, task.answer,
               task.metadata.empty() ? "" : "options: " + OneLine(task.metadata, kShownWidth) + "\n");
  }
  return 0;
}

absl::StatusOr<int> Convert(const DataOptions& options, StopSignal& stop) {
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> dataset, Load(options));
  CUPEL_ASSIGN_OR_RETURN(const int64_t count, WriteTasks(*dataset, options.out, [&] { return stop.Requested() != 0; }));
  fmt::print(stderr, "{}: {} tasks; data.jsonl.preset = \"cupel\" reads them\n", options.out, count);
  return stop.Requested() == 0 ? 0 : 128 + stop.Requested();
}

absl::StatusOr<int> ListPresets(const DataOptions& options, StopSignal& /*stop*/) {
  for (const Preset& preset : Presets()) {
    if (options.json) {
      fmt::print("{}\n", DumpJson({{"name", preset.name},
                                   {"help", preset.help},
                                   {"prompt_column", preset.prompt_column},
                                   {"answer_column", preset.answer_column},
                                   {"answer_after", preset.answer_after},
                                   {"verifier", preset.verifier},
                                   {"template", preset.template_text}}));
    } else {
      fmt::print("{:<16} {:<12} {}\n", preset.name, preset.verifier, preset.help);
    }
  }
  if (!options.json) {
    fmt::print("files: JSON lines, JSON arrays, either packed by zstd{}\n",
               ParquetLibrary().empty() ? "; this build does not read Parquet" : fmt::format(", Parquet (Arrow {})", ParquetLibrary()));
  }
  return 0;
}

void AddSource(CLI::App& command, DataOptions& options) {
  command.add_option("source", options.source, "a recipe (.toml), or a file of tasks, which is looked at as a whole");
  command.add_option("--preset", options.preset, "of a file: the data set whose columns it has (cupel data presets); default gsm8k");
  command.add_option("--set", options.overrides, "section.key=value; repeatable (data.jsonl.prompt_column=question)")
      ->take_all()
      ->allow_extra_args(false);
}

void AddSplit(CLI::App& command, DataOptions& options) {
  command.add_option("--split", options.split, "which tasks of a recipe")->check(CLI::IsMember({"train", "eval"}))->capture_default_str();
}

}  // namespace

Action DeclareData(CLI::App& app) {
  using Command = absl::StatusOr<int> (*)(const DataOptions&, StopSignal&);
  auto options = std::make_shared<DataOptions>();
  auto commands = std::make_shared<std::vector<std::pair<CLI::App*, Command>>>();
  app.require_subcommand(1);
  const auto add = [&](const char* name, const char* help, Command command) -> CLI::App& {
    commands->emplace_back(app.add_subcommand(name, help), command);
    return *commands->back().first;
  };
  CLI::App& check =
      add("check", "count the tasks and everything that is wrong with rows, by file and line; exit 1 if training would refuse", Check);
  AddSource(check, *options);
  check.add_flag("--judge", options->judges_golds, "also let every gold answer be judged by its verifier as if a model had given it");
  CLI::App& show = add("show", "tasks as a model is asked them, with gold answer, verifier and its options", Show);
  AddSource(show, *options);
  AddSplit(show, *options);
  show.add_option("--count", options->count, "how many")->check(AtLeast(1))->capture_default_str();
  show.add_option("--start", options->start, "index of the first (0 is the first)")->check(AtLeast(0))->capture_default_str();
  CLI::App& convert = add("convert", "write the tasks as JSON lines that preset \"cupel\" reads", Convert);
  AddSource(convert, *options);
  AddSplit(convert, *options);
  convert.add_option("--out", options->out, "file to write, packed if it ends in .zst; - is standard output")->required();
  CLI::App& presets = add("presets", "the data sets whose published columns are known", ListPresets);
  for (CLI::App* command : {&check, &show, &presets}) {
    command->add_flag("--json", options->json, "print as JSON");
  }
  return [options, commands, &app](StopSignal& stop) {
    const CLI::App* chosen = app.get_subcommands().front();
    const auto entry = std::ranges::find(*commands, chosen, [](const auto& one) { return one.first; });
    const absl::StatusOr<int> code = entry->second(*options, stop);
    return code.ok() ? *code : Fail(code.status());
  };
}

}  // namespace cupel
