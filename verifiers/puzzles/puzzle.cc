// Judges answers to generated problems against the data of the item, never by the text of the gold answer alone.
//
// Task::metadata is the metadata of the item (datasets/procedural); its member source_dataset names the family. Two members more choose how
// it is judged:
//   "scoring"  "strict" (default): correct or incorrect. "rg_compatible", "tinyzero" (countdown), "logic_rl" and "logic_rl_exact" (knights
//              and knaves): the published partial score becomes Verdict::credit, scaled to [0, 1], and only full marks are correct. These
//              take the answer as published, from the last <answer>...</answer>.
// Strict extraction is that of answer/extract.h without the last number; the last fenced block inside the span counts where there is one.

#include <algorithm>
#include <array>
#include <exception>

#include <fmt/format.h>

#include "base/config.h"
#include "base/status.h"
#include "verifiers/answer/characters.h"
#include "verifiers/judging.h"
#include "verifiers/puzzles/checks.h"
#include "verifiers/puzzles/published_scores.h"
#include "verifiers/puzzles/reading.h"
#include "verifiers/registry.h"

namespace cupel {
namespace {

constexpr size_t kMaxBody = 65536;
constexpr size_t kMaxReason = 500;
constexpr double kLogicRlSpan = 3;  // its scores go from -3 to 3

struct Puzzle {
  std::string_view family;
  PuzzleCheck check;
  PuzzleCheck check_rg;
  PuzzleScore score_rg;
};

constexpr auto kPuzzles = std::to_array<Puzzle>({
#define CUPEL_PUZZLE(family, Check, CheckRg, ScoreRg) {#family, &Check, &CheckRg, &ScoreRg},
#include "verifiers/puzzles/registry.def"
#undef CUPEL_PUZZLE
});

static_assert(std::ranges::adjacent_find(kPuzzles, std::ranges::greater_equal(), &Puzzle::family) == kPuzzles.end(),
              "verifiers/puzzles/registry.def must be sorted by family, without duplicates");

constexpr std::string_view kScorings[] = {"strict", "rg_compatible", "tinyzero", "logic_rl", "logic_rl_exact"};

// What a task asks to be judged, read from its metadata.
struct Reading {
  Json metadata;
  const Puzzle* puzzle = nullptr;
  std::string scoring = "strict";
  bool is_cupel = true;
};

absl::StatusOr<const Puzzle*> FindPuzzle(std::string_view family) {
  const auto puzzle = std::ranges::find(kPuzzles, family, &Puzzle::family);
  if (puzzle != kPuzzles.end()) {
    return &*puzzle;
  }
  std::vector<std::string> names;
  for (const Puzzle& known : kPuzzles) {
    names.emplace_back(known.family);
  }
  const std::string nearest = NearestName(family, names);
  return InvalidArgument("puzzle metadata: source_dataset names no family of ours, \"{}\"{}", Excerpt(family),
                         nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest));
}

absl::StatusOr<Reading> Read(const Task& task) {
  Reading reading;
  if (task.metadata.empty()) {
    return InvalidArgument(
        "the puzzle verifier needs the item's metadata, a JSON object with source_dataset; `cupel tasks generate` prints it");
  }
  CUPEL_ASSIGN_OR_RETURN(reading.metadata, ParseJson(task.metadata, "puzzle metadata"));
  if (!reading.metadata.is_object()) {
    return InvalidArgument("puzzle metadata: expected a JSON object, found {}", reading.metadata.type_name());
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string family, JsonString(reading.metadata, "source_dataset", "puzzle metadata"));
  CUPEL_ASSIGN_OR_RETURN(reading.puzzle, FindPuzzle(family));
  if (reading.metadata.contains("scoring")) {
    CUPEL_ASSIGN_OR_RETURN(reading.scoring, JsonString(reading.metadata, "scoring", "puzzle metadata"));
  }
  const bool suits = reading.scoring == "tinyzero"             ? family == "countdown"
                     : reading.scoring.starts_with("logic_rl") ? family == "knights_knaves"
                                                               : std::ranges::find(kScorings, reading.scoring) != std::end(kScorings);
  if (!suits) {
    return InvalidArgument("puzzle metadata: scoring \"{}\" is none of {} for {}", Excerpt(reading.scoring), fmt::join(kScorings, ", "),
                           family);
  }
  reading.is_cupel = reading.metadata.contains("variant");
  if (reading.scoring == "rg_compatible" && reading.is_cupel && reading.puzzle->check_rg != &RgNone) {
    return InvalidArgument("puzzle metadata: scoring rg_compatible of {} is for items of variant rg", family);
  }
  return reading;
}

// The published score in [0, 1].
double PublishedScore(const Reading& reading, std::string_view gold, std::string_view text) {
  if (reading.scoring == "tinyzero") {
    return TinyZeroScore(reading.metadata, text);
  }
  if (reading.scoring != "rg_compatible") {
    return (LogicRlScore(reading.metadata, text, reading.scoring == "logic_rl_exact") + kLogicRlSpan) / (2 * kLogicRlSpan);
  }
  const std::optional<std::string> answer = LastAnswerTag(text);
  return reading.puzzle->score_rg(reading.metadata, gold, answer ? &*answer : nullptr);
}

void JudgePublished(const Reading& reading, const Task& task, std::string_view text, Verdict& verdict) {
  const std::optional<std::string> answer = LastAnswerTag(text);
  verdict.rule = answer ? "answer_tag" : "";
  verdict.extracted = answer ? answer->substr(0, std::min<size_t>(answer->size(), 200)) : "";
  verdict.credit = answer && answer->size() > kMaxBody ? 0 : PublishedScore(reading, task.answer, text);
  verdict.outcome = verdict.credit >= 1 ? Outcome::kCorrect : answer ? Outcome::kIncorrect : Outcome::kNoAnswer;
  verdict.reason = fmt::format("{} score {}", reading.scoring, verdict.credit);
}

void JudgeStrict(const Reading& reading, const Task& task, std::string_view span, Verdict& verdict) {
  const std::string_view body = AnswerBody(span);
  const PuzzleCheck check = reading.is_cupel ? reading.puzzle->check : reading.puzzle->check_rg;
  const Finding finding = body.size() > kMaxBody ? Wrong(fmt::format("an answer of {} bytes", body.size()))
                          : body.empty()         ? Wrong("the answer is empty")
                                                 : check(reading.metadata, task.answer, body);
  verdict.outcome = finding.is_right ? Outcome::kCorrect : Outcome::kIncorrect;
  verdict.credit = finding.is_right ? 1 : 0;
  verdict.reason = finding.reason.substr(0, kMaxReason);
}

// Calls `judge`; the accessors of metadata throw where it has another shape than the generator's.
template <class Judge>
void Guarded(const Reading& reading, Verdict& verdict, const Judge& judge) {
  try {
    judge();
  } catch (const std::exception& error) {
    verdict.credit = 0;
    Settle(verdict, Outcome::kError,
           fmt::format("the metadata is not that of a {} item: {}", reading.puzzle->family, Excerpt(error.what(), 200)));
  }
}

class PuzzleVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "puzzle"; }
  int version() const override { return 1; }

  Verdict Verify(const Task& task, std::string_view answer) const override {
    const absl::StatusOr<Reading> reading = Read(task);
    if (reading.ok() && reading->scoring != "strict") {  // these find the answer by themselves
      return JudgePart(answer, Part::kText, reading, [&](const Reading& asked, std::string_view text, Verdict& verdict) {
        verdict.span = {};
        Guarded(asked, verdict, [&] { JudgePublished(asked, task, text, verdict); });
      });
    }
    return JudgeAnswer(answer, AnswerKind::kText, reading, [&](const Reading& asked, std::string_view span, Verdict& verdict) {
      Guarded(asked, verdict, [&] { JudgeStrict(asked, task, span, verdict); });
    });
  }

  // The gold answer must pass the strict check; of reasoning-gym's items without an answer, the metadata must be readable.
  absl::Status CheckGold(const Task& task) const override {
    CUPEL_ASSIGN_OR_RETURN(const Reading reading, Read(task));
    Verdict verdict;
    Reading strict = reading;
    strict.scoring = "strict";
    try {
      JudgeStrict(strict, task, task.answer, verdict);
    } catch (const std::exception& error) {
      return InvalidArgument("the metadata is not that of a {} item: {}", reading.puzzle->family, Excerpt(error.what(), 200));
    }
    if (verdict.outcome != Outcome::kCorrect) {
      return InvalidArgument("the gold answer \"{}\" fails the check of {}: {}", Excerpt(task.answer), reading.puzzle->family,
                             verdict.reason);
    }
    return absl::OkStatus();
  }
};

}  // namespace

const Verifier& GetPuzzleVerifier() {
  static const PuzzleVerifier verifier;
  return verifier;
}

}  // namespace cupel
