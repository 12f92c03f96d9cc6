#include "datasets/published.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/status.h"
#include "datasets/columns.h"
#include "datasets/expression_search.h"
#include "datasets/procedural/family.h"

namespace cupel {
namespace {

constexpr int64_t kMaxChoices = 26;

std::string Letter(int64_t index) { return std::string(1, static_cast<char>('A' + index)); }

std::string PlainText(const Json& value) { return value.is_string() ? Trimmed(value.get<std::string>()) : DumpJson(value); }

// "B" for the letter itself, for 1, and for the second choice's text.
std::optional<std::string> LetterOf(const Json& answer, const std::vector<std::string>& labels, const std::vector<std::string>& choices) {
  const std::string text = PlainText(answer);
  for (const std::vector<std::string>& names : {labels, choices}) {
    if (const auto found = std::ranges::find(names, text); found != names.end() && !text.empty()) {
      return Letter(found - names.begin());
    }
  }
  const bool is_place = answer.is_number_integer() && answer.get<int64_t>() >= 0 && answer.get<int64_t>() < std::ssize(choices);
  return is_place ? std::optional(Letter(answer.get<int64_t>())) : std::nullopt;
}

std::vector<std::string> Texts(const Json& list) {
  std::vector<std::string> texts;
  std::ranges::transform(list, std::back_inserter(texts), PlainText);
  return texts;
}

// Choices that bring their letters ("A)21", "(B) 3") lose them; they get ours.
std::string WithoutLetter(std::string_view choice, int64_t index) {
  const std::string letter = Letter(index);
  for (const std::string& mark : {letter + ")", letter + ".", letter + ":", "(" + letter + ")"}) {
    if (choice.starts_with(mark)) {
      return Trimmed(choice.substr(mark.size()));
    }
  }
  return std::string(choice);
}

absl::StatusOr<std::vector<int64_t>> WholeNumbers(const Json& list, std::string_view column, std::string_view where) {
  std::vector<int64_t> numbers;
  for (const Json& number : list.is_array() ? list : Json::array()) {
    const int64_t value = number.is_number_integer() ? number.get<int64_t>() : kMaxSearchNumber + 1;
    if (value > kMaxSearchNumber || value < -kMaxSearchNumber) {
      return InvalidArgument("{}: \"{}\" holds {}; expected whole numbers up to {}", where, column, DumpJson(number), kMaxSearchNumber);
    }
    numbers.push_back(value);
  }
  if (numbers.empty() || std::ssize(numbers) > kMaxSearchNumbers) {
    return InvalidArgument("{}: \"{}\" is not a list of 1 to {} numbers", where, column, kMaxSearchNumbers);
  }
  return numbers;
}

// The metadata by which the puzzle verifier judges a generated problem, or null when it has no check for this family of this origin.
Json PuzzleMetadata(const Json& metadata) {
  const Json* family_name = FindColumn(metadata, "source_dataset");
  const absl::StatusOr<const Family*> family =
      family_name != nullptr && family_name->is_string() ? FindFamily(family_name->get<std::string>()) : absl::NotFoundError("");
  if (!family.ok()) {
    return nullptr;
  }
  if (metadata.contains("variant") || (*family)->generate_rg != nullptr) {
    return metadata;
  }
  Json ours = metadata;
  ours["variant"] = "cupel";
  if ((*family)->name == "countdown" || (*family)->name == "puzzle24") {
    return ours;
  }
  const Json* solution = FindColumn(metadata, "solution");
  if ((*family)->name != "knights_knaves" || solution == nullptr || !solution->is_array()) {
    return nullptr;
  }
  const Json terms = metadata.value("knight_knave_terms", Json::object());
  ours["roles"] = Json::array();
  for (const Json& is_knight : *solution) {
    const bool is_true = is_knight.is_boolean() && is_knight.get<bool>();
    ours["roles"].push_back(is_true ? terms.value("knight", "knight") : terms.value("knave", "knave"));
  }
  return ours;
}

struct DataSource {
  std::string_view prefix;  // of verl's data_source
  std::string_view verifier;
  std::string_view record_format = "";
};

constexpr auto kDataSources = std::to_array<DataSource>({
    {"openai/gsm8k", "number"},
    {"codecontests", "code", "verl"},
    {"apps", "code", "verl"},
    {"codeforces", "code", "verl"},
    {"taco", "code", "verl"},
    {"searchR1_", "exact_match"},
});

}  // namespace

absl::Status ReadChoices(const Json& record, const JsonlConfig& config, Row& row) {
  CUPEL_ASSIGN_OR_RETURN(std::string text, ColumnText(record, config.prompt_column, "prompt_column", row.where));
  CUPEL_ASSIGN_OR_RETURN(const Json* list, RequireColumn(record, "choices.text|choices|options", "prompt_column", row.where));
  if (!list->is_array() || list->empty() || std::ssize(*list) > kMaxChoices) {
    return InvalidArgument("{}: the choices are not a list of 1 to {} texts but {}", row.where, kMaxChoices, list->type_name());
  }
  std::vector<std::string> choices = Texts(*list);
  std::vector<std::string> labels;
  for (int64_t i = 0; i < std::ssize(choices); ++i) {
    choices[static_cast<size_t>(i)] = WithoutLetter(choices[static_cast<size_t>(i)], i);
    labels.push_back(Letter(i));
    text += fmt::format("\n{}. {}", labels.back(), choices[static_cast<size_t>(i)]);
  }
  // ARC names its choices itself, now and then 1 to 4.
  if (const Json* own = FindColumn(record, "choices.label"); own != nullptr && own->is_array() && own->size() == choices.size()) {
    labels = Texts(*own);
  }
  CUPEL_RETURN_IF_ERROR(UseQuestion(text, config, row));
  CUPEL_ASSIGN_OR_RETURN(const Json* answer, RequireColumn(record, config.answer_column, "answer_column", row.where));
  const std::optional<std::string> letter = LetterOf(*answer, labels, choices);
  if (!letter) {
    return InvalidArgument("{}: \"{}\" is {}; expected the letter or text of one of the {} choices, or its number from 0", row.where,
                           config.answer_column, DumpJson(*answer), choices.size());
  }
  row.task.answer = *letter;
  return absl::OkStatus();
}

absl::Status ReadConversation(const Json& record, const JsonlConfig& config, Row& row) {
  CUPEL_ASSIGN_OR_RETURN(const Json* turns, RequireColumn(record, config.prompt_column, "prompt_column", row.where));
  std::vector<ChatMessage> messages;
  for (const Json& turn : turns->is_array() ? *turns : Json::array()) {
    if (!turn.is_object()) {
      return InvalidArgument("{}: a turn is not an object with \"from\" and \"value\"", row.where);
    }
    CUPEL_ASSIGN_OR_RETURN(const std::string from, JsonString(turn, "from", row.where));
    CUPEL_ASSIGN_OR_RETURN(std::string value, JsonString(turn, "value", row.where));
    const bool is_user = from == "human" || from == "user", is_model = from == "gpt" || from == "assistant";
    if (!is_user && !is_model && from != "system") {
      return InvalidArgument("{}: a turn is from \"{}\"; expected human, gpt or system", row.where, from);
    }
    messages.push_back({is_user ? "user" : is_model ? "assistant" : "system", std::move(value)});
  }
  if (messages.size() < 2 || messages.back().role != "assistant" || Trimmed(messages.back().content).empty()) {
    return InvalidArgument("{}: the conversation in \"{}\" does not end with an answer", row.where, config.prompt_column);
  }
  row.task.answer = Trimmed(messages.back().content);
  messages.pop_back();
  return UseMessages(std::move(messages), config, row);
}

absl::Status ReadCountdown(const Json& record, const JsonlConfig& config, Row& row) {
  CUPEL_ASSIGN_OR_RETURN(const Json* list, RequireColumn(record, config.prompt_column, "prompt_column", row.where));
  CUPEL_ASSIGN_OR_RETURN(const Json* target, RequireColumn(record, config.answer_column, "answer_column", row.where));
  CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> numbers, WholeNumbers(*list, config.prompt_column, row.where));
  if (!target->is_number_integer()) {
    return InvalidArgument("{}: \"{}\" is {}; expected a whole number", row.where, config.answer_column, DumpJson(*target));
  }
  const std::string text = fmt::format(
      "Using the numbers [{}], create an equation that equals {}. You can use basic arithmetic operations (+, -, *, /) and each number "
      "must be used exactly once. Answer with the expression that equals {}.",
      fmt::join(numbers, ", "), target->get<int64_t>(), target->get<int64_t>());
  CUPEL_RETURN_IF_ERROR(UseQuestion(text, config, row));
  const std::optional<std::string> expression = FindExpression(numbers, target->get<int64_t>());
  if (!expression) {
    return InvalidArgument("{}: no expression of {} that equals {} was found, so the row cannot be asked", row.where,
                           fmt::join(numbers, ", "), target->get<int64_t>());
  }
  row.task.answer = *expression;
  row.task.metadata =
      DumpJson({{"source_dataset", "countdown"}, {"variant", "cupel"}, {"numbers", numbers}, {"target", target->get<int64_t>()}});
  return absl::OkStatus();
}

