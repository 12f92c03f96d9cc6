// maze and shortest_path: the way through a grid with obstacles.

#include <array>
#include <optional>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr Setting kMazeSettings[] = {
    {"min_grid_size", "fewest rows and columns, the border included", "6|7|9|11|14", 5, 40},
    {"max_grid_size", "most rows and columns, the border included", "7|9|11|14|20", 5, 40},
    {"min_dist", "fewest steps of the shortest way", "4|6|9|12|18", 1, 200},
    {"max_dist", "most steps of the shortest way", "9|14|20|28|60", 1, 400},
};
constexpr Setting kMazeRgSettings[] = {
    {"min_dist", "fewest steps of the shortest way", "5", 1, 10000},
    {"max_dist", "most steps of the shortest way", "10", 1, 10000},
    {"min_grid_size", "fewest rows and columns, the border included", "5", 3, 200},
    {"max_grid_size", "most rows and columns, the border included", "10", 3, 200},
};
constexpr Setting kPathSettings[] = {
    {"min_rows", "fewest rows", "4|5|6|8|10", 2, 40},
    {"max_rows", "most rows", "5|7|9|11|15", 2, 40},
    {"min_cols", "fewest columns", "4|5|6|8|10", 2, 40},
    {"max_cols", "most columns", "5|7|9|11|15", 2, 40},
    {"p_blocked", "share of blocked cells", "0.25|0.3|0.35|0.35|0.35", 0, 0.6},
    {"min_steps", "fewest steps of the shortest way", "3|5|7|9|14", 1, 100},
};
constexpr Setting kPathRgSettings[] = {
    {"min_rows", "fewest rows", "5", 1, 200},
    {"max_rows", "most rows", "8", 1, 200},
    {"min_cols", "fewest columns", "5", 1, 200},
    {"max_cols", "most columns", "8", 1, 200},
    {"p_blocked", "share of blocked cells", "0.4", 0, 1},
};

using Cells = std::vector<std::string>;  // one character per cell

struct Place {
  int row = 0;
  int column = 0;
  bool operator==(const Place&) const = default;
};

constexpr std::array<Place, 4> kSteps = {{{0, 1}, {1, 0}, {0, -1}, {-1, 0}}};
constexpr std::string_view kStepNames[] = {"right", "down", "left", "up"};

// The first shortest way in the order right, down, left, up: indices of kSteps; nullopt when there is none.
std::optional<std::vector<size_t>> ShortestWay(const Cells& cells, const Place& start, const Place& goal, char wall) {
  const int rows = static_cast<int>(cells.size()), columns = static_cast<int>(cells[0].size());
  const auto at = [&](const Place& place) { return static_cast<size_t>(place.row * columns + place.column); };
  std::vector<int> came(static_cast<size_t>(rows * columns), -1);
  std::vector<Place> queue = {start};
  came[at(start)] = 4;
  for (size_t head = 0; head < queue.size() && came[at(goal)] < 0; ++head) {
    for (size_t step = 0; step < kSteps.size(); ++step) {
      const Place next{queue[head].row + kSteps[step].row, queue[head].column + kSteps[step].column};
      if (next.row >= 0 && next.row < rows && next.column >= 0 && next.column < columns && came[at(next)] < 0 &&
          cells[static_cast<size_t>(next.row)][static_cast<size_t>(next.column)] != wall) {
        came[at(next)] = static_cast<int>(step);
        queue.push_back(next);
      }
    }
  }
  if (came[at(goal)] < 0) {
    return std::nullopt;
  }
  std::vector<size_t> way;
  for (Place place = goal; !(place == start);) {
    const auto step = static_cast<size_t>(came[at(place)]);
    way.push_back(step);
    place = {place.row - kSteps[step].row, place.column - kSteps[step].column};
  }
  std::ranges::reverse(way);
  return way;
}

std::string WayText(const std::vector<size_t>& way) {
  std::vector<std::string_view> names;
  for (const size_t step : way) {
    names.push_back(kStepNames[step]);
  }
  return Joined(names, " ");
}

struct Maze {
  Cells cells;
  Place start;
  Place goal;
  std::vector<size_t> way;
};

