// jugs: measure water by filling, emptying and pouring.

#include <functional>
#include <numeric>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "jugs";
constexpr Setting kSettings[] = {
    {"num_jugs", "number of jugs", "3", 2, 3},
    {"max_capacity", "largest jug", "9|9|12|16|24", 5, 30},
    {"min_moves", "fewest moves of the shortest solution", "4|5|6|8|10", 2, 16},
    {"optimal", "only a shortest solution counts", "false"},
};
constexpr Setting kRgSettings[] = {
    {"num_jugs", "number of jugs; reasoning-gym's solution uses the first three", "3", 3, 5},
    {"difficulty", "fewest moves of the shortest solution; capacities go up to 3 more", "10", 1, 30},
};

using State = std::vector<int>;

// Breadth-first search from empty jugs, until `is_goal` holds for a state if one is given. Moves are tried jug by jug: fill, empty, its
// pours.
class Reach {
 public:
  explicit Reach(const State& capacities, const std::function<bool(const State&)>& is_goal = nullptr) : capacities_(capacities) {
    size_t num_codes = 1;
    for (const int capacity : capacities) {
      num_codes *= static_cast<size_t>(capacity) + 1;
    }
    known_.resize(num_codes);
    Add(State(capacities.size(), 0), -1, {});
    for (size_t head = 0; head < states_.size(); ++head) {
      State state = states_[head].state;
      if (is_goal && is_goal(state)) {
        goal_ = static_cast<int64_t>(head);
        return;
      }
      AddNext(state, static_cast<int>(head));
    }
  }

  int64_t goal() const { return goal_; }  // -1: none was reached
  size_t size() const { return states_.size(); }
  const State& state(size_t i) const { return states_[i].state; }
  int64_t depth(size_t i) const { return states_[i].depth; }

  std::vector<std::string> Path(size_t i) const {
    std::vector<std::string> path;
    for (size_t at = i; states_[at].from >= 0; at = static_cast<size_t>(states_[at].from)) {
      path.push_back(Text(states_[at].move));
    }
    std::ranges::reverse(path);
    return path;
  }

 private:
  struct Move {
    char kind = 'f';  // fill, empty, pour
    size_t from = 0;
    size_t to = 0;
  };
  struct Reached {
    State state;
    int from;
    Move move;
    int64_t depth;
  };

  static std::string Text(const Move& move) {
    const auto name = [](size_t jug) { return static_cast<char>('A' + jug); };
    return move.kind == 'p'   ? fmt::format("pour {}->{}", name(move.from), name(move.to))
           : move.kind == 'f' ? fmt::format("fill {}", name(move.from))
                              : fmt::format("empty {}", name(move.from));
  }

  void AddNext(State& state, int head) {
    for (size_t i = 0; i < state.size(); ++i) {
      const int level = state[i];
      state[i] = capacities_[i];
      Add(state, head, {'f', i, 0});
      state[i] = 0;
      Add(state, head, {'e', i, 0});
      state[i] = level;
      for (size_t j = 0; j < state.size(); ++j) {
        if (i != j) {
          const int amount = std::min(state[i], capacities_[j] - state[j]);
          state[i] -= amount;
          state[j] += amount;
          Add(state, head, {'p', i, j});
          state[i] += amount;
          state[j] -= amount;
        }
      }
    }
  }

  void Add(const State& state, int from, const Move& move) {
    size_t code = 0;
    for (size_t i = 0; i < state.size(); ++i) {
      code = code * (static_cast<size_t>(capacities_[i]) + 1) + static_cast<size_t>(state[i]);
    }
    if (!known_[code]) {
      known_[code] = true;
      states_.push_back({state, from, move, from < 0 ? 0 : states_[static_cast<size_t>(from)].depth + 1});
    }
  }

  const State& capacities_;
  std::vector<Reached> states_;
  std::vector<bool> known_;
  int64_t goal_ = -1;
};

std::string Described(const State& state) {
  std::string text;
  for (size_t i = 0; i < state.size(); ++i) {
    text += fmt::format("{}{}:{}", i == 0 ? "" : ", ", static_cast<char>('A' + i), state[i]);
  }
  return text;
}

