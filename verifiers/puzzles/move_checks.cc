// Checks of lists of moves, by simulation.

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "verifiers/answer/characters.h"
#include "verifiers/puzzles/checks.h"
#include "verifiers/puzzles/moves.h"
#include "verifiers/puzzles/reading.h"

namespace cupel {
namespace {

Finding TooLong(size_t used, int64_t fewest) { return Wrong(fmt::format("{} moves, but {} suffice", used, fewest)); }

struct Place {
  int row = -1;
  int column = -1;
  bool operator==(const Place&) const = default;
};

Place Stepped(const Place& place, std::string_view step) {
  return {place.row + (step == "down" ? 1 : step == "up" ? -1 : 0), place.column + (step == "right" ? 1 : step == "left" ? -1 : 0)};
}

char CellAt(const std::vector<std::string>& cells, const Place& place) {
  const bool is_inside = place.row >= 0 && place.column >= 0 && place.row < static_cast<int>(cells.size()) &&
                         place.column < static_cast<int>(cells[static_cast<size_t>(place.row)].size());
  return is_inside ? cells[static_cast<size_t>(place.row)][static_cast<size_t>(place.column)] : '\0';
}

Place Find(const std::vector<std::string>& cells, std::string_view any) {
  for (size_t row = 0; row < cells.size(); ++row) {
    const size_t column = cells[row].find_first_of(any);
    if (column != std::string::npos) {
      return {static_cast<int>(row), static_cast<int>(column)};
    }
  }
  return {};
}

// The way of an answer through `cells`; `length` receives its steps.
Finding Walk(const std::vector<std::string>& cells, char start, char goal, char wall, std::string_view answer, size_t& length) {
  std::string lowered = LowerCaseText(answer);
  std::ranges::replace(lowered, ',', ' ');
  const std::vector<std::string_view> steps = Words(lowered);
  length = steps.size();
  Place place = Find(cells, std::string(1, start));
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i] != "up" && steps[i] != "down" && steps[i] != "left" && steps[i] != "right") {
      return Wrong(fmt::format("step {} is not up, down, left or right", i + 1));
    }
    place = Stepped(place, steps[i]);
    const char cell = CellAt(cells, place);
    if (cell == '\0' || cell == wall) {
      return Wrong(fmt::format("step {} leads into a wall or off the grid", i + 1));
    }
  }
  return CellAt(cells, place) == goal ? Right() : Wrong("the way does not end at the goal");
}

std::vector<std::string> MatrixOf(const Json& metadata) {
  std::vector<std::string> cells;
  for (const auto& row : metadata.at("matrix").get<std::vector<std::vector<std::string>>>()) {
    cells.push_back(fmt::format("{}", fmt::join(row, "")));
  }
  return cells;
}

Finding CheckStacks(std::vector<std::vector<int64_t>> stacks, size_t target, std::string_view answer, int64_t fewest, bool is_optimal) {
  size_t disks = 0;
  for (const std::vector<int64_t>& stack : stacks) {
    disks += stack.size();
  }
  const std::vector<std::string_view> lines = Lines(answer);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::optional<HanoiMove> move = ReadHanoiMove(lines[i]);
    if (!move) {
      return Wrong(fmt::format("line {} is not of the form \"Move disk X from Peg Y to Peg Z\"", i + 1));
    }
    if (!ApplyHanoiMove(*move, stacks)) {
      return Wrong(fmt::format("the move on line {} is not allowed", i + 1));
    }
  }
  if (stacks.at(target - 1).size() != disks) {
    return Wrong("not all disks lie on the goal");
  }
  return is_optimal && std::ssize(lines) > fewest ? TooLong(lines.size(), fewest) : Right();
}

}  // namespace

