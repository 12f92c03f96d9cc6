#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "datasets/jsonl_config.h"
#include "datasets/presets.h"
#include "datasets/records.h"
#include "datasets/task.h"

namespace cupel {

// A record as a task.
struct Row {
  std::string question;  // what decides the split; of messages with their roles
  std::string asked;     // what is compared with other questions: the user's words, without the template
  std::string where;     // for messages
  Task task;
};

// Reads a record by settings that WithPreset has filled. InvalidArgument names the place, the member and the setting.
absl::StatusOr<Row> ReadRow(const Record& record, const JsonlConfig& config, const Preset& preset);

}  // namespace cupel
