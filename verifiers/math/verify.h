#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "verifiers/math/budget.h"
#include "verifiers/math/options.h"

// Whether two final answers of mathematics are the same, decided by rule within a bounded number of steps. The whole library behind one
// header: no exception, no state between calls, any number of threads.

namespace cupel::math {

enum class Decision : uint8_t {
  kCorrect,    // equality shown by a named rule
  kIncorrect,  // the types cannot match, the values are apart, parts are missing or added
  kNoAnswer,   // the answer is blank
  kUndecided,  // neither was shown within the limits
  kError,      // memory was refused, or an invariant is broken: no statement about the answer
};

struct Result {
  Decision decision = Decision::kUndecided;
  std::string
      rule;  // what showed it: "tokens", "rational", "normal_form", "intervals", ...; of kUndecided: "parse_gold", "budget_steps", ...
  std::string reason;  // one line for a person
  std::string gold;    // what was read, in one notation (ast.h); empty unless asked for
  std::string pred;
  int64_t cost = 0;  // steps, the same on every machine
};

struct Request {
  Options options;
  Limits limits;
  bool explain = false;  // fill Result::gold and Result::pred
};

// `gold` and `pred` are answers without the text around them; any bytes.
Result CompareAnswers(std::string_view gold, std::string_view pred, const Request& request) noexcept;

// Why a gold answer cannot be compared with anything but itself; empty when it can.
std::string GoldProblem(std::string_view gold, const Request& request) noexcept;

// Reads options from a task's metadata: {"percent_is_bare": true, "pred_decimal_min_sig": 3}. Empty text sets none. Returns what is wrong,
// or nothing.
std::string ReadOptions(std::string_view metadata, Options& options);

}  // namespace cupel::math
