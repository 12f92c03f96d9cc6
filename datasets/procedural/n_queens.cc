// n_queens: complete a board with queens that do not attack each other.

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "n_queens";
constexpr Setting kSettings[] = {
    {"n", "rows and columns of the board", "8|8|8|9|10", 6, 12},
    {"min_remove", "fewest queens to place", "2|3|4|5|6", 1, 12},
    {"max_remove", "most queens to place", "3|4|5|6|7", 1, 12},
};
constexpr Setting kRgSettings[] = {
    {"n", "rows and columns of the board", "8", 4, 12},
    {"min_remove", "fewest queens to place", "1", 1, 12},
    {"max_remove", "most queens to place", "7", 1, 12},
};

using Columns = std::vector<int>;  // the column of each row's queen, -1: none

// Calls `visit` with every complete board that keeps the queens of `given`, in lexicographic order of columns.
template <class Visit>
void Complete(const Columns& given, Columns& board, unsigned columns, unsigned rising, unsigned falling, const Visit& visit) {
  const size_t row = board.size();
  if (row == given.size()) {
    visit(board);
    return;
  }
  for (int column = 0; column < static_cast<int>(given.size()); ++column) {
    const unsigned bit = 1U << column;
    if ((given[row] >= 0 && given[row] != column) || ((columns | rising | falling) & bit) != 0) {
      continue;
    }
    board.push_back(column);
    Complete(given, board, columns | bit, (rising | bit) >> 1, (falling | bit) << 1, visit);
    board.pop_back();
  }
}

std::vector<Columns> Completions(const Columns& given) {
  std::vector<Columns> boards;
  Columns board;
  Complete(given, board, 0, 0, 0, [&](const Columns& complete) { boards.push_back(complete); });
  return boards;
}

std::vector<std::vector<std::string>> Cells(const Columns& board) {
  std::vector<std::vector<std::string>> cells(board.size(), std::vector<std::string>(board.size(), "_"));
  for (size_t row = 0; row < board.size(); ++row) {
    if (board[row] >= 0) {
      cells[row][static_cast<size_t>(board[row])] = std::string(1, 'Q');
    }
  }
  return cells;
}

std::string BoardText(const Columns& board) {
  std::vector<std::string> rows;
  for (const std::vector<std::string>& row : Cells(board)) {
    rows.push_back(Joined(row, " "));
  }
  return Joined(rows, "\n");
}

struct Puzzle {
  Columns given;
  int64_t num_removed = 0;
};

absl::StatusOr<Puzzle> Draw(const Settings& settings, ItemRandom& random) {
  const auto n = static_cast<size_t>(settings.Int("n"));
  if (settings.Int("max_remove") > settings.Int("n")) {
    return InvalidArgument("n_queens: max_remove is {}, but a board of size {} has {} queens", settings.Int("max_remove"), n, n);
  }
  const std::vector<Columns> solutions = Completions(Columns(n, -1));
  Puzzle puzzle{random.Choice(solutions), random.Int(settings.Int("min_remove"), settings.Int("max_remove"))};
  std::vector<size_t> rows(n);
  for (size_t i = 0; i < n; ++i) {
    rows[i] = i;
  }
  random.Shuffle(rows);
  for (int64_t i = 0; i < puzzle.num_removed; ++i) {
    puzzle.given[rows[static_cast<size_t>(i)]] = -1;
  }
  return puzzle;
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  CUPEL_ASSIGN_OR_RETURN(const Puzzle puzzle, Draw(settings, random));
  const std::vector<Columns> solutions = Completions(puzzle.given);
  Json boards = Json::array();
  std::vector<std::string> texts;
  for (const Columns& solution : solutions) {
    boards.push_back(Cells(solution));
    texts.push_back(BoardText(solution));
  }
  std::ranges::sort(texts);
  Json metadata = BeginMetadata(kName, index);
  metadata["puzzle"] = Cells(puzzle.given);
  metadata["solutions"] = std::move(boards);
  metadata["num_removed"] = puzzle.num_removed;
  metadata["valid_answers"] = texts;
  metadata["difficulty"] = {{"n", settings.Int("n")}, {"num_removed", RangeOf(settings, "remove")}};
  const int64_t n = settings.Int("n");
  return RgItem(
      fmt::format("Your job is to complete an n x n chess board with n Queens in total, such that no two attack each other.\n\nNo "
                  "two queens attack each other if they are not in the same row, column, or diagonal.\n\nYou can place a queen by "
                  "replacing an underscore (_) with a Q.\n\nYour output should be also a board in the same format as the input, "
                  "with queens placed on the board by replacing underscores with the letter Q.\n\nGiven the below board of size {} "
                  "x {} your job is to place {} queen(s) on the board such that no two queens attack each other.\n{}\n",
                  n, n, puzzle.num_removed, BoardText(puzzle.given)),
      random.Choice(texts), metadata);
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  CUPEL_ASSIGN_OR_RETURN(const Puzzle puzzle, Draw(settings, random));
  const std::vector<Columns> solutions = Completions(puzzle.given);
  Json metadata = BeginMetadata(kName, index);
  metadata["puzzle"] = Cells(puzzle.given);
  metadata["num_solutions"] = solutions.size();
  return CupelItem(
      settings,
      fmt::format("Place {} more queens (Q) on this board of {} rows, so that there is one in every row and no two share a row, a "
                  "column or a diagonal. The queens that are there stay.\n{}\nAnswer with the whole board in the same form.",
                  puzzle.num_removed, puzzle.given.size(), BoardText(puzzle.given)),
      BoardText(solutions[0]), std::move(metadata));
}

}  // namespace

const Family kNQueensFamily = {kName, "complete a board of queens", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
