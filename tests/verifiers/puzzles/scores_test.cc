// Covers the published partial scores: reasoning-gym's by goldens, TinyZero's and Logic-RL's by their rules, and the defects of reference
// implementations that strict scoring does not have. Alone: build/release/tests/puzzles_test "[scores]"

#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "datasets/procedural/family.h"
#include "verifiers/puzzles/checks.h"
#include "verifiers/verifier.h"

namespace cupel {
namespace {

Verdict Judge(const std::string& metadata, const std::string& gold, const std::string& text) {
  return FindVerifier("puzzle").value()->Verify({"t", {{"user", "?"}}, gold, "puzzle", metadata}, text);
}

// The verdict on an answer between tags, strictly.
bool IsStrict(const std::string& metadata, const std::string& gold, const std::string& answer) {
  return Judge(metadata, gold, "<answer>" + answer + "</answer>").outcome == Outcome::kCorrect;
}

PuzzleScore ScoreOf(std::string_view name) {
  const std::map<std::string_view, PuzzleScore> scores = {
#define CUPEL_PUZZLE(family, Check, CheckRg, ScoreRg) {#family, &ScoreRg},
#include "verifiers/puzzles/registry.def"
#undef CUPEL_PUZZLE
  };
  return scores.at(name);
}

TEST_CASE("scores are reasoning-gym's, where it does not evaluate the answer as code", "[scores]") {
  LineReader reader = LineReader::Open(CUPEL_SOURCE_DIR "/tests/golden/reasoning_gym/scores.jsonl").value();
  int64_t count = 0;
  std::map<std::string, std::vector<Item>> items;
  while (const auto line = reader.Next().value()) {
    const Json row = ParseJson(*line, "scores.jsonl").value();
    const std::string family = row["family"];
    if (!items.contains(family)) {
      const ItemGenerator generator = ItemGenerator::Create(family, Variant::kRg, {}).value();
      for (int64_t i = 0; i < 4; ++i) {
        items[family].push_back(generator.At(42, i).value());
      }
    }
    const Item& item = items[family][row["index"].get<size_t>()];
    const std::string answer = row["answer"].is_null() ? "" : row["answer"].get<std::string>();
    const double score =
        ScoreOf(family)(ParseJson(item.metadata, "metadata").value(), item.answer, row["answer"].is_null() ? nullptr : &answer);
    CAPTURE(std::string(*line), item.answer);
    CHECK(score == Approx(row["score"].get<double>()).epsilon(1e-9).margin(1e-12));
    ++count;
  }
  CHECK(count > 700);
}

const std::string kCountdown = R"({"source_dataset":"countdown","variant":"cupel","numbers":[61,94,4,6],"target":159})";

TEST_CASE("countdown: TinyZero's score", "[scores]") {
  const std::string metadata = R"({"source_dataset":"countdown","variant":"cupel","scoring":"tinyzero","numbers":[3,5,7],"target":26})";
  const auto score = [&](const std::string& text) { return Judge(metadata, "", text).credit; };
  CHECK(score("Assistant: <think>x</think>\n<answer>3 * 7 + 5</answer>") == 1);
  CHECK(score("<answer>3 * 7 + 5</answer>") == 1);
  CHECK(score("<answer>3 * 7 + 5</answer>\nDone.") == 0);  // only the last line counts
  CHECK(score("<answer>1</answer> <answer>3 * 7 + 5</answer>") == 1);
  CHECK(score("nothing") == 0);
  for (const std::string answer : {"3 * 5 + 7", "3 + 5", "3**7 + 5", "3 * 7 + 5.0", "3 * 07 + 5", "3 // 7 + 5", "９", "26", "x", ""}) {
    CAPTURE(answer);
    CHECK(score("<answer>" + answer + "</answer>") == 0.1);
  }
}

TEST_CASE("knights and knaves: Logic-RL's score", "[scores]") {
  const auto metadata = [](const std::string& scoring) {
    return R"({"source_dataset":"knights_knaves","variant":"cupel","scoring":")" + scoring +
           R"(","names":["Ada","Leo"],"roles":["knight","knave"]})";
  };
  const auto score = [&](const std::string& text, const std::string& scoring = "logic_rl") {
    return Judge(metadata(scoring), "", text).credit * 6 - 3;
  };
  const std::string think = "<think>a</think>";
  CHECK(score(think + "<answer>(1) Ada is a knight\n(2) Leo is a knave</answer>") == Approx(3));
  CHECK(score(think + "<answer>Ada is a knave, Leo is a knave</answer>") == Approx(-0.5));
  CHECK(score(think + "<answer>Ada is a knight</answer>") == Approx(-1));
  CHECK(score("<answer>Ada is a knight, Leo is a knave</answer>") == Approx(-3));
  CHECK(score(think) == Approx(-3));
  // A role word outside the clauses: the original counts it, ours does not.
  const std::string chatty = think + "<answer>Since no knave speaks so: Ada is a knight, Leo is a knave</answer>";
  CHECK(score(chatty) == Approx(3));
  CHECK(score(chatty, "logic_rl_exact") == Approx(-1));
  // Contradictions are no answer in strict mode.
  CHECK(IsStrict(metadata("strict"), "", "Ada is a knight, Leo is a knave"));
  CHECK_FALSE(IsStrict(metadata("strict"), "", "Ada is a knight, Leo is a knave, Leo is a knight"));
  CHECK_FALSE(IsStrict(metadata("strict"), "", "Ada is a knight and a knave, Leo is a knave"));
}

