#include "policy/generation.h"

namespace cupel {

std::string_view FinishReasonName(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kAborted:
      return "aborted";
  }
  return "unknown";
}

std::string_view TextBeforeStopString(std::string_view text, const Completion& completion) {
  return completion.stop_string.empty() ? text : text.substr(0, text.find(completion.stop_string));
}

}  // namespace cupel
