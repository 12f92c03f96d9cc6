#include "experiments/pipeline/trace_data.h"

#include <cstdio>
#include <memory>

#include "base/file.h"
#include "base/status.h"

namespace cupel {

Json PromptJson(const Task& task) {
  Json messages = Json::array();
  for (const ChatMessage& message : task.prompt) {
    messages.push_back({{"role", message.role}, {"content", message.content}});
  }
  return messages;
}

absl::StatusOr<TraceRecipe> LoadTraceRecipe(const std::string& path, const std::vector<std::string>& overrides) {
  TraceRecipe recipe;
  if (!path.empty()) {
    CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
    CUPEL_RETURN_IF_ERROR(ApplyToml(text, path, recipe));
  }
  for (const std::string& assignment : overrides) {
    CUPEL_RETURN_IF_ERROR(ApplyOverride(assignment, recipe));
  }
  return recipe;
}

absl::StatusOr<int64_t> WriteTraceData(const TraceRecipe& recipe, const std::string& path, StopSignal& stop) {
  const auto seed = static_cast<uint64_t>(recipe.traces.seed);
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> tasks, MakeDataset(recipe.data, seed, Split::kTrain));
  std::string lines;
  for (int64_t i = 0; i < recipe.traces.count; ++i) {
    if (stop.Requested() != 0) {
      return absl::CancelledError();
    }
    const Task task = tasks->At(i % tasks->size());
    CUPEL_ASSIGN_OR_RETURN(const std::string trace, WriteTrace(task, recipe.traces.style, seed, i));
    lines += DumpJson({{"prompt", PromptJson(task)}, {"completion", trace}, {"task", task.id}}) + "\n";
  }
  if (path != "-") {
    CUPEL_RETURN_IF_ERROR(WriteFileAtomically(path, lines));
  } else if (std::fputs(lines.c_str(), stdout) < 0) {
    return Unavailable("standard output cannot be written");
  }
  return recipe.traces.count;
}

}  // namespace cupel