std::optional<HanoiMove> ReadHanoiMove(std::string_view line) {
  const std::vector<std::string_view> words = Words(line);
  constexpr std::array<std::string_view, 9> kForm = {"Move", "disk", "", "from", "Peg", "", "to", "Peg", ""};
  std::array<int64_t, 3> numbers{};
  for (size_t i = 0, next = 0; i < kForm.size(); ++i) {
    if (words.size() != kForm.size() || (!kForm[i].empty() && LowerCaseText(words[i]) != LowerCaseText(kForm[i]))) {
      return std::nullopt;
    }
    if (kForm[i].empty()) {
      const auto number = ReadInteger(words[i]);
      if (!number || *number < 1) {
        return std::nullopt;
      }
      numbers[next++] = *number;
    }
  }
  return HanoiMove{numbers[0], static_cast<size_t>(numbers[1]), static_cast<size_t>(numbers[2])};
}

bool ApplyHanoiMove(const HanoiMove& move, std::vector<std::vector<int64_t>>& stacks) {
  if (move.from > stacks.size() || move.to > stacks.size()) {
    return false;
  }
  std::vector<int64_t>& from = stacks[move.from - 1];
  std::vector<int64_t>& to = stacks[move.to - 1];
  if (from.empty() || from.back() != move.disk || (!to.empty() && to.back() < move.disk)) {
    return false;
  }
  from.pop_back();
  to.push_back(move.disk);
  return true;
}

bool ApplyJugMove(std::string_view text, const std::vector<int64_t>& capacities, std::vector<int64_t>& levels) {
  const std::vector<std::string_view> words = Words(text);
  const auto jug = [&](std::string_view name) {
    return name.size() == 1 && name[0] >= 'A' && static_cast<size_t>(name[0] - 'A') < capacities.size() ? name[0] - 'A' : -1;
  };
  if (words.size() != 2) {
    return false;
  }
  const size_t arrow = words[1].find("->");
  const int first = jug(words[1].substr(0, arrow));
  if (first < 0) {
    return false;
  }
  int64_t& level = levels[static_cast<size_t>(first)];
  if (words[0] == "pour" && arrow != std::string_view::npos) {
    const int second = jug(words[1].substr(arrow + 2));
    if (second < 0 || second == first) {
      return false;
    }
    int64_t& other = levels[static_cast<size_t>(second)];
    const int64_t amount = std::min(level, capacities[static_cast<size_t>(second)] - other);
    level -= amount;
    other += amount;
    return true;
  }
  if (arrow != std::string_view::npos || (words[0] != "fill" && words[0] != "empty")) {
    return false;
  }
  level = words[0] == "fill" ? capacities[static_cast<size_t>(first)] : 0;
  return true;
}

Finding CheckHanoi(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  return CheckStacks(metadata.at("stacks").get<std::vector<std::vector<int64_t>>>(), metadata.at("target_peg").get<size_t>(), answer,
                     metadata.at("solution_length").get<int64_t>(), metadata.value("optimal", false));
}

Finding CheckHanoiRg(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  std::vector<std::vector<int64_t>> stacks(metadata.at("num_pegs").get<size_t>() % 1000);
  for (int64_t disk = metadata.at("num_disks").get<int64_t>() % 1000; disk > 0; --disk) {
    stacks.at(metadata.at("start_peg").get<size_t>() - 1).push_back(disk);
  }
  return CheckStacks(std::move(stacks), metadata.at("target_peg").get<size_t>(), answer, 0, false);
}

Finding CheckJugs(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto moves = ReadTexts(answer);
  const auto capacities = metadata.at("capacities").get<std::vector<int64_t>>();
  std::vector<int64_t> levels(capacities.size());
  if (!moves) {
    return Wrong("not a JSON list of texts");
  }
  for (size_t i = 0; i < moves->size(); ++i) {
    if (!ApplyJugMove((*moves)[i], capacities, levels)) {
      return Wrong(fmt::format("move {} is not \"fill A\", \"empty A\" or \"pour A->B\" of jugs that exist", i + 1));
    }
  }
  if (levels != metadata.at("target").get<std::vector<int64_t>>()) {
    return Wrong(fmt::format("the jugs hold {} in the end", fmt::join(levels, ", ")));
  }
  const auto fewest = metadata.at("min_moves").get<int64_t>();
  return metadata.value("optimal", false) && std::ssize(*moves) > fewest ? TooLong(moves->size(), fewest) : Right();
}

