// Tasks from JSON lines, one object per line, through a mapping of its members.

#include <limits>
#include <optional>
#include <utility>

#include <absl/container/flat_hash_set.h>
#include <absl/strings/ascii.h>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "datasets/prompt.h"
#include "datasets/registry.h"
#include "datasets/split.h"

namespace cupel {
namespace {

constexpr std::string_view kPlaceholder = "{prompt}";

struct Row {
  std::string question;  // what decides whether two rows ask the same: the text of the prompt column
  Task task;
};

std::string Trimmed(std::string_view text) { return std::string(absl::StripAsciiWhitespace({text.data(), text.size()})); }

// A member that must be there, or a message that lists what is.
absl::StatusOr<const Json*> Member(const Json& object, const std::string& name, std::string_view setting, std::string_view where) {
  if (const auto it = object.find(name); it != object.end()) {
    return &*it;
  }
  std::vector<std::string> names;
  for (const auto& item : object.items()) {
    names.push_back(item.key());
  }
  return InvalidArgument("{}: there is no member \"{}\"; set data.jsonl.{} to one of: {}", where, name, setting, fmt::join(names, ", "));
}

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

// A list of messages is taken as it is, the template left aside; it must end with the user's turn.
absl::Status ReadMessages(const Json& list, const JsonlConfig& config, std::string_view where, Row& row) {
  for (const Json& item : list) {
    CUPEL_ASSIGN_OR_RETURN(ChatMessage message, ReadMessage(item, where));
    row.question += message.role + "\n" + message.content + "\n";
    row.task.prompt.push_back(std::move(message));
  }
  if (row.task.prompt.empty() || row.task.prompt.back().role != "user" || Trimmed(row.task.prompt.back().content).empty()) {
    return InvalidArgument("{}: the messages in \"{}\" do not end with a question of role user", where, config.prompt_column);
  }
  if (!config.system.empty() && row.task.prompt.front().role != "system") {
    row.task.prompt.insert(row.task.prompt.begin(), {"system", config.system});
  }
  return absl::OkStatus();
}

absl::Status ReadPrompt(const Json& object, const JsonlConfig& config, std::string_view where, Row& row) {
  CUPEL_ASSIGN_OR_RETURN(const Json* prompt, Member(object, config.prompt_column, "prompt_column", where));
  if (prompt->is_array()) {
    return ReadMessages(*prompt, config, where, row);
  }
  if (!prompt->is_string()) {
    return InvalidArgument("{}: \"{}\" is of type {}; expected text or a list of messages", where, config.prompt_column,
                           prompt->type_name());
  }
  row.question = Trimmed(prompt->get_ref<const std::string&>());
  if (row.question.empty()) {
    return InvalidArgument("{}: \"{}\" is empty", where, config.prompt_column);
  }
  row.task.prompt = QuestionPrompt(config.system, FillTemplate(config.template_text, kPlaceholder, row.question));
  return absl::OkStatus();
}

// The gold answer: what follows the last mark. JSON numbers are taken as they are written.
absl::StatusOr<std::string> ReadAnswer(const Json& object, const JsonlConfig& config, std::string_view where) {
  CUPEL_ASSIGN_OR_RETURN(const Json* member, Member(object, config.answer_column, "answer_column", where));
  if (!member->is_string() && !member->is_number()) {
    return InvalidArgument("{}: \"{}\" is of type {}; expected text or a number", where, config.answer_column, member->type_name());
  }
  std::string text = member->is_string() ? member->get<std::string>() : DumpJson(*member);
  if (!config.answer_after.empty()) {
    const size_t mark = text.rfind(config.answer_after);
    if (mark == std::string::npos) {
      return InvalidArgument("{}: \"{}\" has no \"{}\"; set data.jsonl.answer_after to the mark before the gold answer, or to \"\"", where,
                             config.answer_column, config.answer_after);
    }
    text.erase(0, mark + config.answer_after.size());
  }
  std::string answer = Trimmed(text);
  if (answer.empty()) {
    return InvalidArgument("{}: the gold answer in \"{}\" is empty", where, config.answer_column);
  }
  return answer;
}

absl::StatusOr<Row> ReadRow(std::string_view line, const JsonlConfig& config, const std::string& where) {
  CUPEL_ASSIGN_OR_RETURN(const Json object, ParseJson(line, where));
  if (!object.is_object()) {
    return InvalidArgument("{}: a line of type {}; expected one JSON object per line", where, object.type_name());
  }
  Row row;
  CUPEL_RETURN_IF_ERROR(ReadPrompt(object, config, where, row));
  CUPEL_ASSIGN_OR_RETURN(row.task.answer, ReadAnswer(object, config, where));
  row.task.id = where;
  row.task.verifier = config.verifier;
  row.task.metadata = config.verifier_options;
  return row;
}

// Every row of a file; blank lines are passed over.
absl::StatusOr<std::vector<Row>> ReadRows(const std::string& path, const JsonlConfig& config) {
  CUPEL_ASSIGN_OR_RETURN(LineReader reader, LineReader::Open(path));
  const int64_t limit = config.limit > 0 ? config.limit : std::numeric_limits<int64_t>::max();
  std::vector<Row> rows;
  while (std::ssize(rows) < limit) {
    CUPEL_ASSIGN_OR_RETURN(const std::optional<std::string_view> line, reader.Next());
    if (!line) {
      break;
    }
    if (!Trimmed(*line).empty()) {
      CUPEL_ASSIGN_OR_RETURN(Row row, ReadRow(*line, config, fmt::format("{}:{}", path, reader.line_number())));
      rows.push_back(std::move(row));
    }
  }
  if (rows.empty()) {
    return InvalidArgument("{}: the file holds no rows; expected one JSON object per line", path);
  }
  return rows;
}

class JsonlDataset final : public Dataset {
 public:
  explicit JsonlDataset(std::vector<Task> tasks) : tasks_(std::move(tasks)) {}
  int64_t size() const override { return std::ssize(tasks_); }
  Task At(int64_t index) const override { return tasks_.at(static_cast<size_t>(index)); }

