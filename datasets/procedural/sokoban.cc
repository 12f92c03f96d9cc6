// sokoban: push boxes onto goals. Boards come from reverse play: boxes are pulled away from their goals, so that pushing back solves them.

#include <array>
#include <optional>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "sokoban";
constexpr Setting kSettings[] = {
    {"size", "rows and columns, the border included", "6|6|7|8|9", 5, 14},
    {"boxes", "number of boxes", "1|2|2|3|4", 1, 6},
    {"pulls", "pulls of the reverse play", "6|10|16|24|36", 2, 200},
    {"p_wall", "share of inner walls", "0.05|0.08|0.1|0.12|0.12", 0, 0.3},
};

constexpr std::string_view kLetters = "URDL";

class Yard {
 public:
  Yard(int size, ItemRandom& random) : size_(size), random_(random), walls_(static_cast<size_t>(size * size)), has_box_(walls_.size()) {}

  bool Draw(const Settings& settings) {
    std::vector<int> free;
    for (int cell = 0; cell < size_ * size_; ++cell) {
      const int row = cell / size_, column = cell % size_;
      const bool is_border = row == 0 || column == 0 || row == size_ - 1 || column == size_ - 1;
      walls_[static_cast<size_t>(cell)] = is_border || random_.Chance(settings.Real("p_wall"));
      if (!walls_[static_cast<size_t>(cell)]) {
        free.push_back(cell);
      }
    }
    const auto boxes = static_cast<size_t>(settings.Int("boxes"));
    if (free.size() < 2 * boxes + 3) {
      return false;
    }
    random_.Shuffle(free);
    goals_.assign(free.begin(), free.begin() + static_cast<int64_t>(boxes));
    for (const int goal : goals_) {
      has_box_[static_cast<size_t>(goal)] = true;
    }
    player_ = free[boxes];
    for (int64_t i = 0; i < settings.Int("pulls"); ++i) {
      Pull();
    }
    return std::ranges::none_of(goals_, [&](int goal) { return has_box_[static_cast<size_t>(goal)]; });
  }

  // The moves that solve the yard: the reverse play backwards.
  std::string Solution() const {
    std::string moves;
    for (size_t i = played_.size(); i-- > 0;) {
      moves += kLetters[(played_[i] + 2) % 4];
    }
    return moves;
  }

  std::vector<std::string> Rows() const {
    std::vector<std::string> rows(static_cast<size_t>(size_), std::string(static_cast<size_t>(size_), '.'));
    for (int cell = 0; cell < size_ * size_; ++cell) {
      char& c = rows[static_cast<size_t>(cell / size_)][static_cast<size_t>(cell % size_)];
      const bool is_goal = std::ranges::find(goals_, cell) != goals_.end();
      if (walls_[static_cast<size_t>(cell)]) {
        c = '#';
      } else if (has_box_[static_cast<size_t>(cell)]) {
        c = is_goal ? '*' : 'b';
      } else if (cell == player_) {
        c = is_goal ? '+' : 'P';
      } else if (is_goal) {
        c = 'o';
      }
    }
    return rows;
  }

 private:
  int Next(int cell, size_t direction) const {
    const std::array<int, 4> steps = {-size_, 1, size_, -1};
    return cell + steps[direction];
  }
  bool IsOpen(int cell) const { return !walls_[static_cast<size_t>(cell)] && !has_box_[static_cast<size_t>(cell)]; }

  // Walks of the player: for every cell the direction in which it was entered, 4 at the start, -1 if it cannot be reached.
  std::vector<int> Reach() const {
    std::vector<int> came(walls_.size(), -1);
    std::vector<int> queue = {player_};
    came[static_cast<size_t>(player_)] = 4;
    for (size_t head = 0; head < queue.size(); ++head) {
      for (size_t direction = 0; direction < 4; ++direction) {
        const int next = Next(queue[head], direction);
        if (IsOpen(next) && came[static_cast<size_t>(next)] < 0) {
          came[static_cast<size_t>(next)] = static_cast<int>(direction);
          queue.push_back(next);
        }
      }
    }
    return came;
  }

  // Pulls a random box: the player walks beside it and steps away from it.
  void Pull() {
    const std::vector<int> came = Reach();
    std::vector<std::pair<int, size_t>> choices;  // where the player stands, and where it steps
    for (int cell = 0; cell < size_ * size_; ++cell) {
      for (size_t direction = 0; direction < 4; ++direction) {
        if (came[static_cast<size_t>(cell)] >= 0 && has_box_[static_cast<size_t>(Next(cell, (direction + 2) % 4))] &&
            IsOpen(Next(cell, direction))) {
          choices.emplace_back(cell, direction);
        }
      }
    }
    if (choices.empty()) {
      return;
    }
    const auto [cell, direction] = random_.Choice(choices);
    std::vector<size_t> walk;
    for (int at = cell; came[static_cast<size_t>(at)] != 4;) {
      walk.push_back(static_cast<size_t>(came[static_cast<size_t>(at)]));
      at = Next(at, (walk.back() + 2) % 4);
    }
    played_.insert(played_.end(), walk.rbegin(), walk.rend());
    played_.push_back(direction);
    has_box_[static_cast<size_t>(Next(cell, (direction + 2) % 4))] = false;
    has_box_[static_cast<size_t>(cell)] = true;
    player_ = Next(cell, direction);
  }

  int size_;
  ItemRandom& random_;
  std::vector<bool> walls_;
  std::vector<bool> has_box_;
  std::vector<int> goals_;
  int player_ = 0;
  std::vector<size_t> played_;  // directions of the reverse play
};

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  for (int attempt = 0; attempt < 10000; ++attempt) {
    Yard yard(static_cast<int>(settings.Int("size")), random);
    if (!yard.Draw(settings)) {
      continue;
    }
    const std::vector<std::string> rows = yard.Rows();
    Json metadata = BeginMetadata(kName, index);
    metadata["board"] = rows;
    return CupelItem(
        settings,
        fmt::format("Push every box onto a goal:\n{}\n# is a wall, . is free, b a box, o a goal, * a box on a goal, P you, + you on a "
                    "goal. You move up, down, left or right (U, D, L, R) and push one box before you if the cell behind it is free. "
                    "Answer with the letters of your moves, without blanks.",
                    Joined(rows, "\n")),
        yard.Solution(), std::move(metadata));
  }
  return InvalidArgument("sokoban: no board was found; raise size, or lower boxes or p_wall");
}

}  // namespace

const Family kSokobanFamily = {kName, "push boxes onto goals", kSettings, Generate};

}  // namespace cupel
