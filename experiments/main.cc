#include <array>
#include <exception>
#include <map>

#include <fmt/format.h>

#include "base/status.h"
#include "experiments/command.h"
#include "experiments/version.h"

namespace cupel {
namespace {

struct CommandEntry {
  const char* name;
  const char* help;
  Action (*declare)(CLI::App& app);
};

// In the order in which a new user needs them. A build without LibTorch has the commands that need none.
constexpr auto kCommands = std::to_array<CommandEntry>({
#if CUPEL_WITH_TORCH
  {"train", "train a policy by GRPO from a recipe, or resume a run", DeclareTrain},
      {"sft", "supervised fine-tuning on examples, or resume it", DeclareSft},
      {"pipeline", "several stages from one file, each from the outputs of earlier ones; goes on where it was stopped", DeclarePipeline},
      {"eval", "pass@1 of a model or checkpoint on held-out tasks", DeclareEval},
      {"sample", "answer one prompt, streamed to the terminal", DeclareSample},
#endif
      {"show", "a run's progress and its best and worst answers, read from its log", DeclareShow},
#if CUPEL_WITH_TORCH
      {"replay", "do steps of a run again and compare, or judge its completions by other rules", DeclareReplay},
#else
      {"replay", "judge the completions of a run by other rules", DeclareRescore},
#endif
      {"compare", "two evaluations of the same questions, paired, with a confidence interval", DeclareCompare},
      {"cost", "what a recipe would cost on paper, or what a run did", DeclareCost},
      {"verify", "judge answers against gold answers by rule", DeclareVerify},
      {"sandbox", "run a command as a model's program would be run, or check the confinement of this machine", DeclareSandbox},
#if CUPEL_WITH_TORCH
      {"score", "what a reward pays for, how often it is wrong, and how it is gamed, on answers you have or a model gives", DeclareScore},
#else
      {"score", "what a reward pays for, how often it is wrong, and how it is gamed, on answers you have", DeclareScoreLogged},
#endif
      {"tasks", "generate problems: list the families, show one, print or export items", DeclareTasks},
      {"data", "data sets: check, show and convert files of tasks, list the presets", DeclareData},
      {"report", "one HTML page about a run, or several: curves, answers, tasks; opens from disk", DeclareReport},
      {"log", "check, export, import, merge, prune and compact logs", DeclareLog},
#if CUPEL_WITH_TORCH
      {"export", "a run's checkpoint as a Hugging Face directory or PEFT adapter", DeclareExport},
      {"doctor", "check processor, memory, libraries, model and disk", DeclareDoctor},
      {"bench", "speed of decoding, training and a whole step, with a calibration", DeclareBench},
#endif
});

constexpr std::string_view kWithoutTorch =
    CUPEL_WITH_TORCH ? "" : "\nThis build is without LibTorch: train, sft, pipeline, eval, sample, export, doctor and bench are left out.";

int Main(int argc, char** argv) {
  StopSignal stop;  // before any thread starts
  CLI::App app("cupel: reinforcement learning of reasoning models from verifiable rewards", "cupel");
  app.set_version_flag("--version", fmt::format("cupel {} ({})", kProgramVersion, kCompiler));
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 bad usage or configuration, 3 stopped by a safety rule, 130 stopped by Ctrl-C; 0 after a clean stop "
      "by SIGTERM.\n"
      "`cupel COMMAND --help` explains a command." +
      std::string(kWithoutTorch));
  std::map<CLI::App*, Action> actions;
  for (const CommandEntry& command : kCommands) {
    CLI::App* subcommand = app.add_subcommand(command.name, command.help);
    actions[subcommand] = command.declare(*subcommand);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : kExitUsage;
  }
  return actions.at(app.get_subcommands().front())(stop);
}

}  // namespace

}  // namespace cupel

// Read by jemalloc when the program starts. Tensors that a step frees are kept for the step after it, also the largest: by default their
// pages go back to the system at once, which must clear them when they are asked for again.
extern "C" const char* malloc_conf;
const char* malloc_conf = "oversize_threshold:0,dirty_decay_ms:30000,muzzy_decay_ms:0";

// Everything of ours reports through Status; what can still be thrown comes from LibTorch and the standard library.
int main(int argc, char** argv) {
  try {
    return cupel::Main(argc, argv);
  } catch (const std::exception& error) {
    const std::string_view what(error.what());
    fmt::print(stderr, "cupel: {}\n", what.substr(0, what.find('\n')));
    return cupel::kExitFailed;
  }
}
