// rush_hour: free the car A from a crowded square. Boards are drawn at random and solved by breadth-first search.

#include <absl/container/flat_hash_map.h>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "rush_hour";
constexpr int kSize = 6;
constexpr int kExitRow = 2;
constexpr size_t kMaxStates = 20000;
constexpr Setting kSettings[] = {
    {"cars", "cars besides A", "6|7|8|8|9", 2, 11},
    {"min_moves", "fewest moves of the shortest solution", "3|4|5|7|9", 1, 30},
};

struct Car {
  bool is_vertical = false;
  int line = 0;  // its column if vertical, else its row
  int length = 2;
};

// The positions along their lines, three bits each; car 0 is A.
using State = uint64_t;

int PositionOf(State state, size_t car) { return static_cast<int>(state >> (3 * car) & 7); }
State Moved(State state, size_t car, int by) { return state + (static_cast<State>(static_cast<int64_t>(by)) << (3 * car)); }

uint64_t Occupied(const std::vector<Car>& cars, State state) {
  uint64_t cells = 0;
  for (size_t i = 0; i < cars.size(); ++i) {
    for (int j = 0; j < cars[i].length; ++j) {
      const int along = PositionOf(state, i) + j;
      cells |= uint64_t{1} << (cars[i].is_vertical ? along * kSize + cars[i].line : cars[i].line * kSize + along);
    }
  }
  return cells;
}

struct Move {
  size_t car = 0;
  int by = 0;
};

template <class Visit>
void Moves(const std::vector<Car>& cars, State state, const Visit& visit) {
  const uint64_t cells = Occupied(cars, state);
  for (size_t i = 0; i < cars.size(); ++i) {
    const Car& car = cars[i];
    const auto is_free = [&](int along) {
      return along >= 0 && along < kSize && (cells >> (car.is_vertical ? along * kSize + car.line : car.line * kSize + along) & 1) == 0;
    };
    const int position = PositionOf(state, i);
    for (int by = 1; is_free(position + car.length - 1 + by); ++by) {
      visit(Move{i, by}, Moved(state, i, by));
    }
    for (int by = -1; is_free(position + by); --by) {
      visit(Move{i, by}, Moved(state, i, by));
    }
  }
}

bool IsSolved(State state) { return PositionOf(state, 0) == kSize - 2; }

// A shortest list of moves; empty when there is none, or too many states.
std::vector<Move> Solve(const std::vector<Car>& cars, State start) {
  absl::flat_hash_map<State, std::pair<State, Move>> came;
  std::vector<State> queue = {start};
  came[start] = {start, {}};
  for (size_t head = 0; head < queue.size() && queue.size() < kMaxStates; ++head) {
    const State state = queue[head];
    if (IsSolved(state)) {
      std::vector<Move> moves;
      for (State at = state; at != start; at = came[at].first) {
        moves.push_back(came[at].second);
      }
      std::ranges::reverse(moves);
      return moves;
    }
    Moves(cars, state, [&](const Move& move, State next) {
      if (came.try_emplace(next, state, move).second) {
        queue.push_back(next);
      }
    });
  }
  return {};
}

struct Board {
  std::vector<Car> cars;
  State state = 0;
};

Board DrawBoard(int64_t num_cars, ItemRandom& random) {
  Board board;
  board.cars.push_back({false, kExitRow, 2});
  board.state = random.Below(2);
  for (int attempt = 0; attempt < 200 && std::ssize(board.cars) <= num_cars; ++attempt) {
    const Car car{random.Below(3) > 0, static_cast<int>(random.Below(kSize)), random.Below(4) == 0 ? 3 : 2};
    if (!car.is_vertical && car.line == kExitRow) {
      continue;  // it would never leave A's row
    }
    const State position = random.Below(static_cast<uint64_t>(kSize - car.length + 1));
    const uint64_t before = Occupied(board.cars, board.state);
    const uint64_t own = Occupied({car}, position);
    if ((before & own) == 0) {
      board.state |= position << (3 * board.cars.size());
      board.cars.push_back(car);
    }
  }
  return board;
}

std::vector<std::string> Rows(const Board& board) {
  std::vector<std::string> rows(kSize, std::string(kSize, '.'));
  for (size_t i = 0; i < board.cars.size(); ++i) {
    const Car& car = board.cars[i];
    for (int j = 0; j < car.length; ++j) {
      const int along = PositionOf(board.state, i) + j;
      rows[static_cast<size_t>(car.is_vertical ? along : car.line)][static_cast<size_t>(car.is_vertical ? car.line : along)] =
          static_cast<char>('A' + i);
    }
  }
  return rows;
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  int64_t wanted = settings.Int("min_moves");
  for (int attempt = 0; attempt < 5000; ++attempt) {
    wanted -= attempt % 150 == 149 && wanted > 2 ? 1 : 0;  // long solutions are rare among random boards
    const Board board = DrawBoard(settings.Int("cars"), random);
    const std::vector<Move> moves = Solve(board.cars, board.state);
    if (std::ssize(moves) < wanted) {
      continue;
    }
    std::vector<std::string> texts;
    for (const Move& move : moves) {
      texts.push_back(fmt::format("{}{:+}", static_cast<char>('A' + move.car), move.by));
    }
    const std::vector<std::string> rows = Rows(board);
    Json metadata = BeginMetadata(kName, index);
    metadata["board"] = rows;
    metadata["min_moves"] = moves.size();
    return CupelItem(
        settings,
        fmt::format("Cars stand on a square of 6 rows and 6 columns; equal letters are one car, . is free:\n{}\nA car moves along "
                    "itself over free cells. Bring the car A to the right end of its row. Answer with moves separated by blanks: a "
                    "letter and by how many cells it moves, + for right or down, - for left or up, as in B-1 A+2.",
                    Joined(rows, "\n")),
        Joined(texts, " "), std::move(metadata));
  }
  return InvalidArgument("rush_hour: no solvable board was found; lower cars");
}

}  // namespace

const Family kRushHourFamily = {kName, "free a car from a crowded square", kSettings, Generate};

}  // namespace cupel
