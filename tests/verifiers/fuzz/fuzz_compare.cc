// Fuzzes the comparison: two answers separated by a newline. An answer equals itself, the verdict is the same the second time, and exact
// equality of two expressions does not depend on their order. Build and run: tests/verifiers/fuzz/run.sh

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "verifiers/math/verify.h"

namespace {

using cupel::math::CompareAnswers;
using cupel::math::Decision;

bool IsSymmetric(const cupel::math::Result& result) {
  return result.rule == "rational" || result.rule == "normal_form" || result.rule == "algebraic" || result.rule == "identity_test";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t split = text.find('\n');
  const std::string_view gold = text.substr(0, split);
  const std::string_view pred = split == std::string_view::npos ? gold : text.substr(split + 1);
  const auto result = CompareAnswers(gold, pred, {});
  const auto again = CompareAnswers(gold, pred, {});
  if (result.decision != again.decision || result.reason != again.reason || result.cost != again.cost) {
    std::abort();
  }
  if (CompareAnswers(gold, gold, {}).decision == Decision::kIncorrect) {
    std::abort();
  }
  // With rounding off the order of the two plays no part, but for a constant of integration, which only an answer may leave out.
  if ((gold.find('C') == std::string_view::npos) != (pred.find('C') == std::string_view::npos)) {
    return 0;
  }
  cupel::math::Request exact;
  exact.options.gold_decimal_rounding = false;
  exact.options.decimal_refines_gold = false;
  exact.options.pred_decimal_min_sig = 0;
  const auto forward = CompareAnswers(gold, pred, exact);
  const auto backward = CompareAnswers(pred, gold, exact);
  if (IsSymmetric(forward) && IsSymmetric(backward) && forward.decision == Decision::kCorrect &&
      backward.decision == Decision::kIncorrect) {
    std::abort();
  }
  return 0;
}
