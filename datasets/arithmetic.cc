// Generated arithmetic: sums, differences and products of a few numbers.

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/random.h"
#include "base/status.h"
#include "datasets/expression.h"
#include "datasets/permutation.h"
#include "datasets/prompt.h"
#include "datasets/registry.h"
#include "datasets/split.h"

namespace cupel {
namespace {

constexpr std::string_view kPlaceholder = "{expression}";
constexpr int64_t kMaxEnumerated = int64_t{1} << 62;  // expressions; up to here they are numbered, beyond they are drawn
constexpr int64_t kDrawn = int64_t{1} << 20;          // tasks of a drawn split

// What the third counter word or the tweak of a kTaskContent stream is for.
enum Purpose : uint32_t { kSplitTuples = 0, kEvalOrder = 1, kTrainOrder = 2, kEvalDraws = 3, kTrainDraws = 4 };

std::array<uint32_t, 2> ContentKey(uint64_t seed) { return RandomKey(seed, RandomPurpose::kTaskContent); }

Task MakeTask(const ArithmeticConfig& config, const Expression& expression) {
  Task task;
  task.id = "arithmetic/" + ExpressionId(expression);
  task.prompt = QuestionPrompt(config.system, FillTemplate(config.template_text, kPlaceholder, ExpressionText(expression)));
  task.answer = fmt::format("{}", Evaluate(expression));
  task.verifier = "number";
  return task;
}

// All expressions of the settings, numbered: tuple rank * num_operator_choices + operator rank, both ranks in mixed radix.
class EnumeratedArithmetic final : public Dataset {
 public:
  EnumeratedArithmetic(ArithmeticConfig config, uint64_t seed, Split split, int64_t num_tuples, int64_t num_operator_choices)
      : config_(std::move(config)),
        num_tuples_(num_tuples),
        num_operator_choices_(num_operator_choices),
        order_key_(ContentKey(split == Split::kTrain ? seed : kSplitSeed)),
        order_tweak_(split == Split::kTrain ? kTrainOrder : kEvalOrder) {
    const int64_t held_out = std::llround(static_cast<double>(num_tuples) * config_.held_out_fraction);
    first_ = split == Split::kTrain ? held_out : 0;
    count_ = split == Split::kTrain ? num_tuples - held_out : held_out;
  }

  int64_t size() const override { return count_ * num_operator_choices_; }

  Task At(int64_t index) const override {
    const int64_t rank = PermutedIndex(size(), order_key_, order_tweak_, index);
    const int64_t tuple = PermutedIndex(num_tuples_, ContentKey(kSplitSeed), kSplitTuples, first_ + rank / num_operator_choices_);
    return MakeTask(config_, Decode(tuple, rank % num_operator_choices_));
  }

 private:
  Expression Decode(int64_t tuple, int64_t operators) const {
    const int64_t range = config_.max_operand - config_.min_operand + 1;
    const int64_t num_operators = std::ssize(config_.operators);
    Expression expression;
    for (int64_t i = 0; i < config_.terms; ++i, tuple /= range) {
      expression.operands.push_back(config_.min_operand + tuple % range);
    }
    for (int64_t i = 1; i < config_.terms; ++i, operators /= num_operators) {
      expression.operators += config_.operators[static_cast<size_t>(operators % num_operators)];
    }
    return expression;
  }

  ArithmeticConfig config_;
  int64_t num_tuples_;
  int64_t num_operator_choices_;
  std::array<uint32_t, 2> order_key_;
  uint64_t order_tweak_;
  int64_t first_ = 0;  // the split's tuples are those at first_ .. first_ + count_ - 1 of the order that kSplitSeed gives
  int64_t count_ = 0;
};

// Too many expressions to number: task i is drawn again until its tuple hashes into the split. That two of the 2^20 tasks are the same
// expression has a probability below 1e-6.
class DrawnArithmetic final : public Dataset {
 public:
  DrawnArithmetic(ArithmeticConfig config, uint64_t seed, Split split) : config_(std::move(config)), seed_(seed), split_(split) {}

  int64_t size() const override { return kDrawn; }

  Task At(int64_t index) const override {
    const bool is_eval = split_ == Split::kEval;
    RandomStream stream(is_eval ? kSplitSeed : seed_, RandomPurpose::kTaskContent, static_cast<uint32_t>(index), 0,
                        is_eval ? kEvalDraws : kTrainDraws);
    Expression expression = Draw(stream);
    while (IsHeldOut(fmt::format("{}", fmt::join(expression.operands, ",")), config_.held_out_fraction) != is_eval) {
      expression = Draw(stream);
    }
    return MakeTask(config_, expression);
  }

