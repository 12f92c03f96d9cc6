// Fuzzes the scanner and the extraction rules: spans stay inside the text and hold what they say. Build and run:
// tests/verifiers/fuzz/run.sh

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "verifiers/answer/extract.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const cupel::AnswerKind kind : {cupel::AnswerKind::kNumber, cupel::AnswerKind::kText}) {
    const cupel::Extraction found = cupel::ExtractAnswer(text, kind);
    const bool inside = 0 <= found.span.begin && found.span.begin <= found.span.end && found.span.end <= static_cast<int64_t>(size);
    if (!inside || found.problem.empty() == found.rule.empty()) {
      std::abort();
    }
  }
  return 0;
}