TEST_CASE("defects of reference implementations that strict scoring does not have", "[defects]") {
  // countdown and puzzle24 evaluated answers as code, and puzzle24 compared no numbers.
  CHECK(IsStrict(kCountdown, "", "61 + 94 + 4 + 6 * 0") == false);
  CHECK_FALSE(IsStrict(kCountdown, "", "(6+61+94+4)*False+len('" + std::string(159, 'x') + "')"));
  CHECK_FALSE(IsStrict(kCountdown, "", "__import__('os').system('true')"));
  CHECK_FALSE(IsStrict(kCountdown, "", "9**9**9**9"));
  CHECK(IsStrict(R"({"source_dataset":"countdown","variant":"cupel","numbers":[61,94,4,6],"target":165})", "", "61 + 94 + 4 + 6"));
  const std::string puzzle24 = R"({"source_dataset":"puzzle24","variant":"cupel","numbers":[3,3,8,8]})";
  CHECK_FALSE(IsStrict(puzzle24, "", "6*4*1*1"));
  CHECK_FALSE(IsStrict(puzzle24, "", "3+3+8+8"));  // SynLogic compared an expression with itself
  CHECK_FALSE(IsStrict(puzzle24, "", "24.9"));     // int() truncated
  CHECK(IsStrict(puzzle24, "", "8 / (3 - 8 / 3)"));
  // n_queens evaluated lists; a bare board is read, code is not.
  const std::string queens =
      R"({"source_dataset":"n_queens","puzzle":[["_","_","_","_"],["_","_","_","Q"],["Q","_","_","_"],["_","_","_","_"]],"num_removed":2,"solutions":[]})";
  CHECK(IsStrict(queens, "", "_ Q _ _\n_ _ _ Q\nQ _ _ _\n_ _ Q _"));
  CHECK_FALSE(IsStrict(queens, "", "[['_','Q','_','_'],['_','_','_','Q'],['Q','_','_','_'],['_','_','Q','_']].__class__"));
  CHECK_FALSE(IsStrict(queens, "", "_ Q _ _\n_ _ _ Q\n_ Q _ _\n_ _ Q _"));
  // prime_factorization paid for the number itself.
  const std::string primes = R"({"source_dataset":"prime_factorization","number":91,"factors":[7,13]})";
  CHECK_FALSE(IsStrict(primes, "", "91"));
  CHECK_FALSE(IsStrict(primes, "", "1 × 7 × 13"));
  CHECK(IsStrict(primes, "", "13 × 7"));
  // sudoku paid for givens and ones.
  const std::string sudoku =
      R"({"source_dataset":"mini_sudoku","puzzle":[[2,0,0,3],[0,0,1,0],[1,0,3,0],[3,0,2,1]],"solution":[[2,1,4,3],[4,3,1,2],[1,2,3,4],[3,4,2,1]]})";
  CHECK_FALSE(IsStrict(sudoku, "", "2 1 1 3\n1 1 1 1\n1 1 3 1\n3 1 2 1"));
  CHECK(IsStrict(sudoku, "", "2 1 4 3\n4 3 1 2\n1 2 3 4\n3 4 2 1"));
  CHECK(Judge(sudoku, "", "<answer>2 1 1 3</answer>").credit == 0);
  // Any weekday earned 0.1.
  CHECK(Judge(R"({"source_dataset":"calendar_arithmetic","task":"weekday_offset"})", "Monday", "<answer>Friday</answer>").credit == 0);
  // The substring rule paid for hedging and rejected a sentence dot.
  const std::string sum = R"({"source_dataset":"chain_sum"})";
  CHECK(Judge(sum, "556", "<answer>It is 556</answer>").credit == 0);
  CHECK(IsStrict(sum, "288", "288."));
  CHECK_FALSE(IsStrict(sum, "556", "556 or 557"));
  // Equal values in other spellings were refused by string equality.
  CHECK(IsStrict(R"({"source_dataset":"simple_equations","variant":"cupel"})", "1234", "1,234"));
  CHECK(IsStrict(R"({"source_dataset":"dice"})", "1/2", "2/4"));
}

}  // namespace
}  // namespace cupel
