#pragma once

#include <absl/status/status.h>

#include "datasets/row.h"

// Records whose question, gold answer and verifier options do not simply stand in columns.

namespace cupel {

// Text as the question, through the template; InvalidArgument when it is empty.
absl::Status UseQuestion(const std::string& text, const JsonlConfig& config, Row& row);
// Messages as they are, the template left aside; they must end with the user's turn.
absl::Status UseMessages(std::vector<ChatMessage> messages, const JsonlConfig& config, Row& row);

absl::Status ReadColumns(const Json& record, const JsonlConfig& config, Row& row);  // in row.cc

// Each fills the question and the task's answer, and its verifier and metadata where they differ from the settings'.
absl::Status ReadChoices(const Json& record, const JsonlConfig& config, Row& row);
absl::Status ReadConversation(const Json& record, const JsonlConfig& config, Row& row);
absl::Status ReadCountdown(const Json& record, const JsonlConfig& config, Row& row);
absl::Status ReadFunction(const Json& record, const JsonlConfig& config, Row& row);
absl::Status ReadFunctionTests(const Json& record, const JsonlConfig& config, Row& row);
absl::Status ReadKnightsKnaves(const Json& record, const JsonlConfig& config, Row& row);
absl::Status ReadItem(const Json& record, const JsonlConfig& config, Row& row);
absl::Status ReadVerl(const Json& record, const JsonlConfig& config, Row& row);

}  // namespace cupel
