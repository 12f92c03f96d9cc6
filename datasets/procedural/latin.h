#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "datasets/procedural/item_text.h"

namespace cupel {

// Solves squares of numbers 1 to n in which no row, column or box holds a number twice, by backtracking on the cell with the fewest
// candidates. Used to prove that a puzzle has one solution.
class LatinSolver {
 public:
  // Boxes of box_rows x box_columns; 0 x 0: none. At most 16 x 16.
  LatinSolver(int size, int box_rows, int box_columns);

  // cell (row * size + column) `less` holds a smaller number than cell `more`.
  void AddLess(int less, int more) { less_.emplace_back(less, more); }

  // Number of solutions that keep the numbers of `given` (0: free), counted up to `limit`; the first is put into `solution` if not null.
  // With `random`, candidates are tried in random order.
  int Count(const Grid& given, int limit, Grid* solution = nullptr, ItemRandom* random = nullptr);

 private:
  bool Place(int cell, int number);
  void Remove(int cell);
  unsigned Candidates(int cell) const;
  int Search(int limit, Grid* solution, ItemRandom* random);

  int size_;
  int box_rows_;
  int box_columns_;
  std::vector<std::pair<int, int>> less_;
  std::vector<int> numbers_;
  std::vector<unsigned> rows_, columns_, boxes_;  // bit k: number k + 1 is used
};

// Empties cells of a solved square in the order of `cells` while it keeps one solution, until `num_empty` are empty.
Grid EmptyCells(LatinSolver& solver, const Grid& solved, const std::vector<int>& cells, int64_t num_empty);

}  // namespace cupel
