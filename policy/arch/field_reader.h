#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <absl/status/status.h>

namespace cupel {

// Reads settings from whatever holds them by name, config.json or GGUF metadata, with range checks. The first error sticks: read all
// fields, then ask for status(). After an error the values returned are the low ends or fallbacks, and mean nothing.
class FieldReader {
 public:
  struct Other {  // a value of a type that no setting has
    std::string type;
  };
  using Value = std::variant<std::monostate, bool, int64_t, double, std::string, Other>;  // monostate: absent or null
  using Lookup = std::function<Value(std::string_view key)>;

  // `where` names the file in messages.
  FieldReader(std::string where, Lookup lookup) : where_(std::move(where)), lookup_(std::move(lookup)) {}

  bool Has(std::string_view key) const { return !std::holds_alternative<std::monostate>(lookup_(key)); }
  // An integer in [low, high]; without a fallback the key must be there.
  int64_t Int(std::string_view key, int64_t low, int64_t high, std::optional<int64_t> fallback = {});
  // A finite number in [low, high].
  double Number(std::string_view key, double low, double high, std::optional<double> fallback = {});
  bool Bool(std::string_view key, bool fallback);
  std::string Text(std::string_view key, std::string_view fallback);

  // Unimplemented, naming the key, unless the text is absent or equal to `only`: for settings of which one value is supported.
  void RequireText(std::string_view key, std::string_view only);
  // The same for switches that must be off.
  void RequireFalse(std::string_view key);
  // Records an error of the caller's.
  void Fail(absl::Status status);

  const std::string& where() const { return where_; }
  const absl::Status& status() const { return status_; }

 private:
  void FailType(std::string_view key, std::string_view expected, const Value& found);

  std::string where_;
  Lookup lookup_;
  absl::Status status_;
};

}  // namespace cupel
