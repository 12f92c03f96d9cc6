#include "datasets/filters.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "datasets/records.h"

namespace cupel {
namespace {

class KeptTasks final : public Dataset {
 public:
  KeptTasks(std::unique_ptr<Dataset> all, absl::FunctionRef<bool(const Task&)> keep) : all_(std::move(all)) {
    for (int64_t i = 0; i < std::min(all_->size(), kMostListed); ++i) {
      if (keep(all_->At(i))) {
        kept_.push_back(i);
      }
    }
  }

  int64_t size() const override { return std::ssize(kept_); }
  Task At(int64_t index) const override { return all_->At(kept_.at(static_cast<size_t>(index))); }

 private:
  std::unique_ptr<Dataset> all_;
  std::vector<int64_t> kept_;
};

// No id begins with a line break, so that the two kinds of key never meet.
std::string PromptKey(const Task& task) {
  std::string key;
  for (const ChatMessage& message : task.prompt) {
    key += "\n" + message.role + "\n" + message.content;
  }
  return key;
}

absl::StatusOr<std::pair<std::string, double>> ReadRate(const Record& record) {
  CUPEL_ASSIGN_OR_RETURN(const Json object, record.value);
  const bool is_rate = object.is_object() && object.contains("task") && object["task"].is_string() && object.contains("pass_rate") &&
                       object["pass_rate"].is_number();
  const double rate = is_rate ? object["pass_rate"].get<double>() : -1;
  if (!(rate >= 0 && rate <= 1)) {
    return InvalidArgument(R"({}: expected {{"task": "...", "pass_rate": 0 to 1}}, as `cupel log pass-rates` writes it)", record.where);
  }
  return std::pair(object["task"].get<std::string>(), rate);
}

}  // namespace

std::unique_ptr<Dataset> KeepTasks(std::unique_ptr<Dataset> all, absl::FunctionRef<bool(const Task&)> keep) {
  return std::make_unique<KeptTasks>(std::move(all), keep);
}

void AddKeysOf(const Dataset& dataset, absl::flat_hash_set<std::string>& keys) {
  for (int64_t i = 0; i < std::min(dataset.size(), kMostListed); ++i) {
    Task task = dataset.At(i);
    keys.insert(PromptKey(task));
    keys.insert(std::move(task.id));
  }
}

bool IsKeyed(const Task& task, const absl::flat_hash_set<std::string>& keys) {
  return keys.contains(task.id) || keys.contains(PromptKey(task));
}

absl::StatusOr<absl::flat_hash_map<std::string, double>> ReadPassRates(const std::string& path) {
  absl::flat_hash_map<std::string, double> rates;
  absl::Status problem;
  CUPEL_RETURN_IF_ERROR(ReadRecords(path, [&](const Record& record) {
    absl::StatusOr<std::pair<std::string, double>> rate = ReadRate(record);
    problem = rate.status();
    if (rate.ok()) {
      rates[rate->first] = rate->second;
    }
    return problem.ok();
  }));
  CUPEL_RETURN_IF_ERROR(problem);
  if (rates.empty()) {
    return InvalidArgument("{}: the file holds no pass rates; `cupel log pass-rates RUN` writes them", path);
  }
  return rates;
}

}  // namespace cupel
