// tower_of_hanoi: move disks between pegs. The rg variant starts from a tower and moves by the Frame-Stewart recursion; ours starts from
// any arrangement and knows the optimum by breadth-first search.

#include <limits>
#include <map>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "tower_of_hanoi";
constexpr Setting kSettings[] = {
    {"disks", "number of disks", "3|4|5|6|7", 2, 8},
    {"pegs", "number of pegs", "3|3|3|3|4", 3, 4},
    {"min_moves", "fewest moves of the shortest solution", "3|5|9|16|20", 1, 100},
    {"optimal", "only a shortest solution counts", "false"},
};
constexpr Setting kRgSettings[] = {
    {"min_disks", "fewest disks", "3", 1, 12},
    {"max_disks", "most disks", "7", 1, 12},
    {"min_pegs", "fewest pegs", "3", 3, 10},
    {"max_pegs", "most pegs", "4", 3, 10},
    {"visualize", "unused: it adds members beside the metadata", "false"},
};

std::string MoveText(int64_t disk, int64_t from, int64_t to) { return fmt::format("Move disk {} from Peg {} to Peg {}", disk, from, to); }

class FrameStewart {
 public:
  FrameStewart(int64_t disks, int64_t pegs, int64_t start) : stacks_(static_cast<size_t>(pegs + 1)) {
    for (int64_t disk = disks; disk > 0; --disk) {
      stacks_[static_cast<size_t>(start)].push_back(disk);
    }
  }

  void Move(int64_t n, int64_t source, int64_t target, const std::vector<int64_t>& free) {
    if (n == 0) {
      return;
    }
    if (n == 1) {
      MoveDisk(source, target);
      return;
    }
    if (free.size() == 1) {
      Move(n - 1, source, free[0], {target});
      MoveDisk(source, target);
      Move(n - 1, free[0], target, {source});
      return;
    }
    const auto num_pegs = std::ssize(free) + 2;
    int64_t best = 1;
    double fewest = std::numeric_limits<double>::infinity();
    for (int64_t m = 1; m < n; ++m) {
      const double moves = 2 * NumMoves(m, num_pegs) + NumMoves(n - m, num_pegs - 1);
      if (moves < fewest) {
        fewest = moves;
        best = m;
      }
    }
    const std::vector<int64_t> rest(free.begin() + 1, free.end());
    std::vector<int64_t> with_target = rest, with_source = rest;
    with_target.push_back(target);
    with_source.push_back(source);
    Move(best, source, free[0], with_target);
    Move(n - best, source, target, rest);
    Move(best, free[0], target, with_source);
  }

  const std::vector<std::string>& moves() const { return moves_; }

 private:
  void MoveDisk(int64_t from, int64_t to) {
    std::vector<int64_t>& stack = stacks_[static_cast<size_t>(from)];
    moves_.push_back(MoveText(stack.back(), from, to));
    stacks_[static_cast<size_t>(to)].push_back(stack.back());
    stack.pop_back();
  }

  double NumMoves(int64_t n, int64_t pegs) {
    if (n <= 1) {
      return static_cast<double>(n);
    }
    if (pegs == 3) {
      return static_cast<double>((int64_t{1} << n) - 1);
    }
    double& fewest = memo_[{n, pegs}];
    if (fewest == 0) {
      fewest = std::numeric_limits<double>::infinity();
      double best = fewest;
      for (int64_t m = 1; m < n; ++m) {
        best = std::min(best, 2 * NumMoves(m, pegs) + NumMoves(n - m, pegs - 1));
      }
      memo_[{n, pegs}] = best;
      return best;
    }
    return fewest;
  }

  std::vector<std::vector<int64_t>> stacks_;
  std::vector<std::string> moves_;
  std::map<std::pair<int64_t, int64_t>, double> memo_;
};

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t disks = random.Int(settings.Int("min_disks"), settings.Int("max_disks"));
  const int64_t pegs = random.Int(settings.Int("min_pegs"), settings.Int("max_pegs"));
  const std::vector<size_t> ends = random.Sample(static_cast<size_t>(pegs), 2);
  const auto start = static_cast<int64_t>(ends[0]) + 1, target = static_cast<int64_t>(ends[1]) + 1;
  std::vector<int64_t> free;
  for (int64_t peg = 1; peg <= pegs; ++peg) {
    if (peg != start && peg != target) {
      free.push_back(peg);
    }
  }
  FrameStewart solver(disks, pegs, start);
  solver.Move(disks, start, target, free);
  Json metadata = BeginMetadata(kName, index);
  metadata["num_disks"] = disks;
  metadata["num_pegs"] = pegs;
  metadata["start_peg"] = start;
  metadata["target_peg"] = target;
  metadata["auxiliary_pegs"] = free;
  metadata["solution_length"] = solver.moves().size();
  metadata["difficulty"] = {{"num_disks", RangeOf(settings, "disks")}, {"num_pegs", RangeOf(settings, "pegs")}};
  return RgItem(
      fmt::format("Solve the Tower of Hanoi problem with {} disks and {} pegs.\nMove all disks from Peg {} to Peg {} following the "
                  "rules:\n- Only one disk can be moved at a time.\n- A larger disk cannot be placed on top of a smaller disk.\n- "
                  "All disks must be on a peg at all times.\n\nProvide the sequence of moves.\n\nFormatting guidelines:\n- Each "
                  "instruction should be placed on a single line.\n- Each line should be formatted as 'Move disk X from Peg Y to "
                  "Peg Z'\n- Do not include any other text or formatting.\n",
                  disks, pegs, start, target),
      Joined(solver.moves(), "\n"), metadata);
}