std::string PythonList(const std::vector<std::string>& texts) { return "[\"" + Joined(texts, "\", \"") + "\"]"; }

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t difficulty = settings.Int("difficulty");
  for (int attempt = 0; attempt < 10000; ++attempt) {
    State capacities(static_cast<size_t>(settings.Int("num_jugs")));
    for (int& capacity : capacities) {
      capacity = static_cast<int>(random.Int(3, 3 + difficulty));
    }
    const int divisor = std::accumulate(capacities.begin(), capacities.end(), 0, [](int a, int b) { return std::gcd(a, b); });
    std::vector<int> targets;
    for (int target = divisor; target <= *std::ranges::max_element(capacities); target += divisor) {
      targets.push_back(target);
    }
    const int target = random.Choice(targets);
    const auto holds = [&](const State& state) { return std::ranges::find(state, target) != state.end(); };
    const Reach reach(capacities, holds);
    if (reach.goal() < 0 || reach.depth(static_cast<size_t>(reach.goal())) < difficulty) {
      continue;
    }
    const int64_t min_moves = reach.depth(static_cast<size_t>(reach.goal()));
    // reasoning-gym's solver knows only three jugs.
    const State three(capacities.begin(), capacities.begin() + 3);
    const Reach reach_three(three, holds);
    const std::vector<std::string> solution =
        reach_three.goal() < 0 ? std::vector<std::string>{"No solution"} : reach_three.Path(static_cast<size_t>(reach_three.goal()));
    Json metadata = BeginMetadata(kName, index);
    metadata["puzzle"] = {{"jug_capacities", capacities}, {"target", target}, {"min_moves", min_moves}};
    metadata["difficulty"] = {{"num_jugs", settings.Int("num_jugs")}, {"difficulty", difficulty}};
    return RgItem(
        fmt::format("You are a police officer. A maniac has planted a bomb next to a public fountain.\n\nTo defuse the bomb, you "
                    "must solve a puzzle. The puzzle is solved when you fill any of the available jugs with the target amount of "
                    "water.\n\nYou have three move types: 'fill', 'empty' and 'pour'.\n\nTo fill Jug A, you 'fill A'.\nTo empty Jug "
                    "B, you 'empty B'.\nTo pour the contents of Jug A into Jug B, you 'pour A->B'.\nAll jugs are empty to begin "
                    "with.\n\nThe empty jugs hold this many litres of water: {}\nAnd your target is: {} litres.\n\nHow do you "
                    "defuse the bomb?\n\nReply as a JSON-parsable list of moves which result in any of the jugs being filled with "
                    "the target amount.\n",
                    Described(capacities), target),
        PythonList(solution), metadata);
  }
  return absl::AbortedError("reasoning-gym has no such item: it found no puzzle of this difficulty");
}

// A whole state is asked, so that no fixed list of moves is right often.
absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  const auto num_jugs = static_cast<size_t>(settings.Int("num_jugs"));
  int64_t wanted = settings.Int("min_moves");
  for (int attempt = 0;; ++attempt) {
    wanted -= attempt % 50 == 49 && wanted > 2 ? 1 : 0;  // few capacities allow very long solutions
    State capacities(num_jugs);
    for (int& capacity : capacities) {
      capacity = static_cast<int>(random.Int(3, settings.Int("max_capacity")));
    }
    const Reach reach(capacities);
    std::vector<size_t> goals;
    for (size_t i = 0; i < reach.size(); ++i) {
      if (reach.depth(i) >= wanted) {
        goals.push_back(i);
      }
    }
    if (goals.empty()) {
      continue;
    }
    const size_t goal = random.Choice(goals);
    Json metadata = BeginMetadata(kName, index);
    metadata["capacities"] = capacities;
    metadata["target"] = reach.state(goal);
    metadata["min_moves"] = reach.depth(goal);
    metadata["optimal"] = settings.Flag("optimal");
    return CupelItem(
        settings,
        fmt::format("Jugs hold at most so many litres: {}. All are empty. A move is \"fill A\", \"empty A\" or \"pour A->B\", which "
                    "stops when A is empty or B is full. Reach exactly this: {}.{} Answer with a JSON list of moves.",
                    Described(capacities), Described(reach.state(goal)), settings.Flag("optimal") ? " Use as few moves as possible." : ""),
        PythonList(reach.Path(goal)), std::move(metadata));
  }
}

}  // namespace

const Family kJugsFamily = {kName, "measure water with jugs", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
