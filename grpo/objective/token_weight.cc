#include "grpo/objective/token_weight.h"

#include "base/check.h"

namespace cupel {

double TokenWeight(std::string_view aggregation, int64_t completion_tokens, int64_t update_tokens, int64_t update_completions) {
  Check(completion_tokens >= 1 && update_tokens >= completion_tokens && update_completions >= 1, "counts of an update");
  if (aggregation == "token_mean") {
    return 1.0 / static_cast<double>(update_tokens);
  }
  Check(aggregation == "sequence_mean", "aggregation is token_mean or sequence_mean");
  return 1.0 / (static_cast<double>(update_completions) * static_cast<double>(completion_tokens));
}

}  // namespace cupel
