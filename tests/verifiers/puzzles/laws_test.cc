// Covers the laws that every family of generated problems keeps with its verifier. Alone: build/release/tests/puzzles_test "[laws]"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/json.h"
#include "base/status.h"
#include "datasets/procedural/family.h"
#include "datasets/procedural/item_random.h"
#include "verifiers/verifier.h"

namespace cupel {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif
constexpr int64_t kItems = kIsSanitized ? 3 : 15;  // per family and level

const Verifier& Puzzle() { return *FindVerifier("puzzle").value(); }

Task TaskOf(const Item& item) { return {"t", {{"user", item.question}}, item.answer, "puzzle", item.metadata}; }

std::string Tagged(const std::string& answer) { return "<think>Let me see.</think>\n<answer>" + answer + "</answer>"; }

bool IsRight(const Task& task, const std::string& answer) { return Puzzle().Verify(task, Tagged(answer)).outcome == Outcome::kCorrect; }

std::vector<Item> Items(const Family& family, Variant variant, const std::string& set, int64_t count) {
  const std::vector<std::string> overrides = set.empty() ? std::vector<std::string>() : std::vector{set};
  const ItemGenerator generator = ItemGenerator::Create(family.name, variant, overrides).value();
  std::vector<Item> items;
  for (int64_t i = 0; i < count; ++i) {
    absl::StatusOr<Item> item = generator.At(7, i);
    CAPTURE(family.name, set, i, item.status().ToString());
    REQUIRE(item.ok());
    items.push_back(*std::move(item));
  }
  return items;
}

TEST_CASE("the oracle's answer is correct at every level, and the same item comes again", "[laws]") {
  for (const Family* family : Families()) {
    for (const std::string level : {"level=1", "level=2", "level=3", "level=4", "level=5"}) {
      const std::vector<Item> items = Items(*family, Variant::kCupel, level, kItems);
      for (const Item& item : items) {
        const Task task = TaskOf(item);
        CAPTURE(family->name, level, item.question, item.answer, item.metadata);
        const absl::Status gold = Puzzle().CheckGold(task);
        CAPTURE(gold.ToString());
        CHECK(gold.ok());
        const Verdict verdict = Puzzle().Verify(task, Tagged(item.answer));
        CAPTURE(verdict.reason);
        CHECK(verdict.outcome == Outcome::kCorrect);
        CHECK(verdict.credit == 1);
      }
      const ItemGenerator again = ItemGenerator::Create(family->name, Variant::kCupel, std::vector{level}).value();
      CHECK(again.At(7, 2)->question == items[2].question);
      CHECK(again.At(8, 2)->question != items[2].question);
    }
  }
}

TEST_CASE("the oracle's answer is correct for reasoning-gym's items", "[laws]") {
  for (const Family* family : Families()) {
    for (const Item& item : family->generate_rg == nullptr ? std::vector<Item>() : Items(*family, Variant::kRg, "", kItems)) {
      CAPTURE(family->name, item.question, item.answer);
      CHECK(Puzzle().CheckGold(TaskOf(item)).ok());
      CHECK(IsRight(TaskOf(item), item.answer));
    }
  }
}

// A policy that always writes the same, and one that repeats the question, earn at most 0.05 on average; `most` of `count` answers may be
// right. The constants are the answers of other items, the most frequent answer, and texts that a lazy policy would try.
void CheckLazyPolicies(const Family& family, const std::string& level, int64_t count, int64_t most) {
  const std::vector<Item> items = Items(family, Variant::kCupel, level, count);
  std::map<std::string, int> frequency;
  for (const Item& item : items) {
    ++frequency[item.answer];
  }
  const auto commonest = std::ranges::max_element(frequency, {}, [](const auto& entry) { return entry.second; });
  std::vector<std::string> constants = {commonest->first, "0", "1", "2",  "No", "none", "True", "[]", "{}", "yes",
                                        "Monday",         "A", "x", "1/2"};
  for (size_t i = 0; i < 12; ++i) {
    constants.push_back(items[i * 7 % items.size()].answer);
  }
  for (const std::string& constant : constants) {
    const auto right = std::ranges::count_if(items, [&](const Item& item) { return IsRight(TaskOf(item), constant); });
    CAPTURE(family.name, level, constant, right);
    CHECK(right <= most);
  }
  int64_t echoes = 0;
  for (const Item& item : items) {
    const Task task = TaskOf(item);
    echoes += IsRight(task, item.question) || Puzzle().Verify(task, item.question).outcome == Outcome::kCorrect ? 1 : 0;
    CHECK_FALSE(IsRight(task, ""));
    CHECK_FALSE(IsRight(task, item.metadata));
  }
  CAPTURE(family.name, level);
  CHECK(echoes == 0);
}

TEST_CASE("constant answers and echoes earn at most 0.05", "[laws]") {
  if (kIsSanitized) {
    std::puts("SKIPPED: constant answers, because their statistics take too long under sanitizers");
    return;
  }
  for (const Family* family : Families()) {
    CheckLazyPolicies(*family, "level=1", 200, 10);  // where constants are likeliest
    for (const std::string level : {"level=2", "level=3", "level=4", "level=5"}) {
      // Among forty items chance gives a constant with a share of 0.05 three or four now and then, and more than seven less than one time
      // in a thousand. "[.laws]" has ten times as many items and the bound itself.
      CheckLazyPolicies(*family, level, 40, 7);
    }
  }
}

// By hand: build/release/tests/puzzles_test "[.laws]"
TEST_CASE("constant answers and echoes earn at most 0.05 at every level, on many items", "[.laws]") {
  for (const Family* family : Families()) {
    for (const std::string level : {"level=1", "level=2", "level=3", "level=4", "level=5"}) {
      CheckLazyPolicies(*family, level, 400, 20);
    }
  }
}

// One change to a right answer: a character replaced, left out, doubled, or two swapped, an end cut off, something added.
std::string Mutated(const std::string& answer, ItemRandom& random) {
  constexpr std::string_view kCharacters = "0123456789ABCabc+-*/ (),";
  std::string changed = answer;
  const size_t at = random.Below(answer.size());
  switch (random.Below(5)) {
    case 0:
      changed[at] = random.Choice(kCharacters);
      break;
    case 1:
      changed.erase(at, 1);
      break;
    case 2:
      changed.insert(at, 1, random.Choice(kCharacters));
      break;
    case 3:
      std::swap(changed[at], changed[random.Below(answer.size())]);
      break;
    default:
      changed = answer.substr(0, at);
      break;
  }
  return changed;
}

std::string WithoutSpaces(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
  return text;
}

// Families in which a mutation may give another right answer, as the check says by its own: they are counted, not forbidden.
void CheckMutations(const Family& family, const std::string& level, int64_t count) {
  int64_t tried = 0, accepted = 0;
  std::string example;
  for (const Item& item : Items(family, Variant::kCupel, level, count)) {
    ItemRandom random = ItemRandom::Counter(5, static_cast<uint64_t>(tried), 1);
    for (int i = 0; i < 20; ++i) {
      const std::string mutated = Mutated(item.answer, random);
      if (WithoutSpaces(mutated) == WithoutSpaces(item.answer)) {
        continue;
      }
      ++tried;
      const bool is_right = IsRight(TaskOf(item), mutated);
      accepted += is_right ? 1 : 0;
      example = is_right ? mutated + " for " + item.answer : example;
    }
  }
  CAPTURE(family.name, level, tried, accepted, example);
  // Other spellings of the same and other valid answers remain: a list without its brackets, a longer way for the sokoban player, a sum
  // in another order. A sokoban player may walk on once the boxes stand, or leave out steps that move none.
  const int64_t share = family.name == std::string_view("sokoban") ? 10 : 20;
  CHECK(accepted * share <= tried);
}

TEST_CASE("mutated answers are rejected", "[laws]") {
  for (const Family* family : Families()) {
    CheckMutations(*family, "level=3", 25);
  }
}

TEST_CASE("mutated answers are rejected at every level, on many items", "[.laws]") {
  for (const Family* family : Families()) {
    for (const std::string level : {"level=1", "level=2", "level=3", "level=4", "level=5"}) {
      CheckMutations(*family, level, 200);
    }
  }
}

// Speed by hand, beside a calibration: items and verdicts a second of one core, each family and level 3.
TEST_CASE("speed of generation and verification", "[.speed]") {
  const auto seconds = [](const auto& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  uint64_t hash = 1;
  const double calibration = seconds([&] {
    for (int i = 0; i < 100'000'000; ++i) {
      hash = hash * 6364136223846793005U + 1442695040888963407U;
    }
  });
  fmt::print("calibration: 1e8 steps of a generator in {:.3f} s ({})\n", calibration, hash & 1U);
  for (const Family* family : Families()) {
    std::vector<Item> items;
    int64_t count = 20;
    double generating = seconds([&] { items = Items(*family, Variant::kCupel, "level=3", count); });
    if (generating < 0.1) {
      count = 500;
      generating = seconds([&] { items = Items(*family, Variant::kCupel, "level=3", count); });
    }
    int64_t right = 0;
    const double verifying = seconds([&] {
      for (int round = 0; round < 10; ++round) {
        for (const Item& item : items) {
          right += IsRight(TaskOf(item), item.answer) ? 1 : 0;
        }
      }
    });
    fmt::print("{:<28}{:>10.0f} items/s{:>10.0f} verdicts/s\n", family->name, static_cast<double>(count) / generating,
               static_cast<double>(right) / verifying);
    CHECK(right == 10 * count);
  }
}

TEST_CASE("surplus text inside the answer fails", "[laws]") {
  for (const Family* family : Families()) {
    for (const Item& item : Items(*family, Variant::kCupel, "level=2", 10)) {
      CAPTURE(family->name, item.answer);
      CHECK_FALSE(IsRight(TaskOf(item), "It is " + item.answer));
      CHECK_FALSE(IsRight(TaskOf(item), item.answer + " or maybe 7"));
      CHECK_FALSE(IsRight(TaskOf(item), item.answer + "\n" + item.answer));
    }
  }
}

TEST_CASE("answers stand in the usual wrappers, and long ones in a fence", "[laws]") {
  for (const Family* family : Families()) {
    for (const Item& item : Items(*family, Variant::kCupel, "level=1", 5)) {
      const Task task = TaskOf(item);
      CAPTURE(family->name, item.answer);
      CHECK(IsRight(task, "\n" + item.answer + "\n"));
      CHECK(IsRight(task, "```\n" + item.answer + "\n```"));
      CHECK(Puzzle().Verify(task, item.answer).outcome != Outcome::kCorrect);  // no mark, no answer
    }
  }
}

TEST_CASE("hostile answers are wrong, whatever the family, and in bounded work", "[laws]") {
  std::vector<std::string> hostile = {"9**9**9**9",
                                      "__import__('os').system('true')",
                                      "1e999999999",
                                      std::string(100'000, '('),
                                      std::string(60'000, '9'),
                                      std::string(1'000'000, '1'),
                                      std::string(50'000, '['),
                                      std::string(60'000, '-')};
  std::string long_list = "1", moves;
  for (int i = 0; i < 20'000; ++i) {
    long_list += ",1";
    moves += "up ";
  }
  hostile.insert(hostile.end(),
                 {long_list, moves, std::string(60'000, 'U'), std::string("\0\xFF\xFE", 3), "{\"0\": 1e400}", "[[[[[[1]]]]]]"});
  for (const Family* family : Families()) {
    const Item strict = Items(*family, Variant::kCupel, "level=2", 1)[0];
    const Item published = family->generate_rg == nullptr ? strict : Items(*family, Variant::kRg, "", 1)[0];
    for (const std::string& text : hostile) {
      for (const std::string scoring : {"strict", "rg_compatible"}) {
        Task task = TaskOf(scoring == "strict" ? strict : published);
        task.metadata.insert(1, "\"scoring\":\"" + scoring + "\",");
        const Verdict verdict = Puzzle().Verify(task, Tagged(text));
        CAPTURE(family->name, scoring, text.substr(0, 30), verdict.reason);
        CHECK(verdict.outcome != Outcome::kCorrect);
        CHECK(verdict.outcome != Outcome::kError);
        CHECK(verdict.reason.size() <= 1000);
      }
    }
  }
}

TEST_CASE("metadata that is none is an error of the task, never a wrong answer", "[laws]") {
  for (const std::string metadata :
       {"", "[]", "{", "{}", "{\"source_dataset\":\"sudoky\"}", "{\"source_dataset\":\"sudoku\",\"variant\":\"cupel\"}",
        "{\"source_dataset\":\"gcd\",\"scoring\":\"tinyzero\"}", "{\"source_dataset\":\"gcd\",\"scoring\":7}"}) {
    const Task task{"t", {{"user", "?"}}, "1", "puzzle", metadata};
    const Verdict verdict = Puzzle().Verify(task, Tagged("1"));
    CAPTURE(metadata, verdict.reason);
    CHECK(verdict.outcome == Outcome::kError);
    CHECK_FALSE(Puzzle().CheckGold(task).ok());
  }
  for (const Family* family : Families()) {
    // A family's check meets the metadata of another.
    const Task task{
        "t",
        {{"user", "?"}},
        "1",
        "puzzle",
        fmt::format("{{\"source_dataset\":\"{}\",\"variant\":\"cupel\",\"puzzle\":7,\"board\":[3],\"grid\":[[]],\"names\":{{}}}}",
                    family->name)};
    CAPTURE(family->name);
    CHECK(Puzzle().Verify(task, Tagged("1")).outcome != Outcome::kUndecided);
  }
}

}  // namespace
}  // namespace cupel
