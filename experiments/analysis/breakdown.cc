#include "experiments/analysis/breakdown.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "experiments/consensus.h"

namespace cupel {
namespace {

struct Cell {
  std::vector<double> shares;
  double tokens = 0;
  double answers = 0;
};

// Numbers in a chain like "37 - 28 + 5".
int64_t CountTerms(const std::string& expression) {
  int64_t terms = 0;
  bool was_digit = false;
  for (const char c : expression) {
    const bool is_digit = c >= '0' && c <= '9';
    terms += is_digit && !was_digit ? 1 : 0;
    was_digit = is_digit;
  }
  return terms;
}

std::pair<std::string, std::string> KeyOf(const Task& task) {
  std::string family = task.id.substr(0, task.id.find('/'));
  const absl::StatusOr<Json> data = ParseJson(task.metadata.empty() ? "{}" : task.metadata, task.id);
  if (!data.ok() || !data->is_object()) {
    return {family, ""};
  }
  const auto text = [&](const char* key) {
    const auto found = data->find(key);
    return found != data->end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  family = text("source_dataset").empty() ? family : text("source_dataset");
  std::string difficulty;
  const auto settings = data->find("difficulty");
  if (settings != data->end() && settings->is_object() && settings->contains("level")) {
    difficulty = "level " + DumpJson((*settings)["level"]);
  }
  const std::string expression = text("expression").empty() && task.id.starts_with("arithmetic/") ? task.id : text("expression");
  if (!expression.empty()) {
    difficulty += fmt::format("{}{} terms", difficulty.empty() ? "" : ", ", CountTerms(expression));
  }
  return {family, difficulty};
}

}  // namespace

Json BreakDown(const std::vector<RolloutGroup>& groups) {
  std::map<std::pair<std::string, std::string>, Cell> cells;
  for (const RolloutGroup& group : groups) {
    double scored = 0;
    double correct = 0;
    double tokens = 0;
    for (const Rollout& rollout : group.rollouts) {
      scored += rollout.verdict.is_scored() ? 1 : 0;
      correct += rollout.verdict.outcome == Outcome::kCorrect ? 1 : 0;
      tokens += static_cast<double>(rollout.completion.tokens.size());
    }
    if (scored == 0) {
      continue;
    }
    const auto key = KeyOf(group.task);
    for (const std::string& difficulty : {std::string(), key.second}) {
      Cell& cell = cells[{key.first, difficulty}];
      cell.shares.push_back(correct / scored);
      cell.tokens += tokens;
      cell.answers += static_cast<double>(group.rollouts.size());
      if (key.second.empty()) {
        break;  // there is only the whole
      }
    }
  }
  Json list = Json::array();
  for (const auto& [key, cell] : cells) {
    const MeanError pass = MeanAndError(cell.shares);
    list.push_back({{"family", key.first},
                    {"difficulty", key.second},
                    {"questions", cell.shares.size()},
                    {"pass@1", pass.mean},
                    {"error", pass.error},
                    {"mean_length", cell.answers > 0 ? cell.tokens / cell.answers : 0.0}});
  }
  return list;
}

}  // namespace cupel
