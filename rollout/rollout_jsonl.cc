#include "rollout/rollout_jsonl.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/status.h"

namespace cupel {
namespace {

constexpr std::string_view kNotANumber = "NaN";
constexpr std::string_view kInfinity = "Infinity";
constexpr std::string_view kMinusInfinity = "-Infinity";

// JSON has no names for these three.
Json FloatJson(float value) {
  if (std::isnan(value)) {
    return kNotANumber;
  }
  if (std::isinf(value)) {
    return value > 0 ? kInfinity : kMinusInfinity;
  }
  return double{value};
}

// As few digits as give the same float back, where the number's double would be written with nine more.
void AppendFloats(const std::vector<float>& values, std::string& line) {
  line += '[';
  for (size_t i = 0; i < values.size(); ++i) {
    line += i == 0 ? "" : ",";
    const bool is_minus_zero = values[i] == 0 && std::signbit(values[i]);  // "-0" would be read as an integer
    line += is_minus_zero ? "-0.0" : std::isfinite(values[i]) ? fmt::format("{}", values[i]) : DumpJson(FloatJson(values[i]));
  }
  line += ']';
}

Json MessagesJson(const std::vector<ChatMessage>& messages) {
  Json array = Json::array();
  for (const ChatMessage& message : messages) {
    array.push_back({{"role", message.role}, {"content", message.content}});
  }
  return array;
}

Json Answer(const Rollout& rollout) { return Json::array({{{"role", "assistant"}, {"content", rollout.text}}}); }

Json RolloutJson(const RolloutGroup& group, const Rollout& rollout) {
  const Verdict& verdict = rollout.verdict;
  Json rewards = Json::object();
  Json terms = Json::array();
  for (const RewardTerm& term : rollout.terms) {
    rewards[term.name] = term.value;
    terms.push_back({term.name, term.value, term.weight});
  }
  return {{"step", group.step},
          {"group", group.group_idx},
          {"sample", rollout.completion.sample_idx},
          {"task", group.task.id},
          {"messages", MessagesJson(group.task.prompt)},
          {"completion", rollout.text},
          {"answer", group.task.answer},
          {"reward", rollout.reward},
          {"rewards", std::move(rewards)},
          {"terms", std::move(terms)},
          {"advantage", rollout.advantage},
          {"outcome", OutcomeName(verdict.outcome)},
          {"extracted", verdict.extracted},
          {"span", {verdict.span.begin, verdict.span.end}},
          {"rule", verdict.rule},
          {"reason", verdict.reason},
          {"cost", verdict.cost},
          {"verifier", group.task.verifier},
          {"verifier_version", rollout.verifier_version},
          {"metadata", group.task.metadata},
          {"finish_reason", FinishReasonName(rollout.completion.finish_reason)},
          {"weight_version", rollout.completion.policy_version}};
}

std::string RolloutLine(const RolloutGroup& group, const Rollout& rollout, bool with_token_ids) {
  std::string line = DumpJson(RolloutJson(group, rollout));
  if (!with_token_ids) {
    return line;
  }
  line.pop_back();  // the closing brace
  line += ",\"prompt_ids\":" + DumpJson(group.prompt) + ",\"completion_ids\":" + DumpJson(rollout.completion.tokens) + ",\"logprobs\":";
  AppendFloats(rollout.completion.logprobs, line);
  if (!rollout.completion.raw_logprobs.empty()) {
    line += ",\"raw_logprobs\":";
    AppendFloats(rollout.completion.raw_logprobs, line);
  }
  return line + "}";
}

bool IsPruned(const Rollout& rollout) { return rollout.text.empty() && rollout.completion.tokens.empty(); }

// Writes the lines of one group.
class GroupExporter {
 public:
  GroupExporter(const ExportRequest& request, const std::function<absl::Status(std::string_view)>& write, ExportResult& result)
      : request_(request), write_(write), result_(result) {}

  absl::Status Export(const RolloutGroup& group) {
    return request_.format == ExportFormat::kPreferences ? ExportPair(group) : ExportEach(group);
  }