// characters: wall, passage, start, goal. nullopt where reasoning-gym gives up.
std::optional<Maze> DrawMaze(const Settings& settings, ItemRandom& random, std::string_view characters) {
  constexpr int kRetries = 1000;
  for (int attempt = 0; attempt < kRetries; ++attempt) {
    const auto size = static_cast<size_t>(random.Int(settings.Int("min_grid_size"), settings.Int("max_grid_size")));
    Maze maze;
    maze.cells.assign(size, std::string(size, characters[0]));
    for (size_t row = 1; row + 1 < size; ++row) {
      for (size_t column = 1; column + 1 < size; ++column) {
        maze.cells[row][column] = characters[random.Random() < 0.7 ? 1 : 0];
      }
    }
    const auto floor = [&](Place& place) {
      for (int i = 0; i < kRetries; ++i) {
        place.row = static_cast<int>(random.Int(1, static_cast<int64_t>(size) - 2));
        place.column = static_cast<int>(random.Int(1, static_cast<int64_t>(size) - 2));
        if (maze.cells[static_cast<size_t>(place.row)][static_cast<size_t>(place.column)] == characters[1]) {
          return true;
        }
      }
      return false;
    };
    if (!floor(maze.start)) {
      return std::nullopt;
    }
    maze.cells[static_cast<size_t>(maze.start.row)][static_cast<size_t>(maze.start.column)] = characters[2];
    if (!floor(maze.goal)) {
      return std::nullopt;
    }
    maze.cells[static_cast<size_t>(maze.goal.row)][static_cast<size_t>(maze.goal.column)] = characters[3];
    const auto way = ShortestWay(maze.cells, maze.start, maze.goal, characters[0]);
    if (way && std::ssize(*way) >= settings.Int("min_dist") && std::ssize(*way) <= settings.Int("max_dist")) {
      maze.way = *way;
      return maze;
    }
  }
  return std::nullopt;
}

absl::StatusOr<Item> GenerateMazeRg(const Settings& settings, ItemRandom& random, int64_t index) {
  constexpr std::string_view kPrintable =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
  std::string characters;
  for (const size_t i : random.Sample(kPrintable.size(), 4)) {
    characters += kPrintable[i];
  }
  const std::optional<Maze> maze = DrawMaze(settings, random, characters);
  if (!maze) {
    return absl::AbortedError("reasoning-gym has no such item: it found no maze of this distance");
  }
  const auto text = [&](size_t i) { return std::string(1, characters[i]); };
  Json metadata = BeginMetadata("maze", index);
  metadata["grid_size"] = maze->cells.size();
  metadata["grid"] = maze->cells;
  metadata["shortest_path_length"] = maze->way.size();
  metadata["start"] = text(2);
  metadata["goal"] = text(3);
  metadata["wall"] = text(0);
  metadata["path"] = text(1);
  metadata["difficulty"] = {{"dist", RangeOf(settings, "dist")}, {"grid_size", RangeOf(settings, "grid_size")}};
  return RgItem(
      fmt::format("Navigate from '{}' (start) to '{}' (goal):\n\n```\n{}\n```\nLegend: '{}' = Wall, '{}' = Passage\n\nWhat is the "
                  "minimum number of steps to reach the goal?\nGive only the number of steps as your final answer, no other text or "
                  "formatting.",
                  text(2), text(3), Joined(maze->cells, "\n"), text(0), text(1)),
      std::to_string(maze->way.size()), metadata);
}

absl::StatusOr<Item> GenerateMaze(const Settings& settings, ItemRandom& random, int64_t index) {
  const std::optional<Maze> maze = DrawMaze(settings, random, "#.SG");
  if (!maze) {
    return InvalidArgument("maze: no maze of a thousand has a shortest way of min_dist to max_dist steps; change them or the size");
  }
  Json metadata = BeginMetadata("maze", index);
  metadata["grid"] = maze->cells;
  metadata["start"] = "S";
  metadata["goal"] = "G";
  metadata["wall"] = "#";
  metadata["shortest_path_length"] = maze->way.size();
  return CupelItem(
      settings,
      fmt::format("Find a shortest way from S to G (# is a wall, . is free):\n{}\nAnswer with its steps, separated by blanks: up, "
                  "down, left, right.",
                  Joined(maze->cells, "\n")),
      WayText(maze->way), std::move(metadata));
}

struct PathGrid {
  Cells cells;
  Place start;
  Place goal;
};

PathGrid DrawPathGrid(const Settings& settings, ItemRandom& random) {
  const int64_t rows = random.Int(settings.Int("min_rows"), settings.Int("max_rows"));
  const int64_t columns = random.Int(settings.Int("min_cols"), settings.Int("max_cols"));
  const double blocked = settings.Real("p_blocked");
  PathGrid grid;
  grid.cells.assign(static_cast<size_t>(rows), std::string(static_cast<size_t>(columns), 'O'));
  for (std::string& row : grid.cells) {
    for (char& cell : row) {
      cell = random.Random() < blocked ? 'X' : 'O';
    }
  }
  const auto place = [&] {
    const auto row = static_cast<int>(random.Int(0, rows - 1));
    return Place{row, static_cast<int>(random.Int(0, columns - 1))};
  };
  grid.start = place();
  grid.goal = place();
  while (grid.goal == grid.start) {
    grid.goal = place();
  }
  grid.cells[static_cast<size_t>(grid.start.row)][static_cast<size_t>(grid.start.column)] = '*';
  grid.cells[static_cast<size_t>(grid.goal.row)][static_cast<size_t>(grid.goal.column)] = '#';
  return grid;
}

