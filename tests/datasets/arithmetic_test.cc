// Generated arithmetic: what is asked, what is held out, what is refused. Run alone: build/release/tests/datasets_test "[arithmetic]"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "datasets/dataset.h"

namespace cupel {
namespace {

using Catch::Contains;

DatasetConfig OneDigit() {
  DatasetConfig config;
  config.source = "arithmetic";
  return config;
}

std::unique_ptr<Dataset> Make(const DatasetConfig& config, Split split, uint64_t seed = 1) {
  return MakeDataset(config, seed, split).value();
}

std::string ErrorOf(const DatasetConfig& config, Split split = Split::kTrain) {
  return std::string(Message(MakeDataset(config, 1, split).status()));
}

std::set<std::string> Ids(const Dataset& dataset) {
  std::set<std::string> ids;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    ids.insert(dataset.At(i).id);
  }
  return ids;
}

// "7+5" of "arithmetic/7-5": the numbers without the operator.
std::string Pair(std::string id) {
  const size_t at = id.find_first_of("+-*", id.find('/') + 2);
  return id.replace(at, 1, ",");
}

TEST_CASE("one-digit sums and differences are 200 expressions, 40 of them held out", "[arithmetic]") {
  const std::set<std::string> train = Ids(*Make(OneDigit(), Split::kTrain));
  const std::set<std::string> eval = Ids(*Make(OneDigit(), Split::kEval));
  CHECK(train.size() == 160);
  CHECK(eval.size() == 40);
  std::set<std::string> all = train;
  all.insert(eval.begin(), eval.end());
  CHECK(all.size() == 200);
}

TEST_CASE("a pair that is held out is held out with every operator", "[arithmetic]") {
  std::set<std::string> train_pairs, eval_pairs;
  for (const std::string& id : Ids(*Make(OneDigit(), Split::kTrain))) {
    train_pairs.insert(Pair(id));
  }
  for (const std::string& id : Ids(*Make(OneDigit(), Split::kEval))) {
    eval_pairs.insert(Pair(id));
  }
  CHECK(train_pairs.size() == 80);
  CHECK(eval_pairs.size() == 20);
}

TEST_CASE("what is held out does not depend on the seed, the order of training does", "[arithmetic]") {
  const auto train = Make(OneDigit(), Split::kTrain, 1), other_train = Make(OneDigit(), Split::kTrain, 2);
  CHECK(Ids(*train) == Ids(*other_train));
  bool same_order = true;
  for (int64_t i = 0; i < train->size(); ++i) {
    same_order = same_order && train->At(i).id == other_train->At(i).id;
  }
  CHECK_FALSE(same_order);
  const auto eval = Make(OneDigit(), Split::kEval, 1), other_eval = Make(OneDigit(), Split::kEval, 2);
  for (int64_t i = 0; i < eval->size(); ++i) {
    CHECK(eval->At(i).id == other_eval->At(i).id);
  }
}

// Runs compare their evaluations with those of earlier ones: these must never change.
TEST_CASE("the held-out questions are the same forever", "[arithmetic]") {
  const auto eval = Make(OneDigit(), Split::kEval);
  std::string first;
  for (int64_t i = 0; i < 8; ++i) {
    first += eval->At(i).id.substr(11) + " ";
  }
  CHECK(first == "5-8 3-3 5-5 9-5 2+7 3+5 3+3 3+0 ");
}

TEST_CASE("the first tasks of a split hold every operator", "[arithmetic]") {
  const auto eval = Make(OneDigit(), Split::kEval);
  int sums = 0;
  for (int64_t i = 0; i < 20; ++i) {
    sums += static_cast<int>(std::ranges::count(eval->At(i).id, '+'));
  }
  CHECK((5 <= sums && sums <= 15));
}

TEST_CASE("a task asks the question and knows the answer", "[arithmetic]") {
  DatasetConfig config = OneDigit();
  config.arithmetic.system = "Be brief.";
  config.arithmetic.template_text = "{expression} = ?";
  std::map<std::string, Task> tasks;
  const auto train = Make(config, Split::kTrain);
  for (int64_t i = 0; i < train->size(); ++i) {
    tasks[train->At(i).id] = train->At(i);
  }
  const auto eval = Make(config, Split::kEval);
  for (int64_t i = 0; i < eval->size(); ++i) {
    tasks[eval->At(i).id] = eval->At(i);
  }
  const Task& task = tasks.at("arithmetic/3-8");
  CHECK(task.prompt == std::vector<ChatMessage>{{"system", "Be brief."}, {"user", "3 - 8 = ?"}});
  CHECK(task.answer == "-5");
  CHECK(task.verifier == "number");
  CHECK(task.metadata.empty());
}

TEST_CASE("the held-out share is exact for any number of terms", "[arithmetic]") {
  DatasetConfig config = OneDigit();
  config.arithmetic.operators = {"+", "*"};
  config.arithmetic.terms = 3;
  config.arithmetic.min_operand = -2;
  config.arithmetic.max_operand = 2;
  config.arithmetic.held_out_fraction = 0.4;
  const std::set<std::string> train = Ids(*Make(config, Split::kTrain));
  const std::set<std::string> eval = Ids(*Make(config, Split::kEval));
  CHECK(train.size() == 75 * 4);
  CHECK(eval.size() == 50 * 4);
  for (const std::string& id : eval) {
    CHECK(train.count(id) == 0);
  }
}

TEST_CASE("spaces of 2^60 expressions are numbered, not stored", "[arithmetic]") {
  DatasetConfig config = OneDigit();
  config.arithmetic.terms = 8;
  config.arithmetic.max_operand = 99;
  const auto train = Make(config, Split::kTrain);
  CHECK(train->size() == 8'000'000'000'000'000 * 128);
  CHECK(train->At(0).id != train->At(train->size() - 1).id);
}

TEST_CASE("larger spaces are drawn, and no tuple is in both splits", "[arithmetic]") {
  DatasetConfig config = OneDigit();
  config.arithmetic.operators = {"-"};
  config.arithmetic.terms = 4;
  config.arithmetic.max_operand = 1'000'000'000;
  const auto train = Make(config, Split::kTrain), other = Make(config, Split::kTrain, 2), eval = Make(config, Split::kEval);
  CHECK(train->size() == 1 << 20);
  CHECK(eval->size() == 1 << 20);
  std::set<std::string> ids;
  for (int64_t i = 0; i < 500; ++i) {
    ids.insert(train->At(i).id);
    ids.insert(other->At(i).id);
    ids.insert(eval->At(i).id);
    CHECK(train->At(i).id == train->At(i).id);
  }
  CHECK(ids.size() == 1500);
  CHECK(eval->At(3).id == Make(config, Split::kEval, 9)->At(3).id);
}

TEST_CASE("unusable settings are refused with what to change", "[arithmetic]") {
  const auto error = [](auto change) {
    DatasetConfig config = OneDigit();
    change(config.arithmetic);
    return ErrorOf(config);
  };
  CHECK_THAT(error([](ArithmeticConfig& c) { c.operators = {}; }), Contains("operators is empty"));
  CHECK_THAT(error([](ArithmeticConfig& c) { c.operators = {"/"}; }), Contains("\"/\" is not one of"));
  CHECK_THAT(error([](ArithmeticConfig& c) { c.operators = {"+", "+"}; }), Contains("twice"));
  CHECK_THAT(error([](ArithmeticConfig& c) { c.terms = 1; }), Contains("terms is 1; expected 2 to 8"));
  CHECK_THAT(error([](ArithmeticConfig& c) { c.min_operand = 10; }), Contains("min_operand <= max_operand"));
  CHECK_THAT(error([](ArithmeticConfig& c) { c.max_operand = 2'000'000'000; }), Contains("1000000000"));
  CHECK_THAT(error([](ArithmeticConfig& c) { c.held_out_fraction = 1.0; }), Contains("held_out_fraction is 1"));
  CHECK_THAT(error([](ArithmeticConfig& c) { c.template_text = "What?"; }), Contains("does not contain {expression}"));
  CHECK_THAT(error([](ArithmeticConfig& c) {
               c.operators = {"*"};
               c.terms = 3;
               c.max_operand = 1'000'000'000;
             }),
             Contains("do not fit in 64 bits"));
}

TEST_CASE("an empty split is refused", "[arithmetic]") {
  DatasetConfig config = OneDigit();
  config.arithmetic.max_operand = 1;
  config.arithmetic.held_out_fraction = 0.05;
  CHECK_THAT(ErrorOf(config, Split::kEval), Contains("leaves the evaluation split empty"));
  CHECK(MakeDataset(config, 1, Split::kTrain).ok());
}

}  // namespace
}  // namespace cupel
