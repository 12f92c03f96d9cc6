#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

// The instructions whose following can be checked by rule: IFEval (arXiv 2311.07911), with the names, arguments and relations of its
// published checker. What differs from it, and why, is in docs/rewards.md, "Instructions".

namespace cupel {

enum class Followed : uint8_t { kNo, kYes, kUndecided };

// The arguments of one instruction; each uses its own. Counts are -1 and texts empty where they are not given.
struct InstructionArguments {
  int64_t number = -1;                // how many
  std::string relation = "at least";  // or "less than"
  int64_t nth_paragraph = -1;
  std::string text;                // keyword, letter, language, marker, splitter, phrase, first word or prompt
  std::vector<std::string> words;  // keywords or forbidden words
  bool raw_regex = false;          // keywords are regular expressions, as in the published checker
};

// One instruction: its id, which members of IFEval's kwargs it reads, and whether a text follows it.
struct Instruction {
  std::string_view id;
  std::string_view number_key;  // empty: none
  std::string_view relation_key;
  std::string_view text_key;
  std::string_view words_key;
  Followed (*check)(std::string_view text, const InstructionArguments& arguments);
};

// All 25, sorted by id.
const std::vector<Instruction>& Instructions();

// OK when a text can be checked by these arguments: a regular expression that is none, an unknown language are refused.
absl::Status CheckArguments(const Instruction& instruction, const InstructionArguments& arguments);

// Strict: the text as it is; blank texts follow nothing. Loose: any of eight variants, without its first line, its last, or both, each also
// without asterisks.
Followed FollowsStrictly(const Instruction& instruction, const InstructionArguments& arguments, std::string_view text);
Followed FollowsLoosely(const Instruction& instruction, const InstructionArguments& arguments, std::string_view text);

}  // namespace cupel
