// prime_factorization: write a number as a product of primes.

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "prime_factorization";
constexpr Setting kSettings[] = {
    {"min_value", "least number", "4|20|100|500|2000", 4, 1e12},
    {"max_value", "largest number; primes are passed over", "100|300|1000|10000|1000000", 40, 1e12},
};
constexpr Setting kRgSettings[] = {
    {"min_value", "least number", "2", 2, 1e12},
    {"max_value", "largest number", "1000", 2, 1e12},
};

std::vector<int64_t> PrimeFactors(int64_t n) {
  std::vector<int64_t> factors;
  for (int64_t d = 2; d * d <= n; ++d) {
    for (; n % d == 0; n /= d) {
      factors.push_back(d);
    }
  }
  if (n > 1) {
    factors.push_back(n);
  }
  return factors;
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t number = random.Int(settings.Int("min_value"), settings.Int("max_value"));
  const std::vector<int64_t> factors = PrimeFactors(number);
  Json metadata = BeginMetadata(kName, index);
  metadata["number"] = number;
  metadata["factors"] = factors;
  metadata["difficulty"] = {{"value", RangeOf(settings, "value")}};
  return RgItem(fmt::format("Find the prime factorization of {}. Write the factors separated by × (Example: for 12 the answer would be: 2 "
                            "× 2 × 3)",
                            number),
                Joined(factors, " × "), metadata);
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  std::vector<int64_t> factors;
  int64_t number = 0;
  for (int attempt = 0; factors.size() < 2; ++attempt) {
    if (attempt == 1000) {
      return InvalidArgument("prime_factorization: min_value to max_value holds hardly any composite number; widen it");
    }
    number = random.Int(settings.Int("min_value"), settings.Int("max_value"));
    factors = PrimeFactors(number);
  }
  Json metadata = BeginMetadata(kName, index);
  metadata["number"] = number;
  return CupelItem(settings, fmt::format("Write {} as a product of primes, as in 2 * 2 * 3.", number), Joined(factors, " * "),
                   std::move(metadata));
}

}  // namespace

const Family kPrimeFactorizationFamily = {kName, "write a number as a product of primes", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