// The solution continues the prompt, so its first indentation counts: it must not be trimmed.
absl::Status ReadFunction(const Json& record, const JsonlConfig& config, Row& row) {
  CUPEL_ASSIGN_OR_RETURN(const Json* prompt, RequireColumn(record, config.prompt_column, "prompt_column", row.where));
  if (!prompt->is_string()) {
    return InvalidArgument("{}: \"{}\" is of type {}; expected text", row.where, config.prompt_column, prompt->type_name());
  }
  CUPEL_RETURN_IF_ERROR(UseQuestion(prompt->get<std::string>(), config, row));
  if (const Json* solution = FindColumn(record, config.answer_column); solution != nullptr && solution->is_string()) {
    row.task.answer = prompt->get<std::string>() + solution->get<std::string>();
  }
  return absl::OkStatus();
}

absl::Status ReadFunctionTests(const Json& record, const JsonlConfig& config, Row& row) {
  CUPEL_ASSIGN_OR_RETURN(std::string text, ColumnText(record, config.prompt_column, "prompt_column", row.where));
  if (text.empty()) {
    return InvalidArgument("{}: \"{}\" is empty", row.where, config.prompt_column);
  }
  CUPEL_ASSIGN_OR_RETURN(const Json* tests, RequireColumn(record, "test_list", "prompt_column", row.where));
  if (!tests->is_array() || !std::ranges::all_of(*tests, [](const Json& test) { return test.is_string(); })) {
    return InvalidArgument("{}: \"test_list\" is not a list of assertions", row.where);
  }
  text += "\n\nThe program must pass these tests:";
  for (const Json& test : *tests) {
    text += "\n" + test.get<std::string>();
  }
  CUPEL_RETURN_IF_ERROR(UseQuestion(text, config, row));
  if (const Json* program = FindColumn(record, config.answer_column); program != nullptr && program->is_string()) {
    row.task.answer = Trimmed(program->get<std::string>());
  }
  return absl::OkStatus();
}

