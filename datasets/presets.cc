#include "datasets/presets.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/status.h"

namespace cupel {
namespace {

// "\boxed" as a mark means what the last \boxed{...} holds.
constexpr std::string_view kBox = "\\boxed";
constexpr std::string_view kAskBox = "{prompt}\n\nPut the final answer within \\boxed{}.";
constexpr std::string_view kAskLetter = "{prompt}\n\nPut the letter of the right choice within \\boxed{}.";
constexpr std::string_view kAskTag = "{prompt}\n\nGive the final answer within <answer> </answer>.";
constexpr std::string_view kAskFunction =
    "Complete this Python function. Answer with the whole function in a ```python block.\n\n```python\n{prompt}\n```";
constexpr std::string_view kAskProgram = "{prompt}\n\nAnswer with a ```python block.";

constexpr auto kPresets = std::to_array<Preset>({
    {.name = "aime",
     .help = "AIME: problem, answer (a whole number)",
     .shape = RecordShape::kColumns,
     .prompt_column = "problem|question",
     .answer_column = "answer",
     .verifier = "number",
     .template_text = kAskBox},
    {.name = "alpaca",
     .help = "Alpaca: instruction, input, output",
     .shape = RecordShape::kColumns,
     .prompt_column = "instruction++input?",
     .answer_column = "output",
     .verifier = "exact_match",
     .template_text = "{prompt}"},
    {.name = "apps",
     .help = "APPS: question, input_output; programs judged by running them",
     .shape = RecordShape::kColumns,
     .prompt_column = "question++starter_code?",
     .verifier = "code",
     .template_text = kAskProgram,
     .record_format = "apps"},
    {.name = "countdown",
     .help = "Countdown (TinyZero): nums, target",
     .shape = RecordShape::kCountdown,
     .prompt_column = "nums|numbers",
     .answer_column = "target",
     .verifier = "puzzle",
     .template_text = kAskTag},
    {.name = "cupel",
     .help = "what `cupel data convert` writes: prompt, answer, verifier, metadata, id",
     .shape = RecordShape::kColumns,
     .prompt_column = "prompt",
     .answer_column = "answer?",
     .verifier = "exact_match",
     .template_text = "{prompt}",
     .id_column = "id?",
     .verifier_column = "verifier",
     .options_column = "metadata"},
    {.name = "gsm8k",
     .help = "GSM8K: question, answer (after ####)",
     .shape = RecordShape::kColumns,
     .prompt_column = "question",
     .answer_column = "answer",
     .answer_after = "####",
     .verifier = "number",
     .template_text = "{prompt}"},
    {.name = "humaneval",
     .help = "HumanEval: prompt, test, entry_point; programs judged by running them",
     .shape = RecordShape::kFunction,
     .prompt_column = "prompt",
     .answer_column = "canonical_solution",
     .verifier = "code",
     .template_text = kAskFunction,
     .id_column = "task_id?",
     .record_format = "humaneval"},
    {.name = "knights_knaves",
     .help = "Knights and Knaves (Logic-RL): quiz, names, solution",
     .shape = RecordShape::kKnightsKnaves,
     .prompt_column = "quiz|question",
     .answer_column = "solution",
     .verifier = "puzzle",
     .template_text = kAskTag},
    {.name = "math",
     .help = "MATH-500, NuminaMath, DeepScaleR: problem, answer",
     .shape = RecordShape::kColumns,
     .prompt_column = "problem|question",
     .answer_column = "answer",
     .verifier = "math",
     .template_text = kAskBox},
    {.name = "math_solution",
     .help = "MATH: problem, solution (the answer in its last \\boxed)",
     .shape = RecordShape::kColumns,
     .prompt_column = "problem",
     .answer_column = "solution",
     .answer_after = kBox,
     .verifier = "math",
     .template_text = kAskBox},
    {.name = "mbpp",
     .help = "MBPP: text, test_list; programs judged by running them",
     .shape = RecordShape::kFunctionTests,
     .prompt_column = "text|prompt",
     .answer_column = "code",
     .verifier = "code",
     .template_text = kAskProgram,
     .id_column = "task_id?",
     .record_format = "mbpp"},
    {.name = "multiple_choice",
     .help = "question, choices (or options), answer: MMLU, ARC, AQuA",
     .shape = RecordShape::kChoices,
     .prompt_column = "question",
     .answer_column = "answer|answerKey|correct|label",
     .verifier = "math",
     .template_text = kAskLetter},
    {.name = "olympiadbench",
     .help = "OlympiadBench: context, question, final_answer",
     .shape = RecordShape::kColumns,
     .prompt_column = "context?++question",
     .answer_column = "final_answer.0",
     .verifier = "math",
     .template_text = kAskBox},
    {.name = "reasoning_gym",
     .help = "reasoning-gym and `cupel tasks generate`: question, answer, metadata",
     .shape = RecordShape::kItem,
     .prompt_column = "question",
     .answer_column = "answer",
     .verifier = "exact_match",
     .template_text = "{prompt}"},
    {.name = "sharegpt",
     .help = "ShareGPT: conversations of from and value; the last answer is the gold one",
     .shape = RecordShape::kConversation,
     .prompt_column = "conversations",
     .answer_column = "conversations",
     .verifier = "exact_match",
     .template_text = "{prompt}"},
    {.name = "svamp",
     .help = "SVAMP: Body, Question, Answer",
     .shape = RecordShape::kColumns,
     .prompt_column = "Body+Question",
     .answer_column = "Answer",
     .verifier = "number",
     .template_text = "{prompt}"},
    {.name = "trl",
     .help = "TRL: prompt (text or messages), answer, solution or ground_truth",
     .shape = RecordShape::kItem,
     .prompt_column = "prompt|messages",
     .answer_column = "answer|solution|ground_truth|completion",
     .verifier = "math",
     .template_text = "{prompt}"},
    {.name = "verl",
     .help = "verl: prompt, reward_model.ground_truth; data_source chooses the verifier",
     .shape = RecordShape::kVerl,
     .prompt_column = "prompt",
     .answer_column = "reward_model.ground_truth",
     .verifier = "math",
     .template_text = "{prompt}"},
});
static_assert(std::ranges::adjacent_find(kPresets, std::ranges::greater_equal(), &Preset::name) == kPresets.end(),
              "presets must be sorted by name, without duplicates");

void Fill(std::string& setting, std::string_view preset) { setting = setting.empty() ? std::string(preset) : setting; }

}  // namespace

std::span<const Preset> Presets() { return kPresets; }

absl::StatusOr<const Preset*> FindPreset(std::string_view name) {
  const auto found = std::ranges::find(kPresets, name, &Preset::name);
  if (found != kPresets.end()) {
    return &*found;
  }
  std::vector<std::string> names;
  std::ranges::transform(kPresets, std::back_inserter(names), [](const Preset& preset) { return std::string(preset.name); });
  const std::string nearest = NearestName(name, names);
  return InvalidArgument("data.jsonl.preset: there is no preset \"{}\"{}; presets are {}", name,
                         nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest), fmt::join(names, ", "));
}

absl::StatusOr<JsonlConfig> WithPreset(const JsonlConfig& config) {
  CUPEL_ASSIGN_OR_RETURN(const Preset* preset, FindPreset(config.preset));
  JsonlConfig filled = config;
  if (config.answer_column.empty()) {
    Fill(filled.answer_after, preset->answer_after);
  }
  if (config.verifier.empty() || config.verifier == preset->verifier) {  // these are for the preset's verifier, and for no other
    Fill(filled.verifier_column, preset->verifier_column);
    Fill(filled.options_column, preset->options_column);
    Fill(filled.record_format, preset->record_format);
  }
  Fill(filled.prompt_column, preset->prompt_column);
  Fill(filled.answer_column, preset->answer_column);
  Fill(filled.verifier, preset->verifier);
  Fill(filled.template_text, preset->template_text);
  Fill(filled.id_column, preset->id_column);
  return filled;
}

}  // namespace cupel
