// sudoku and mini_sudoku: complete a square; one solution, proven.

#include <numeric>

#include "datasets/procedural/latin.h"
#include "datasets/procedural/python_set.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr Setting kSettings[] = {
    {"min_empty", "fewest empty cells", "10|25|35|42|48", 1, 58},
    {"max_empty", "most empty cells; fewer when the solution would not stay unique", "20|35|42|48|54", 1, 58},
};
constexpr Setting kMiniSettings[] = {
    {"min_empty", "fewest empty cells", "4|6|8|9|10", 1, 12},
    {"max_empty", "most empty cells; fewer when the solution would not stay unique", "6|8|10|11|12", 1, 12},
};
constexpr Setting kRgSettings[] = {
    {"min_empty", "fewest empty cells", "30", 0, 64},
    {"max_empty", "most empty cells", "50", 0, 64},
};
constexpr Setting kMiniRgSettings[] = {
    {"min_empty", "fewest empty cells", "8", 0, 12},
    {"max_empty", "most empty cells", "12", 0, 12},
};

int& CellAt(Grid& grid, int cell) {
  const auto size = static_cast<int>(grid.size());
  return grid[static_cast<size_t>(cell / size)][static_cast<size_t>(cell % size)];
}

bool IsFree(const Grid& grid, int cell, int number) {
  const auto size = static_cast<int>(grid.size());
  const int box = size == 9 ? 3 : 2;
  const int row = cell / size, column = cell % size;
  for (int i = 0; i < size; ++i) {
    const int r = row / box * box + i / box, c = column / box * box + i % box;
    if (grid[static_cast<size_t>(row)][static_cast<size_t>(i)] == number ||
        grid[static_cast<size_t>(i)][static_cast<size_t>(column)] == number ||
        grid[static_cast<size_t>(r)][static_cast<size_t>(c)] == number) {
      return false;
    }
  }
  return true;
}

// The candidates of a cell in the order in which reasoning-gym tries them: that of a Python set for 9 x 9, ascending for 4 x 4.
std::vector<int64_t> Candidates(const Grid& grid, int cell) {
  PythonSet set;
  std::vector<int64_t> ascending;
  for (int number = 1; number <= static_cast<int>(grid.size()); ++number) {
    if (IsFree(grid, cell, number)) {
      set.Add(number, number);
      ascending.push_back(number);
    }
  }
  return grid.size() == 9 ? set.Ids() : ascending;
}

// Fills the first empty cell first, by plain backtracking.
bool FillInOrder(Grid& grid, int first) {
  const auto size = static_cast<int>(grid.size());
  int cell = first;
  while (cell < size * size && CellAt(grid, cell) != 0) {
    ++cell;
  }
  if (cell == size * size) {
    return true;
  }
  for (const int64_t number : Candidates(grid, cell)) {
    CellAt(grid, cell) = static_cast<int>(number);
    if (FillInOrder(grid, cell + 1)) {
      return true;
    }
    CellAt(grid, cell) = 0;
  }
  return false;
}

// reasoning-gym's solved board: the boxes of the diagonal at random, the rest by backtracking.
Grid DrawSolved(int size, ItemRandom& random) {
  const int box = size == 9 ? 3 : 2;
  while (true) {
    Grid grid(static_cast<size_t>(size), std::vector<int>(static_cast<size_t>(size)));
    for (int corner = 0; corner < size; corner += box) {
      std::vector<int> numbers(static_cast<size_t>(size));
      std::iota(numbers.begin(), numbers.end(), 1);
      random.Shuffle(numbers);
      for (int i = 0; i < size; ++i) {
        CellAt(grid, (corner + i / box) * size + corner + i % box) = numbers[static_cast<size_t>(i)];
      }
    }
    if (FillInOrder(grid, 0)) {
      return grid;
    }
  }
}

struct Puzzle {
  Grid solved;
  Grid given;
  int64_t wanted = 0;
  int64_t num_empty = 0;
};

