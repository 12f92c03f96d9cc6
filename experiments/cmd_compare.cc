#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "experiments/command.h"
#include "experiments/paired_difference.h"

namespace cupel {
namespace {

struct CompareOptions {
  std::string first;
  std::string second;
  bool json = false;
};

// What `cupel eval --out` wrote, one question a line, or the evaluation.json of a stage of a pipeline.
absl::StatusOr<TaskShares> ReadShares(const std::string& path) {
  CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  const absl::StatusOr<Json> document = ParseJson(text, path);
  if (document.ok() && document->is_object() && document->contains("questions")) {
    return ReadTaskShares((*document)["questions"], path);
  }
  Json questions = Json::array();
  int64_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (!line.empty()) {
      CUPEL_ASSIGN_OR_RETURN(Json row, ParseJson(line, fmt::format("{}:{}", path, number)));
      questions.push_back(std::move(row));
    }
  }
  return ReadTaskShares(questions, path);
}

absl::Status RunCompare(const CompareOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const auto first, ReadShares(options.first));
  CUPEL_ASSIGN_OR_RETURN(const auto second, ReadShares(options.second));
  const PairedDifference result = Compare(first, second);
  if (result.questions() == 0) {
    return InvalidArgument("{} and {} have no task in common; evaluate both with the same recipe and seed", options.first, options.second);
  }
  if (options.json) {
    const Json json = {{"questions", result.questions()},
                       {"left_out", result.left_out},
                       {"first", {{"pass@1", result.first.mean}, {"standard_error", result.first.error}}},
                       {"second", {{"pass@1", result.second.mean}, {"standard_error", result.second.error}}},
                       {"difference",
                        {{"mean", result.difference.mean},
                         {"standard_error", result.difference.error},
                         {"low95", result.low95()},
                         {"high95", result.high95()}}},
                       {"better", result.better},
                       {"worse", result.worse},
                       {"same", result.same}};
    fmt::print("{}\n", DumpJson(json, 2));
    return absl::OkStatus();
  }
  fmt::print("{:<12} pass@1 {:.4f} ± {:.4f}   {}\n", "first", result.first.mean, result.first.error, options.first);
  fmt::print("{:<12} pass@1 {:.4f} ± {:.4f}   {}\n", "second", result.second.mean, result.second.error, options.second);
  fmt::print("{:<12} {:+.4f}, 95 % interval {:+.4f} to {:+.4f}: {}\n", "difference", result.difference.mean, result.low95(),
             result.high95(),
             result.low95() > 0    ? "the second is better"
             : result.high95() < 0 ? "the first is better"
                                   : "no difference is established");
  fmt::print("{:<12} {}: second better on {}, worse on {}, same on {}\n", "questions", result.questions(), result.better, result.worse,
             result.same);
  if (result.left_out > 0) {
    fmt::print("{:<12} {} that only one of the two answered\n", "left out", result.left_out);
  }
  return absl::OkStatus();
}

}  // namespace

Action DeclareCompare(CLI::App& app) {
  auto options = std::make_shared<CompareOptions>();
  app.add_option("first", options->first, "answers as `cupel eval --out` wrote them, or a stage's evaluation.json")->required();
  app.add_option("second", options->second, "answers of another model or checkpoint to the same questions")->required();
  app.add_flag("--json", options->json, "print as JSON");
  return [options](StopSignal&) {
    const absl::Status status = RunCompare(*options);
    return status.ok() ? 0 : Fail(status);
  };
}

}  // namespace cupel
