#include "datasets/procedural/latin.h"

#include <bit>

namespace cupel {

LatinSolver::LatinSolver(int size, int box_rows, int box_columns) : size_(size), box_rows_(box_rows), box_columns_(box_columns) {}

namespace {

int BoxOf(int cell, int size, int box_rows, int box_columns) {
  return box_rows == 0 ? 0 : cell / size / box_rows * (size / box_columns) + cell % size / box_columns;
}

}  // namespace

unsigned LatinSolver::Candidates(int cell) const {
  unsigned used = rows_[static_cast<size_t>(cell / size_)] | columns_[static_cast<size_t>(cell % size_)];
  if (box_rows_ > 0) {
    used |= boxes_[static_cast<size_t>(BoxOf(cell, size_, box_rows_, box_columns_))];
  }
  unsigned free = ~used & ((1U << size_) - 1);
  for (const auto& [less, more] : less_) {
    if (less == cell) {
      const int bound = numbers_[static_cast<size_t>(more)];
      free &= bound > 0 ? (1U << (bound - 1)) - 1 : (1U << (size_ - 1)) - 1;
    } else if (more == cell) {
      const int bound = std::max(1, numbers_[static_cast<size_t>(less)]);
      free &= ~((1U << bound) - 1);
    }
  }
  return free;
}

bool LatinSolver::Place(int cell, int number) {
  const unsigned bit = 1U << (number - 1);
  if ((Candidates(cell) & bit) == 0) {
    return false;
  }
  numbers_[static_cast<size_t>(cell)] = number;
  rows_[static_cast<size_t>(cell / size_)] |= bit;
  columns_[static_cast<size_t>(cell % size_)] |= bit;
  boxes_[static_cast<size_t>(BoxOf(cell, size_, box_rows_, box_columns_))] |= bit;
  return true;
}

void LatinSolver::Remove(int cell) {
  const unsigned bit = ~(1U << (numbers_[static_cast<size_t>(cell)] - 1));
  rows_[static_cast<size_t>(cell / size_)] &= bit;
  columns_[static_cast<size_t>(cell % size_)] &= bit;
  boxes_[static_cast<size_t>(BoxOf(cell, size_, box_rows_, box_columns_))] &= bit;
  numbers_[static_cast<size_t>(cell)] = 0;
}

int LatinSolver::Search(int limit, Grid* solution, ItemRandom* random) {
  int best = -1;
  unsigned best_free = 0;
  for (int cell = 0; cell < size_ * size_ && std::popcount(best_free) != 1; ++cell) {
    if (numbers_[static_cast<size_t>(cell)] > 0) {
      continue;
    }
    const unsigned free = Candidates(cell);
    if (best < 0 || std::popcount(free) < std::popcount(best_free)) {
      best = cell;
      best_free = free;
    }
    if (free == 0) {
      return 0;
    }
  }
  if (best < 0) {
    for (int cell = 0; solution != nullptr && cell < size_ * size_; ++cell) {
      (*solution)[static_cast<size_t>(cell / size_)][static_cast<size_t>(cell % size_)] = numbers_[static_cast<size_t>(cell)];
    }
    return 1;
  }
  std::vector<int> order;
  for (int number = 1; number <= size_; ++number) {
    if ((best_free >> (number - 1) & 1) != 0) {
      order.push_back(number);
    }
  }
  if (random != nullptr) {
    random->Shuffle(order);
  }
  int count = 0;
  for (const int number : order) {
    if (!Place(best, number)) {
      continue;
    }
    count += Search(limit - count, count == 0 ? solution : nullptr, random);
    Remove(best);
    if (count >= limit) {
      break;
    }
  }
  return count;
}

int LatinSolver::Count(const Grid& given, int limit, Grid* solution, ItemRandom* random) {
  const auto size = static_cast<size_t>(size_);
  numbers_.assign(size * size, 0);
  rows_.assign(size, 0);
  columns_.assign(size, 0);
  boxes_.assign(size, 0);
  if (solution != nullptr) {
    solution->assign(size, std::vector<int>(size));
  }
  for (int cell = 0; cell < size_ * size_; ++cell) {
    const int number = given[static_cast<size_t>(cell / size_)][static_cast<size_t>(cell % size_)];
    if (number > 0 && !Place(cell, number)) {
      return 0;
    }
  }
  return Search(limit, solution, random);
}

Grid EmptyCells(LatinSolver& solver, const Grid& solved, const std::vector<int>& cells, int64_t num_empty) {
  Grid puzzle = solved;
  const auto size = static_cast<int>(solved.size());
  int64_t count = 0;
  for (const int cell : cells) {
    int& number = puzzle[static_cast<size_t>(cell / size)][static_cast<size_t>(cell % size)];
    const int saved = number;
    number = 0;
    if (solver.Count(puzzle, 2) > 1) {
      number = saved;
    } else if (++count == num_empty) {
      break;
    }
  }
  return puzzle;
}

}  // namespace cupel
