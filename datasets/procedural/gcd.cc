// gcd and lcm of a few whole numbers.

#include <numeric>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr Setting kGcdSettings[] = {
    {"min_numbers", "fewest numbers", "2|2|2|3|3", 2, 10},
    {"max_numbers", "most numbers", "2|2|3|3|4", 2, 10},
    {"max_gcd", "largest greatest common divisor; it is drawn first, from 2", "99|120|200|500|2000", 2, 1000000},
    {"max_cofactor", "largest factor beside it", "9|20|60|300|2000", 3, 1000000},
};
constexpr Setting kLcmSettings[] = {
    {"min_numbers", "fewest numbers", "2|2|2|3|3", 2, 6},
    {"max_numbers", "most numbers", "2|2|3|3|4", 2, 6},
    {"min_value", "least number", "4|6|8|12|20", 2, 1000},
    {"max_value", "largest number", "20|40|60|100|300", 2, 1000},
};
constexpr Setting kGcdRgSettings[] = {
    {"min_numbers", "fewest numbers", "2", 2, 100},
    {"max_numbers", "most numbers", "2", 2, 100},
    {"min_value", "least number", "1", 1, 1e17},
    {"max_value", "largest number", "1000", 1, 1e17},
};
constexpr Setting kLcmRgSettings[] = {
    {"min_numbers", "fewest numbers", "2", 2, 10},
    {"max_numbers", "most numbers", "2", 2, 10},
    {"min_value", "least number", "1", 1, 1e9},
    {"max_value", "largest number", "100", 1, 1e9},
};

std::vector<int64_t> DrawNumbers(const Settings& settings, ItemRandom& random) {
  std::vector<int64_t> numbers(static_cast<size_t>(random.Int(settings.Int("min_numbers"), settings.Int("max_numbers"))));
  for (int64_t& number : numbers) {
    number = random.Int(settings.Int("min_value"), settings.Int("max_value"));
  }
  return numbers;
}

int64_t GcdOf(const std::vector<int64_t>& numbers) {
  int64_t result = 0;
  for (const int64_t number : numbers) {
    result = std::gcd(result, number);
  }
  return result;
}

// 0 when it does not fit in 64 bits.
int64_t LcmOf(const std::vector<int64_t>& numbers) {
  int64_t result = 1;
  for (const int64_t number : numbers) {
    if (__builtin_mul_overflow(result, number / std::gcd(result, number), &result)) {
      return 0;
    }
  }
  return result;
}

double ProductOf(const std::vector<int64_t>& numbers) {
  double product = 1;
  for (const int64_t number : numbers) {
    product *= static_cast<double>(number);
  }
  return product;
}

absl::StatusOr<Item> GenerateGcdRg(const Settings& settings, ItemRandom& random, int64_t index) {
  std::vector<int64_t> numbers;
  for (int attempt = 0; attempt < 3 && (numbers.empty() || GcdOf(numbers) == 1); ++attempt) {
    numbers = DrawNumbers(settings, random);
  }
  Json metadata = BeginMetadata("gcd", index);
  metadata["numbers"] = numbers;
  metadata["result"] = GcdOf(numbers);
  metadata["num_terms"] = numbers.size();
  metadata["difficulty"] = {{"num_terms", RangeOf(settings, "numbers")}, {"value", RangeOf(settings, "value")}};
  return RgItem(
      fmt::format("Find the Greatest Common Divisor (GCD) of these numbers: {}. Give only the GCD as your final answer.", Joined(numbers)),
      std::to_string(GcdOf(numbers)), metadata);
}

absl::StatusOr<Item> GenerateLcmRg(const Settings& settings, ItemRandom& random, int64_t index) {
  std::vector<int64_t> numbers;
  // Up to 2^53 the product is exact; beyond, a common multiple that is no smaller differs from it by a factor of 2 or more.
  for (int attempt = 0; attempt < 3 && (numbers.empty() || static_cast<double>(LcmOf(numbers)) > 0.75 * ProductOf(numbers)); ++attempt) {
    numbers = DrawNumbers(settings, random);
    if (LcmOf(numbers) == 0) {
      return absl::AbortedError("the least common multiple does not fit in 64 bits; lower max_value or max_numbers");
    }
  }
  Json metadata = BeginMetadata("lcm", index);
  metadata["numbers"] = numbers;
  metadata["result"] = LcmOf(numbers);
  metadata["difficulty"] = {{"numbers", RangeOf(settings, "numbers")}, {"value", RangeOf(settings, "value")}};
  return RgItem(fmt::format("Find the Least Common Multiple (LCM) of these numbers: {}", Joined(numbers)), std::to_string(LcmOf(numbers)),
                metadata);
}

// The divisor is drawn first, so that no small number is a good guess.
absl::StatusOr<Item> GenerateGcd(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t divisor = random.Int(2, settings.Int("max_gcd"));
  std::vector<int64_t> numbers(static_cast<size_t>(random.Int(settings.Int("min_numbers"), settings.Int("max_numbers"))));
  do {
    for (int64_t& number : numbers) {
      number = random.Int(2, settings.Int("max_cofactor"));
    }
  } while (GcdOf(numbers) != 1);
  for (int64_t& number : numbers) {
    number *= divisor;
  }
  Json metadata = BeginMetadata("gcd", index);
  metadata["numbers"] = numbers;
  return CupelItem(settings, fmt::format("What is the greatest common divisor of {}? Answer with one whole number.", Joined(numbers)),
                   std::to_string(divisor), std::move(metadata));
}

absl::StatusOr<Item> GenerateLcm(const Settings& settings, ItemRandom& random, int64_t index) {
  const std::vector<int64_t> numbers = DrawNumbers(settings, random);
  Json metadata = BeginMetadata("lcm", index);
  metadata["numbers"] = numbers;
  return CupelItem(settings, fmt::format("What is the least common multiple of {}? Answer with one whole number.", Joined(numbers)),
                   std::to_string(LcmOf(numbers)), std::move(metadata));
}

}  // namespace

const Family kGcdFamily = {"gcd", "greatest common divisor", kGcdSettings, GenerateGcd, kGcdRgSettings, GenerateGcdRg};
const Family kLcmFamily = {"lcm", "least common multiple", kLcmSettings, GenerateLcm, kLcmRgSettings, GenerateLcmRg};

}  // namespace cupel