Json Matrix(const Cells& cells) {
  Json matrix = Json::array();
  for (const std::string& row : cells) {
    Json line = Json::array();
    for (const char cell : row) {
      line.push_back(std::string(1, cell));
    }
    matrix.push_back(std::move(line));
  }
  return matrix;
}

std::string Spaced(const Cells& cells) {
  std::string text;
  for (const std::string& row : cells) {
    text += text.empty() ? "" : "\n";
    for (size_t i = 0; i < row.size(); ++i) {
      text += i == 0 ? "" : " ";
      text += row[i];
    }
  }
  return text;
}

absl::Status CheckPathSize(const Settings& settings) {
  if (settings.Int("min_rows") * settings.Int("min_cols") < 2) {
    return InvalidArgument("shortest_path: a grid of one cell has no destination; raise min_rows or min_cols");
  }
  return absl::OkStatus();
}

absl::StatusOr<Item> GeneratePathRg(const Settings& settings, ItemRandom& random, int64_t index) {
  CUPEL_RETURN_IF_ERROR(CheckPathSize(settings));
  const PathGrid grid = DrawPathGrid(settings, random);
  const auto way = ShortestWay(grid.cells, grid.start, grid.goal, 'X');
  Json solution = Json::array();
  for (const size_t step : way.value_or(std::vector<size_t>())) {
    solution.push_back(kStepNames[step]);
  }
  Json metadata = BeginMetadata("shortest_path", index);
  metadata["matrix"] = Matrix(grid.cells);
  metadata["solution"] = solution;
  metadata["difficulty"] = {{"rows", RangeOf(settings, "rows")}, {"cols", RangeOf(settings, "cols")}};
  return RgItem(
      fmt::format("Your task is to find the shortest path from the start to the destination point in a grid.\n\nThe grid is "
                  "represented as a matrix with the following types of cells:\n- *: your starting point\n- #: your destination "
                  "point\n- O: an open cell\n- X: a blocked cell\n\nTherefore, you need to find the shortest path from * to #, moving "
                  "only through open cells.\n\nYou may only move in four directions: up, down, left, and right.\n\nIf there is no "
                  "path from * to #, simply write \"infeasible\" (without quotes).\n\nYour output should be a sequence of "
                  "directions that leads from * to #, e.g. right right down down up left\n\nNow, find the shortest path from * to # "
                  "in the following grid:\n{}\n",
                  Spaced(grid.cells)),
      way ? WayText(*way) : "infeasible", metadata);
}

// Always feasible: whether there is a way would be a question of one bit.
absl::StatusOr<Item> GeneratePath(const Settings& settings, ItemRandom& random, int64_t index) {
  CUPEL_RETURN_IF_ERROR(CheckPathSize(settings));
  for (int attempt = 0; attempt < 10000; ++attempt) {
    const PathGrid grid = DrawPathGrid(settings, random);
    const auto way = ShortestWay(grid.cells, grid.start, grid.goal, 'X');
    if (!way || std::ssize(*way) < settings.Int("min_steps")) {
      continue;
    }
    Json metadata = BeginMetadata("shortest_path", index);
    metadata["matrix"] = Matrix(grid.cells);
    metadata["shortest_path_length"] = way->size();
    return CupelItem(settings,
                     fmt::format("Find a shortest way from * to # over open cells (O is open, X is blocked):\n{}\nAnswer with its steps, "
                                 "separated by blanks: up, down, left, right.",
                                 Spaced(grid.cells)),
                     WayText(*way), std::move(metadata));
  }
  return InvalidArgument("shortest_path: no grid of ten thousand has a way of min_steps; lower min_steps or p_blocked");
}

}  // namespace

const Family kMazeFamily = {"maze", "a shortest way through a maze", kMazeSettings, GenerateMaze, kMazeRgSettings, GenerateMazeRg};
const Family kShortestPathFamily = {
    "shortest_path", "a shortest way over the open cells of a grid", kPathSettings, GeneratePath, kPathRgSettings, GeneratePathRg};

}  // namespace cupel