 private:
  std::vector<Task> tasks_;
};

// The tasks of the rows for which `keep` says yes, in the order of the file.
template <class Keep>
std::vector<Task> TasksWhere(std::vector<Row> rows, Keep keep) {
  std::vector<Task> tasks;
  for (Row& row : rows) {
    if (keep(row)) {
      tasks.push_back(std::move(row.task));
    }
  }
  return tasks;
}

absl::StatusOr<std::vector<Task>> SplitOneFile(const JsonlConfig& config, Split split) {
  CUPEL_ASSIGN_OR_RETURN(std::vector<Row> rows, ReadRows(config.path, config));
  const size_t num_rows = rows.size();
  std::vector<Task> tasks = TasksWhere(
      std::move(rows), [&](const Row& row) { return IsHeldOut(row.question, config.held_out_fraction) == (split == Split::kEval); });
  if (tasks.empty()) {
    return InvalidArgument("{}: held_out_fraction {} of {} rows leaves the {} split empty; change it, or name data.jsonl.eval_path",
                           config.path, config.held_out_fraction, num_rows, split == Split::kTrain ? "training" : "evaluation");
  }
  return tasks;
}

absl::StatusOr<std::vector<Task>> SplitByFile(const JsonlConfig& config, Split split) {
  CUPEL_ASSIGN_OR_RETURN(std::vector<Row> eval_rows, ReadRows(config.eval_path, config));
  if (split == Split::kEval) {
    return TasksWhere(std::move(eval_rows), [](const Row&) { return true; });
  }
  absl::flat_hash_set<std::string> held_out;
  for (const Row& row : eval_rows) {
    held_out.insert(row.question);
  }
  CUPEL_ASSIGN_OR_RETURN(std::vector<Row> rows, ReadRows(config.path, config));
  std::vector<Task> tasks = TasksWhere(std::move(rows), [&](const Row& row) { return !held_out.contains(row.question); });
  if (tasks.empty()) {
    return InvalidArgument("{}: every question is also in {}, so nothing is left to train on", config.path, config.eval_path);
  }
  return tasks;
}

absl::Status CheckConfig(const JsonlConfig& config) {
  if (config.path.empty()) {
    return InvalidArgument("data.jsonl.path is empty; name the file of training tasks");
  }
  if (!(config.held_out_fraction >= 0 && config.held_out_fraction < 1)) {
    return InvalidArgument("data.jsonl.held_out_fraction is {}; expected 0 or more and less than 1", config.held_out_fraction);
  }
  if (config.limit < 0) {
    return InvalidArgument("data.jsonl.limit is {}; expected 0 or more", config.limit);
  }
  if (config.template_text.find(kPlaceholder) == std::string::npos) {
    return InvalidArgument("data.jsonl.template \"{}\" does not contain {}", config.template_text, kPlaceholder);
  }
  if (!config.verifier_options.empty()) {
    CUPEL_ASSIGN_OR_RETURN(const Json options, ParseJson(config.verifier_options, "data.jsonl.verifier_options"));
    if (!options.is_object()) {
      return InvalidArgument("data.jsonl.verifier_options: expected a JSON object, found {}", options.type_name());
    }
  }
  return absl::OkStatus();
}

}  // namespace

// The file fixes the order of both splits; the sampler shuffles the training one.
absl::StatusOr<std::unique_ptr<Dataset>> MakeJsonlDataset(const DatasetConfig& config, uint64_t /*seed*/, Split split) {
  const JsonlConfig& settings = config.jsonl;
  CUPEL_RETURN_IF_ERROR(CheckConfig(settings));
  CUPEL_ASSIGN_OR_RETURN(std::vector<Task> tasks,
                         settings.eval_path.empty() ? SplitOneFile(settings, split) : SplitByFile(settings, split));
  return std::make_unique<JsonlDataset>(std::move(tasks));
}

}  // namespace cupel
