#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/status.h"
#include "experiments/command.h"
#include "experiments/open_run.h"
#include "rollout/log_maintenance.h"
#include "rollout/rollout_jsonl.h"

namespace cupel {
namespace {

// What the subcommands were given; each uses its own part.
struct LogOptions {
  std::string run;
  std::vector<std::string> runs;
  std::string out;
  std::string format = "rollouts";
  int64_t first_step = 1;  // as printed
  int64_t last_step = INT64_MAX;
  bool only_correct = false;
  bool without_token_ids = false;
  PruneRequest prune;
  bool rounds = false;
  bool json = false;
};

std::string Megabytes(int64_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6); }

absl::Status Merge(const LogOptions& options) {
  std::vector<std::string> sources;
  for (const std::string& run : options.runs) {
    sources.push_back(LogPath(run));
  }
  CUPEL_RETURN_IF_ERROR(MergeLogs(sources, options.out));
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore store, OpenRunForReading(options.out));
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement row, store.connection().Prepare("SELECT run_id, name, started_at FROM runs ORDER BY run_id"));
  while (true) {
    CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
    if (!has_row) {
      return absl::OkStatus();
    }
    fmt::print("{}:{}  {}  started {}\n", options.out, row.Integer(0), row.Text(1), row.Text(2));
  }
}

absl::Status Vacuum(const LogOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const std::optional<FileLock> lock, LockRun(options.run));
  CUPEL_ASSIGN_OR_RETURN(const LogSizes sizes, VacuumLog(LogPath(options.run)));
  fmt::print("{}: {} before, {} now\n", LogPath(options.run), Megabytes(sizes.bytes_before), Megabytes(sizes.bytes_after));
  return absl::OkStatus();
}

absl::Status Check(const LogOptions& options) {
  const std::string path = LogPath(options.run);
  CUPEL_ASSIGN_OR_RETURN(const LogCheck check, CheckLog(path));
  if (options.json) {
    fmt::print("{}\n", DumpJson({{"log", path},
                                 {"problems", check.problems},
                                 {"runs", check.num_runs},
                                 {"steps", check.num_steps},
                                 {"rollouts", check.num_rollouts},
                                 {"pruned", check.num_pruned},
                                 {"digest", check.digest}},
                                2));
  } else {
    for (const std::string& problem : check.problems) {
      fmt::print("problem: {}\n", problem);
    }
    fmt::print("{}: {} runs, {} steps, {} completions ({} pruned)\n", path, check.num_runs, check.num_steps, check.num_rollouts,
               check.num_pruned);
    fmt::print("digest {}\n", check.digest.empty() ? "none" : check.digest);
  }
  if (!check.problems.empty()) {
    return DataLoss("{}: {} problems; restore it from a copy, or save what is readable with `sqlite3 {} .recover`", path,
                    check.problems.size(), path);
  }
  return absl::OkStatus();
}

absl::Status Prune(const LogOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const std::optional<FileLock> lock, LockRun(options.run));
  const std::string path = LogPath(options.run);
  if (options.rounds) {
    CUPEL_ASSIGN_OR_RETURN(const int64_t num_rounded, RoundLogprobs(path, options.prune));
    CUPEL_ASSIGN_OR_RETURN(const LogSizes sizes, VacuumLog(path));
    fmt::print("{}: log-probabilities of {} completions rounded to bfloat16; {} before, {} now\n", path, num_rounded,
               Megabytes(sizes.bytes_before), Megabytes(sizes.bytes_after));
    return absl::OkStatus();
  }
  CUPEL_ASSIGN_OR_RETURN(const PruneResult result, PruneLog(path, options.prune));
  CUPEL_ASSIGN_OR_RETURN(const LogSizes sizes, VacuumLog(path));
  fmt::print("{}: text, token ids and log-probabilities of {} completions removed, {} of the same steps kept; {} before, {} now\n", path,
             result.num_pruned, result.num_kept, Megabytes(sizes.bytes_before), Megabytes(sizes.bytes_after));
  return absl::OkStatus();
}

absl::StatusOr<ExportFormat> FormatNamed(const std::string& name) {
  const std::map<std::string, ExportFormat> formats = {
      {"rollouts", ExportFormat::kRollouts}, {"sft", ExportFormat::kSupervised}, {"preference", ExportFormat::kPreferences}};
  const auto found = formats.find(name);
  return found == formats.end() ? InvalidArgument("--format {}: rollouts, sft or preference", name)
                                : absl::StatusOr<ExportFormat>(found->second);
}

absl::Status Export(const LogOptions& options) {
  ExportRequest request;
  CUPEL_ASSIGN_OR_RETURN(request.format, FormatNamed(options.format));
  request.first_step = options.first_step - 1;
  request.last_step = options.last_step - 1;
  request.only_correct = options.only_correct;
  request.with_token_ids = !options.without_token_ids;
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore store, OpenRunForReading(options.run));
  std::optional<FileWriter> file;
  if (!options.out.empty()) {
    CUPEL_ASSIGN_OR_RETURN(file, FileWriter::Create(options.out));
  }
  const auto write = [&](std::string_view line) -> absl::Status {
    if (!file) {
      fmt::print("{}\n", line);
      return absl::OkStatus();
    }
    CUPEL_RETURN_IF_ERROR(file->Write(line));
    return file->Write(std::string_view("\n"));
  };
  CUPEL_ASSIGN_OR_RETURN(const ExportResult result, ExportRollouts(store, request, write));
  if (file) {
    CUPEL_RETURN_IF_ERROR(file->Close());
  }
  fmt::print(stderr, "{} lines{}\n", result.num_lines,
             result.num_pruned == 0 ? "" : fmt::format("; {} completions were pruned from the log and left out", result.num_pruned));
  return absl::OkStatus();
}

