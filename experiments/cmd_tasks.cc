#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "datasets/procedural/family.h"
#include "experiments/command.h"
#include "experiments/pipeline/trace_data.h"
#include "experiments/repair_command.h"

namespace cupel {
namespace {

struct TasksOptions {
  std::vector<std::string> families;
  std::string variant = "cupel";
  std::vector<std::string> set;
  int64_t count = 10;
  int64_t start = 0;
  uint64_t seed = 1;
  std::string out = "-";
  std::string format = "items";
  bool json = false;
  bool readable = false;
  std::string recipe;
  std::vector<std::string> recipe_set;
};

Variant VariantOf(const TasksOptions& options) { return options.variant == "rg" ? Variant::kRg : Variant::kCupel; }

absl::Status List(const TasksOptions& options) {
  for (const Family* family : Families()) {
    const bool has_rg = family->generate_rg != nullptr;
    if (options.json) {
      fmt::print("{}\n", DumpJson({{"name", family->name}, {"help", family->help}, {"rg", has_rg}}));
    } else {
      fmt::print("{:<28}{:<4}{}\n", family->name, has_rg ? "rg" : "", family->help);
    }
  }
  if (!options.json) {
    fmt::print("{} families; rg: `--variant rg` gives reasoning-gym's items byte for byte. `cupel tasks show NAME` has the settings.\n",
               Families().size());
  }
  return absl::OkStatus();
}

void PrintSettings(std::span<const Setting> settings) {
  for (const Setting& setting : settings) {
    std::string value(setting.value);
    for (size_t bar = value.find('|'); bar != std::string::npos; bar = value.find('|', bar + 3)) {
      value.replace(bar, 1, " | ");
    }
    fmt::print("  {:<24}{}", setting.name, setting.help);
    fmt::print("{}\n  {:<24}default {}\n", setting.choices.empty() ? "" : fmt::format(" (of {})", setting.choices), "", value);
  }
}

absl::Status PrintSample(const ItemGenerator& generator, uint64_t seed, int64_t index) {
  CUPEL_ASSIGN_OR_RETURN(const Item item, generator.At(seed, index));
  fmt::print("--- {} {} seed {} index {}\n{}\n--- answer\n{}\n\n", generator.family().name, VariantName(generator.variant()), seed, index,
             item.question, item.answer);
  return absl::OkStatus();
}

absl::Status Show(const TasksOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const ItemGenerator generator, ItemGenerator::Create(options.families[0], VariantOf(options), options.set));
  const Family& family = generator.family();
  fmt::print("{}: {}\n\nsettings (values of levels 1 | 2 | 3 | 4 | 5; `--set level=3` chooses, default {}):\n", family.name, family.help,
             kDefaultLevel);
  PrintSettings(family.settings);
  if (family.generate_rg != nullptr) {
    fmt::print("\nsettings of --variant rg, which are reasoning-gym's:\n");
    PrintSettings(family.rg_settings);
  }
  fmt::print("\n");
  return PrintSample(generator, options.seed, options.start);
}

Json ChatPrompt(const std::string& question) { return Json::array({{{"role", "user"}, {"content", question}}}); }

// One line of the output in the shape that `format` names.
Json Shaped(const Item& item, const std::string& id, const std::string& family, const std::string& format) {
  const Json answer = item.is_answer_null && format == "items" ? Json() : Json(item.answer);
  const Json metadata = ParseJson(item.metadata, id).value();
  if (format == "trl") {
    return {{"prompt", ChatPrompt(item.question)}, {"answer", answer}, {"metadata", metadata}, {"id", id}};
  }
  if (format == "verl") {
    return {{"data_source", "cupel/" + family},
            {"prompt", ChatPrompt(item.question)},
            {"ability", "reasoning"},
            {"reward_model", {{"style", "rule"}, {"ground_truth", answer}}},
            {"extra_info", {{"id", id}, {"metadata", metadata}}}};
  }
  if (format == "sharegpt") {
    return {{"conversations", Json::array({{{"from", "human"}, {"value", item.question}}, {{"from", "gpt"}, {"value", answer}}})},
            {"id", id}};
  }
  if (format == "alpaca") {
    return {{"instruction", item.question}, {"input", ""}, {"output", answer}, {"id", id}};
  }
  return {{"question", item.question}, {"answer", answer}, {"metadata", metadata}, {"id", id}};
}

absl::Status Write(const TasksOptions& options, StopSignal& stop) {
  std::vector<ItemGenerator> generators;
  for (const std::string& name : options.families) {
    CUPEL_ASSIGN_OR_RETURN(ItemGenerator generator, ItemGenerator::Create(name, VariantOf(options), options.set));
    generators.push_back(std::move(generator));
  }
  std::unique_ptr<FileWriter> file;
  if (options.out != "-") {
    CUPEL_ASSIGN_OR_RETURN(FileWriter opened, FileWriter::Create(options.out));
    file = std::make_unique<FileWriter>(std::move(opened));
  }
  for (int64_t i = 0; i < options.count && stop.Requested() == 0; ++i) {
    // The families take turns.
    const ItemGenerator& generator = generators[static_cast<size_t>(i) % generators.size()];
    const int64_t index = options.start + i / std::ssize(generators);
    const std::string id = fmt::format("{}/{}-{}-{}", generator.family().name, options.variant, options.seed, index);
    if (options.readable) {
      CUPEL_RETURN_IF_ERROR(Annotate(PrintSample(generator, options.seed, index), id));
      continue;
    }
    const absl::StatusOr<Item> item = generator.At(options.seed, index);
    CUPEL_RETURN_IF_ERROR(Annotate(item.status(), id));
    const std::string line = DumpJson(Shaped(*item, id, std::string(generator.family().name), options.format)) + "\n";
    if (file) {
      CUPEL_RETURN_IF_ERROR(file->Write(line));
    } else if (std::fputs(line.c_str(), stdout) < 0) {
      return Unavailable("standard output cannot be written");
    }
  }
  return file ? file->Close() : absl::OkStatus();
}

absl::Status Trace(const TasksOptions& options, StopSignal& stop) {
  CUPEL_ASSIGN_OR_RETURN(const TraceRecipe recipe, LoadTraceRecipe(options.recipe, options.recipe_set));
  CUPEL_ASSIGN_OR_RETURN(const int64_t written, WriteTraceData(recipe, options.out, stop));
  if (options.out != "-") {
    fmt::print("{} worked solutions in {}\n", written, options.out);
  }
  return absl::OkStatus();
}

void DeclareItems(CLI::App& app, TasksOptions& options) {
  app.add_option("--variant", options.variant, "cupel: our wording, asks for witnesses; rg: reasoning-gym 0.1.25 byte for byte")
      ->check(CLI::IsMember({"cupel", "rg"}))
      ->capture_default_str();
  app.add_option("--set", options.set, "a setting: level=3, or one that `cupel tasks show NAME` lists (may be repeated)");
  app.add_option("--seed", options.seed, "items of another seed are other items")->capture_default_str();
  app.add_option("--start", options.start, "index of the first item")->check(AtLeast(0))->capture_default_str();
}

}  // namespace

