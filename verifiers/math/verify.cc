#include "verifiers/math/verify.h"

#include <exception>
#include <flint/flint.h>

#include <fmt/format.h>

#include "base/json.h"
#include "base/status.h"
#include "verifiers/answer/characters.h"
#include "verifiers/answer/extract.h"
#include "verifiers/answer/marks.h"
#include "verifiers/math/comparer.h"
#include "verifiers/math/reading.h"

namespace cupel::math {
namespace {

// FLINT and Arb keep constants and memory per thread; a thread that ends gives them back.
struct FlintThread {
  FlintThread() = default;
  FlintThread(const FlintThread&) = delete;
  FlintThread& operator=(const FlintThread&) = delete;
  ~FlintThread() { flint_cleanup(); }
  bool is_used = false;
};

void RegisterThread() {
  thread_local FlintThread thread;
  thread.is_used = true;
}

bool IsDecimalGold(Expr expr) {
  return expr->Is(Kind::kNumber) ? expr->info > 0 : expr->Is(Kind::kQuantity) && IsDecimalGold(expr->kid(0));
}

Result Decided(Decision decision, std::string_view rule) {
  Result result;
  result.decision = decision;
  result.rule = rule;
  return result;
}

// The first pair of readings that is equal decides; else the first pair.
Result CompareReadings(const Answer& gold, const Answer& pred, const Request& request, Arena& arena) {
  Judgement first;
  bool has_first = false;
  for (const Reading& g : gold.readings) {
    for (const Reading& p : pred.readings) {
      if ((g.is_decimal_comma && (p.is_decimal_comma || !IsDecimalGold(p.expr))) || (p.is_decimal_comma && !IsDecimalGold(g.expr))) {
        continue;
      }
      Comparer comparer(arena, request.options);
      comparer.Declare(g.parameters, p.parameters);
      const auto folded = [&](Expr expr) { return request.options.symbol_case_fold ? FoldSymbolCase(arena, expr) : expr; };
      const Judgement judgement = comparer.Compare(folded(g.expr), folded(p.expr));
      if (judgement.is_equal()) {
        return Decided(Decision::kCorrect, judgement.rule);
      }
      if (!has_first) {
        first = judgement;
        has_first = true;
      }
    }
  }
  if (arena.budget().is_spent() || arena.is_full()) {
    return Decided(Decision::kUndecided, arena.is_full() ? "budget_nodes" : "budget_steps");
  }
  return first.equality == Equality::kDifferent ? Decided(Decision::kIncorrect, first.rule) : Decided(Decision::kUndecided, first.problem);
}

std::string_view ParseProblem(std::string_view side, const Answer& answer) {
  if (answer.problem == "too deep") {
    return "budget_depth";
  }
  if (answer.problem == "too many symbols" || answer.problem == "too many nodes") {
    return "budget_nodes";
  }
  if (answer.problem == "too many digits") {
    return "budget_bits";
  }
  return answer.problem == "too many steps" ? "budget_steps" : side;
}

// Equal words, or a sentence that ends "... is WORDS" and does not deny it.
bool SameWords(std::string_view gold, std::string_view pred) {
  if (gold == pred) {
    return true;
  }
  for (const std::string_view copula : {" is ", " are ", " was "}) {
    const size_t at = pred.rfind(copula);
    if (at != std::string_view::npos) {
      std::string_view end = pred.substr(at + copula.size());
      for (const std::string_view article : {"the ", "a ", "an "}) {
        end.remove_prefix(end.starts_with(article) ? article.size() : 0);
      }
      return end == gold && pred.find(" not ") == std::string_view::npos && pred.find(" no ") == std::string_view::npos;
    }
  }
  return false;
}

// What a text's only box holds, where there is one; a box that never closes ends with the gold's text.
std::string_view Unboxed(std::string_view text, bool is_gold) {
  const BoxScan boxes = ScanBoxes(text);
  if (boxes.last && boxes.filled + boxes.bare == 1) {
    return text.substr(static_cast<size_t>(boxes.last->begin), static_cast<size_t>(boxes.last->end - boxes.last->begin));
  }
  const size_t open = text.find("\\boxed{");
  if (is_gold && boxes.filled == 0 && boxes.unclosed == 1 && open != std::string_view::npos) {
    return text.substr(open + 7);
  }
  return text;
}

Result Decide(std::string_view gold_text, std::string_view pred_text, const Request& request, Arena& arena, Answer& gold, Answer& pred) {
  if (TrimSpace(gold_text).empty()) {
    return Decided(Decision::kUndecided, "parse_gold");
  }
  if (TrimSpace(pred_text).empty()) {
    return Decided(Decision::kNoAnswer, "blank");
  }
  const std::string joined_gold = JoinedBoxes(gold_text);
  const std::string joined_pred = JoinedBoxes(pred_text);
  gold_text = joined_gold.empty() ? Unboxed(gold_text, true) : std::string_view(joined_gold);
  pred_text = joined_pred.empty() ? Unboxed(pred_text, false) : std::string_view(joined_pred);
  gold = ReadAnswer(gold_text, arena);
  pred = ReadAnswer(pred_text, arena);
  if (TrimSpace(gold_text) == TrimSpace(pred_text) && gold.canonical.size() > 2) {
    return Decided(Decision::kCorrect, "tokens");
  }
  if (!gold.canonical.empty() && gold.canonical == pred.canonical) {
    return Decided(Decision::kCorrect, "tokens");
  }
  if (request.options.choice && gold.is_choice_only && pred.choice != '\0') {
    return Decided(gold.choice == pred.choice ? Decision::kCorrect : Decision::kIncorrect, "choice");
  }
  if (request.options.choice && gold.choice != '\0' && pred.is_choice_only) {
    return Decided(gold.choice == pred.choice ? Decision::kCorrect : Decision::kIncorrect, "choice");
  }
  if (gold.is_text && pred.is_text) {
    return Decided(SameWords(gold.words, pred.words) || SameWords(pred.words, gold.words) ? Decision::kCorrect : Decision::kIncorrect,
                   "text");
  }
  if (gold.is_clock && pred.is_clock) {
    const bool same = gold.words == pred.words || gold.words.starts_with(pred.words + " ") || pred.words.starts_with(gold.words + " ");
    return Decided(same ? Decision::kCorrect : Decision::kIncorrect, "clock");
  }
  if (gold.readings.empty()) {
    return Decided(Decision::kUndecided, ParseProblem("parse_gold", gold));
  }
  if (pred.readings.empty()) {
    return Decided(Decision::kUndecided, ParseProblem("parse_pred", pred));
  }
  return CompareReadings(gold, pred, request, arena);
}

std::string_view Meaning(Decision decision) {
  switch (decision) {
    case Decision::kCorrect:
      return "equal";
    case Decision::kIncorrect:
      return "different";
    case Decision::kNoAnswer:
      return "no answer";
    case Decision::kUndecided:
      return "undecided";
    case Decision::kError:
      return "error";
  }
  return "";
}

std::string Reason(const Result& result, std::string_view gold, std::string_view pred, const Answer& gold_answer,
                   const Answer& pred_answer) {
  std::string reason =
      fmt::format("gold {}, answer {}: {} ({})", Excerpt(TrimSpace(gold)), Excerpt(TrimSpace(pred)), Meaning(result.decision), result.rule);
  if (result.rule == "parse_gold" || result.rule == "parse_pred") {
    reason += fmt::format(": {}", result.rule == "parse_gold" ? gold_answer.problem : pred_answer.problem);
  }
  return reason;
}

}  // namespace

Result CompareAnswers(std::string_view gold, std::string_view pred, const Request& request) noexcept {
  try {
    RegisterThread();
    Budget budget(request.limits);
    Arena arena(budget);
    Answer gold_answer;
    Answer pred_answer;
    Result result = Decide(gold, pred, request, arena, gold_answer, pred_answer);
    result.reason = Reason(result, gold, pred, gold_answer, pred_answer);
    result.cost = budget.used();
    if (request.explain) {
      result.gold = gold_answer.readings.empty() ? "" : ToText(gold_answer.readings[0].expr, 4000);
      result.pred = pred_answer.readings.empty() ? "" : ToText(pred_answer.readings[0].expr, 4000);
    }
    return result;
  } catch (const std::exception&) {
    Result result;
    result.decision = Decision::kError;
    return result;
  }
}

std::string GoldProblem(std::string_view gold, const Request& request) noexcept {
  try {
    RegisterThread();
    Budget budget(request.limits);
    Arena arena(budget);
    if (TrimSpace(gold).empty()) {
      return "it is empty";
    }
    const Answer answer = ReadAnswer(gold, arena);
    return answer.readings.empty() && !answer.is_text ? std::string(answer.problem) : std::string();
  } catch (const std::exception&) {
    return "memory was refused";
  }
}

std::string ReadOptions(std::string_view metadata, Options& options) {
  if (metadata.empty()) {
    return {};
  }
  const absl::StatusOr<Json> object = ParseJson(metadata, "verifier options");
  if (!object.ok()) {
    return std::string(Message(object.status()));
  }
  if (!object->is_object()) {
    return fmt::format("verifier options: expected a JSON object, found {}", object->type_name());
  }
  const std::pair<std::string_view, bool*> flags[] = {{"gold_decimal_rounding", &options.gold_decimal_rounding},
                                                      {"decimal_refines_gold", &options.decimal_refines_gold},
                                                      {"percent_is_fraction", &options.percent_is_fraction},
                                                      {"percent_is_bare", &options.percent_is_bare},
                                                      {"degree_radian", &options.degree_radian},
                                                      {"unit_omitted", &options.unit_omitted},
                                                      {"unit_convert", &options.unit_convert},
                                                      {"currency_omitted", &options.currency_omitted},
                                                      {"interval_relation", &options.interval_relation},
                                                      {"labels", &options.labels},
                                                      {"assignments_as_tuple", &options.assignments_as_tuple},
                                                      {"bound_rename", &options.bound_rename},
                                                      {"param_rename", &options.param_rename},
                                                      {"symbol_case_fold", &options.symbol_case_fold},
                                                      {"vector_tuple", &options.vector_tuple},
                                                      {"ratio", &options.ratio},
                                                      {"imaginary_j", &options.imaginary_j},
                                                      {"numeric_constants", &options.numeric_constants},
                                                      {"choice", &options.choice}};
  for (const auto& item : object->items()) {
    bool found = false;
    for (const auto& [name, value] : flags) {
      if (name == item.key() && item.value().is_boolean()) {
        *value = item.value().get<bool>();
        found = true;
      } else if (name == item.key()) {
        return fmt::format("verifier options: \"{}\" is {}; expected true or false", name, DumpJson(item.value()));
      }
    }
    if (item.key() == "pred_decimal_min_sig") {
      if (!item.value().is_number_integer() || item.value().get<int64_t>() < 0 || item.value().get<int64_t>() > 100) {
        return fmt::format("verifier options: \"pred_decimal_min_sig\" is {}; expected a whole number from 0 to 100",
                           DumpJson(item.value()));
      }
      options.pred_decimal_min_sig = item.value().get<int>();
      found = true;
    }
    if (!found) {
      return fmt::format("verifier options: there is no option \"{}\"; docs/verifiers.md lists those of the math verifier", item.key());
    }
  }
  return {};
}

}  // namespace cupel::math
