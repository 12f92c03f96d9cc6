// Judges whether a response gives one JSON value that fits a schema.
//
//   {"schema": {...}, "match_gold": false}
//
// The schema is a subset of JSON Schema, draft 2020-12 (format/json_schema.h); without one any object or list will do. With `match_gold`
// the value must also equal the gold answer, which is JSON: numbers by value, members in any order. The value is looked for in what follows
// the last </think>:
//
//   "answer_tag"   in the only filled <answer>...</answer>, perhaps fenced
//   "fence"        in the last closed fenced block
//   "raw"          all of the text, or else the last object or list in it: from a bracket to the one that closes it, texts in quotes
//   skipped
//
// The first that applies decides. A value that is opened and never closed is no answer: the text was cut. At most 64 levels, no member
// twice, no NaN.

#include "base/json.h"

#include <fmt/format.h>

#include "verifiers/answer/characters.h"
#include "verifiers/format/json_schema.h"
#include "verifiers/format/json_value.h"
#include "verifiers/judging.h"
#include "verifiers/options.h"
#include "verifiers/registry.h"

namespace cupel {
namespace {

struct Asked {
  std::optional<JsonSchema> schema;
  std::optional<Json> gold;
};

absl::StatusOr<Asked> Read(const Task& task) {
  Asked asked;
  Json schema;
  bool match_gold = false;
  OptionReader options(task.metadata);
  options.Any("schema", schema);
  options.Flag("match_gold", match_gold);
  CUPEL_RETURN_IF_ERROR(options.Done());
  if (!schema.is_null()) {
    CUPEL_ASSIGN_OR_RETURN(asked.schema, JsonSchema::Compile(schema));
  }
  if (match_gold) {
    CUPEL_ASSIGN_OR_RETURN(asked.gold, ParseJson(task.answer, "the gold answer"));
    const JsonSchema::Result result = asked.schema ? asked.schema->Validate(*asked.gold) : JsonSchema::Result{.is_valid = true};
    if (!result.is_valid) {
      return InvalidArgument("the gold answer does not fit its own schema: {}", result.problem);
    }
  }
  return asked;
}

// Where the last object or list of a text stands; nullopt when there is none. `is_open` says that one begins and never ends.
std::optional<std::string_view> LastBracketed(std::string_view text, bool& is_open) {
  std::optional<std::string_view> last;
  size_t begin = 0, depth = 0;
  bool in_quotes = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_quotes) {
      i += c == '\\' ? 1 : 0;
      in_quotes = c != '"';
    } else if (c == '"' && depth > 0) {
      in_quotes = true;
    } else if (IsOneOf(c, "{[")) {
      begin = depth == 0 ? i : begin;
      ++depth;
    } else if (IsOneOf(c, "}]") && depth > 0 && --depth == 0) {
      last = text.substr(begin, i + 1 - begin);
    }
  }
  is_open = depth > 0;
  return last;
}

// Points the verdict to the text of the value; empty when there is none.
std::string_view FindValue(std::string_view response, Verdict& verdict) {
  const Extraction answer = ExtractAnswer(response, AnswerKind::kText);
  std::string_view found = response;
  verdict.rule = "raw";
  if (answer.rule == "answer_tag") {
    found = Spanned(response, answer.span);
    verdict.rule = "answer_tag";
  }
  if (const auto fenced = LastFence(found)) {
    found = *fenced;
    verdict.rule = verdict.rule == "raw" ? "fence" : verdict.rule;
  }
  bool is_open = false;
  const std::string_view trimmed = TrimSpace(found);
  const bool is_bare = verdict.rule == "raw" && !(trimmed.size() > 1 && IsOneOf(trimmed.front(), "{[") && IsOneOf(trimmed.back(), "}]"));
  if (is_bare) {
    const std::optional<std::string_view> last = LastBracketed(found, is_open);
    found = last && !is_open ? *last : std::string_view();
  }
  PointTo(found, response, verdict);
  if (found.empty()) {
    Settle(verdict, Outcome::kNoAnswer, is_open ? "an object or list begins and never ends" : "there is no JSON object or list");
  }
  return found;
}

void JudgeValue(const Asked& asked, std::string_view response, Verdict& verdict) {
  const std::string_view text = FindValue(response, verdict);
  if (text.empty()) {
    return;
  }
  const absl::StatusOr<Json> value = ParseJson(TrimSpace(text), "answer");
  if (!value.ok()) {
    Settle(verdict, Outcome::kIncorrect, std::string(CutText(Message(value.status()), 500)));
    return;
  }
  JsonSchema::Result result{.is_valid = value->is_structured(), .problem = "the value is neither an object nor a list"};
  if (asked.schema) {
    result = asked.schema->Validate(*value);
    verdict.cost += result.steps;
  }
  if (result.is_beyond_budget) {
    Settle(verdict, Outcome::kUndecided, result.problem);
  } else if (!result.is_valid) {
    Settle(verdict, Outcome::kIncorrect, std::string(CutText(result.problem, 500)));
  } else if (asked.gold && CanonicalJson(*asked.gold) != CanonicalJson(*value)) {
    Settle(verdict, Outcome::kIncorrect, "it fits the schema, and is not the gold value");
  } else {
    verdict.credit = 1;
    Settle(verdict, Outcome::kCorrect, asked.schema ? "it fits the schema" : "it is JSON");
  }
}

class JsonVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "json"; }
  int version() const override { return 1; }
  Verdict Verify(const Task& task, std::string_view answer) const override {
    return JudgePart(answer, Part::kResponse, Read(task), &JudgeValue);
  }
  absl::Status CheckGold(const Task& task) const override { return Read(task).status(); }
};

}  // namespace

const Verifier& GetJsonVerifier() {
  static const JsonVerifier verifier;
  return verifier;
}

}  // namespace cupel