Action DeclareTasks(CLI::App& app) {
  auto options = std::make_shared<TasksOptions>();
  app.require_subcommand(1);
  CLI::App* list = app.add_subcommand("list", "the families of problems");
  list->add_flag("--json", options->json, "as JSON lines");
  CLI::App* show = app.add_subcommand("show", "the settings of a family, and an item");
  show->add_option("family", options->families, "name of a family")->required()->expected(1);
  DeclareItems(*show, *options);
  CLI::App* generate = app.add_subcommand("generate", "items as JSON lines {question, answer, metadata, id}");
  CLI::App* write = app.add_subcommand("export", "items as a data set for another trainer");
  for (CLI::App* command : {generate, write}) {
    command->add_option("family", options->families, "name of a family; several take turns")->required();
    command->add_option("--count", options->count, "how many items")->check(AtLeast(1))->capture_default_str();
    DeclareItems(*command, *options);
  }
  generate->add_flag("--readable", options->readable, "for people instead of JSON lines");
  write->add_option("--format", options->format, "shape of a line")
      ->check(CLI::IsMember({"items", "trl", "verl", "sharegpt", "alpaca"}))
      ->capture_default_str();
  write->add_option("--out", options->out, "file; - is standard output")->required();
  CLI::App* traces = app.add_subcommand("traces", "worked solutions to training tasks, for `cupel sft`");
  traces->add_option("recipe", options->recipe, "TOML recipe with the sections data and traces (optional: --set gives every setting)");
  traces->add_option("--set", options->recipe_set, "section.key=value on top of the recipe; repeatable")
      ->take_all()
      ->allow_extra_args(false);
  traces->add_option("--out", options->out, "file; - is standard output")->required();
  CLI::App* repair = app.add_subcommand("repair", "small projects with a bug, to be repaired by a patch");
  const auto run_repair = DeclareRepairTasks(*repair);
  return [options, list, show, traces, repair, run_repair](StopSignal& stop) {
    const absl::Status status = list->parsed()     ? List(*options)
                                : show->parsed()   ? Show(*options)
                                : traces->parsed() ? Trace(*options, stop)
                                : repair->parsed() ? run_repair(stop)
                                                   : Write(*options, stop);
    return status.ok() ? 0 : Fail(status);
  };
}

}  // namespace cupel