Puzzle Draw(int size, const Settings& settings, ItemRandom& random, bool is_rg) {
  Puzzle puzzle;
  const int box = size == 9 ? 3 : 2;
  LatinSolver solver(size, box, box);
  if (is_rg) {
    puzzle.solved = DrawSolved(size, random);
  } else {
    solver.Count(Grid(static_cast<size_t>(size), std::vector<int>(static_cast<size_t>(size))), 1, &puzzle.solved, &random);
  }
  puzzle.wanted = random.Int(settings.Int("min_empty"), settings.Int("max_empty"));
  std::vector<int> cells(static_cast<size_t>(size * size));
  std::iota(cells.begin(), cells.end(), 0);
  random.Shuffle(cells);
  puzzle.given = EmptyCells(solver, puzzle.solved, cells, puzzle.wanted);
  for (const std::vector<int>& row : puzzle.given) {
    puzzle.num_empty += std::ranges::count(row, 0);
  }
  return puzzle;
}

Item RgPuzzle(std::string_view name, int64_t index, const Settings& settings, const Puzzle& puzzle, std::string question,
              int64_t num_empty) {
  Json metadata = BeginMetadata(name, index);
  metadata["puzzle"] = puzzle.given;
  metadata["solution"] = puzzle.solved;
  metadata["num_empty"] = num_empty;
  metadata["difficulty"] = {{"empty", RangeOf(settings, "empty")}};
  return RgItem(std::move(question), GridText(puzzle.solved), metadata);
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const Puzzle puzzle = Draw(9, settings, random, true);
  return RgPuzzle(
      "sudoku", index, settings, puzzle,
      fmt::format("Solve this Sudoku puzzle:\n{}\nRespond with only your answer, formatted as the puzzle, a 9x9 grid with numbers "
                  "separated by spaces, and rows separated by newlines.",
                  GridText(puzzle.given, "_")),
      puzzle.wanted);
}

absl::StatusOr<Item> GenerateMiniRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const Puzzle puzzle = Draw(4, settings, random, true);
  return RgPuzzle(
      "mini_sudoku", index, settings, puzzle,
      fmt::format("In 4x4 Mini Sudoku:\n- Each row must contain each number from 1-4 exactly once\n- Each column must contain each "
                  "number 1-4 exactly once\n- Each 2x2 subgrid must contain each number 1-4 exactly once\nSolve this 4x4 Mini "
                  "Sudoku puzzle:\n{}\nFormat your response as the puzzle above, with spaces separating each number within a row, "
                  "and newlines separating rows.\n",
                  GridText(puzzle.given, "_")),
      puzzle.num_empty);
}

Item CupelPuzzle(std::string_view name, int size, const Settings& settings, ItemRandom& random, int64_t index) {
  const Puzzle puzzle = Draw(size, settings, random, false);
  Json metadata = BeginMetadata(name, index);
  metadata["puzzle"] = puzzle.given;
  metadata["num_empty"] = puzzle.num_empty;
  const int box = size == 9 ? 3 : 2;
  return CupelItem(
      settings,
      fmt::format("Fill the empty cells (_) so that every row, every column and every {}x{} box holds the numbers 1 to {}:\n{}\nAnswer "
                  "with the whole grid: one row on each line, numbers separated by blanks.",
                  box, box, size, GridText(puzzle.given, "_")),
      GridText(puzzle.solved), std::move(metadata));
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  return CupelPuzzle("sudoku", 9, settings, random, index);
}

absl::StatusOr<Item> GenerateMini(const Settings& settings, ItemRandom& random, int64_t index) {
  return CupelPuzzle("mini_sudoku", 4, settings, random, index);
}

}  // namespace

const Family kSudokuFamily = {"sudoku", "complete a 9x9 sudoku", kSettings, Generate, kRgSettings, GenerateRg};
const Family kMiniSudokuFamily = {"mini_sudoku", "complete a 4x4 sudoku", kMiniSettings, GenerateMini, kMiniRgSettings, GenerateMiniRg};

}  // namespace cupel
