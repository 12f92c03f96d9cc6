// chain_sum: a chain of additions and subtractions of whole numbers.

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "chain_sum";
constexpr Setting kSettings[] = {
    {"min_terms", "fewest numbers", "2|3|4|5|6", 2, 50},
    {"max_terms", "most numbers", "3|4|5|7|10", 2, 50},
    {"min_digits", "fewest digits of a number", "2|2|2|3|4", 1, 17},
    {"max_digits", "most digits of a number", "2|2|3|4|6", 1, 17},
    {"allow_negation", "numbers may be negative", "false|false|false|true|true"},
};
constexpr Setting kRgSettings[] = {
    {"min_terms", "fewest numbers", "2", 1, 50},
    {"max_terms", "most numbers", "6", 1, 50},
    {"min_digits", "fewest digits of a number", "1", 1, 17},
    {"max_digits", "most digits of a number", "4", 1, 17},
    {"allow_negation", "numbers may be negative", "false"},
};

struct Chain {
  int64_t num_terms = 0;
  int64_t num_digits = 0;
  std::string expression;
  int64_t value = 0;
};

Chain Draw(const Settings& settings, ItemRandom& random) {
  Chain chain;
  chain.num_terms = random.Int(settings.Int("min_terms"), settings.Int("max_terms"));
  chain.num_digits = random.Int(settings.Int("min_digits"), settings.Int("max_digits"));
  int64_t low = 1;
  for (int64_t i = 1; i < chain.num_digits; ++i) {
    low *= 10;
  }
  const int64_t high = low * 10 - 1;
  low = settings.Flag("allow_negation") ? -high : chain.num_digits == 1 ? 0 : low;
  std::vector<int64_t> terms;
  for (int64_t i = 0; i < chain.num_terms; ++i) {
    terms.push_back(random.Int(low, high));
  }
  chain.value = terms[0];
  chain.expression = std::to_string(terms[0]);
  for (size_t i = 1; i < terms.size(); ++i) {
    const bool is_sum = random.Below(2) == 0;
    chain.value += is_sum ? terms[i] : -terms[i];
    chain.expression += fmt::format(" {} {}", is_sum ? '+' : '-', terms[i]);
  }
  return chain;
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  const Chain chain = Draw(settings, random);
  Json metadata = BeginMetadata(kName, index);
  metadata["expression"] = chain.expression;
  return CupelItem(settings, fmt::format("Compute {}. Answer with one whole number.", chain.expression), std::to_string(chain.value),
                   std::move(metadata));
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const Chain chain = Draw(settings, random);
  Json metadata = BeginMetadata(kName, index);
  metadata["num_terms"] = chain.num_terms;
  metadata["num_digits"] = chain.num_digits;
  metadata["expression"] = chain.expression;
  metadata["difficulty"] = {{"num_terms", RangeOf(settings, "terms")}, {"num_digits", RangeOf(settings, "digits")}};
  return RgItem(fmt::format("State the final answer to the following arithmetic problem: {} =", chain.expression),
                std::to_string(chain.value), metadata);
}

}  // namespace

const Family kChainSumFamily = {kName, "add and subtract whole numbers", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
