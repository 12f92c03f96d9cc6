// futoshiki, kakurasu and survo: grids of numbers under constraints.

#include <numeric>
#include <set>

#include "datasets/procedural/latin.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr Setting kFutoshikiSettings[] = {
    {"size", "rows and columns", "4|4|5|5|6", 3, 8},
    {"inequalities", "signs between neighbours, before cells are emptied", "6|8|10|12|14", 0, 60},
    {"max_given", "most numbers given; more if the solution needs them", "6|4|6|3|4", 0, 64},
};
constexpr Setting kKakurasuSettings[] = {
    {"rows", "rows", "4|4|5|6|7", 3, 9},
    {"cols", "columns", "4|4|5|6|7", 3, 9},
    {"p_ones", "share of ones", "0.4|0.45|0.45|0.5|0.5", 0.1, 0.9},
};
constexpr Setting kSurvoSettings[] = {
    {"rows", "rows without the sums", "2|3|3|3|4", 2, 6},
    {"cols", "columns without the sums", "3|3|4|4|5", 2, 7},
    {"empty", "empty cells", "4|6|8|10|14", 2, 42},
};

std::string Less(int cell, int size) { return fmt::format("r{}c{}", cell / size + 1, cell % size + 1); }

// Signs are planted in a random Latin square, then cells are emptied while the solution stays unique.
absl::StatusOr<Item> GenerateFutoshiki(const Settings& settings, ItemRandom& random, int64_t index) {
  const auto size = static_cast<int>(settings.Int("size"));
  const auto side = static_cast<size_t>(size);
  Grid solved;
  LatinSolver(size, 0, 0).Count(Grid(side, std::vector<int>(side)), 1, &solved, &random);
  const auto at = [&](int cell) { return solved[static_cast<size_t>(cell / size)][static_cast<size_t>(cell % size)]; };
  std::vector<std::pair<int, int>> neighbours;
  for (int cell = 0; cell < size * size; ++cell) {
    if (cell % size + 1 < size) {
      neighbours.emplace_back(cell, cell + 1);
    }
    if (cell / size + 1 < size) {
      neighbours.emplace_back(cell, cell + size);
    }
  }
  random.Shuffle(neighbours);
  neighbours.resize(std::min(neighbours.size(), static_cast<size_t>(settings.Int("inequalities"))));
  LatinSolver solver(size, 0, 0);
  std::vector<std::string> signs;
  Json less = Json::array();
  for (auto [a, b] : neighbours) {
    if (at(a) > at(b)) {
      std::swap(a, b);
    }
    solver.AddLess(a, b);
    signs.push_back(Less(a, size) + " < " + Less(b, size));
    less.push_back({a, b});
  }
  std::vector<int> cells(side * side);
  std::iota(cells.begin(), cells.end(), 0);
  random.Shuffle(cells);
  const Grid puzzle = EmptyCells(solver, solved, cells, size * size - settings.Int("max_given"));
  Json metadata = BeginMetadata("futoshiki", index);
  metadata["puzzle"] = puzzle;
  metadata["less"] = std::move(less);
  return CupelItem(
      settings,
      fmt::format("Fill the empty cells (_) so that every row and every column holds the numbers 1 to {} once:\n{}\nr1c2 is the cell in "
                  "row 1 and column 2. These must hold: {}.\nAnswer with the whole grid: one row on each line, numbers separated by "
                  "blanks.",
                  size, GridText(puzzle, "_"), signs.empty() ? "nothing more" : Joined(signs)),
      GridText(solved), std::move(metadata));
}

absl::StatusOr<Item> GenerateKakurasu(const Settings& settings, ItemRandom& random, int64_t index) {
  const auto rows = static_cast<size_t>(settings.Int("rows")), columns = static_cast<size_t>(settings.Int("cols"));
  Grid solved(rows, std::vector<int>(columns));
  std::vector<int64_t> row_sums(rows), column_sums(columns);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) {
      solved[r][c] = random.Chance(settings.Real("p_ones")) ? 1 : 0;
      row_sums[r] += solved[r][c] * static_cast<int64_t>(c + 1);
      column_sums[c] += solved[r][c] * static_cast<int64_t>(r + 1);
    }
  }
  Json metadata = BeginMetadata("kakurasu", index);
  metadata["row_sums"] = row_sums;
  metadata["col_sums"] = column_sums;
  return CupelItem(
      settings,
      fmt::format("Fill a grid of {} rows and {} columns with 0 and 1. A 1 in column j adds j to the sum of its row, and a 1 in row i "
                  "adds i to the sum of its column. The row sums are {} and the column sums are {}. Answer with the grid: one row on "
                  "each line, numbers separated by blanks.",
                  rows, columns, Joined(row_sums), Joined(column_sums)),
      GridText(solved), std::move(metadata));
}

absl::StatusOr<Item> GenerateSurvo(const Settings& settings, ItemRandom& random, int64_t index) {
  const auto rows = static_cast<size_t>(settings.Int("rows")), columns = static_cast<size_t>(settings.Int("cols"));
  const size_t num_empty = std::min(rows * columns, static_cast<size_t>(settings.Int("empty")));
  std::vector<int> numbers(rows * columns);
  std::iota(numbers.begin(), numbers.end(), 1);
  random.Shuffle(numbers);
  Grid solved(rows, std::vector<int>(columns));
  std::vector<int64_t> row_sums(rows), column_sums(columns);
  for (size_t i = 0; i < numbers.size(); ++i) {
    solved[i / columns][i % columns] = numbers[i];
    row_sums[i / columns] += numbers[i];
    column_sums[i % columns] += numbers[i];
  }
  Grid puzzle = solved;
  std::vector<int> missing;
  for (const size_t cell : random.Sample(numbers.size(), num_empty)) {
    missing.push_back(numbers[cell]);
    puzzle[cell / columns][cell % columns] = 0;
  }
  std::ranges::sort(missing);
  std::string text;
  for (size_t r = 0; r < rows; ++r) {
    text += GridText({puzzle[r]}, "_") + fmt::format(" | {}\n", row_sums[r]);
  }
  Json metadata = BeginMetadata("survo", index);
  metadata["puzzle"] = puzzle;
  metadata["row_sums"] = row_sums;
  metadata["col_sums"] = column_sums;
  metadata["candidate_numbers"] = missing;
  return CupelItem(
      settings,
      fmt::format("Put the numbers {} into the empty cells (_), each once, so that every row has the sum behind | and the columns have "
                  "the sums {}:\n{}Answer with the filled grid without the sums: one row on each line, numbers separated by blanks.",
                  Joined(missing), Joined(column_sums), text),
      GridText(solved), std::move(metadata));
}

}  // namespace

const Family kFutoshikiFamily = {"futoshiki", "a Latin square under inequalities", kFutoshikiSettings, GenerateFutoshiki};
const Family kKakurasuFamily = {"kakurasu", "zeros and ones with weighted sums", kKakurasuSettings, GenerateKakurasu};
const Family kSurvoFamily = {"survo", "numbers placed once with given sums", kSurvoSettings, GenerateSurvo};

}  // namespace cupel