 private:
  bool IsWanted(const Rollout& rollout) const { return !request_.only_correct || rollout.verdict.outcome == Outcome::kCorrect; }

  absl::Status Write(std::string_view line) {
    ++result_.num_lines;
    return write_(line);
  }

  absl::Status ExportEach(const RolloutGroup& group) {
    for (const Rollout& rollout : group.rollouts) {
      if (IsPruned(rollout)) {
        ++result_.num_pruned;
      } else if (IsWanted(rollout)) {
        CUPEL_RETURN_IF_ERROR(Write(Line(group, rollout)));
      }
    }
    return absl::OkStatus();
  }

  std::string Line(const RolloutGroup& group, const Rollout& rollout) const {
    if (request_.format == ExportFormat::kRollouts) {
      return RolloutLine(group, rollout, request_.with_token_ids);
    }
    Json messages = MessagesJson(group.task.prompt);
    messages.push_back(Answer(rollout).front());
    return DumpJson({{"messages", std::move(messages)}});
  }

  absl::Status ExportPair(const RolloutGroup& group) {
    const Rollout* best = nullptr;
    const Rollout* worst = nullptr;
    for (const Rollout& rollout : group.rollouts) {
      if (IsPruned(rollout)) {
        ++result_.num_pruned;
      } else if (rollout.verdict.is_scored()) {
        best = best == nullptr || rollout.reward > best->reward ? &rollout : best;
        worst = worst == nullptr || rollout.reward < worst->reward ? &rollout : worst;
      }
    }
    if (best == nullptr || best->reward == worst->reward || !IsWanted(*best)) {
      return absl::OkStatus();
    }
    return Write(DumpJson({{"prompt", MessagesJson(group.task.prompt)},
                           {"chosen", Answer(*best)},
                           {"rejected", Answer(*worst)},
                           {"chosen_reward", best->reward},
                           {"rejected_reward", worst->reward}}));
  }

  const ExportRequest& request_;
  const std::function<absl::Status(std::string_view)>& write_;
  ExportResult& result_;
};

// Reads the members of one line. The first that is missing or of another kind is remembered; what it would have given is a default.
class LineFields {
 public:
  LineFields(const Json& line, std::string where) : line_(line), where_(std::move(where)) {}

  const absl::Status& status() const { return status_; }

  template <class T>
  T Get(const char* key, std::optional<T> fallback = {}) {
    const auto member = line_.find(key);
    if (member == line_.end() && fallback) {
      return *std::move(fallback);
    }
    T value{};
    if (member == line_.end() || !Read(*member, value)) {
      Fail(key, member == line_.end() ? "is missing" : "has the wrong type");
    }
    return value;
  }

  void Fail(const char* key, std::string_view what) {
    if (status_.ok()) {
      status_ = InvalidArgument("{}: \"{}\" {}; `cupel log export` writes lines as they are expected here", where_, key, what);
    }
  }

 private:
  static bool Read(const Json& json, std::string& value) { return json.is_string() && (value = json.get<std::string>(), true); }
  static bool Read(const Json& json, double& value) { return json.is_number() && (value = json.get<double>(), true); }
  static bool Read(const Json& json, int64_t& value) { return json.is_number_integer() && (value = json.get<int64_t>(), true); }
  static bool Read(const Json& json, uint64_t& value) { return json.is_number_unsigned() && (value = json.get<uint64_t>(), true); }
  static bool Read(const Json& json, TokenId& value) {
    return json.is_number_integer() && json.get<int64_t>() >= 0 && json.get<int64_t>() <= std::numeric_limits<TokenId>::max() &&
           (value = json.get<TokenId>(), true);
  }
  static bool Read(const Json& json, float& value) {
    if (json.is_string()) {
      const auto text = json.get<std::string>();
      constexpr float kInf = std::numeric_limits<float>::infinity();
      value = text == kNotANumber ? std::numeric_limits<float>::quiet_NaN() : text == kInfinity ? kInf : -kInf;
      return text == kNotANumber || text == kInfinity || text == kMinusInfinity;
    }
    return json.is_number() && (value = static_cast<float>(json.get<double>()), true);
  }
  static bool Read(const Json& json, ChatMessage& value) {
    return json.is_object() && json.contains("role") && json.contains("content") && Read(json["role"], value.role) &&
           Read(json["content"], value.content);
  }
  static bool Read(const Json& json, RewardTerm& value) {
    return json.is_array() && json.size() == 3 && Read(json[0], value.name) && Read(json[1], value.value) && Read(json[2], value.weight);
  }
  template <class T>
  static bool Read(const Json& json, std::vector<T>& values) {
    if (!json.is_array()) {
      return false;
    }
    for (const Json& element : json) {
      if (!Read(element, values.emplace_back())) {
        return false;
      }
    }
    return true;
  }

