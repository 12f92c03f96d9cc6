#include "grpo/objective/aggregation.h"

#include "base/check.h"

namespace cupel {

double TokenWeight(std::string_view aggregation, int64_t completion_tokens, const UpdateCounts& counts, int64_t constant_length) {
  Check(completion_tokens >= 1 && counts.tokens >= completion_tokens && counts.completions >= 1, "counts of an update");
  const auto completions = static_cast<double>(counts.completions);
  if (aggregation == "token_mean") {
    return 1.0 / static_cast<double>(counts.tokens);
  }
  if (aggregation == "constant_length") {
    Check(constant_length >= 1, "constant_length was checked with the recipe");
    return 1.0 / (completions * static_cast<double>(constant_length));
  }
  Check(aggregation == "sequence_mean", "aggregation is token_mean, sequence_mean or constant_length");
  return 1.0 / (completions * static_cast<double>(completion_tokens));
}

}  // namespace cupel
