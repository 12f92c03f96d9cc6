#include "datasets/row.h"

#include <utility>

#include "base/status.h"
#include "datasets/columns.h"
#include "datasets/prompt.h"
#include "datasets/published.h"

namespace cupel {
namespace {

constexpr std::string_view kPlaceholder = "{prompt}";
constexpr std::string_view kBox = "\\boxed";

absl::StatusOr<ChatMessage> ReadMessage(const Json& message, std::string_view where) {
  if (!message.is_object()) {
    return InvalidArgument("{}: a message is not an object with role and content", where);
  }
  CUPEL_ASSIGN_OR_RETURN(std::string role, JsonString(message, "role", where));
  CUPEL_ASSIGN_OR_RETURN(std::string content, JsonString(message, "content", where));
  if (role != "system" && role != "user" && role != "assistant") {
    return InvalidArgument("{}: role \"{}\"; expected system, user or assistant", where, role);
  }
  return ChatMessage{std::move(role), std::move(content)};
}

absl::Status ReadMessages(const Json& list, const JsonlConfig& config, Row& row) {
  std::vector<ChatMessage> messages;
  for (const Json& item : list) {
    CUPEL_ASSIGN_OR_RETURN(ChatMessage message, ReadMessage(item, row.where));
    messages.push_back(std::move(message));
  }
  return UseMessages(std::move(messages), config, row);
}

absl::Status ReadPrompt(const Json& record, const JsonlConfig& config, Row& row) {
  const Json* prompt = FindColumn(record, config.prompt_column);
  if (prompt != nullptr && prompt->is_array()) {
    return ReadMessages(*prompt, config, row);
  }
  if (prompt != nullptr && !prompt->is_string()) {
    return InvalidArgument("{}: \"{}\" is of type {}; expected text or a list of messages", row.where, config.prompt_column,
                           prompt->type_name());
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string text, ColumnText(record, config.prompt_column, "prompt_column", row.where));
  return UseQuestion(text, config, row);
}

// What the last filled \boxed{...} of a text holds, or nothing.
std::string LastBox(std::string_view text) {
  for (size_t at = text.rfind(kBox); at != std::string_view::npos; at = at == 0 ? std::string_view::npos : text.rfind(kBox, at - 1)) {
    const size_t open = at + kBox.size();
    if (open >= text.size() || text[open] != '{') {
      continue;
    }
    int depth = 1;
    size_t end = open + 1;
    for (; end < text.size() && depth > 0; ++end) {
      depth += text[end] == '{' ? 1 : text[end] == '}' ? -1 : 0;
    }
    const std::string inside = depth == 0 ? Trimmed(text.substr(open + 1, end - open - 2)) : "";
    if (!inside.empty()) {
      return inside;
    }
  }
  return "";
}

// The gold answer in the text of its column: what follows the last mark, or stands in the last box.
absl::StatusOr<std::string> GoldIn(const std::string& text, const JsonlConfig& config, std::string_view where) {
  if (config.answer_after.empty()) {
    return text;
  }
  const size_t mark = text.rfind(config.answer_after);
  if (mark == std::string::npos) {
    return InvalidArgument(
        "{}: \"{}\" has no \"{}\"; set data.jsonl.answer_after to the mark before the gold answer, or name "
        "data.jsonl.answer_column to take the whole member",
        where, config.answer_column, config.answer_after);
  }
  return config.answer_after == kBox ? LastBox(text) : Trimmed(text.substr(mark + config.answer_after.size()));
}

absl::StatusOr<std::string> ReadAnswer(const Json& record, const JsonlConfig& config, std::string_view where) {
  const bool is_judged_by_tests = !config.record_format.empty();
  if (is_judged_by_tests && (config.answer_column.empty() || FindColumn(record, config.answer_column) == nullptr)) {
    return "";
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string text, ColumnText(record, config.answer_column, "answer_column", where));
  CUPEL_ASSIGN_OR_RETURN(std::string answer, GoldIn(text, config, where));
  if (answer.empty() && !is_judged_by_tests && !config.answer_column.ends_with('?')) {
    return InvalidArgument("{}: the gold answer in \"{}\" is empty", where, config.answer_column);
  }
  return answer;
}

absl::Status ReadByShape(const Json& record, const JsonlConfig& config, const Preset& preset, Row& row) {
  switch (preset.shape) {
    case RecordShape::kChoices:
      return ReadChoices(record, config, row);
    case RecordShape::kConversation:
      return ReadConversation(record, config, row);
    case RecordShape::kCountdown:
      return ReadCountdown(record, config, row);
    case RecordShape::kFunction:
      return ReadFunction(record, config, row);
    case RecordShape::kFunctionTests:
      return ReadFunctionTests(record, config, row);
    case RecordShape::kKnightsKnaves:
      return ReadKnightsKnaves(record, config, row);
    case RecordShape::kItem:
      return ReadItem(record, config, row);
    case RecordShape::kVerl:
      return ReadVerl(record, config, row);
    case RecordShape::kColumns:
      break;
  }
  return ReadColumns(record, config, row);
}

// The verifier's options: those of the settings, and the row's own on top. An object.
absl::StatusOr<Json> ReadOptions(const Json& record, const JsonlConfig& config, std::string_view where) {
  Json options = Json::object();
  if (!config.verifier_options.empty()) {
    CUPEL_ASSIGN_OR_RETURN(options, ParseJson(config.verifier_options, "data.jsonl.verifier_options"));
  }
  const Json* own = config.options_column.empty() ? nullptr : FindColumn(record, config.options_column);
  if (own == nullptr) {
    return options;
  }
  if (!own->is_object()) {
    return InvalidArgument("{}: \"{}\" is of type {}; expected an object of options for the verifier", where, config.options_column,
                           own->type_name());
  }
  for (const auto& item : own->items()) {
    options[item.key()] = item.value();
  }
  return options;
}

absl::StatusOr<std::string> MetadataOf(const Json& record, const JsonlConfig& config, std::string_view where) {
  if (config.record_format.empty() && (config.options_column.empty() || FindColumn(record, config.options_column) == nullptr)) {
    return config.verifier_options;
  }
  CUPEL_ASSIGN_OR_RETURN(Json options, ReadOptions(record, config, where));
  if (config.record_format.empty()) {
    return options.empty() ? "" : DumpJson(options);
  }
  Json metadata = {{"format", config.record_format}, {"record", record}};
  if (!options.empty()) {
    metadata["options"] = std::move(options);
  }
  return DumpJson(metadata);
}

absl::Status ReadNames(const Json& record, const JsonlConfig& config, Row& row) {
  if (!config.id_column.empty()) {
    CUPEL_ASSIGN_OR_RETURN(std::string id, ColumnText(record, config.id_column, "id_column", row.where));
    if (id.empty() && !config.id_column.ends_with('?')) {
      return InvalidArgument("{}: the id in \"{}\" is empty", row.where, config.id_column);
    }
    if (!id.empty()) {
      row.task.id = std::move(id);
    }
  }
  if (!config.verifier_column.empty() && FindColumn(record, config.verifier_column) != nullptr) {
    CUPEL_ASSIGN_OR_RETURN(row.task.verifier, ColumnText(record, config.verifier_column, "verifier_column", row.where));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status UseQuestion(const std::string& text, const JsonlConfig& config, Row& row) {
  row.question = Trimmed(text);
  if (row.question.empty()) {
    return InvalidArgument("{}: \"{}\" is empty", row.where, config.prompt_column);
  }
  row.asked = row.question;
  row.task.prompt = QuestionPrompt(config.system, FillTemplate(config.template_text, kPlaceholder, row.question));
  return absl::OkStatus();
}

absl::Status UseMessages(std::vector<ChatMessage> messages, const JsonlConfig& config, Row& row) {
  if (messages.empty() || messages.back().role != "user" || Trimmed(messages.back().content).empty()) {
    return InvalidArgument("{}: the messages in \"{}\" do not end with a question of role user", row.where, config.prompt_column);
  }
  for (const ChatMessage& message : messages) {
    row.question += message.role + "\n" + message.content + "\n";
    row.asked += message.role == "user" ? (row.asked.empty() ? "" : "\n") + message.content : "";
  }
  if (!config.system.empty() && messages.front().role != "system") {
    messages.insert(messages.begin(), {"system", config.system});
  }
  row.task.prompt = std::move(messages);
  return absl::OkStatus();
}

absl::Status ReadColumns(const Json& record, const JsonlConfig& config, Row& row) {
  CUPEL_RETURN_IF_ERROR(ReadPrompt(record, config, row));
  CUPEL_ASSIGN_OR_RETURN(row.task.answer, ReadAnswer(record, config, row.where));
  return absl::OkStatus();
}

absl::StatusOr<Row> ReadRow(const Record& record, const JsonlConfig& config, const Preset& preset) {
  CUPEL_RETURN_IF_ERROR(record.value.status());
  const Json& object = *record.value;
  if (!object.is_object()) {
    return InvalidArgument("{}: a record of type {}; expected one JSON object per line, or an array of objects", record.where,
                           object.type_name());
  }
  Row row;
  row.where = record.where;
  row.task.id = record.id;
  row.task.verifier = config.verifier;
  CUPEL_RETURN_IF_ERROR(ReadByShape(object, config, preset, row));
  CUPEL_RETURN_IF_ERROR(ReadNames(object, config, row));
  if (row.task.metadata.empty()) {
    CUPEL_ASSIGN_OR_RETURN(row.task.metadata, MetadataOf(object, config, row.where));
  }
  return row;
}

}  // namespace cupel
