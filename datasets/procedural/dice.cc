// dice: the probability of a total.

#include <numeric>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "dice";
constexpr Setting kSettings[] = {
    {"num_dice", "dice rolled", "2|3|3|3|4", 1, 8},
    {"max_dice_size", "most sides of a die", "12|8|12|14|20", 4, 60},
};
constexpr Setting kRgSettings[] = {
    {"num_dice", "dice rolled", "4", 1, 10},
    {"max_dice_size", "sides of the largest die", "20", 2, 60},
};

// ways[s]: in how many ways the dice show the sum s. At most 60^10 < 2^63.
std::vector<int64_t> CountWays(const std::vector<int64_t>& dice) {
  std::vector<int64_t> ways = {1};
  for (const int64_t sides : dice) {
    std::vector<int64_t> next(ways.size() + static_cast<size_t>(sides));
    for (size_t sum = 0; sum < ways.size(); ++sum) {
      for (size_t face = 1; face <= static_cast<size_t>(sides); ++face) {
        next[sum + face] += ways[sum];
      }
    }
    ways = std::move(next);
  }
  return ways;
}

int64_t Outcomes(const std::vector<int64_t>& dice) { return std::accumulate(dice.begin(), dice.end(), int64_t{1}, std::multiplies<>()); }

std::string DiceText(const std::vector<int64_t>& dice) { return "1d" + Joined(dice, ", 1d"); }

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t size = settings.Int("max_dice_size");
  std::vector<int64_t> dice = {size};
  for (int64_t i = 1; i < settings.Int("num_dice"); ++i) {
    dice.push_back(size > 2 ? random.Int(2, size - 1) : 2);
  }
  std::ranges::sort(dice, std::greater<>());
  const int64_t span = std::accumulate(dice.begin(), dice.end(), int64_t{0}) - std::ssize(dice);
  const int64_t target = random.Int(std::ssize(dice) + span / 3, std::ssize(dice) + 2 * span / 3);
  const std::vector<int64_t> ways = CountWays(dice);
  const int64_t good = std::accumulate(ways.begin() + target, ways.end(), int64_t{0});
  const int64_t all = Outcomes(dice);
  const int64_t common = std::gcd(good, all);
  Json metadata = BeginMetadata(kName, index);
  metadata["puzzle"] = {{"dice_str", DiceText(dice)},
                        {"target", target},
                        {"num", good / common},
                        {"den", all / common},
                        {"probability", static_cast<double>(good) / static_cast<double>(all)}};
  metadata["difficulty"] = {{"num_dice", settings.Int("num_dice")}, {"max_dice_size", size}};
  return RgItem(
      fmt::format("I have these dice: {}. What are the odds of rolling {} or higher? (Assume that all dice are rolled at once, and "
                  "that '1d6' represents one roll of a 6-sided dice.) Please respond with a reduced fraction representing the "
                  "probability [ex., 1/60].",
                  DiceText(dice), target),
      fmt::format("{}/{}", good / common, all / common), metadata);
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  std::vector<int64_t> dice(static_cast<size_t>(settings.Int("num_dice")));
  for (int64_t& sides : dice) {
    sides = random.Int((settings.Int("max_dice_size") + 1) / 2, settings.Int("max_dice_size"));
  }
  const std::vector<int64_t> ways = CountWays(dice);
  const auto highest = static_cast<int64_t>(ways.size()) - 1;
  // An event: a total of at least, at most or exactly so much.
  constexpr std::string_view kKinds[] = {"at least", "at most", "exactly"};
  const std::string_view kind = random.Choice(kKinds);
  const int64_t target = random.Int(std::ssize(dice) + 1, highest - 1);
  int64_t good = 0;
  for (int64_t sum = 0; sum <= highest; ++sum) {
    const bool counts = kind == "at least" ? sum >= target : kind == "at most" ? sum <= target : sum == target;
    good += counts ? ways[static_cast<size_t>(sum)] : 0;
  }
  const int64_t common = std::gcd(good, Outcomes(dice));
  Json metadata = BeginMetadata(kName, index);
  metadata["dice"] = dice;
  metadata["event"] = kind;
  metadata["target"] = target;
  return CupelItem(
      settings,
      fmt::format("These dice are rolled once and added: {} (1d6 is a fair die with faces 1 to 6). What is the probability of a "
                  "total of {} {}? Answer with a fraction a/b.",
                  DiceText(dice), kind, target),
      fmt::format("{}/{}", good / common, Outcomes(dice) / common), std::move(metadata));
}

}  // namespace

const Family kDiceFamily = {kName, "the probability of a total of dice", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
