#include "experiments/repair_command.h"

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "datasets/dataset.h"
#include "experiments/command.h"
#include "verifiers/code/formats/formats.h"
#include "verifiers/code/judge/swe/prove.h"

namespace cupel {
namespace {

struct RepairOptions {
  RepairConfig config;
  int64_t count = 10;
  int64_t start = 0;
  uint64_t seed = 1;
  std::string split = "train";
  std::string out = "-";
  bool check = false;
  bool readable = false;
  bool keep_names = false;
};

absl::StatusOr<std::vector<Task>> DrawTasks(const RepairOptions& options) {
  DatasetConfig config;
  config.source = "repair";
  config.repair = options.config;
  config.repair.rename = !options.keep_names;
  const Split split = options.split == "eval" ? Split::kEval : Split::kTrain;
  (split == Split::kEval ? config.repair.eval_size : config.repair.size) = options.start + options.count;
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> dataset, MakeDataset(config, options.seed, split));
  std::vector<Task> tasks;
  for (int64_t i = options.start; i < options.start + options.count; ++i) {
    tasks.push_back(dataset->At(i));
  }
  return tasks;
}

// Runs each task before and after its patch, as ProvePatchTask says.
absl::Status CheckTasks(const std::vector<Task>& tasks) {
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<sandbox::Sandbox> sandbox, sandbox::Sandbox::Open({}));
  std::mutex mutex;
  int64_t num_bad = 0;
  {
    ThreadPool pool(std::max(1, static_cast<int>(std::thread::hardware_concurrency())), 1024);
    for (const Task& task : tasks) {
      pool.Submit([&] {
        const absl::StatusOr<code::Problem> problem = code::ReadTask(task);
        const absl::Status status = problem.ok() ? code::ProvePatchTask(*sandbox, *problem, task.answer) : problem.status();
        if (!status.ok()) {
          const std::lock_guard lock(mutex);
          ++num_bad;
          fmt::print(stderr, "{}: {}\n", task.id, Message(status));
        }
      });
    }
    pool.Wait();
  }
  fmt::print(stderr, "{} tasks proven, {} not ({})\n", std::ssize(tasks) - num_bad, num_bad, sandbox->Description());
  return num_bad == 0 ? absl::OkStatus() : FailedPrecondition("{} of {} tasks could not be proven", num_bad, tasks.size());
}

Json LineOf(const Task& task) {
  const Json metadata = ParseJson(task.metadata, task.id).value();
  return {{"id", task.id},
          {"question", task.prompt.back().content},
          {"answer", task.answer},
          {"verifier", task.verifier},
          {"format", metadata["format"]},
          {"metadata", metadata["record"]},
          {"options", metadata["options"]}};
}

absl::Status Run(const RepairOptions& options, StopSignal& stop) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<Task> tasks, DrawTasks(options));
  if (options.check) {
    CUPEL_RETURN_IF_ERROR(CheckTasks(tasks));
  }
  std::string text;
  for (const Task& task : tasks) {
    if (stop.Requested() != 0) {
      return absl::OkStatus();
    }
    text += options.readable ? fmt::format("--- {}\n{}--- answer\n{}\n", task.id, task.prompt.back().content, task.answer)
                             : DumpJson(LineOf(task)) + "\n";
  }
  if (options.out != "-") {
    return WriteFileAtomically(options.out, text);
  }
  return std::fputs(text.c_str(), stdout) < 0 ? Unavailable("standard output cannot be written") : absl::OkStatus();
}

}  // namespace

std::function<absl::Status(StopSignal& stop)> DeclareRepairTasks(CLI::App& app) {
  auto options = std::make_shared<RepairOptions>();
  app.add_option("--count", options->count, "how many tasks")->check(AtLeast(1))->capture_default_str();
  app.add_option("--start", options->start, "index of the first task")->check(AtLeast(0))->capture_default_str();
  app.add_option("--seed", options->seed, "tasks of another seed come in another order")->capture_default_str();
  app.add_option("--split", options->split, "bugs that training shows, or those kept for evaluation")
      ->check(CLI::IsMember({"train", "eval"}))
      ->capture_default_str();
  app.add_option("--language", options->config.languages, "python or cpp (may be repeated)")->capture_default_str();
  app.add_option("--project", options->config.projects, "a project by name (may be repeated); all unless given");
  app.add_option("--bug", options->config.bugs, "a kind of bug (may be repeated); all unless given");
  app.add_option("--hint", options->config.hint, "what the question tells of the bug")
      ->check(CLI::IsMember({"place", "test", "names"}))
      ->capture_default_str();
  app.add_option("--answer", options->config.answer, "form of the patch that is asked for")
      ->check(CLI::IsMember({"search_replace", "diff"}))
      ->capture_default_str();
  app.add_flag("--keep-names", options->keep_names, "leave functions and variables their names");
  app.add_flag("--check", options->check, "run every task first: it fails before its patch and passes after it (needs a sandbox)");
  app.add_flag("--readable", options->readable, "for people instead of JSON lines");
  app.add_option("--out", options->out, "file; - is standard output")->capture_default_str();
  return [options](StopSignal& stop) { return Run(*options, stop); };
}

}  // namespace cupel
