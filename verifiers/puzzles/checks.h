#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace cupel {

// What a check found out about the body of an answer.
struct Finding {
  bool is_right = false;
  std::string reason;  // one line for a person
};

inline Finding Right() { return {true, "all conditions hold"}; }
inline Finding Wrong(std::string reason) { return {false, std::move(reason)}; }

// Judges an answer against the item's data. Pure; bounded by the length of the answer. Reads `metadata` with accessors that throw
// std::exception where it has another shape; the verifier catches that in one place and reports the metadata.
using PuzzleCheck = Finding (*)(const Json& metadata, std::string_view gold, std::string_view answer);

// reasoning-gym's partial score in [0, 1] of an answer that was extracted, or was not (nullptr).
using PuzzleScore = double (*)(const Json& metadata, std::string_view gold, const std::string* answer);

#define CUPEL_PUZZLE(family, Check, CheckRg, ScoreRg)                                    \
  Finding Check(const Json& metadata, std::string_view gold, std::string_view answer);   \
  Finding CheckRg(const Json& metadata, std::string_view gold, std::string_view answer); \
  double ScoreRg(const Json& metadata, std::string_view gold, const std::string* answer);
#include "verifiers/puzzles/registry.def"
#undef CUPEL_PUZZLE

}  // namespace cupel
