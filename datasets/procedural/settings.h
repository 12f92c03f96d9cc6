#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace cupel {

// One setting of a family of problems, as a row of its table.
struct Setting {
  std::string_view name;
  std::string_view help;
  std::string_view value;  // JSON; for levels 1 to 5 five values, separated by |: "2|3|4|5|6"
  double low = -1e18;      // bounds of a number, or of the numbers in a list
  double high = 1e18;
  std::string_view choices = {};  // what a text, or the texts of a list, may be, separated by |; empty: anything
};

inline constexpr int64_t kNumLevels = 5;
inline constexpr int64_t kDefaultLevel = 2;

// The settings of one generator, checked and read once for many items. Where a table has min_x and max_x, min_x <= max_x holds.
class Settings {
 public:
  // The values of a level with `overrides` ("max_terms=4", "operators=[\"+\"]", "style=plain") on top. Errors: an unknown name (nearest
  // suggested), a value of another type or out of its bounds, min_x above max_x.
  static absl::StatusOr<Settings> Create(std::string_view family, std::span<const Setting> table, int64_t level,
                                         std::span<const std::string> overrides);

  // Asking for a name or type that the table does not have is a bug.
  int64_t Int(std::string_view name) const;
  double Real(std::string_view name) const;
  bool Flag(std::string_view name) const;
  const std::string& Text(std::string_view name) const;
  const std::vector<std::string>& Texts(std::string_view name) const;
  const std::vector<double>& Reals(std::string_view name) const;
  int64_t level() const { return level_; }

  // All values as a JSON object, in the order of the table.
  std::string ToJson() const;

  enum class Kind : uint8_t { kInt, kReal, kFlag, kText, kTexts, kReals };
  struct Value {
    std::string_view name;
    Kind kind = Kind::kInt;
    int64_t integer = 0;
    double real = 0;
    std::string text;
    std::vector<std::string> texts;
    std::vector<double> reals;
  };

 private:
  const Value& Find(std::string_view name, Kind kind) const;

  int64_t level_ = kDefaultLevel;
  std::vector<Value> values_;
};

}  // namespace cupel
