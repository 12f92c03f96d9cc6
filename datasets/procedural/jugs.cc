// jugs: measure water by filling, emptying and pouring.

#include <map>
#include <numeric>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "jugs";
constexpr Setting kSettings[] = {
    {"num_jugs", "number of jugs", "2|3|3|3|3", 2, 4},
    {"max_capacity", "largest jug", "9|9|12|16|24", 5, 30},
    {"min_moves", "fewest moves of the shortest solution", "4|5|6|8|10", 2, 16},
    {"optimal", "only a shortest solution counts", "false"},
};
constexpr Setting kRgSettings[] = {
    {"num_jugs", "number of jugs; reasoning-gym's solution uses the first three", "3", 3, 5},
    {"difficulty", "fewest moves of the shortest solution; capacities go up to 3 more", "10", 1, 30},
};

using State = std::vector<int>;

int Code(const State& state) {
  int code = 0;
  for (const int level : state) {
    code = code * 64 + level;
  }
  return code;
}

struct Step {
  std::string text;
  State next;
};

// Fill and empty each jug, then its pours, jug by jug.
std::vector<Step> Steps(const State& state, const State& capacities) {
  std::vector<Step> steps;
  const auto name = [](size_t jug) { return static_cast<char>('A' + jug); };
  for (size_t i = 0; i < state.size(); ++i) {
    steps.push_back({fmt::format("fill {}", name(i)), state});
    steps.back().next[i] = capacities[i];
    steps.push_back({fmt::format("empty {}", name(i)), state});
    steps.back().next[i] = 0;
    for (size_t j = 0; j < state.size(); ++j) {
      if (i != j) {
        const int amount = std::min(state[i], capacities[j] - state[j]);
        steps.push_back({fmt::format("pour {}->{}", name(i), name(j)), state});
        steps.back().next[i] -= amount;
        steps.back().next[j] += amount;
      }
    }
  }
  return steps;
}

// Breadth-first search from empty jugs.
class Reach {
 public:
  explicit Reach(const State& capacities) {
    Add(State(capacities.size(), 0), -1, "");
    for (size_t head = 0; head < states_.size(); ++head) {
      const State state = states_[head].state;
      for (Step& step : Steps(state, capacities)) {
        Add(std::move(step.next), static_cast<int>(head), std::move(step.text));
      }
    }
  }

  size_t size() const { return states_.size(); }
  const State& state(size_t i) const { return states_[i].state; }
  int64_t depth(size_t i) const { return states_[i].depth; }

  // The first state reached for which `is_goal` holds; size() if there is none.
  template <class IsGoal>
  size_t First(const IsGoal& is_goal) const {
    size_t i = 0;
    while (i < states_.size() && !is_goal(states_[i].state)) {
      ++i;
    }
    return i;
  }

  std::vector<std::string> Path(size_t i) const {
    std::vector<std::string> path;
    for (int at = static_cast<int>(i); states_[static_cast<size_t>(at)].from >= 0; at = states_[static_cast<size_t>(at)].from) {
      path.push_back(states_[static_cast<size_t>(at)].text);
    }
    std::ranges::reverse(path);
    return path;
  }

 private:
  struct Reached {
    State state;
    int from;
    std::string text;
    int64_t depth;
  };

  void Add(State state, int from, std::string text) {
    if (known_.emplace(Code(state), 0).second) {
      states_.push_back({std::move(state), from, std::move(text), from < 0 ? 0 : states_[static_cast<size_t>(from)].depth + 1});
    }
  }

  std::vector<Reached> states_;
  std::map<int, int> known_;
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
    const Reach reach(capacities);
    const size_t goal = reach.First(holds);
    if (goal == reach.size() || reach.depth(goal) < difficulty) {
      continue;
    }
    // reasoning-gym's solver knows only three jugs.
    const State three(capacities.begin(), capacities.begin() + 3);
    const Reach reach_three(three);
    const size_t goal_three = reach_three.First(holds);
    const std::vector<std::string> solution =
        goal_three == reach_three.size() ? std::vector<std::string>{"No solution"} : reach_three.Path(goal_three);
    Json metadata = BeginMetadata(kName, index);
    metadata["puzzle"] = {{"jug_capacities", capacities}, {"target", target}, {"min_moves", reach.depth(goal)}};
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
