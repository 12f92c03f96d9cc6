#include "verifiers/math/verify.h"

#include <algorithm>
#include <exception>
#include <flint/flint.h>
#include <optional>

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

// A number that is written with a point or as a fraction: what "2,74" may be.
bool IsFraction(Expr expr) {
  switch (expr->kind) {
    case Kind::kNumber:
      return expr->info > 0 || !expr->value.is_integer();
    case Kind::kQuantity:
    case Kind::kNegate:
      return IsFraction(expr->kid(0));
    case Kind::kDivide:
      return std::ranges::all_of(expr->kids, [](Expr kid) { return kid->Is(Kind::kNumber); });
    default:
      return false;
  }
}

// "decreasing on (0, 1)", "increasing on (0, 1)": words around both values, of which neither answer says all that the other does.
bool SayOtherwise(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const auto includes = [](const std::vector<std::string>& all, const std::vector<std::string>& some) {
    return std::ranges::all_of(some, [&](const std::string& word) { return std::ranges::find(all, word) != all.end(); });
  };
  return !a.empty() && !b.empty() && !includes(a, b) && !includes(b, a);
}

// "2n + 1, n whole" is not "2n + 1, n natural", nor are two families of natural n one because their residues are. Functions and terms of
// sequences have their domain from the question.
bool DomainsDiffer(const Answer& gold, const Answer& pred, Expr expr, std::string_view rule) {
  const bool is_definition = expr->Is(Kind::kRelation) && expr->text == "=" &&
                             (expr->kid(0)->Is(Kind::kApply) || expr->kid(0)->text.find('_') != std::string::npos);
  const bool both = gold.domain != Domain::kUnsaid && pred.domain != Domain::kUnsaid;
  return both && !is_definition && (gold.domain != pred.domain || (gold.domain == Domain::kNatural && rule == "families"));
}