// An arrangement in base `pegs`: digit d is the peg (from 0) of disk d + 1, 1 being the smallest.
struct Move {
  int64_t disk;
  int64_t from;
  int64_t to;
};

class Search {
 public:
  Search(int64_t disks, int64_t pegs) : disks_(disks), pegs_(pegs), powers_(static_cast<size_t>(disks) + 1, 1) {
    for (size_t i = 1; i < powers_.size(); ++i) {
      powers_[i] = powers_[i - 1] * pegs;
    }
  }

  int64_t num_states() const { return powers_.back(); }
  int64_t Tower(int64_t peg) const {
    int64_t state = 0;
    for (int64_t disk = 0; disk < disks_; ++disk) {
      state += peg * powers_[static_cast<size_t>(disk)];
    }
    return state;
  }
  int64_t PegOf(int64_t state, int64_t disk) const { return state / powers_[static_cast<size_t>(disk)] % pegs_; }

  template <class Visit>
  void Moves(int64_t state, const Visit& visit) const {
    std::vector<bool> is_covered(static_cast<size_t>(pegs_));
    for (int64_t disk = 0; disk < disks_; ++disk) {
      const int64_t from = PegOf(state, disk);
      if (!is_covered[static_cast<size_t>(from)]) {
        for (int64_t to = 0; to < pegs_; ++to) {
          if (!is_covered[static_cast<size_t>(to)] && to != from) {
            visit(Move{disk, from, to}, state + (to - from) * powers_[static_cast<size_t>(disk)]);
          }
        }
      }
      is_covered[static_cast<size_t>(from)] = true;
    }
  }

  // Fewest moves from every arrangement to `goal`.
  std::vector<int64_t> Distances(int64_t goal) const {
    std::vector<int64_t> distance(static_cast<size_t>(num_states()), -1);
    std::vector<int64_t> queue = {goal};
    distance[static_cast<size_t>(goal)] = 0;
    for (size_t head = 0; head < queue.size(); ++head) {
      const int64_t state = queue[head];
      Moves(state, [&](const Move&, int64_t next) {
        if (distance[static_cast<size_t>(next)] < 0) {
          distance[static_cast<size_t>(next)] = distance[static_cast<size_t>(state)] + 1;
          queue.push_back(next);
        }
      });
    }
    return distance;
  }

 private:
  int64_t disks_;
  int64_t pegs_;
  std::vector<int64_t> powers_;
};

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t disks = settings.Int("disks"), pegs = settings.Int("pegs");
  const Search search(disks, pegs);
  const auto goal_peg = static_cast<int64_t>(random.Below(static_cast<uint64_t>(pegs)));
  const std::vector<int64_t> distance = search.Distances(search.Tower(goal_peg));
  const int64_t wanted = std::min(settings.Int("min_moves"), *std::ranges::max_element(distance));
  int64_t state = 0;
  do {
    state = random.Int(0, search.num_states() - 1);
  } while (distance[static_cast<size_t>(state)] < wanted);
  std::string pegs_text;
  Json stacks = Json::array();
  for (int64_t peg = 0; peg < pegs; ++peg) {
    std::vector<int64_t> stack;  // from the bottom
    for (int64_t disk = disks - 1; disk >= 0; --disk) {
      if (search.PegOf(state, disk) == peg) {
        stack.push_back(disk + 1);
      }
    }
    pegs_text += fmt::format("Peg {}: {}\n", peg + 1, stack.empty() ? "empty" : Joined(stack, " "));
    stacks.push_back(stack);
  }
  Json metadata = BeginMetadata(kName, index);
  metadata["stacks"] = std::move(stacks);
  metadata["target_peg"] = goal_peg + 1;
  metadata["solution_length"] = distance[static_cast<size_t>(state)];
  metadata["optimal"] = settings.Flag("optimal");
  std::vector<std::string> moves;
  while (distance[static_cast<size_t>(state)] > 0) {
    int64_t best = state;
    Move chosen{};
    search.Moves(state, [&](const Move& move, int64_t next) {
      if (distance[static_cast<size_t>(next)] < distance[static_cast<size_t>(best)]) {
        best = next;
        chosen = move;
      }
    });
    moves.push_back(MoveText(chosen.disk + 1, chosen.from + 1, chosen.to + 1));
    state = best;
  }
  return CupelItem(
      settings,
      fmt::format("Disks of sizes 1 to {} lie on {} pegs, listed from the bottom:\n{}Move one top disk at a time, never onto a "
                  "smaller one, until all disks are on Peg {}.{} Answer with one move on each line: Move disk X from Peg Y to "
                  "Peg Z",
                  disks, pegs, pegs_text, goal_peg + 1, settings.Flag("optimal") ? " Use as few moves as possible." : ""),
      Joined(moves, "\n"), std::move(metadata));
}

}  // namespace

const Family kTowerOfHanoiFamily = {kName, "move disks between pegs", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
