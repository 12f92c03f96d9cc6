#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "grpo/sft.h"
#include "policy/chat/chat_template.h"
#include "policy/tokenizer.h"

namespace cupel {

// What a file of examples became.
struct SftData {
  std::vector<SftExample> examples;
  int64_t rows = 0;
  int64_t too_long = 0;  // examples of more tokens than allowed, left out
};

// Reads a JSONL file of examples. A line is one of
//
//   {"prompt": "2+2=", "completion": "4"}                             the prompt is one user message
//   {"prompt": [{"role": ..., "content": ...}], "completion": ...}    messages; the completion text or one assistant message
//   {"messages": [{"role": ..., "content": ...}, ...]}                every assistant message is an example after the messages before it
//
// Prompts are rendered with the model's chat template, exactly as sampling does; a completion ends with the model's stop token. Errors name
// file, line and member.
absl::StatusOr<SftData> ReadSftData(const std::string& path, const ChatTemplate& chat, const Tokenizer& tokenizer, int64_t max_tokens);

}  // namespace cupel
