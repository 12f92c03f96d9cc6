#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace cupel {

// The last <answer>...</answer> of a completion, trimmed, as reasoning-gym and its followers take it; nullopt without one.
std::optional<std::string> LastAnswerTag(std::string_view text);

// TinyZero's score of a countdown answer (95df88f, countdown.py): 1 for a right expression, 0.1 for another, 0 without an answer on the
// last line. The response starts after "Assistant:" or "<|im_start|>assistant" where one of them stands in the text, else with the text.
// Read by our own parser: **, //, decimals, signs before a number and digits that are not ASCII are no expression.
double TinyZeroScore(const Json& metadata, std::string_view text);

// Logic-RL's score of a knights-and-knaves answer (9d2c457, kk.py), from -3 to 3: the structure of tags (1 or -1), and the roles (2, -1.5
// or -2). Role words are counted in clauses "NAME is a ROLE" only; `is_exact` counts them anywhere, as the original does.
double LogicRlScore(const Json& metadata, std::string_view text, bool is_exact);

}  // namespace cupel
