#include "verifiers/code/formats/formats.h"

#include <algorithm>
#include <array>

#include "base/config.h"
#include "base/status.h"
#include "verifiers/code/formats/record.h"

namespace cupel::code {
namespace {

struct Format {
  std::string_view name;
  absl::StatusOr<Problem> (*read)(const Json& record);
};

constexpr std::array kFormats = {
    Format{"apps", ReadApps},
    Format{"call", ReadCall},
    Format{"codecontests", ReadCodeContests},
    Format{"humaneval", ReadHumanEval},
    Format{"livecodebench", ReadLiveCodeBench},
    Format{"mbpp", ReadMbpp},
    Format{"open-r1", ReadOpenR1},
    Format{"pytest", ReadPytest},
    Format{"stdio", ReadStdio},
    Format{"swe", ReadSwe},
    Format{"verl", ReadVerl},
};
static_assert(std::ranges::is_sorted(kFormats, {}, &Format::name));

absl::StatusOr<Problem> ReadRecord(const Json& metadata) {
  if (!metadata.is_object()) {
    return InvalidArgument("the metadata is {}, expected an object with \"format\" and \"record\"", metadata.type_name());
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string name, TextField(metadata, "format"));
  const auto format = std::ranges::find(kFormats, name, &Format::name);
  if (format == kFormats.end()) {
    const std::vector<std::string_view> views = FormatNames();
    const std::vector<std::string> names(views.begin(), views.end());
    const std::string nearest = NearestName(name, names);
    return InvalidArgument("there is no format \"{}\"{}; formats are {}", name,
                           nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest), fmt::join(names, ", "));
  }
  const auto record = metadata.find("record");
  if (record == metadata.end() || !record->is_object()) {
    return InvalidArgument("field \"record\": expected the record of a task as published, found {}",
                           record == metadata.end() ? "nothing" : record->type_name());
  }
  absl::StatusOr<Problem> problem = format->read(*record);
  if (!problem.ok()) {
    return Annotate(problem.status(), fmt::format("format {}", name));
  }
  if (metadata.contains("options")) {
    CUPEL_RETURN_IF_ERROR(ApplyOptions(metadata["options"], *problem));
  }
  if (problem->num_tests() == 0 && !problem->asserts && problem->swe == nullptr) {
    return InvalidArgument("no tests: the record of format {} has none, so no program can be judged by it", name);
  }
  if (!problem->calls.empty() && !problem->stdio.empty()) {
    return InvalidArgument("the record mixes tests that call a function with tests that run the program");
  }
  return problem;
}

}  // namespace

absl::StatusOr<Problem> ReadTask(const Task& task) {
  if (task.metadata.empty()) {
    return InvalidArgument(R"(task {}: the code verifier needs metadata {{"format": ..., "record": ...}})", task.id);
  }
  absl::StatusOr<Json> metadata = ParseJson(task.metadata, "metadata");
  absl::StatusOr<Problem> problem = metadata.ok() ? ReadRecord(*metadata) : metadata.status();
  if (!problem.ok()) {
    return Annotate(problem.status(), "task " + task.id);
  }
  problem->id = problem->id.empty() ? task.id : problem->id;
  return problem;
}

std::vector<std::string_view> FormatNames() {
  std::vector<std::string_view> names;
  std::ranges::transform(kFormats, std::back_inserter(names), &Format::name);
  return names;
}

}  // namespace cupel::code
