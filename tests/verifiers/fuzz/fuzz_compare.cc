// Fuzzes the comparison. The first byte of a unit picks one law and the kind of input, text or formulas spelled from bytes (formula.h); one
// law a unit, so that ten million of them are hours and not days. Build and run: tests/verifiers/fuzz/run.sh

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/verifiers/fuzz/formula.h"
#include "tests/verifiers/fuzz/unit_clock.h"
#include "verifiers/math/verify.h"

namespace {

using cupel::fuzz::Bytes;
using cupel::fuzz::Formula;
using cupel::math::CompareAnswers;
using cupel::math::Decision;
using cupel::math::Request;
using cupel::math::Result;

// Most units have a tenth of the usual steps: what a comparison does with the rest of them is more of the same.
constexpr int64_t kFewSteps = 10'000;

void Require(bool law, const char* name, std::string_view gold, std::string_view pred) {
  if (!law) {
    std::fprintf(stderr, "fuzz: %s does not hold for\n%.*s\n%.*s\n", name, static_cast<int>(gold.size()), gold.data(),
                 static_cast<int>(pred.size()), pred.data());
    std::abort();
  }
}

Request Exact(Request request) {
  request.options.gold_decimal_rounding = false;
  request.options.decimal_refines_gold = false;
  request.options.pred_decimal_min_sig = 0;
  request.options.antiderivative_constant = false;
  return request;
}

// Every flag from one bit each.
Request WithOptions(Request request, uint32_t bits) {
  cupel::math::Options& o = request.options;
  for (bool* flag : {&o.gold_decimal_rounding,
                     &o.decimal_refines_gold,
                     &o.percent_is_fraction,
                     &o.percent_is_bare,
                     &o.degree_radian,
                     &o.unit_omitted,
                     &o.unit_convert,
                     &o.currency_omitted,
                     &o.interval_relation,
                     &o.labels,
                     &o.assignments_as_tuple,
                     &o.bound_rename,
                     &o.param_rename,
                     &o.symbol_case_fold,
                     &o.vector_tuple,
                     &o.ratio,
                     &o.imaginary_j,
                     &o.numeric_constants,
                     &o.plus_minus_independent,
                     &o.equation_vs_expression,
                     &o.antiderivative_constant,
                     &o.base_subscript,
                     &o.words,
                     &o.clock_literal,
                     &o.choice}) {
    *flag = *flag != ((bits & 1) != 0);
    bits = bits >> 1 | bits << 31;
  }
  return request;
}

bool IsProof(const Result& result) {
  return result.rule == "rational" || result.rule == "normal_form" || result.rule == "algebraic" || result.rule == "identity_test";
}

// The verdict of one pair is the same the second time.
void CheckTwice(std::string_view gold, std::string_view pred, const Request& request) {
  const Result result = CompareAnswers(gold, pred, request);
  const Result again = CompareAnswers(gold, pred, request);
  Require(result.decision == again.decision && result.reason == again.reason && result.cost == again.cost, "the same twice", gold, pred);
}

// With rounding off, and the constant of integration that only an answer may leave out, the order of the two plays no part. Boxes are taken
// off a gold by other rules than off an answer: one that never closes ends with the gold.
void CheckSymmetry(std::string_view gold, std::string_view pred, const Request& request) {
  if (gold.find("boxed") != std::string_view::npos || pred.find("boxed") != std::string_view::npos) {
    return;
  }
  const Result forward = CompareAnswers(gold, pred, Exact(request));
  const Result backward = CompareAnswers(pred, gold, Exact(request));
  Require(!IsProof(forward) || !IsProof(backward) || forward.decision != Decision::kCorrect || backward.decision != Decision::kIncorrect,
          "symmetry", gold, pred);
}

void CheckText(uint8_t law, std::string_view gold, std::string_view pred, const Request& request, uint8_t bits) {
  switch (law % 4) {
    case 0:
      return CheckTwice(gold, pred, request);
    case 1:
      return CheckSymmetry(gold, pred, request);
    case 2:
      return Require(CompareAnswers(gold, gold, request).decision != Decision::kIncorrect, "an answer equals itself", gold, gold);
    default:
      CompareAnswers(gold, pred, WithOptions(request, bits * 0x01010101u ^ 0x00ff5533u));
  }
}

void CheckFormulas(uint8_t law, Bytes& bytes, const Request& request) {
  const uint8_t style = bytes.Next();
  if (law % 8 < 3) {
    const Formula formula = cupel::fuzz::ReadAnswer(bytes);
    const std::string gold = cupel::fuzz::Spell(formula, style);
    const std::string pred = cupel::fuzz::Spell(formula, ~static_cast<uint32_t>(style));
    return Require(CompareAnswers(gold, pred, request).decision != Decision::kIncorrect, "two spellings are equal", gold, pred);
  }
  if (law % 8 < 6) {
    const Formula formula = cupel::fuzz::ReadScalar(bytes);
    const std::string gold = cupel::fuzz::Spell(formula, style);
    const std::string pred = "(" + gold + ")+1";
    const bool is_infinite = gold.find("infty") != std::string::npos;
    return Require(is_infinite || CompareAnswers(gold, pred, Exact(request)).decision != Decision::kCorrect, "one more is different", gold,
                   pred);
  }
  const std::string gold = cupel::fuzz::Spell(cupel::fuzz::ReadAnswer(bytes), style);
  const std::string pred = cupel::fuzz::Spell(cupel::fuzz::ReadAnswer(bytes), 0);
  CheckText(law / 8, gold, pred, request, style);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const UnitClock clock;
  Bytes bytes(data, size);
  const uint8_t law = bytes.Next();
  Request request;
  if (law % 16 != 0) {
    request.limits.steps = kFewSteps;
  }
  if (law >= 64) {
    CheckFormulas(law / 2, bytes, request);
    return 0;
  }
  const std::string text = bytes.Rest();
  const size_t split = std::min(text.find('\n'), text.size());
  const std::string_view gold = std::string_view(text).substr(0, split);
  CheckText(law, gold, split == text.size() ? gold : std::string_view(text).substr(split + 1), request, static_cast<uint8_t>(split));
  return 0;
}