  const Json& line_;
  std::string where_;
  absl::Status status_;
};

template <class Enum, class Name>
Enum EnumNamed(LineFields& fields, const char* key, std::initializer_list<Enum> values, Name name, std::string_view fallback) {
  const auto text = fields.Get<std::string>(key, std::string(fallback));
  for (const Enum value : values) {
    if (name(value) == text) {
      return value;
    }
  }
  fields.Fail(key, "has an unknown value");
  return *values.begin();
}

Rollout ReadRollout(LineFields& fields) {
  Rollout rollout;
  Completion& completion = rollout.completion;
  completion.sample_idx = fields.Get<int64_t>("sample");
  completion.tokens = fields.Get<std::vector<TokenId>>("completion_ids", std::vector<TokenId>{});
  completion.logprobs = fields.Get<std::vector<float>>("logprobs", std::vector<float>(completion.tokens.size(), 0.0F));
  completion.raw_logprobs = fields.Get<std::vector<float>>("raw_logprobs", std::vector<float>{});
  completion.policy_version = fields.Get<uint64_t>("weight_version", 0);
  completion.finish_reason =
      EnumNamed(fields, "finish_reason", {FinishReason::kStop, FinishReason::kLength, FinishReason::kAborted}, FinishReasonName, "stop");
  if (completion.logprobs.size() != completion.tokens.size() ||
      (!completion.raw_logprobs.empty() && completion.raw_logprobs.size() != completion.tokens.size())) {
    fields.Fail("logprobs", "has another length than \"completion_ids\"");
  }
  rollout.text = fields.Get<std::string>("completion");
  rollout.reward = fields.Get<double>("reward");
  rollout.advantage = fields.Get<double>("advantage", 0.0);
  rollout.terms = fields.Get<std::vector<RewardTerm>>("terms", std::vector<RewardTerm>{});
  rollout.verifier_version = static_cast<int>(fields.Get<int64_t>("verifier_version", 0));
  Verdict& verdict = rollout.verdict;
  verdict.outcome =
      EnumNamed(fields, "outcome", {Outcome::kCorrect, Outcome::kIncorrect, Outcome::kNoAnswer, Outcome::kUndecided, Outcome::kError},
                OutcomeName, "no_answer");
  verdict.extracted = fields.Get<std::string>("extracted", "");
  const auto span = fields.Get<std::vector<int64_t>>("span", std::vector<int64_t>{0, 0});
  if (span.size() == 2) {
    verdict.span = {span[0], span[1]};
  } else {
    fields.Fail("span", "is not a pair");
  }
  verdict.rule = fields.Get<std::string>("rule", "");
  verdict.reason = fields.Get<std::string>("reason", "");
  verdict.cost = fields.Get<int64_t>("cost", 0);
  return rollout;
}

RolloutGroup ReadGroup(LineFields& fields) {
  RolloutGroup group;
  group.step = fields.Get<int64_t>("step");
  group.group_idx = fields.Get<int64_t>("group");
  group.task.id = fields.Get<std::string>("task", "");
  group.task.prompt = fields.Get<std::vector<ChatMessage>>("messages");
  group.task.answer = fields.Get<std::string>("answer", "");
  group.task.verifier = fields.Get<std::string>("verifier", "");
  group.task.metadata = fields.Get<std::string>("metadata", "");
  group.prompt = fields.Get<std::vector<TokenId>>("prompt_ids", std::vector<TokenId>{});
  return group;
}

// Collects lines into groups and steps, and stores each step when the next one begins.
class Importer {
 public:
  explicit Importer(RolloutStore& store) : store_(store) {}

