#pragma once

#include <string>

namespace cupel {

// One turn of a conversation. It lives in base because datasets write it and policy reads it, and neither may include the other.
struct ChatMessage {
  std::string role;     // "system", "user" or "assistant"
  std::string content;  // UTF-8 text

  bool operator==(const ChatMessage&) const = default;
};

}  // namespace cupel
