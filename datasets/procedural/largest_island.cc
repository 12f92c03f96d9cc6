// largest_island: the largest connected area of a grid. Ours asks for its cells.

#include <array>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "largest_island";
constexpr Setting kSettings[] = {
    {"rows", "rows of the grid", "5|6|7|9|12", 3, 30},
    {"cols", "columns of the grid", "5|6|7|9|12", 3, 30},
    {"num_islands", "islands drawn; some grow together", "3|4|5|7|10", 1, 60},
    {"island_size", "steps of the random walk that makes an island", "5|6|8|10|14", 2, 100},
};
constexpr Setting kRgSettings[] = {
    {"min_rows", "fewest rows", "5", 1, 200},
    {"max_rows", "most rows", "10", 1, 200},
    {"min_cols", "fewest columns", "5", 1, 200},
    {"max_cols", "most columns", "10", 1, 200},
    {"min_num_islands", "fewest islands", "0", 0, 1000},
    {"max_num_islands", "most islands", "5", 0, 1000},
    {"min_island_size", "least size", "0", 0, 10000},
    {"max_island_size", "largest size", "10", 0, 10000},
};

struct Step {
  int rows;
  int columns;
};

class Sea {
 public:
  Sea(int64_t rows, int64_t columns)
      : grid_(static_cast<size_t>(rows), std::vector<int>(static_cast<size_t>(columns))),
        rows_(static_cast<int>(rows)),
        columns_(static_cast<int>(columns)) {}

  void AddIsland(ItemRandom& random, int64_t low, int64_t high) {
    int row = static_cast<int>(random.Int(0, rows_ - 1));
    int column = static_cast<int>(random.Int(0, columns_ - 1));
    const int64_t size = std::min<int64_t>(random.Int(low, high), int64_t{rows_} * columns_);
    for (int64_t i = 0; i < size; ++i) {
      At(row, column) = 1;
      random.Shuffle(steps_);
      for (const Step& step : steps_) {
        if (IsInside(row + step.rows, column + step.columns) && At(row + step.rows, column + step.columns) == 0) {
          row += step.rows;
          column += step.columns;
          break;
        }
      }
    }
  }

  // The cells, row * columns + column, of the first of the largest islands.
  std::vector<int> Largest() const {
    std::vector<int> best;
    std::vector<bool> seen(static_cast<size_t>(rows_ * columns_));
    for (int cell = 0; cell < rows_ * columns_; ++cell) {
      std::vector<int> island = Flood(cell, seen);
      if (island.size() > best.size()) {
        best = std::move(island);
      }
    }
    std::ranges::sort(best);
    return best;
  }

  const Grid& grid() const { return grid_; }

 private:
  int& At(int row, int column) { return grid_[static_cast<size_t>(row)][static_cast<size_t>(column)]; }
  bool IsInside(int row, int column) const { return row >= 0 && row < rows_ && column >= 0 && column < columns_; }

  std::vector<int> Flood(int start, std::vector<bool>& seen) const {
    std::vector<int> cells;
    const auto visit = [&](int row, int column) {
      if (IsInside(row, column) && grid_[static_cast<size_t>(row)][static_cast<size_t>(column)] == 1 &&
          !seen[static_cast<size_t>(row * columns_ + column)]) {
        seen[static_cast<size_t>(row * columns_ + column)] = true;
        cells.push_back(row * columns_ + column);
      }
    };
    visit(start / columns_, start % columns_);
    for (size_t head = 0; head < cells.size(); ++head) {
      for (const Step& step : steps_) {
        visit(cells[head] / columns_ + step.rows, cells[head] % columns_ + step.columns);
      }
    }
    return cells;
  }

  Grid grid_;
  int rows_;
  int columns_;
  std::vector<Step> steps_ = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};  // shuffled in place, island after island, as reasoning-gym does
};

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t rows = random.Int(settings.Int("min_rows"), settings.Int("max_rows"));
  const int64_t columns = random.Int(settings.Int("min_cols"), settings.Int("max_cols"));
  const int64_t islands = random.Int(settings.Int("min_num_islands"), settings.Int("max_num_islands"));
  Sea sea(rows, columns);
  for (int64_t i = 0; i < islands; ++i) {
    sea.AddIsland(random, settings.Int("min_island_size"), settings.Int("max_island_size"));
  }
  const size_t area = sea.Largest().size();
  Json metadata = BeginMetadata(kName, index);
  metadata["grid"] = sea.grid();
  metadata["solution"] = area;
  metadata["difficulty"] = {{"rows", RangeOf(settings, "rows")},
                            {"cols", RangeOf(settings, "cols")},
                            {"num_islands", RangeOf(settings, "num_islands")},
                            {"island_size", RangeOf(settings, "island_size")}};
  return RgItem(
      fmt::format("You are given the following {} x {} binary matrix grid:\n{}\n\nAn island is a group of 1's (representing land) "
                  "connected 4-directionally (horizontal or vertical).\nYou may assume all four edges of the grid are surrounded by "
                  "water.\n\nThe area of an island is the number of cells with a value 1 in the island.\n\nReturn the maximum area "
                  "of an island in grid. If there is no island, return 0.\n",
                  rows, columns, GridText(sea.grid())),
      std::to_string(area), metadata);
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  Sea sea(settings.Int("rows"), settings.Int("cols"));
  for (int64_t i = 0; i < settings.Int("num_islands"); ++i) {
    sea.AddIsland(random, 2, settings.Int("island_size"));
  }
  const std::vector<int> island = sea.Largest();
  const int columns = static_cast<int>(settings.Int("cols"));
  std::vector<std::string> cells;
  for (const int cell : island) {
    cells.push_back(fmt::format("({}, {})", cell / columns + 1, cell % columns + 1));
  }
  Json metadata = BeginMetadata(kName, index);
  metadata["grid"] = sea.grid();
  metadata["area"] = island.size();
  return CupelItem(
      settings,
      fmt::format("In this grid 1 is land and 0 is water; an island is land that hangs together by edges:\n{}\nName the cells of "
                  "the largest island (any, if several are largest) as (row, column), counted from 1 at the top left. Answer with "
                  "a list such as (1, 2), (1, 3).",
                  GridText(sea.grid())),
      Joined(cells), std::move(metadata));
}

}  // namespace

const Family kLargestIslandFamily = {kName, "the largest connected area of a grid", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
