#include "datasets/prompt.h"

#include <utility>

namespace cupel {

std::string FillTemplate(std::string_view pattern, std::string_view placeholder, std::string_view value) {
  std::string text;
  size_t position = 0;
  for (size_t found; (found = pattern.find(placeholder, position)) != std::string_view::npos; position = found + placeholder.size()) {
    text += pattern.substr(position, found - position);
    text += value;
  }
  text += pattern.substr(position);
  return text;
}

std::vector<ChatMessage> QuestionPrompt(const std::string& system, std::string question) {
  std::vector<ChatMessage> prompt;
  if (!system.empty()) {
    prompt.push_back({"system", system});
  }
  prompt.push_back({"user", std::move(question)});
  return prompt;
}

}  // namespace cupel
