#include "experiments/sft_data.h"

#include <optional>
#include <span>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"

namespace cupel {
namespace {

constexpr const char* kExpected =
    "expected {\"prompt\": ..., \"completion\": ...} or {\"messages\": [...]}, with text or lists of {\"role\": \"user\", \"content\": "
    "\"...\"}";

absl::StatusOr<std::vector<ChatMessage>> ReadMessages(const Json& list, std::string_view member, const std::string& where) {
  std::vector<ChatMessage> messages;
  for (const Json& item : list) {
    const bool is_message =
        item.is_object() && item.contains("role") && item["role"].is_string() && item.contains("content") && item["content"].is_string();
    if (!is_message) {
      return InvalidArgument("{}: an element of \"{}\" is not a message; {}", where, member, kExpected);
    }
    messages.push_back({item["role"].get<std::string>(), item["content"].get<std::string>()});
  }
  if (messages.empty()) {
    return InvalidArgument("{}: \"{}\" has no messages", where, member);
  }
  return messages;
}

absl::StatusOr<std::vector<ChatMessage>> ReadPrompt(const Json& prompt, const std::string& where) {
  if (prompt.is_string()) {
    return std::vector<ChatMessage>{{"user", prompt.get<std::string>()}};
  }
  if (prompt.is_array()) {
    return ReadMessages(prompt, "prompt", where);
  }
  return InvalidArgument("{}: \"prompt\" is of type {}; {}", where, prompt.type_name(), kExpected);
}

absl::StatusOr<std::string> ReadCompletion(const Json& completion, const std::string& where) {
  if (completion.is_string()) {
    return completion.get<std::string>();
  }
  if (!completion.is_array()) {
    return InvalidArgument("{}: \"completion\" is of type {}; {}", where, completion.type_name(), kExpected);
  }
  CUPEL_ASSIGN_OR_RETURN(const std::vector<ChatMessage> messages, ReadMessages(completion, "completion", where));
  if (messages.size() != 1 || messages[0].role != "assistant") {
    return InvalidArgument("{}: \"completion\" must be one message of the assistant; put longer conversations into \"messages\"", where);
  }
  return messages[0].content;
}

// Turns conversations into examples and counts.
class Builder {
 public:
  Builder(const ChatTemplate& chat, const Tokenizer& tokenizer, int64_t max_tokens)
      : chat_(chat), tokenizer_(tokenizer), max_tokens_(max_tokens) {}

  absl::Status AddRow(std::string_view line, const std::string& where) {
    CUPEL_ASSIGN_OR_RETURN(const Json row, ParseJson(line, where));
    ++data_.rows;
    if (row.is_object() && row.contains("messages") && row["messages"].is_array()) {
      CUPEL_ASSIGN_OR_RETURN(const std::vector<ChatMessage> messages, ReadMessages(row["messages"], "messages", where));
      return AddConversation(messages, where);
    }
    if (!row.is_object() || !row.contains("prompt") || !row.contains("completion")) {
      return InvalidArgument("{}: this line has neither \"messages\" nor \"prompt\" and \"completion\"; {}", where, kExpected);
    }
    CUPEL_ASSIGN_OR_RETURN(const std::vector<ChatMessage> prompt, ReadPrompt(row["prompt"], where));
    CUPEL_ASSIGN_OR_RETURN(const std::string completion, ReadCompletion(row["completion"], where));
    Add(prompt, completion);
    return absl::OkStatus();
  }

  SftData Take() { return std::move(data_); }

 private:
  absl::Status AddConversation(const std::vector<ChatMessage>& messages, const std::string& where) {
    bool has_answer = false;
    for (size_t i = 1; i < messages.size(); ++i) {
      if (messages[i].role == "assistant") {
        Add(std::span(messages).first(i), messages[i].content);
        has_answer = true;
      }
    }
    return has_answer ? absl::OkStatus()
                      : InvalidArgument("{}: no message of the assistant follows another message, so there is nothing to learn", where);
  }

  void Add(std::span<const ChatMessage> prompt, std::string_view completion) {
    SftExample example{chat_.Render(prompt), tokenizer_.Encode(completion)};
    example.completion.push_back(tokenizer_.stop_tokens().front());
    if (static_cast<int64_t>(example.prompt.size() + example.completion.size()) > max_tokens_) {
      ++data_.too_long;
    } else {
      data_.examples.push_back(std::move(example));
    }
  }

  const ChatTemplate& chat_;
  const Tokenizer& tokenizer_;
  int64_t max_tokens_;
  SftData data_;
};

}  // namespace

absl::StatusOr<SftData> ReadSftData(const std::string& path, const ChatTemplate& chat, const Tokenizer& tokenizer, int64_t max_tokens) {
  CUPEL_ASSIGN_OR_RETURN(LineReader reader, LineReader::Open(path));
  Builder builder(chat, tokenizer, max_tokens);
  for (;;) {
    CUPEL_ASSIGN_OR_RETURN(const std::optional<std::string_view> line, reader.Next());
    if (!line) {
      break;
    }
    if (line->find_first_not_of(" \t\r") != std::string_view::npos) {
      CUPEL_RETURN_IF_ERROR(builder.AddRow(*line, fmt::format("{}:{}", path, reader.line_number())));
    }
  }
  SftData data = builder.Take();
  if (data.examples.empty()) {
    return InvalidArgument("{}: none of its {} rows gives an example of at most sft.max_tokens = {} tokens ({} are longer)", path,
                           data.rows, max_tokens, data.too_long);
  }
  return data;
}

}  // namespace cupel
