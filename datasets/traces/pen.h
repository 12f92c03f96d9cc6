#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "datasets/traces/trace.h"

namespace cupel {

// What a trace writer writes with: lines, wordings, and claims that may go wrong. A writer is run twice over the same draws, first to count
// its claims, then with one of them spoilt when the trace is to have a mistake.
class TracePen {
 public:
  // `spoilt_claim`: index of the claim to get wrong first; -1 for none.
  TracePen(const TraceConfig& config, RandomStream stream, int64_t spoilt_claim);

  void Line(std::string_view text);
  // One of three ways to say the same, the same way throughout a trace.
  std::string_view Say(std::string_view brief, std::string_view plain, std::string_view full) const;
  // "LHS=VALUE"; of the spoilt claim "LHS=WRONG, wait, LHS=VALUE".
  std::string Claim(std::string_view lhs, int64_t value);
  // The same where the value is a word: `wrong` is what a mistake would say.
  std::string Claim(std::string_view lhs, std::string_view value, std::string_view wrong);

  bool checks() const { return checks_; }
  RandomStream& random() { return stream_; }
  int64_t num_claims() const { return num_claims_; }
  std::string Finish(std::string_view answer) const;

 private:
  RandomStream stream_;
  int64_t wording_ = 0;
  bool checks_ = false;
  int64_t correction_ = 0;  // which word takes a mistake back
  int64_t slip_ = 1;        // what a mistaken number is off by
  int64_t spoilt_claim_;
  int64_t num_claims_ = 0;
  std::string text_;
};

// A writer works one task with the pen and returns the answer it came to; nullopt when the task's data are not as its family writes them.
// `problem` is the task's metadata, or {"expression": "7+5"} for the source "arithmetic".
using TraceWriter = std::optional<std::string> (*)(const Json& problem, const std::string& gold, TracePen& pen);

#define CUPEL_TRACE(family, Write) std::optional<std::string> Write(const Json& problem, const std::string& gold, TracePen& pen);
#include "datasets/traces/registry.def"
#undef CUPEL_TRACE

}  // namespace cupel