  absl::Status Add(const Json& line, const std::string& where) {
    LineFields fields(line, where);
    RolloutGroup group = ReadGroup(fields);
    Rollout rollout = ReadRollout(fields);
    CUPEL_RETURN_IF_ERROR(fields.status());
    if (!groups_.empty() && groups_.front().step != group.step) {
      if (group.step < groups_.front().step) {
        return InvalidArgument("{}: step {} comes after step {}: sort the lines by step, group and sample", where, group.step,
                               groups_.front().step);
      }
      CUPEL_RETURN_IF_ERROR(Annotate(StoreStep(), where));
    }
    if (groups_.empty() || groups_.back().group_idx != group.group_idx) {
      groups_.push_back(std::move(group));
    }
    groups_.back().rollouts.push_back(std::move(rollout));
    ++result_.num_rollouts;
    return absl::OkStatus();
  }

  absl::StatusOr<ImportResult> Finish() {
    CUPEL_RETURN_IF_ERROR(StoreStep());
    return result_;
  }

 private:
  absl::Status StoreStep() {
    if (groups_.empty()) {
      return absl::OkStatus();
    }
    CUPEL_RETURN_IF_ERROR(store_.AppendStep(groups_.front().step, groups_));
    groups_.clear();
    ++result_.num_steps;
    return absl::OkStatus();
  }

  RolloutStore& store_;
  std::vector<RolloutGroup> groups_;  // of the step in hand
  ImportResult result_;
};

absl::StatusOr<ImportResult> ImportLines(const std::string& source, RolloutStore& store) {
  RolloutStore::RunInfo info;
  info.recipe = {{"imported_from", source}};
  info.name = source;
  CUPEL_RETURN_IF_ERROR(store.WriteRun(info));
  CUPEL_ASSIGN_OR_RETURN(LineReader lines, LineReader::Open(source));
  Importer importer(store);
  while (true) {
    CUPEL_ASSIGN_OR_RETURN(const std::optional<std::string_view> text, lines.Next());
    if (!text) {
      return importer.Finish();
    }
    const std::string where = fmt::format("{}:{}", lines.path(), lines.line_number());
    CUPEL_ASSIGN_OR_RETURN(const Json line, ParseJson(*text, where));
    if (!line.is_object()) {
      return InvalidArgument("{}: not a JSON object", where);
    }
    CUPEL_RETURN_IF_ERROR(importer.Add(line, where));
  }
}

}  // namespace

absl::StatusOr<ExportResult> ExportRollouts(const RolloutStore& store, const ExportRequest& request,
                                            const std::function<absl::Status(std::string_view)>& write) {
  ExportResult result;
  GroupExporter exporter(request, write, result);
  CUPEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, store.StepNumbers());
  for (const int64_t step : steps) {
    if (step < request.first_step || step > request.last_step) {
      continue;
    }
    CUPEL_ASSIGN_OR_RETURN(const std::vector<RolloutGroup> groups, store.ReadStep(step));
    for (const RolloutGroup& group : groups) {
      CUPEL_RETURN_IF_ERROR(exporter.Export(group));
    }
  }
  return result;
}

absl::StatusOr<ImportResult> ImportRollouts(const std::string& source, const std::string& target) {
  absl::StatusOr<ImportResult> result;
  {
    CUPEL_ASSIGN_OR_RETURN(RolloutStore store, RolloutStore::Open(target, RolloutStore::Mode::kCreate));
    result = ImportLines(source, store);
  }
  if (!result.ok()) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      RemoveTree(target + suffix).IgnoreError();
    }
  }
  return result;
}

}  // namespace cupel
