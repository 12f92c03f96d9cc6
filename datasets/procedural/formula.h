#pragma once

#include <bitset>
#include <optional>
#include <string_view>

namespace cupel {

// The truth values of a formula under all assignments of at most eight variables: bit a is its value when variable i is bit i of a.
using TruthTable = std::bitset<256>;

// Reads a formula over `variables` (one capital letter each). Operators from the strongest: not (¬ ~ !), and (∧ &), or (∨ |), implies (→
// ->), if and only if (↔ <->); parentheses. "A → B → C" and "A ↔ B ↔ C" are refused, because they are read in two ways. nullopt for
// anything else, for another letter, beyond 4096 bytes or 64 levels.
std::optional<TruthTable> ReadFormula(std::string_view text, std::string_view variables);

// The rows that stand for assignments of so many variables.
TruthTable AllRows(size_t num_variables);

}  // namespace cupel