Finding CheckJugsRg(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const Json& puzzle = metadata.at("puzzle");
  const auto moves = ReadTexts(answer);
  const auto capacities = puzzle.at("jug_capacities").get<std::vector<int64_t>>();
  std::vector<int64_t> levels(capacities.size());
  if (!moves || !std::ranges::all_of(*moves, [&](const std::string& move) { return ApplyJugMove(move, capacities, levels); })) {
    return Wrong("not a JSON list of moves \"fill A\", \"empty A\" or \"pour A->B\" of jugs that exist");
  }
  return std::ranges::count(levels, puzzle.at("target").get<int64_t>()) > 0 ? Right() : Wrong("no jug holds the target in the end");
}

Finding CheckMaze(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  size_t length = 0;
  const Finding finding = Walk(metadata.at("grid").get<std::vector<std::string>>(), 'S', 'G', '#', answer, length);
  const auto fewest = metadata.at("shortest_path_length").get<int64_t>();
  return finding.is_right && static_cast<int64_t>(length) != fewest ? TooLong(length, fewest) : finding;
}

Finding CheckShortestPath(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  size_t length = 0;
  const Finding finding = Walk(MatrixOf(metadata), '*', '#', 'X', answer, length);
  const auto fewest = metadata.at("shortest_path_length").get<int64_t>();
  return finding.is_right && static_cast<int64_t>(length) != fewest ? TooLong(length, fewest) : finding;
}

Finding CheckShortestPathRg(const Json& metadata, std::string_view gold, std::string_view answer) {
  if (gold == "infeasible") {
    return TrimSpace(answer) == gold ? Right() : Wrong("there is no way");
  }
  size_t length = 0;
  const Finding finding = Walk(MatrixOf(metadata), '*', '#', 'X', answer, length);
  const size_t fewest = metadata.at("solution").size();
  return finding.is_right && length != fewest ? TooLong(length, static_cast<int64_t>(fewest)) : finding;
}

Finding CheckRushHour(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  auto board = metadata.at("board").get<std::vector<std::string>>();
  const std::vector<std::string_view> moves = Words(answer);
  for (size_t i = 0; i < moves.size(); ++i) {
    const auto by = ReadInteger(moves[i].substr(1));
    if (moves[i].size() < 3 || moves[i][0] < 'A' || moves[i][0] > 'Z' || (moves[i][1] != '+' && moves[i][1] != '-') || !by || *by == 0) {
      return Wrong(fmt::format("move {} is not of the form A+2", i + 1));
    }
    std::vector<Place> cells;
    for (int row = 0; row < static_cast<int>(board.size()); ++row) {
      for (int column = 0; column < static_cast<int>(board[static_cast<size_t>(row)].size()); ++column) {
        if (CellAt(board, {row, column}) == moves[i][0]) {
          cells.push_back({row, column});
        }
      }
    }
    if (cells.size() < 2 || std::abs(*by) > 16) {
      return Wrong(fmt::format("move {} names no car, or leaves the square", i + 1));
    }
    const bool is_vertical = cells[0].column == cells[1].column;
    for (int64_t step = 0; step != *by; step += *by > 0 ? 1 : -1) {
      const Place end = *by > 0 ? cells.back() : cells.front();
      const int sign = *by > 0 ? 1 : -1;
      if (CellAt(board, {end.row + (is_vertical ? sign : 0), end.column + (is_vertical ? 0 : sign)}) != '.') {
        return Wrong(fmt::format("in move {} another car or the border is in the way", i + 1));
      }
      for (const Place& cell : cells) {
        board[static_cast<size_t>(cell.row)][static_cast<size_t>(cell.column)] = '.';
      }
      for (Place& cell : cells) {
        cell = {cell.row + (is_vertical ? sign : 0), cell.column + (is_vertical ? 0 : sign)};
        board[static_cast<size_t>(cell.row)][static_cast<size_t>(cell.column)] = moves[i][0];
      }
    }
  }
  const Place car = Find(board, "A");
  return car.row >= 0 && board[static_cast<size_t>(car.row)].ends_with('A') ? Right()
                                                                            : Wrong("the car A is not at the right end of its row");
}

