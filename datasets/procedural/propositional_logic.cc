// propositional_logic: find a conclusion. It must follow from the premises together and from none of them alone, which rules out premises,
// weakened premises and tautologies.

#include <optional>

#include "datasets/procedural/formula.h"
#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "propositional_logic";
constexpr Setting kSettings[] = {
    {"variables", "number of variables", "3|3|4|5|6", 2, 8},
    {"premises", "number of premises", "2|3|3|4|5", 2, 10},
    {"depth", "nesting of a premise", "1|1|2|2|2", 1, 3},
};

std::string Literal(char variable, bool is_negated) { return (is_negated ? "¬" : "") + std::string(1, variable); }

std::string DrawFormula(const std::string& variables, int64_t depth, ItemRandom& random) {
  if (depth == 0) {
    return Literal(random.Choice(variables), random.Below(3) == 0);
  }
  constexpr std::string_view kOperators[] = {"∧", "∨", "→", "→", "↔"};
  const std::string_view op = random.Choice(kOperators);
  const std::string left = DrawFormula(variables, random.Below(3) == 0 ? 0 : depth - 1, random);
  return fmt::format("({} {} {})", left, op, DrawFormula(variables, random.Below(3) == 0 ? 0 : depth - 1, random));
}

// Literals, and disjunctions and implications of two.
std::vector<std::string> Candidates(const std::string& variables) {
  std::vector<std::string> candidates;
  for (const char a : variables) {
    for (const bool not_a : {false, true}) {
      candidates.push_back(Literal(a, not_a));
      for (const char b : variables) {
        if (a != b) {
          candidates.push_back(fmt::format("({} → {})", Literal(a, not_a), b));
          candidates.push_back(fmt::format("({} ∨ {})", Literal(a, not_a), b));
        }
      }
    }
  }
  return candidates;
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  // Letters that differ from item to item: a fixed conclusion names the wrong ones.
  constexpr std::string_view kLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ";
  for (int attempt = 0; attempt < 10000; ++attempt) {
    std::string variables;
    for (const size_t i : random.Sample(kLetters.size(), static_cast<size_t>(settings.Int("variables")))) {
      variables += kLetters[i];
    }
    std::vector<std::string> premises;
    std::vector<TruthTable> tables;
    TruthTable together = AllRows(variables.size());
    for (int64_t i = 0; i < settings.Int("premises"); ++i) {
      premises.push_back(DrawFormula(variables, settings.Int("depth"), random));
      tables.push_back(*ReadFormula(premises.back(), variables));
      together &= tables.back();
    }
    std::vector<std::string> conclusions;
    if (together.any()) {
      for (const std::string& candidate : Candidates(variables)) {
        const TruthTable table = *ReadFormula(candidate, variables);
        const auto follows = [&](const TruthTable& from) { return (from & ~table).none(); };
        if (follows(together) && std::ranges::none_of(tables, follows)) {
          conclusions.push_back(candidate);
        }
      }
    }
    if (conclusions.empty()) {
      continue;
    }
    std::string text;
    for (size_t i = 0; i < premises.size(); ++i) {
      text += fmt::format("{}. {}\n", i + 1, premises[i]);
    }
    Json metadata = BeginMetadata(kName, index);
    metadata["variables"] = variables;
    metadata["premises"] = premises;
    return CupelItem(
        settings,
        fmt::format("These statements hold (¬ not, ∧ and, ∨ or, → implies, ↔ if and only if):\n{}State one conclusion that follows from "
                    "them together, but from none of them alone. Answer with a formula in the same notation.",
                    text),
        random.Choice(conclusions), std::move(metadata));
  }
  return InvalidArgument("propositional_logic: no premises with such a conclusion were found; raise premises or lower variables");
}

}  // namespace

const Family kPropositionalLogicFamily = {kName, "find what follows from premises", kSettings, Generate};

}  // namespace cupel
