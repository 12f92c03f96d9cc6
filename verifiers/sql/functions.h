#pragma once

#include <cstdint>
#include <string_view>

struct sqlite3;

namespace cupel::sql {

// Work that a query may still do; functions below take from it.
struct WorkBudget {
  int64_t steps_left = 0;
};

// Whether a query may call a function of SQLite: those that give the same for the same arguments, and nothing but a value.
bool IsAllowedFunction(std::string_view name);

// Puts LIKE, instr, replace and the trim functions of two arguments, whose work grows with the product of their arguments, in place of
// SQLite's. They give the same, and charge what they do to the budget, 64 comparisons a step; beyond it the query fails. False when SQLite
// has no memory. `budget` is borrowed as long as the connection lives.
bool ReplaceSlowFunctions(sqlite3* connection, WorkBudget* budget);

}  // namespace cupel::sql
