#pragma once

#include <string>
#include <vector>

#include "base/chat_message.h"

namespace cupel {

// One question with what is needed to judge an answer.
struct Task {
  std::string id;                   // unique in its dataset and stable: "arithmetic/7+5", "gsm8k/train.jsonl:12"
  std::vector<ChatMessage> prompt;  // never empty
  std::string answer;               // gold, as the verifier wants it: "12"
  std::string verifier;             // name in verifiers/registry.def: "number"
  std::string metadata;             // JSON object for that verifier; empty when it needs none
};

}  // namespace cupel
