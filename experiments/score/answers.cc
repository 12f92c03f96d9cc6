#include "experiments/score/answers.h"

#include <algorithm>
#include <cmath>

#include <absl/container/flat_hash_map.h>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "verifiers/verifier.h"

namespace cupel {
namespace {

constexpr size_t kBytesPerToken = 4;  // where nobody counted
constexpr size_t kMaxProblems = 10;

int64_t EstimatedTokens(std::string_view text) { return static_cast<int64_t>((text.size() + kBytesPerToken - 1) / kBytesPerToken) + 1; }

// Whether the limit is reached before another group begins.
bool IsFull(const AnswerSet& set, const AnswerOptions& options) { return options.limit > 0 && set.num_answers >= options.limit; }

void UseOptions(const AnswerOptions& options, Task& task) {
  if (!options.verifier.empty() && options.verifier != task.verifier) {
    task.verifier = options.verifier;
    task.metadata.clear();  // the options of another verifier
  }
  if (!options.verifier_options.empty()) {
    task.metadata = options.verifier_options;
  }
}

void AddGroup(const RolloutGroup& logged, const AnswerOptions& options, AnswerSet& set) {
  AnswerGroup group{.task = logged.task, .step = logged.step, .answers = {}};
  UseOptions(options, group.task);
  for (const Rollout& rollout : logged.rollouts) {
    if (rollout.completion.tokens.empty()) {
      ++set.num_left_out;
      continue;
    }
    group.answers.push_back(
        {.text = rollout.text,
         .tokens = rollout.completion.tokens,
         .num_tokens = std::ssize(rollout.completion.tokens),
         .is_truncated = rollout.completion.finish_reason == FinishReason::kLength,
         .where = fmt::format("step {}, group {}, sample {}", logged.step + 1, logged.group_idx, rollout.completion.sample_idx)});
  }
  if (!group.answers.empty()) {
    set.num_answers += std::ssize(group.answers);
    set.groups.push_back(std::move(group));
  }
}

// Text and numbers count as text; null is as good as absent.
std::optional<std::string> TextOf(const Json& object, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const auto it = object.find(key);
    if (it != object.end() && (it->is_string() || it->is_number() || it->is_boolean())) {
      return it->is_string() ? it->get<std::string>() : DumpJson(*it);
    }
  }
  return std::nullopt;
}

std::string Members(const Json& object) {
  std::vector<std::string> names;
  for (const auto& item : object.items()) {
    names.push_back(item.key());
  }
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

absl::StatusOr<std::vector<ChatMessage>> PromptOf(const Json& object, const std::string& where) {
  for (const char* key : {"messages", "prompt", "question", "problem"}) {
    const auto it = object.find(key);
    if (it == object.end()) {
      continue;
    }
    if (it->is_string()) {
      return std::vector<ChatMessage>{{"user", it->get<std::string>()}};
    }
    if (!it->is_array() || it->empty()) {
      return InvalidArgument("{}: \"{}\" is of type {}; expected text or a list of messages", where, key, it->type_name());
    }
    std::vector<ChatMessage> messages;
    for (const Json& message : *it) {
      CUPEL_ASSIGN_OR_RETURN(std::string role, JsonString(message, "role", where));
      CUPEL_ASSIGN_OR_RETURN(std::string content, JsonString(message, "content", where));
      messages.push_back({std::move(role), std::move(content)});
    }
    return messages;
  }
  return std::vector<ChatMessage>{{"user", ""}};
}

absl::StatusOr<std::optional<double>> LabelOf(const Json& object, const std::string& where) {
  const auto it = object.find("label");
  if (it == object.end() || it->is_null()) {
    return std::optional<double>();
  }
  const double label = it->is_boolean() ? (it->get<bool>() ? 1.0 : 0.0) : it->is_number() ? it->get<double>() : std::nan("");
  if (!(label >= 0 && label <= 1)) {
    return InvalidArgument("{}: \"label\" is {}; expected true, false or a number from 0 to 1", where, DumpJson(*it));
  }
  return std::optional<double>(label);
}

struct Line {
  std::string group_key;
  Task task;
  int64_t step = 0;
  Answer answer;
};

std::string GroupKey(const Json& object, const Line& line) {
  for (const char* key : {"group", "task"}) {
    if (const std::optional<std::string> name = TextOf(object, {key})) {
      return fmt::format("{}\n{}\n{}", key, line.step, *name);
    }
  }
  return fmt::format("question\n{}\n{}", line.task.prompt.back().content, line.task.answer);
}

absl::StatusOr<std::string> MetadataOf(const Json& object, const std::string& where) {
  for (const char* key : {"metadata", "options"}) {
    const auto it = object.find(key);
    if (it != object.end() && !it->is_null()) {
      if (!it->is_object() && !it->is_string()) {
        return InvalidArgument("{}: \"{}\" is of type {}; expected an object: the verifier's options", where, key, it->type_name());
      }
      return it->is_string() ? it->get<std::string>() : DumpJson(*it);
    }
  }
  return std::string();
}

absl::StatusOr<Line> ReadLine(std::string_view text, const std::string& where, const AnswerOptions& options) {
  CUPEL_ASSIGN_OR_RETURN(const Json object, ParseJson(text, where));
  if (!object.is_object()) {
    return InvalidArgument("{}: a line of type {}; expected one JSON object per line", where, object.type_name());
  }
  Line line;
  const std::optional<std::string> completion = TextOf(object, {"completion", "response", "text"});
  const std::optional<std::string> gold = TextOf(object, {"answer", "gold", "solution"});
  if (!completion || !gold) {
    return InvalidArgument("{}: there is no {}; members are {}", where,
                           completion ? "\"answer\", the gold" : "\"completion\", what the model wrote", Members(object));
  }
  CUPEL_ASSIGN_OR_RETURN(line.task.prompt, PromptOf(object, where));
  CUPEL_ASSIGN_OR_RETURN(line.task.metadata, MetadataOf(object, where));
  CUPEL_ASSIGN_OR_RETURN(line.answer.label, LabelOf(object, where));
  line.task.id = TextOf(object, {"task", "id"}).value_or(where);
  line.task.answer = *gold;
  line.task.verifier = TextOf(object, {"verifier"}).value_or(options.verifier.empty() ? "math" : options.verifier);
  line.step = object.value("step", Json(0)).is_number_integer() ? object.value("step", Json(0)).get<int64_t>() : 0;
  UseOptions(options, line.task);
  CUPEL_ASSIGN_OR_RETURN(const Verifier* verifier, FindVerifier(line.task.verifier));
  CUPEL_RETURN_IF_ERROR(Annotate(verifier->CheckGold(line.task), where));
  Answer& answer = line.answer;
  answer.text = *completion;
  answer.where = where;
  const Json ids = object.value("completion_ids", Json());
  if (ids.is_array() && std::ranges::all_of(ids, [](const Json& id) { return id.is_number_integer(); })) {
    answer.tokens = ids.get<std::vector<int32_t>>();
  }
  const Json count = object.value("num_tokens", Json());
  answer.num_tokens = count.is_number_integer() ? std::max<int64_t>(0, count.get<int64_t>())
                      : answer.tokens.empty()   ? EstimatedTokens(answer.text)
                                                : std::ssize(answer.tokens);
  const std::string finish = TextOf(object, {"finish_reason"}).value_or("");
  answer.is_truncated = finish == "length" || object.value("is_truncated", Json(false)) == true;
  line.group_key = GroupKey(object, line);
  return line;
}

void NoteTokens(AnswerSet& set) {
  set.has_tokens = std::ranges::all_of(set.groups, [](const AnswerGroup& group) {
    return std::ranges::none_of(group.answers, [](const Answer& a) { return a.tokens.empty(); });
  });
}

// The set, if there is something to score and every task can be judged.
absl::StatusOr<AnswerSet> Checked(AnswerSet set) {
  if (set.groups.empty()) {
    return FailedPrecondition("{}: there is no answer to score{}", set.source,
                              set.num_left_out > 0 ? fmt::format(" ({} were pruned)", set.num_left_out) : "");
  }
  for (const AnswerGroup& group : set.groups) {
    CUPEL_ASSIGN_OR_RETURN(const Verifier* verifier, FindVerifier(group.task.verifier));
    CUPEL_RETURN_IF_ERROR(Annotate(verifier->CheckGold(group.task), fmt::format("step {}, task {}", group.step + 1, group.task.id)));
  }
  NoteTokens(set);
  return set;
}

}  // namespace

absl::StatusOr<AnswerSet> ReadAnswers(const RolloutStore& store, const AnswerOptions& options) {
  AnswerSet set;
  set.source = store.path();
  CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, store.StepNumbers());
  for (const int64_t step : steps) {
    CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutGroup> groups, store.ReadStep(step));
    for (const RolloutGroup& group : groups) {
      if (!IsFull(set, options)) {
        AddGroup(group, options, set);
      }
    }
  }
  return Checked(std::move(set));
}