Finding CheckSokoban(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  auto board = metadata.at("board").get<std::vector<std::string>>();
  Place player = Find(board, "P+");
  if (player.row < 0 || answer.size() > kMaxItems) {
    return Wrong("more moves than are simulated");
  }
  const auto is_goal = [](char c) { return c == 'o' || c == '*' || c == '+'; };
  const auto put = [&](const Place& place, char free, char on_goal) {
    char& cell = board[static_cast<size_t>(place.row)][static_cast<size_t>(place.column)];
    cell = is_goal(cell) ? on_goal : free;
  };
  for (size_t i = 0; i < answer.size(); ++i) {
    const char c = answer[i];
    const std::string_view step = c == 'U' ? "up" : c == 'D' ? "down" : c == 'L' ? "left" : c == 'R' ? "right" : "";
    if (step.empty()) {
      return Wrong(fmt::format("move {} is not U, D, L or R", i + 1));
    }
    const Place next = Stepped(player, step), behind = Stepped(next, step);
    const char cell = CellAt(board, next), after = CellAt(board, behind);
    const bool pushes = cell == 'b' || cell == '*';
    if (cell == '#' || cell == '\0' || (pushes && after != '.' && after != 'o')) {
      return Wrong(fmt::format("move {} is blocked", i + 1));
    }
    if (pushes) {
      put(behind, 'b', '*');
    }
    put(next, 'P', '+');
    put(player, '.', 'o');
    player = next;
  }
  return Find(board, "b").row < 0 ? Right() : Wrong("a box is on no goal");
}

Finding CheckKnightSwap(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto squares = metadata.at("squares").get<std::set<std::string>>();
  const auto white_start = metadata.at("white").get<std::set<std::string>>(),
             black_start = metadata.at("black").get<std::set<std::string>>();
  if (LowerCaseText(TrimSpace(answer)) == "no") {
    return metadata.at("is_possible").get<bool>() ? Wrong("it is possible") : Right();
  }
  const auto moves = ReadTexts(answer);
  if (!moves || !metadata.at("is_possible").get<bool>()) {
    return Wrong(moves ? "it is impossible" : "neither a JSON list of moves nor No");
  }
  std::set<std::string> white = white_start, black = black_start;
  bool is_white_turn = metadata.at("start_turn").get<std::string>() == "w";
  for (size_t i = 0; i < moves->size(); ++i) {
    const std::vector<std::string_view> parts = SplitTrimmed((*moves)[i], ',');
    if (parts.size() != 3 || parts[0] != (is_white_turn ? "w" : "B") || parts[1].size() != 2 || parts[2].size() != 2) {
      return Wrong(fmt::format("move {} is not of the form {},A1,B3", i + 1, is_white_turn ? "w" : "B"));
    }
    const std::string from(parts[1]), to(parts[2]);
    std::set<std::string>& own = is_white_turn ? white : black;
    const int columns = std::abs(from[0] - to[0]), rows = std::abs(from[1] - to[1]);
    if (!own.contains(from) || !squares.contains(to) || white.contains(to) || black.contains(to) || columns * rows != 2) {
      return Wrong(fmt::format("move {} is not allowed", i + 1));
    }
    own.erase(from);
    own.insert(to);
    is_white_turn = !is_white_turn;
  }
  return white == black_start && black == white_start ? Right() : Wrong("the knights have not changed places");
}

}  // namespace cupel