absl::Status Import(const LogOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const ImportResult result, ImportRollouts(options.run, options.out));
  fmt::print("{}: {} steps, {} completions\n", options.out, result.num_steps, result.num_rollouts);
  return absl::OkStatus();
}

// One line per task with its share of correct answers among those that were scored: what data.pass_rates reads.
absl::Status PassRates(const LogOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const RolloutStore store, OpenRunForReading(options.run));
  CUPEL_ASSIGN_OR_RETURN(
      SqliteStatement row,
      store.connection().Prepare("SELECT task_id, count(*), avg(outcome = 'correct') FROM groups JOIN rollouts USING (group_id)"
                                 " JOIN verdicts USING (rollout_id) WHERE run_id = ?1 AND step BETWEEN ?2 AND ?3"
                                 " AND outcome NOT IN ('undecided', 'error') GROUP BY task_id ORDER BY task_id"));
  row.Query(store.run_id(), options.first_step - 1, options.last_step - 1);
  std::string lines;
  int64_t num_tasks = 0;
  for (;; ++num_tasks) {
    CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
    if (!has_row) {
      break;
    }
    lines += DumpJson({{"task", row.Text(0)}, {"answers", row.Integer(1)}, {"pass_rate", row.Real(2)}}) + "\n";
  }
  if (num_tasks == 0) {
    return NotFound("{}: no scored answers in these steps", LogPath(options.run));
  }
  if (options.out.empty()) {
    fmt::print("{}", lines);
    return absl::OkStatus();
  }
  CUPEL_RETURN_IF_ERROR(WriteFileAtomically(options.out, lines));
  fmt::print(stderr, "{}: pass rates of {} tasks\n", options.out, num_tasks);
  return absl::OkStatus();
}

using Command = absl::Status (*)(const LogOptions&);

void AddRun(CLI::App& command, LogOptions& options) {
  command.add_option("run", options.run, "folder of a run, or its run.db")->required();
}

void DeclareExport(CLI::App& command, LogOptions& options) {
  AddRun(command, options);
  command.add_option("--out", options.out, "file to write (default: standard output)");
  command
      .add_option("--format", options.format, "rollouts: everything; sft: conversations; preference: best against worst answer of a group")
      ->check(CLI::IsMember({"rollouts", "sft", "preference"}));
  command.add_option("--from", options.first_step, "first step (1 is the first)")->check(AtLeast(1));
  command.add_option("--to", options.last_step, "last step")->check(AtLeast(1));
  command.add_flag("--correct", options.only_correct, "only completions whose verdict is correct (preference: as the chosen one)");
  command.add_flag("--no-token-ids", options.without_token_ids, "rollouts: leave out token ids and log-probabilities");
}

void DeclarePrune(CLI::App& command, LogOptions& options) {
  AddRun(command, options);
  command.add_option("--keep-steps", options.prune.keep_steps, "leave so many of the newest steps alone")->check(AtLeast(0));
  command.add_option("--keep-every", options.prune.keep_every, "leave every so-many-th step alone; 0: none")->check(AtLeast(0));
  command.add_flag("--round-logprobs", options.rounds, "remove nothing; only round old log-probabilities to bfloat16, in half the bytes");
  command
      .add_option("--keep-samples", options.prune.keep_samples,
                  "completions of each group that keep their text: best, worst, second best, …")
      ->check(AtLeast(0));
}

}  // namespace

Action DeclareLog(CLI::App& app) {
  auto options = std::make_shared<LogOptions>();
  auto commands = std::make_shared<std::map<CLI::App*, Command>>();
  app.require_subcommand(1);
  const auto add = [&](const char* name, const char* help, Command command) -> CLI::App& {
    CLI::App* subcommand = app.add_subcommand(name, help);
    (*commands)[subcommand] = command;
    return *subcommand;
  };
  CLI::App& check = add("check", "integrity, references, every blob; prints a digest of the contents", Check);
  AddRun(check, *options);
  check.add_flag("--json", options->json, "print as JSON");
  DeclareExport(add("export", "completions as JSON lines, for other programs", Export), *options);
  CLI::App& import = add("import", "a log from exported JSON lines", Import);
  import.add_option("file", options->run, "JSON lines, as `cupel log export` writes them; - is standard input")->required();
  import.add_option("--out", options->out, "log to make (FILE.db)")->required();
  CLI::App& merge = add("merge", "several logs in one, for questions across runs", Merge);
  merge.add_option("runs", options->runs, "folders of runs, or their run.db")->required();
  merge.add_option("--out", options->out, "log to make (FILE.db)")->required();
  CLI::App& rates = add("pass-rates", "share of correct answers by task, as JSON lines for data.pass_rates", PassRates);
  AddRun(rates, *options);
  rates.add_option("--out", options->out, "file to write (default: standard output)");
  rates.add_option("--from", options->first_step, "first step that counts (1 is the first)")->check(AtLeast(1));
  rates.add_option("--to", options->last_step, "last step that counts")->check(AtLeast(1));
  DeclarePrune(add("prune", "remove old texts and token ids; statistics and samples stay", Prune), *options);
  AddRun(add("vacuum", "give unused space back to the disk; brings an older log to the present schema", Vacuum), *options);
  return [options, commands, &app](StopSignal&) {
    const absl::Status status = commands->at(app.get_subcommands().front())(*options);
    return status.ok() ? 0 : Fail(status);
  };
}

}  // namespace cupel
