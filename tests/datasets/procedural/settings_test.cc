// Covers the settings of generators: levels, overrides, what is refused and in which words. Alone: build/release/tests/datasets_test
// "[settings]"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "datasets/procedural/family.h"

namespace cupel {
namespace {

using Catch::Contains;

std::string Refusal(std::string_view family, Variant variant, const std::vector<std::string>& overrides) {
  const absl::Status status = ItemGenerator::Create(family, variant, overrides).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(Message(status));
}

TEST_CASE("a level chooses the values that overrides change", "[settings]") {
  const std::vector<std::string> set = {"max_terms=9", "level=5"};
  const ItemGenerator generator = ItemGenerator::Create("chain_sum", Variant::kCupel, set).value();
  CHECK(generator.settings().Int("min_terms") == 6);
  CHECK(generator.settings().Int("max_terms") == 9);
  CHECK(generator.settings().level() == 5);
}

TEST_CASE("lists may be written as JSON or as bare words", "[settings]") {
  for (const std::string text : {"operators=[\"+\",\"*\"]", "operators=+,*"}) {
    const ItemGenerator generator = ItemGenerator::Create("basic_arithmetic", Variant::kRg, std::vector{text}).value();
    CHECK(generator.settings().Texts("operators") == std::vector<std::string>{"+", "*"});
  }
}

TEST_CASE("what cannot be is refused with the name, the value and what would be right", "[settings]") {
  CHECK_THAT(Refusal("chain_summ", Variant::kCupel, {}), Contains("did you mean \"chain_sum\"?"));
  CHECK_THAT(Refusal("chain_sum", Variant::kCupel, {"max_term=3"}), Contains("did you mean \"max_terms\"?"));
  CHECK_THAT(Refusal("chain_sum", Variant::kCupel, {"max_terms=many"}), Contains("max_terms is \"many\"; expected a whole number"));
  CHECK_THAT(Refusal("chain_sum", Variant::kCupel, {"max_terms=1e9"}), Contains("expected a whole number"));
  CHECK_THAT(Refusal("chain_sum", Variant::kCupel, {"max_terms=1000"}), Contains("max_terms is 1000; expected 2 to 50"));
  CHECK_THAT(Refusal("chain_sum", Variant::kCupel, {"min_terms=9", "max_terms=3"}),
             Contains("min_terms is 9, above max_terms, which is 3"));
  CHECK_THAT(Refusal("chain_sum", Variant::kCupel, {"level=6"}), Contains("level is \"6\"; expected 1 to 5"));
  CHECK_THAT(Refusal("chain_sum", Variant::kRg, {"level=3"}), Contains("there is no setting \"level\""));
  CHECK_THAT(Refusal("chain_sum", Variant::kCupel, {"max_terms"}), Contains("not of the form name=value"));
  CHECK_THAT(Refusal("basic_arithmetic", Variant::kRg, {"operators=[\"%\"]"}), Contains("operators is \"%\"; expected one of +, -, *, /"));
  CHECK_THAT(Refusal("basic_arithmetic", Variant::kRg, {"operators=[]"}), Contains("expected a list of texts"));
  CHECK_THAT(Refusal("sokoban", Variant::kRg, {}), Contains("has no variant rg"));
}

TEST_CASE("every family has every level, and its table names each setting once", "[settings]") {
  CHECK(Families().size() == 42);
  CHECK(std::ranges::is_sorted(Families(), {}, [](const Family* family) { return family->name; }));
  for (const Family* family : Families()) {
    CAPTURE(family->name);
    CHECK_FALSE(family->help.empty());
    for (const std::string level : {"level=1", "level=2", "level=3", "level=4", "level=5"}) {
      CHECK(ItemGenerator::Create(family->name, Variant::kCupel, std::vector{level}).ok());
    }
    for (const std::span<const Setting> table : {family->settings, family->rg_settings}) {
      for (const Setting& setting : table) {
        CHECK(std::ranges::count(table, setting.name, &Setting::name) == 1);
        CHECK_FALSE(setting.help.empty());
        const auto bars = std::ranges::count(setting.value, '|');
        CHECK((bars == 0 || bars == kNumLevels - 1));
      }
    }
  }
}

// Settings at the ends of their bounds give an item or a message, never a crash. Takes minutes: some puzzles of the largest size are slow.
TEST_CASE("extreme settings are generated or refused", "[.soak]") {
  for (const Family* family : Families()) {
    for (const Variant variant : {Variant::kCupel, Variant::kRg}) {
      for (const Setting& setting : variant == Variant::kRg ? family->rg_settings : family->settings) {
        if (setting.high > 64 || setting.value.find_first_of("[\"") != std::string_view::npos || setting.low == setting.high) {
          continue;
        }
        for (const double end : {setting.low, setting.high}) {
          const std::vector<std::string> set = {std::string(setting.name) + "=" + std::to_string(static_cast<int64_t>(end))};
          CAPTURE(family->name, VariantName(variant), set[0]);
          const auto generator = ItemGenerator::Create(family->name, variant, set);
          if (generator.ok()) {
            const auto item = generator->At(1, 0);
            CHECK((item.ok() ? !item->question.empty() && !item->answer.empty() : !item.status().message().empty()));
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace cupel
