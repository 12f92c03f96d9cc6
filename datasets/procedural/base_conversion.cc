// base_conversion: write a number in another base.

#include "datasets/digits.h"
#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "base_conversion";
constexpr Setting kSettings[] = {
    {"min_base", "least base", "2", 2, 36},
    {"max_base", "largest base", "10|16|16|20|36", 2, 36},
    {"min_value", "least value", "30|60|100|500|2000", 0, 1e15},
    {"max_value", "largest value", "300|1000|4000|30000|1000000", 1, 1e15},
};
constexpr Setting kRgSettings[] = {
    {"min_base", "least base", "2", 2, 36},
    {"max_base", "largest base", "16", 3, 36},
    {"min_value", "least value", "0", 0, 1e15},
    {"max_value", "largest value", "1000", 1, 1e15},
};

struct Conversion {
  int64_t value = 0;
  int64_t source = 0;
  int64_t target = 0;
};

absl::StatusOr<Conversion> Draw(const Settings& settings, ItemRandom& random) {
  const int64_t low = settings.Int("min_base"), high = settings.Int("max_base");
  if (low == high) {
    return InvalidArgument("base_conversion: min_base and max_base are both {}; two different bases are needed", low);
  }
  Conversion conversion;
  conversion.value = random.Int(settings.Int("min_value"), settings.Int("max_value"));
  conversion.source = random.Int(low, high);
  do {
    conversion.target = random.Int(low, high);
  } while (conversion.target == conversion.source);
  return conversion;
}

std::string BaseName(int64_t base) { return base == 2 ? "binary" : base == 16 ? "hexadecimal" : fmt::format("base-{}", base); }

Json Describe(const Conversion& conversion, int64_t index) {
  Json metadata = BeginMetadata(kName, index);
  metadata["decimal_value"] = conversion.value;
  metadata["source_base"] = conversion.source;
  metadata["target_base"] = conversion.target;
  return metadata;
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  CUPEL_ASSIGN_OR_RETURN(const Conversion c, Draw(settings, random));
  // reasoning-gym writes 0 as nothing at all, except in bases 2 and 16.
  const auto text = [&](int64_t base) { return c.value == 0 && base != 2 && base != 16 ? "" : DigitsInBase(c.value, base); };
  const std::string source = text(c.source), target = text(c.target);
  Json metadata = Describe(c, index);
  metadata["source_repr"] = source;
  metadata["target_repr"] = target;
  metadata["difficulty"] = {{"base", RangeOf(settings, "base")}, {"value", RangeOf(settings, "value")}};
  return RgItem(fmt::format("Your task is to convert a number between two different bases.\n\nIf the target base is > 10, use lowercase "
                            "letters a-z for digits above 9.\n\nNow, convert the {} number {} to {}\n",
                            BaseName(c.source), source, BaseName(c.target)),
                target, metadata);
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  CUPEL_ASSIGN_OR_RETURN(const Conversion c, Draw(settings, random));
  return CupelItem(
      settings,
      fmt::format("Write the base {} number {} in base {}. Digits above 9 are the letters a to z. Answer with the digits only.", c.source,
                  DigitsInBase(c.value, c.source), c.target),
      DigitsInBase(c.value, c.target), Describe(c, index));
}

}  // namespace

const Family kBaseConversionFamily = {kName, "write a number in another base", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
