// Checks of filled grids and of marked cells.

#include <algorithm>
#include <cstdlib>
#include <set>

#include <fmt/format.h>

#include "verifiers/answer/characters.h"
#include "verifiers/puzzles/checks.h"
#include "verifiers/puzzles/reading.h"

namespace cupel {
namespace {

// A grid of the answer with as many rows and columns as `shape`, its non-zero cells kept; nullopt and a reason otherwise.
std::optional<Grid> ReadFilled(std::string_view answer, const Grid& shape, std::string& problem) {
  std::optional<Grid> grid = ReadGrid(answer);
  if (!grid || grid->size() != shape.size()) {
    problem = fmt::format("not a grid of {} rows of numbers", shape.size());
    return std::nullopt;
  }
  for (size_t r = 0; r < shape.size(); ++r) {
    if (grid->at(r).size() != shape[r].size()) {
      problem = fmt::format("row {} does not have {} numbers", r + 1, shape[r].size());
      return std::nullopt;
    }
    for (size_t c = 0; c < shape[r].size(); ++c) {
      if (shape[r][c] != 0 && shape[r][c] != (*grid)[r][c]) {
        problem = fmt::format("the given number in row {}, column {} was changed", r + 1, c + 1);
        return std::nullopt;
      }
    }
  }
  return grid;
}

// Whether the cells hold 1 to n, each once.
bool IsComplete(std::vector<int> cells) {
  std::ranges::sort(cells);
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i] != static_cast<int>(i) + 1) {
      return false;
    }
  }
  return true;
}

// Rows, columns, and boxes of box x box where box is not 0.
Finding CheckLatin(const Grid& grid, size_t box) {
  for (size_t i = 0; i < grid.size(); ++i) {
    std::vector<int> column, square;
    for (size_t j = 0; j < grid.size(); ++j) {
      column.push_back(grid.at(j).at(i));
      if (box > 0) {
        square.push_back(grid.at(i / box * box + j / box).at(i % box * box + j % box));
      }
    }
    if (!IsComplete(grid[i]) || !IsComplete(column) || !IsComplete(square)) {
      return Wrong(fmt::format("row, column or box {} does not hold 1 to {}", i + 1, grid.size()));
    }
  }
  return Right();
}

using Cells = std::vector<std::pair<int, int>>;

// "(1, 2), (1, 3)", perhaps in [ ].
std::optional<Cells> ReadCells(std::string_view text) {
  text = TrimSpace(text);
  if (text.starts_with('[') && text.ends_with(']')) {
    text = text.substr(1, text.size() - 2);
  }
  Cells cells;
  while (cells.size() < kMaxItems) {
    text = TrimSpace(text);
    const size_t close = text.find(')');
    if (!text.starts_with('(') || close == std::string_view::npos) {
      return std::nullopt;
    }
    const auto pair = ReadIntegers(text.substr(1, close - 1));
    if (!pair || pair->size() != 2 || std::abs((*pair)[0]) > 1000 || std::abs((*pair)[1]) > 1000) {
      return std::nullopt;
    }
    cells.emplace_back(static_cast<int>((*pair)[0]), static_cast<int>((*pair)[1]));
    text = TrimSpace(text.substr(close + 1));
    if (text.empty()) {
      return cells;
    }
    if (text[0] != ',' && text[0] != ';') {
      return std::nullopt;
    }
    text.remove_prefix(1);
  }
  return std::nullopt;
}

}  // namespace

Finding CheckSudoku(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto puzzle = metadata.at("puzzle").get<Grid>();
  std::string problem;
  const auto grid = ReadFilled(answer, puzzle, problem);
  return grid ? CheckLatin(*grid, puzzle.size() == 9 ? 3 : 2) : Wrong(problem);
}

Finding CheckFutoshiki(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto puzzle = metadata.at("puzzle").get<Grid>();
  std::string problem;
  const auto grid = ReadFilled(answer, puzzle, problem);
  if (!grid) {
    return Wrong(problem);
  }
  for (const auto& [less, more] : metadata.at("less").get<std::vector<std::pair<size_t, size_t>>>()) {
    const size_t n = puzzle.size();
    if (grid->at(less / n).at(less % n) >= grid->at(more / n).at(more % n)) {
      return Wrong(fmt::format("r{}c{} < r{}c{} does not hold", less / n + 1, less % n + 1, more / n + 1, more % n + 1));
    }
  }
  return CheckLatin(*grid, 0);
}

Finding CheckKakurasu(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto rows = metadata.at("row_sums").get<std::vector<int>>(), columns = metadata.at("col_sums").get<std::vector<int>>();
  std::string problem;
  const auto grid = ReadFilled(answer, Grid(rows.size(), std::vector<int>(columns.size())), problem);
  if (!grid) {
    return Wrong(problem);
  }
  std::vector<int> row_sums(rows.size()), column_sums(columns.size());
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t c = 0; c < columns.size(); ++c) {
      const int cell = (*grid)[r][c];
      if (cell != 0 && cell != 1) {
        return Wrong("a cell is neither 0 nor 1");
      }
      row_sums[r] += cell * static_cast<int>(c + 1);
      column_sums[c] += cell * static_cast<int>(r + 1);
    }
  }
  return row_sums == rows && column_sums == columns ? Right() : Wrong("the weighted sums are not those asked for");
}