 private:
  Expression Draw(RandomStream& stream) const {
    Expression expression;
    for (int64_t i = 0; i < config_.terms; ++i) {
      expression.operands.push_back(stream.Between(config_.min_operand, config_.max_operand));
    }
    for (int64_t i = 1; i < config_.terms; ++i) {
      expression.operators += config_.operators[stream.Below(config_.operators.size())];
    }
    return expression;
  }

  ArithmeticConfig config_;
  uint64_t seed_;
  Split split_;
};

absl::Status CheckOperators(const std::vector<std::string>& operators) {
  if (operators.empty()) {
    return InvalidArgument("data.arithmetic.operators is empty; give some of \"+\", \"-\", \"*\"");
  }
  for (auto it = operators.begin(); it != operators.end(); ++it) {
    if (*it != "+" && *it != "-" && *it != "*") {
      return InvalidArgument("data.arithmetic.operators: \"{}\" is not one of \"+\", \"-\", \"*\"", *it);
    }
    if (std::find(operators.begin(), it, *it) != it) {
      return InvalidArgument("data.arithmetic.operators names \"{}\" twice", *it);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckConfig(const ArithmeticConfig& config) {
  CUPEL_RETURN_IF_ERROR(CheckOperators(config.operators));
  if (config.terms < 2 || config.terms > 8) {
    return InvalidArgument("data.arithmetic.terms is {}; expected 2 to 8", config.terms);
  }
  if (config.min_operand < -1'000'000'000 || config.max_operand > 1'000'000'000 || config.min_operand > config.max_operand) {
    return InvalidArgument("data.arithmetic: operands from {} to {}; expected -1000000000 <= min_operand <= max_operand <= 1000000000",
                           config.min_operand, config.max_operand);
  }
  if (!(config.held_out_fraction > 0 && config.held_out_fraction < 1)) {
    return InvalidArgument("data.arithmetic.held_out_fraction is {}; expected more than 0 and less than 1", config.held_out_fraction);
  }
  if (config.template_text.find(kPlaceholder) == std::string::npos) {
    return InvalidArgument("data.arithmetic.template \"{}\" does not contain {}", config.template_text, kPlaceholder);
  }
  const int64_t max_abs = std::max(std::abs(config.min_operand), std::abs(config.max_operand));
  const bool has_product = std::ranges::count(config.operators, "*") > 0;
  if (MaxAbsoluteValue(config.terms, max_abs, has_product) < 0) {
    return InvalidArgument("data.arithmetic: products of {} numbers up to {} do not fit in 64 bits; lower terms or the operands",
                           config.terms, max_abs);
  }
  return absl::OkStatus();
}

// base to the power of exponent when that is at most kMaxEnumerated.
std::optional<int64_t> BoundedPower(int64_t base, int64_t exponent) {
  int64_t power = 1;
  for (int64_t i = 0; i < exponent; ++i) {
    if (__builtin_mul_overflow(power, base, &power) || power > kMaxEnumerated) {
      return std::nullopt;
    }
  }
  return power;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> MakeArithmeticDataset(const DatasetConfig& config, uint64_t seed, Split split,
                                                               const LoadContext& /*context*/) {
  const ArithmeticConfig& settings = config.arithmetic;
  CUPEL_RETURN_IF_ERROR(CheckConfig(settings));
  const std::optional<int64_t> num_tuples = BoundedPower(settings.max_operand - settings.min_operand + 1, settings.terms);
  const std::optional<int64_t> num_operator_choices = BoundedPower(std::ssize(settings.operators), settings.terms - 1);
  if (!num_tuples || *num_tuples > kMaxEnumerated / *num_operator_choices) {
    return std::make_unique<DrawnArithmetic>(settings, seed, split);
  }
  auto dataset = std::make_unique<EnumeratedArithmetic>(settings, seed, split, *num_tuples, *num_operator_choices);
  if (dataset->size() == 0) {
    return InvalidArgument(
        "data.arithmetic: {} of {} number tuples leaves the {} split empty; widen the operands or change held_out_fraction",
        settings.held_out_fraction, *num_tuples, split == Split::kTrain ? "training" : "evaluation");
  }
  return dataset;
}

}  // namespace cupel
