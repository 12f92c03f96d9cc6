#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "base/config.h"
#include "datasets/task.h"

namespace cupel {

// Worked solutions to generated problems, for the supervised start of a reasoning model ("cold start", DeepSeek-R1, arXiv 2501.12948,
// section 2.3.1). The paper's traces come from people and other models; these come from the generators themselves.
struct TraceConfig {
  double mistake_rate = 0.1;
  double check_rate = 1.0;
  int64_t wordings = 3;
  template <class Field>
  void VisitFields(Field&& field) {
    field("mistake_rate", mistake_rate, "share of traces in which a step goes wrong and is corrected at once", Range{0, 1});
    field("check_rate", check_rate, "share of traces that check their result", Range{0, 1});
    field("wordings", wordings, "ways of putting things that traces take turns with; a small model learns one faster", Range{1, 3});
  }
};

// "<think>...</think>\n<answer>...</answer>": works step by step to the task's own answer. A pure function of its arguments; different
// indices draw mistakes, checks and wordings anew. Unimplemented for a task whose family has no trace writer (the message names those that
// have one), InvalidArgument when the task's metadata is not what its family writes.
absl::StatusOr<std::string> WriteTrace(const Task& task, const TraceConfig& config, uint64_t seed, int64_t index);

// Families of datasets/procedural, and the source "arithmetic", whose tasks WriteTrace can work; sorted.
std::vector<std::string_view> TraceFamilies();

}  // namespace cupel