Finding CheckSurvo(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto puzzle = metadata.at("puzzle").get<Grid>();
  auto missing = metadata.at("candidate_numbers").get<std::vector<int>>();
  std::string problem;
  const auto grid = ReadFilled(answer, puzzle, problem);
  if (!grid) {
    return Wrong(problem);
  }
  std::vector<int> used;
  std::vector<int64_t> rows(puzzle.size()), columns(puzzle.at(0).size());
  for (size_t r = 0; r < puzzle.size(); ++r) {
    for (size_t c = 0; c < puzzle[r].size(); ++c) {
      if (puzzle[r][c] == 0) {
        used.push_back((*grid)[r][c]);
      }
      rows.at(r) += (*grid)[r][c];
      columns.at(c) += (*grid)[r][c];
    }
  }
  std::ranges::sort(used);
  std::ranges::sort(missing);
  if (used != missing) {
    return Wrong("the empty cells do not hold the given numbers, each once");
  }
  return rows == metadata.at("row_sums").get<std::vector<int64_t>>() && columns == metadata.at("col_sums").get<std::vector<int64_t>>()
             ? Right()
             : Wrong("the sums are not those asked for");
}

Finding CheckQueens(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto given = metadata.at("puzzle").get<std::vector<std::vector<std::string>>>();
  const std::vector<std::string_view> lines = Lines(answer);
  if (lines.size() != given.size()) {
    return Wrong(fmt::format("not a board of {} rows", given.size()));
  }
  std::set<size_t> columns, rising, falling;
  for (size_t r = 0; r < lines.size(); ++r) {
    const std::vector<std::string_view> cells = Words(lines[r]);
    size_t queens = 0;
    for (size_t c = 0; c < cells.size() && cells.size() == given.size(); ++c) {
      if (cells[c] != "Q" && (cells[c] != "_" || given[r].at(c) == "Q")) {
        return Wrong(fmt::format("row {}, column {} is neither a queen nor free, or a given queen is gone", r + 1, c + 1));
      }
      if (cells[c] == "Q") {
        ++queens;
        if (!columns.insert(c).second || !rising.insert(r + c).second || !falling.insert(r + given.size() - c).second) {
          return Wrong(fmt::format("the queen in row {} is attacked", r + 1));
        }
      }
    }
    if (queens != 1) {
      return Wrong(fmt::format("row {} does not hold {} cells with one queen", r + 1, given.size()));
    }
  }
  return Right();
}

Finding CheckLargestIsland(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto grid = metadata.at("grid").get<Grid>();
  const auto cells = ReadCells(answer);
  if (!cells) {
    return Wrong("not a list of cells (row, column)");
  }
  const auto is_land = [&](const std::pair<int, int>& cell) {
    return cell.first >= 1 && cell.second >= 1 && cell.first <= static_cast<int>(grid.size()) &&
           cell.second <= static_cast<int>(grid.at(0).size()) &&
           grid[static_cast<size_t>(cell.first) - 1].at(static_cast<size_t>(cell.second) - 1) == 1;
  };
  std::set<std::pair<int, int>> left(cells->begin(), cells->end());
  if (left.size() != cells->size() || !std::ranges::all_of(left, is_land)) {
    return Wrong("a cell is named twice, or is not land");
  }
  if (left.size() != metadata.at("area").get<size_t>()) {
    return Wrong(fmt::format("{} cells, but the largest island has {}", left.size(), metadata.at("area").get<size_t>()));
  }
  Cells reached = {*left.begin()};
  left.erase(left.begin());
  for (size_t head = 0; head < reached.size(); ++head) {
    for (const auto& [rows, columns] : Cells{{0, 1}, {1, 0}, {0, -1}, {-1, 0}}) {
      const std::pair<int, int> next(reached[head].first + rows, reached[head].second + columns);
      if (left.erase(next) > 0) {
        reached.push_back(next);
      }
    }
  }
  return left.empty() ? Right() : Wrong("the cells do not hang together");
}

Finding CheckZebra(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto table = metadata.at("table").get<std::vector<std::vector<std::string>>>();
  const std::vector<std::string_view> lines = Lines(answer);
  if (lines.size() != table.size()) {
    return Wrong(fmt::format("not {} lines", table.size()));
  }
  for (size_t house = 0; house < table.size(); ++house) {
    const size_t colon = lines[house].find(':');
    if (colon == std::string_view::npos || ReadInteger(lines[house].substr(0, colon)) != static_cast<int64_t>(house) + 1) {
      return Wrong(fmt::format("line {} does not start with \"{}:\"", house + 1, house + 1));
    }
    const std::vector<std::string_view> cells = SplitTrimmed(lines[house].substr(colon + 1), ',');
    const bool is_equal = std::ranges::equal(cells, table[house],
                                             [](std::string_view a, const std::string& b) { return LowerCaseText(a) == LowerCaseText(b); });
    if (!is_equal) {
      return Wrong(fmt::format("house {} is wrong", house + 1));
    }
  }
  return Right();
}

}  // namespace cupel