bool HasUnit(Expr expr) {
  return AnyNode(expr, [](const Node& node) { return node.kind == Kind::kQuantity; });
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
      if ((g.is_decimal_comma && (p.is_decimal_comma || !IsFraction(p.expr))) || (p.is_decimal_comma && !IsFraction(g.expr)) ||
          (g.needs_unit && !HasUnit(p.expr)) || (p.needs_unit && !HasUnit(g.expr))) {
        continue;
      }
      if (SayOtherwise(g.words, p.words) || g.extreme * p.extreme < 0) {
        first = has_first ? first : IsDifferentBy("text");
        has_first = true;
        continue;
      }
      Comparer comparer(arena, request.options);
      comparer.Declare(g, p);
      const auto folded = [&](Expr expr) { return request.options.symbol_case_fold ? FoldSymbolCase(arena, expr) : expr; };
      const Judgement judgement = comparer.Compare(folded(g.expr), folded(p.expr));
      if (arena.is_full()) {
        return Decided(Decision::kUndecided, "budget_nodes");
      }
      Equality conditions = judgement.is_equal() ? comparer.CompareConditions(g, p) : Equality::kEqual;
      if (judgement.is_equal() && comparer.DeclareOtherwise(g.expr, p.expr)) {
        conditions = Equality::kDifferent;
      }
      if (conditions != Equality::kEqual || (judgement.is_equal() && DomainsDiffer(gold, pred, g.expr, judgement.rule))) {
        first = has_first ? first : conditions == Equality::kUnknown ? IsUnknownFor("no_rule") : IsDifferentBy("conditions");
        has_first = true;
        continue;
      }
      if (judgement.is_equal()) {
        return Decided(Decision::kCorrect, judgement.rule);
      }
      if (!has_first) {
        first = judgement;
        has_first = true;
      }
    }
  }
  if (arena.budget().is_spent()) {
    return Decided(Decision::kUndecided, "budget_steps");
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

// What a text's only box holds, where there is one, and a gold's last box; a box that never closes ends with the gold's text.
std::string_view Unboxed(std::string_view text, bool is_gold) {
  const BoxScan boxes = ScanBoxes(text);
  if (boxes.last && (is_gold || boxes.filled + boxes.bare == 1)) {
    return text.substr(static_cast<size_t>(boxes.last->begin), static_cast<size_t>(boxes.last->end - boxes.last->begin));
  }
  const size_t open = text.find("\\boxed{");
  if (is_gold && boxes.filled == 0 && boxes.unclosed == 1 && open != std::string_view::npos) {
    return text.substr(open + 7);
  }
  return text;
}

// Answers that are no mathematics: letters of multiple choice, words, times of day. nullopt where one of them is.
std::optional<Result> ComparePlain(const Answer& gold, const Answer& pred, const Options& options) {
  const auto decided = [](bool same, std::string_view rule) { return Decided(same ? Decision::kCorrect : Decision::kIncorrect, rule); };
  if (options.choice) {
    if ((gold.choice.is_all && pred.choice.letter != '\0') || (pred.choice.is_all && gold.choice.letter != '\0')) {
      return decided(gold.choice.letter == pred.choice.letter, "choice");
    }
    if (gold.choices.is_joined != pred.choices.is_joined && !gold.choices.letters.empty() && gold.choices.letters == pred.choices.letters) {
      return decided(true, "choice");
    }
  }
  if (!gold.capitals.empty() && !pred.capitals.empty() && gold.capitals != pred.capitals) {
    return decided(false, "text");
  }
  const Statement& said = pred.statement;
  if (gold.statement.truth != 0 && said.truth != 0 && (gold.statement.is_truth || (said.is_truth && gold.is_text))) {
    return decided(gold.statement.truth == said.truth, "text");
  }
  const bool weak = gold.statement.truth != 0 && gold.statement.truth == said.truth && gold.is_text && pred.is_text;
  if (weak && gold.statement.content.size() <= 2 && said.content.size() <= 2) {  // impossible, not possible
    return decided(true, "text");
  }
  if (gold.statement.says_none && said.says_none) {
    return decided(true, "text");
  }
  if ((gold.is_text || pred.is_text) && SameStatement(gold.statement, said)) {
    return decided(true, "text");
  }
  if (!gold.statement.denied_kinds.empty() && !said.denied_kinds.empty()) {
    return gold.statement.denied_kinds == said.denied_kinds ? decided(true, "text") : Decided(Decision::kUndecided, "needs_prose");
  }
  if (gold.is_text && pred.is_text) {
    return decided(false, "text");
  }
  if (options.clock_literal && gold.clock.is_clock && pred.clock.is_clock) {
    return decided(SameClock(gold.clock, pred.clock), "clock");
  }
  return std::nullopt;
}

Result Decide(std::string_view gold_text, std::string_view pred_text, const Request& request, Arena& arena, Answer& gold, Answer& pred) {
  if (TrimSpace(gold_text).empty()) {
    return Decided(Decision::kUndecided, "parse_gold");
  }
  if (TrimSpace(pred_text).empty()) {
    return Decided(Decision::kNoAnswer, "blank");
  }
  const bool is_copy = TrimSpace(gold_text) == TrimSpace(pred_text);  // then both are unpacked by the gold's rules
  const std::string joined_gold = JoinedBoxes(gold_text, true);
  const std::string joined_pred = JoinedBoxes(pred_text, is_copy);
  gold_text = joined_gold.empty() ? Unboxed(gold_text, true) : std::string_view(joined_gold);
  pred_text = joined_pred.empty() ? Unboxed(pred_text, is_copy) : std::string_view(joined_pred);
  gold = ReadAnswer(gold_text, request.options, arena);
  pred = ReadAnswer(pred_text, request.options, arena);
  if (TrimSpace(gold_text) == TrimSpace(pred_text) && gold.canonical.size() > 2) {
    return Decided(Decision::kCorrect, "tokens");
  }
  if (pred.is_question && !gold.is_question) {
    return Decided(Decision::kIncorrect, "question");
  }
  if (!gold.canonical.empty() && gold.canonical == pred.canonical) {
    return Decided(Decision::kCorrect, "tokens");
  }
  if (const std::optional<Result> plain = ComparePlain(gold, pred, request.options)) {
    return *plain;
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
    const Answer answer = ReadAnswer(Unboxed(gold, true), request.options, arena);
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
                                                      {"plus_minus_independent", &options.plus_minus_independent},
                                                      {"equation_vs_expression", &options.equation_vs_expression},
                                                      {"antiderivative_constant", &options.antiderivative_constant},
                                                      {"base_subscript", &options.base_subscript},
                                                      {"words", &options.words},
                                                      {"clock_literal", &options.clock_literal},
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
