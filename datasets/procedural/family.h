#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "datasets/procedural/settings.h"

namespace cupel {

class ItemRandom;

// One generated problem.
struct Item {
  std::string question;
  std::string answer;           // one answer that is right; never empty
  std::string metadata;         // JSON object: source_dataset, source_index, the data that the verifier checks against, difficulty
  bool is_answer_null = false;  // reasoning-gym gives no answer for such items; `answer` is then the example of its metadata
};

// The two forms of a family.
enum class Variant {
  kCupel,  // asks for a witness that a verifier can check; our wording and generator
  kRg,     // byte for byte what reasoning-gym 0.1.25 gives: question, answer and metadata
};
std::string_view VariantName(Variant variant);  // "cupel", "rg"

// A pure function of the settings, the state of `random` and `index`. Errors: settings that do not go together; what makes
// reasoning-gym raise for an item makes the rg variant fail with Aborted.
using Generator = absl::StatusOr<Item> (*)(const Settings& settings, ItemRandom& random, int64_t index);

struct Family {
  std::string_view name;
  std::string_view help;              // one line: what is asked
  std::span<const Setting> settings;  // of variant cupel
  Generator generate;
  std::span<const Setting> rg_settings = {};  // reasoning-gym's configuration keys with its defaults
  Generator generate_rg = nullptr;            // null when parity is not promised
};

// Every family, from registry.def, sorted by name; alive for the whole program.
std::span<const Family* const> Families();
absl::StatusOr<const Family*> FindFamily(std::string_view name);  // NotFound names the nearest

// Items of one family under fixed settings. Immutable, thread-safe.
class ItemGenerator {
 public:
  // `overrides` are "key=value" as given to --set; for variant cupel "level=3" (1 to 5, default 2) chooses the values that the others
  // override.
  static absl::StatusOr<ItemGenerator> Create(std::string_view family, Variant variant, std::span<const std::string> overrides);

  // Item `index` of `seed`: reasoning-gym draws it from random.Random(seed + index), we at the coordinates (seed, index).
  absl::StatusOr<Item> At(uint64_t seed, int64_t index) const;

  const Family& family() const { return *family_; }
  const Settings& settings() const { return settings_; }
  Variant variant() const { return variant_; }

 private:
  ItemGenerator(const Family& family, Variant variant, Settings settings)
      : family_(&family), variant_(variant), settings_(std::move(settings)) {}

  const Family* family_;
  Variant variant_;
  Settings settings_;
};

}  // namespace cupel
