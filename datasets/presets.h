#pragma once

#include <span>
#include <string_view>

#include <absl/status/statusor.h>

#include "datasets/jsonl_config.h"

namespace cupel {

// How a record becomes a task where columns alone do not say it (datasets/published.cc).
enum class RecordShape {
  kColumns,        // question and gold answer stand in columns
  kChoices,        // a list of choices, which become "A. ...", and an answer that is a letter, a number from 0 or the text of a choice
  kConversation,   // ShareGPT: turns of "from" and "value"; the last answer is the gold one
  kCountdown,      // numbers and a target; the gold expression is found where the record has none
  kFunction,       // HumanEval: the beginning of a function; the gold program is it with its solution
  kFunctionTests,  // MBPP: the assertions belong to the question, because they alone name the function
  kKnightsKnaves,  // names and who is what
  kItem,           // a generated problem with the metadata that the puzzle verifier needs, else as the columns say
  kVerl,           // the verifier follows from data_source
};

// A data set as it is published. Empty: none.
struct Preset {
  std::string_view name;
  std::string_view help;
  RecordShape shape;
  std::string_view prompt_column = {};
  std::string_view answer_column = {};
  std::string_view answer_after = {};
  std::string_view verifier = {};
  std::string_view template_text = {};
  std::string_view id_column = {};
  std::string_view verifier_column = {};
  std::string_view options_column = {};
  std::string_view record_format = {};
};

std::span<const Preset> Presets();                                // sorted by name
absl::StatusOr<const Preset*> FindPreset(std::string_view name);  // InvalidArgument names the nearest

// The settings with the preset's in place of what is empty.
absl::StatusOr<JsonlConfig> WithPreset(const JsonlConfig& config);

}  // namespace cupel
