// knight_swap: white and black knights change places on a few squares, one moving after the other. Every item is searched to the end, so
// that an impossible one is proven to be so.

#include <array>
#include <map>
#include <optional>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "knight_swap";
constexpr Setting kSettings[] = {
    {"squares", "squares of the board", "7|8|8|9|10", 5, 12},
    {"knights", "knights of each colour", "1|1|2|2|2", 1, 3},
    {"min_moves", "fewest moves of the shortest solution", "2|4|4|8|12", 2, 40},
    {"p_impossible", "share of items without a solution; small, because \"No\" is one answer", "0.03", 0, 1},
};

constexpr int kRows = 3;
constexpr int kCells = 12;  // 4 columns of 3 rows; cell = column * 3 + row

std::string SquareName(int cell) { return {static_cast<char>('A' + cell / kRows), static_cast<char>('1' + cell % kRows)}; }

struct State {
  unsigned white = 0;
  unsigned black = 0;
  bool is_white_turn = true;
  auto operator<=>(const State&) const = default;
};

struct Move {
  bool is_white;
  int from;
  int to;
};

class Board {
 public:
  explicit Board(unsigned squares) : squares_(squares) {
    for (int a = 0; a < kCells; ++a) {
      for (int b = 0; b < kCells; ++b) {
        const int columns = std::abs(a / kRows - b / kRows), rows = std::abs(a % kRows - b % kRows);
        if (columns * rows == 2 && (squares >> a & 1) != 0 && (squares >> b & 1) != 0) {
          jumps_[static_cast<size_t>(a)].push_back(b);
        }
      }
    }
  }

  bool IsConnected() const {
    unsigned seen = squares_ & (~squares_ + 1);
    for (unsigned before = 0; before != seen;) {
      before = seen;
      for (int cell = 0; cell < kCells; ++cell) {
        for (const int to : jumps_[static_cast<size_t>(cell)]) {
          seen |= (seen >> cell & 1) != 0 ? 1U << to : 0;
        }
      }
    }
    return seen == squares_;
  }

  // A shortest exchange; nullopt when the search of all states finds none.
  std::optional<std::vector<Move>> Solve(const State& start) const {
    std::map<State, std::pair<State, Move>> came;
    std::vector<State> queue = {start};
    came.emplace(start, std::pair(start, Move{}));
    for (size_t head = 0; head < queue.size(); ++head) {
      const State state = queue[head];
      if (state.white == start.black && state.black == start.white) {
        std::vector<Move> moves;
        for (State at = state; at != start; at = came.at(at).first) {
          moves.push_back(came.at(at).second);
        }
        std::ranges::reverse(moves);
        return moves;
      }
      for (int from = 0; from < kCells; ++from) {
        if (((state.is_white_turn ? state.white : state.black) >> from & 1) == 0) {
          continue;
        }
        for (const int to : jumps_[static_cast<size_t>(from)]) {
          if (((state.white | state.black) >> to & 1) != 0) {
            continue;
          }
          State next = state;
          (state.is_white_turn ? next.white : next.black) ^= 1U << from | 1U << to;
          next.is_white_turn = !state.is_white_turn;
          if (came.emplace(next, std::pair(state, Move{state.is_white_turn, from, to})).second) {
            queue.push_back(next);
          }
        }
      }
    }
    return std::nullopt;
  }

 private:
  unsigned squares_;
  std::array<std::vector<int>, kCells> jumps_;
};

std::string Picture(unsigned squares, const State& state) {
  std::string text;
  for (int row = kRows - 1; row >= 0; --row) {
    text += fmt::format("{} ", row + 1);
    for (int column = 0; column < kCells / kRows; ++column) {
      const int cell = column * kRows + row;
      text += (squares >> cell & 1) == 0 ? " #" : (state.white >> cell & 1) != 0 ? " w" : (state.black >> cell & 1) != 0 ? " B" : " .";
    }
    text += "\n";
  }
  return text + "   A B C D";
}

std::vector<std::string> Names(unsigned cells) {
  std::vector<std::string> names;
  for (int cell = 0; cell < kCells; ++cell) {
    if ((cells >> cell & 1) != 0) {
      names.push_back(SquareName(cell));
    }
  }
  return names;
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  const auto knights = static_cast<size_t>(settings.Int("knights")), count = static_cast<size_t>(settings.Int("squares"));
  if (count < 2 * knights + 1) {
    return InvalidArgument("knight_swap: {} squares leave no room to move {} knights of each colour", count, knights);
  }
  const bool wants_impossible = random.Chance(settings.Real("p_impossible"));
  for (int attempt = 0; attempt < 20000; ++attempt) {
    const std::vector<size_t> cells = random.Sample(kCells, count);
    unsigned squares = 0;
    State start;
    for (size_t i = 0; i < cells.size(); ++i) {
      squares |= 1U << cells[i];
      (i < knights ? start.white : start.black) |= i < 2 * knights ? 1U << cells[i] : 0;
    }
    start.is_white_turn = random.Below(2) == 0;
    const Board board(squares);
    if (!wants_impossible && !board.IsConnected()) {
      continue;
    }
    const auto moves = board.Solve(start);
    if (moves.has_value() == wants_impossible || (moves && std::ssize(*moves) < settings.Int("min_moves"))) {
      continue;
    }
    std::vector<std::string> texts;
    for (const Move& move : moves.value_or(std::vector<Move>())) {
      texts.push_back(fmt::format("{},{},{}", move.is_white ? 'w' : 'B', SquareName(move.from), SquareName(move.to)));
    }
    Json metadata = BeginMetadata(kName, index);
    metadata["squares"] = Names(squares);
    metadata["white"] = Names(start.white);
    metadata["black"] = Names(start.black);
    metadata["start_turn"] = start.is_white_turn ? "w" : "B";
    metadata["is_possible"] = moves.has_value();
    metadata["min_moves"] = texts.size();
    return CupelItem(
        settings,
        fmt::format("White (w) and black (B) knights stand on a board whose squares are . or a knight (# is no square):\n{}\nThe "
                    "colours move in turn, {} first; a knight moves as in chess onto a free square of the board. Bring the white "
                    "knights to where the black ones stand now, and the black ones to where the white ones stand. Answer with a JSON "
                    "list of moves such as [\"w,A1,B3\", \"B,C2,A1\"], or with No if it is impossible.",
                    Picture(squares, start), start.is_white_turn ? "white" : "black"),
        moves ? "[\"" + Joined(texts, "\", \"") + "\"]" : "No", std::move(metadata));
  }
  return InvalidArgument("knight_swap: no board was found; lower min_moves or raise squares");
}

}  // namespace

const Family kKnightSwapFamily = {kName, "knights change places", kSettings, Generate};

}  // namespace cupel
