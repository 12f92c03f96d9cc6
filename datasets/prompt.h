#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/chat_message.h"

namespace cupel {

// `pattern` with every `placeholder` replaced by `value`.
std::string FillTemplate(std::string_view pattern, std::string_view placeholder, std::string_view value);

// A system message, unless `system` is empty, and the question as the user's.
std::vector<ChatMessage> QuestionPrompt(const std::string& system, std::string question);

}  // namespace cupel
