#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cupel {

struct HanoiMove {
  int64_t disk = 0;
  size_t from = 0;  // pegs count from 1
  size_t to = 0;
};

// "Move disk 1 from Peg 2 to Peg 3"
std::optional<HanoiMove> ReadHanoiMove(std::string_view line);

// Moves a disk between stacks that are listed from the bottom; false if the rules forbid it.
bool ApplyHanoiMove(const HanoiMove& move, std::vector<std::vector<int64_t>>& stacks);

// "fill A", "empty A", "pour A->B"; false if it is none of them or names a jug that does not exist.
bool ApplyJugMove(std::string_view text, const std::vector<int64_t>& capacities, std::vector<int64_t>& levels);

}  // namespace cupel