absl::StatusOr<AnswerSet> AnswersOf(const std::vector<RolloutGroup>& groups, std::string source, const AnswerOptions& options) {
  AnswerSet set;
  set.source = std::move(source);
  for (const RolloutGroup& group : groups) {
    if (!IsFull(set, options)) {
      AddGroup(group, options, set);
    }
  }
  return Checked(std::move(set));
}

absl::StatusOr<AnswerSet> ReadAnswers(const std::string& path, const AnswerOptions& options) {
  AnswerSet set;
  set.source = path;
  CUPEL_ASSIGN_OR_RETURN(LineReader reader, LineReader::Open(path));
  absl::flat_hash_map<std::string, size_t> group_of;
  while (!IsFull(set, options)) {
    CUPEL_ASSIGN_OR_RETURN(const std::optional<std::string_view> text, reader.Next());
    if (!text) {
      break;
    }
    if (text->find_first_not_of(" \t\r") == std::string_view::npos) {
      continue;
    }
    absl::StatusOr<Line> line = ReadLine(*text, fmt::format("{}:{}", path, reader.line_number()), options);
    if (!line.ok()) {
      if (!options.skip_bad) {
        return InvalidArgument("{}; --skip-bad leaves such lines out", Message(line.status()));
      }
      ++set.num_left_out;
      if (set.problems.size() < kMaxProblems) {
        set.problems.emplace_back(Message(line.status()));
      }
      continue;
    }
    const auto [entry, is_new] = group_of.try_emplace(line->group_key, set.groups.size());
    if (is_new) {
      set.groups.push_back({.task = std::move(line->task), .step = line->step, .answers = {}});
    }
    set.groups[entry->second].answers.push_back(std::move(line->answer));
    ++set.num_answers;
  }
  if (set.groups.empty()) {
    return InvalidArgument("{}: the file holds no answers; expected one JSON object per line with \"completion\" and \"answer\"", path);
  }
  NoteTokens(set);
  return set;
}

}  // namespace cupel