absl::Status ReadKnightsKnaves(const Json& record, const JsonlConfig& config, Row& row) {
  CUPEL_ASSIGN_OR_RETURN(const std::string quiz, ColumnText(record, config.prompt_column, "prompt_column", row.where));
  CUPEL_RETURN_IF_ERROR(UseQuestion(quiz, config, row));
  CUPEL_ASSIGN_OR_RETURN(const Json* names, RequireColumn(record, "names", "prompt_column", row.where));
  CUPEL_ASSIGN_OR_RETURN(const Json* solution, RequireColumn(record, config.answer_column, "answer_column", row.where));
  const auto is_text = [](const Json& name) { return name.is_string(); };
  const auto is_flag = [](const Json& role) { return role.is_boolean(); };
  if (!names->is_array() || !solution->is_array() || names->empty() || names->size() != solution->size() ||
      !std::ranges::all_of(*names, is_text) || !std::ranges::all_of(*solution, is_flag)) {
    return InvalidArgument("{}: \"names\" and \"{}\" are not a list of names and one of as many true and false", row.where,
                           config.answer_column);
  }
  const std::string knight = PlainText(record.value("/knight_knave/knight"_json_pointer, Json("knight")));
  const std::string knave = PlainText(record.value("/knight_knave/knave"_json_pointer, Json("knave")));
  Json roles = Json::array();
  for (size_t i = 0; i < names->size(); ++i) {
    const std::string& role = (*solution)[i].get<bool>() ? knight : knave;
    roles.push_back(role);
    row.task.answer += fmt::format("{}{} is a {}", i == 0 ? "" : ", ", (*names)[i].get<std::string>(), role);
  }
  row.task.metadata =
      DumpJson({{"source_dataset", "knights_knaves"}, {"variant", "cupel"}, {"names", *names}, {"roles", std::move(roles)}});
  return absl::OkStatus();
}

absl::Status ReadItem(const Json& record, const JsonlConfig& config, Row& row) {
  const Json* metadata = FindColumn(record, "metadata|extra_info.metadata");
  const bool may_choose = config.verifier == "exact_match" || config.verifier == "math";  // the presets' own
  const Json puzzle = may_choose && metadata != nullptr && metadata->is_object() ? PuzzleMetadata(*metadata) : Json();
  if (puzzle.is_null()) {
    return ReadColumns(record, config, row);
  }
  Json item = record;
  // reasoning-gym gives no answer where many are right, but an example of one.
  if (const Json* example = FindColumn(puzzle, "possible_answer"); FindColumn(record, config.answer_column) == nullptr && example) {
    item["answer"] = PlainText(*example);
  }
  CUPEL_RETURN_IF_ERROR(ReadColumns(item, config, row));
  row.task.verifier = "puzzle";
  row.task.metadata = DumpJson(puzzle);
  return absl::OkStatus();
}

absl::Status ReadVerl(const Json& record, const JsonlConfig& config, Row& row) {
  const Json* name = FindColumn(record, "data_source");
  const std::string source = name != nullptr && name->is_string() ? name->get<std::string>() : "";
  const auto known = std::ranges::find_if(kDataSources, [&](const DataSource& one) { return source.starts_with(one.prefix); });
  if (config.verifier != "math" || known == kDataSources.end()) {
    return ReadItem(record, config, row);
  }
  if (known->record_format.empty()) {
    CUPEL_RETURN_IF_ERROR(ReadColumns(record, config, row));
  } else {  // what stands in the place of the gold answer are tests
    JsonlConfig prompt_only = config;
    prompt_only.record_format = known->record_format;
    prompt_only.answer_column.clear();
    CUPEL_RETURN_IF_ERROR(ReadColumns(record, prompt_only, row));
    row.task.metadata = DumpJson({{"format", known->record_format}, {"record", record}});
  }
  row.task.verifier = known->verifier;
  return absl::OkStatus();
}

}  // namespace cupel
