#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/status.h"
#include "experiments/command.h"
#include "experiments/open_run.h"
#include "experiments/report/report_page.h"

namespace cupel {
namespace {

struct ReportOptions {
  std::vector<std::string> runs;
  std::string out;
  int64_t max_tokens = ReportLimits{}.max_tokens;
  int refresh_seconds = 0;
};

// Beside the first run; of several runs in the working directory, because the page belongs to none of them.
std::string DefaultReportPath(const std::vector<std::string>& runs) {
  const std::string log = LogPath(runs.front());
  return runs.size() == 1 && log != runs.front() ? runs.front() + "/report.html" : "report.html";
}

absl::StatusOr<std::string> WriteReport(const ReportOptions& options) {
  std::vector<RolloutStore> stores;
  for (const std::string& run : options.runs) {
    CUPEL_ASSIGN_OR_RETURN(RolloutStore store, OpenRunForReading(run));
    stores.push_back(std::move(store));
  }
  std::vector<const RolloutStore*> runs;
  for (const RolloutStore& store : stores) {
    runs.push_back(&store);
  }
  ReportLimits limits;
  limits.max_tokens = options.max_tokens;
  CUPEL_ASSIGN_OR_RETURN(const std::string page, ReportPage(runs, limits, options.refresh_seconds));
  const std::string path = options.out.empty() ? DefaultReportPath(options.runs) : options.out;
  CUPEL_RETURN_IF_ERROR(WriteFileAtomically(path, page));
  return fmt::format("{} ({:.1f} MB)", path, static_cast<double>(page.size()) / 1e6);
}

}  // namespace

Action DeclareReport(CLI::App& app) {
  auto options = std::make_shared<ReportOptions>();
  app.add_option("runs", options->runs, "folders of runs, or their run.db; several are drawn over each other")->required();
  app.add_option("--out", options->out, "file to write (default: report.html in the run's folder; of several runs, in this one)");
  app.add_option("--answer-tokens", options->max_tokens, "tokens of completions shown in full; the file grows by about 12 bytes each")
      ->check(CLI::Range(int64_t{0}, int64_t{100'000'000}));
  app.add_option("--refresh", options->refresh_seconds, "the page loads itself again so often, for a run that is still going (seconds)")
      ->check(CLI::Range(0, 86400));
  return [options](StopSignal&) {
    const absl::StatusOr<std::string> written = WriteReport(*options);
    if (!written.ok()) {
      return Fail(written.status());
    }
    fmt::print("{}\n", *written);
    return 0;
  };
}

}  // namespace cupel
