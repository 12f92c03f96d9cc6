// Judges whether a text follows the instructions that its task carries (IFEval). The gold answer plays no part. The options are a record as
// published, and two switches:
//
//   {"instruction_id_list": ["punctuation:no_comma", ...], "kwargs": [{}, ...], "loose": false, "raw_regex": false}
//
// Correct is what follows all of them, incorrect what breaks one; where the language of a text is not settled and nothing else is broken
// the verdict is undecided. The credit is the share of the instructions followed. Text before the last </think> is no part of the response.

#include <algorithm>

#include <fmt/format.h>

#include "base/config.h"
#include "base/json.h"
#include "base/status.h"
#include "verifiers/instructions/checks.h"
#include "verifiers/judging.h"
#include "verifiers/registry.h"

namespace cupel {
namespace {

struct Asked {
  const Instruction* instruction;
  InstructionArguments arguments;
};

struct Options {
  std::vector<Asked> asked;
  bool is_loose = false;
};

absl::StatusOr<const Instruction*> FindInstruction(const std::string& id) {
  const std::vector<Instruction>& all = Instructions();
  const auto found = std::ranges::find(all, std::string_view(id), &Instruction::id);
  if (found != all.end()) {
    return &*found;
  }
  std::vector<std::string> names;
  std::ranges::transform(all, std::back_inserter(names), [](const Instruction& instruction) { return std::string(instruction.id); });
  const std::string nearest = NearestName(id, names);
  return InvalidArgument("there is no instruction \"{}\"{}", id, nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest));
}

absl::StatusOr<int64_t> ReadCount(const Json& kwargs, std::string_view key, std::string_view id) {
  const auto it = kwargs.find(std::string(key));
  if (it == kwargs.end() || !it->is_number() || it->get<double>() < 0 || it->get<double>() > 1e9) {
    return InvalidArgument("{}: \"{}\" is {}; expected a count", id, key, it == kwargs.end() ? "missing" : DumpJson(*it));
  }
  return it->get<int64_t>();
}

absl::Status ReadWords(const Json& kwargs, const Instruction& instruction, InstructionArguments& arguments) {
  const auto it = kwargs.find(std::string(instruction.words_key));
  if (it == kwargs.end() || !it->is_array() || !std::ranges::all_of(*it, [](const Json& word) { return word.is_string(); })) {
    return InvalidArgument("{}: \"{}\" is not a list of words", instruction.id, instruction.words_key);
  }
  arguments.words = it->get<std::vector<std::string>>();
  return absl::OkStatus();
}

absl::StatusOr<InstructionArguments> ReadArguments(const Json& kwargs, const Instruction& instruction, bool raw_regex) {
  InstructionArguments arguments;
  arguments.raw_regex = raw_regex;
  if (!instruction.number_key.empty()) {
    CUPEL_ASSIGN_OR_RETURN(arguments.number, ReadCount(kwargs, instruction.number_key, instruction.id));
  }
  if (instruction.id == "length_constraints:nth_paragraph_first_word") {
    CUPEL_ASSIGN_OR_RETURN(arguments.nth_paragraph, ReadCount(kwargs, "nth_paragraph", instruction.id));
  }
  if (!instruction.relation_key.empty()) {
    CUPEL_ASSIGN_OR_RETURN(arguments.relation, JsonString(kwargs, instruction.relation_key, instruction.id));
  }
  if (!instruction.text_key.empty()) {
    CUPEL_ASSIGN_OR_RETURN(arguments.text, JsonString(kwargs, instruction.text_key, instruction.id));
  }
  if (!instruction.words_key.empty()) {
    CUPEL_RETURN_IF_ERROR(ReadWords(kwargs, instruction, arguments));
  }
  CUPEL_RETURN_IF_ERROR(CheckArguments(instruction, arguments));
  return arguments;
}

absl::StatusOr<Options> ReadOptions(const Task& task) {
  CUPEL_ASSIGN_OR_RETURN(const Json object, ParseJson(task.metadata.empty() ? "{}" : task.metadata, "verifier options"));
  const Json ids = object.is_object() ? object.value("instruction_id_list", Json()) : Json();
  const Json kwargs = object.is_object() ? object.value("kwargs", Json::array()) : Json();
  if (!ids.is_array() || ids.empty() || !kwargs.is_array()) {
    return InvalidArgument(
        "verifier options: there is no \"instruction_id_list\"; the ifeval verifier wants {{\"instruction_id_list\": [...], \"kwargs\": "
        "[...]}}");
  }
  Options options;
  options.is_loose = object.value("loose", Json(false)) == true;
  const bool raw_regex = object.value("raw_regex", Json(false)) == true;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!ids[i].is_string()) {
      return InvalidArgument("verifier options: instruction {} is {}; expected its id", i + 1, DumpJson(ids[i]));
    }
    CUPEL_ASSIGN_OR_RETURN(const Instruction* instruction, FindInstruction(ids[i].get<std::string>()));
    const Json given = i < kwargs.size() && kwargs[i].is_object() ? kwargs[i] : Json::object();
    CUPEL_ASSIGN_OR_RETURN(InstructionArguments arguments, ReadArguments(given, *instruction, raw_regex));
    options.asked.push_back({instruction, std::move(arguments)});
  }
  return options;
}

void Judge(const Options& options, std::string_view response, Verdict& verdict) {
  std::string broken, unsettled;
  int64_t followed = 0;
  for (const Asked& asked : options.asked) {
    const Followed result = options.is_loose ? FollowsLoosely(*asked.instruction, asked.arguments, response)
                                             : FollowsStrictly(*asked.instruction, asked.arguments, response);
    followed += result == Followed::kYes ? 1 : 0;
    std::string& list = result == Followed::kNo ? broken : unsettled;
    list += result == Followed::kYes ? "" : (list.empty() ? "" : ", ") + std::string(asked.instruction->id);
  }
  verdict.credit = static_cast<double>(followed) / static_cast<double>(options.asked.size());
  verdict.outcome = !broken.empty() ? Outcome::kIncorrect : !unsettled.empty() ? Outcome::kUndecided : Outcome::kCorrect;
  verdict.reason = !broken.empty()      ? "not followed: " + broken
                   : !unsettled.empty() ? "not settled: " + unsettled
                                        : fmt::format("all {} instructions followed", options.asked.size());
}

class IfevalVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "ifeval"; }
  int version() const override { return 2; }

  Verdict Verify(const Task& task, std::string_view answer) const override {
    return JudgePart(answer, Part::kResponse, ReadOptions(task), &Judge);
  }

  absl::Status CheckGold(const Task& task) const override { return ReadOptions(task).status(); }
};

}  // namespace

const Verifier& GetIfevalVerifier() {
  static const IfevalVerifier verifier;
  return verifier;
}

}  // namespace cupel
