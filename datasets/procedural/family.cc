#include "datasets/procedural/family.h"

#include <algorithm>
#include <array>

#include "base/config.h"
#include "base/status.h"
#include "datasets/procedural/item_random.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr auto kFamilies = std::to_array<const Family*>({
#define CUPEL_FAMILY(name, kFamily) &kFamily,
#include "datasets/procedural/registry.def"
#undef CUPEL_FAMILY
});

// FNV-1a: tells the random streams of families apart.
uint32_t TagOf(std::string_view name) {
  uint32_t hash = 2166136261U;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  }
  return hash;
}

// Takes "level=3" out of the overrides.
absl::StatusOr<int64_t> TakeLevel(std::string_view family, std::vector<std::string>& overrides) {
  int64_t level = kDefaultLevel;
  for (auto it = overrides.begin(); it != overrides.end();) {
    if (!it->starts_with("level=")) {
      ++it;
      continue;
    }
    const std::string_view text = std::string_view(*it).substr(6);
    if (text.size() != 1 || text[0] < '1' || text[0] >= '1' + kNumLevels) {
      return InvalidArgument("{}: level is \"{}\"; expected 1 to {}", family, text, kNumLevels);
    }
    level = text[0] - '0';
    it = overrides.erase(it);
  }
  return level;
}

}  // namespace

std::string_view VariantName(Variant variant) { return variant == Variant::kRg ? "rg" : "cupel"; }

std::span<const Family* const> Families() { return kFamilies; }

absl::StatusOr<const Family*> FindFamily(std::string_view name) {
  const auto family = std::ranges::find(kFamilies, name, [](const Family* f) { return f->name; });
  if (family != kFamilies.end()) {
    return *family;
  }
  std::vector<std::string> names;
  for (const Family* known : kFamilies) {
    names.emplace_back(known->name);
  }
  const std::string nearest = NearestName(name, names);
  return InvalidArgument("there is no family of problems \"{}\"{}; `cupel tasks list` names them", name,
                         nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest));
}

absl::StatusOr<ItemGenerator> ItemGenerator::Create(std::string_view name, Variant variant, std::span<const std::string> overrides) {
  CUPEL_ASSIGN_OR_RETURN(const Family* family, FindFamily(name));
  if (variant == Variant::kRg && family->generate_rg == nullptr) {
    return InvalidArgument("{} has no variant rg: parity with reasoning-gym is not promised for it; use the variant cupel", name);
  }
  std::vector<std::string> rest(overrides.begin(), overrides.end());
  int64_t level = 1;
  if (variant == Variant::kCupel) {
    CUPEL_ASSIGN_OR_RETURN(level, TakeLevel(name, rest));
  }
  const std::span<const Setting> table = variant == Variant::kRg ? family->rg_settings : family->settings;
  CUPEL_ASSIGN_OR_RETURN(Settings settings, Settings::Create(name, table, level, rest));
  return ItemGenerator(*family, variant, std::move(settings));
}

absl::StatusOr<Item> ItemGenerator::At(uint64_t seed, int64_t index) const {
  if (variant_ == Variant::kRg) {
    ItemRandom random = ItemRandom::Python(seed + static_cast<uint64_t>(index));
    return family_->generate_rg(settings_, random, index);
  }
  ItemRandom random = ItemRandom::Counter(seed, static_cast<uint64_t>(index), TagOf(family_->name));
  return family_->generate(settings_, random, index);
}

}  // namespace cupel
