#pragma once

// The template half of base/config.h, kept thin: it turns a configuration struct into a list of fields (name, pointer, help, constraint),
// and everything else happens on that list in config.cc. Include base/config.h instead of this file.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace cupel::config_internal {

struct Field;
using Fields = std::vector<Field>;
using Constraint = std::variant<std::monostate, Range, OneOf>;

// A std::vector of configuration structs behind one type.
class SectionList {
 public:
  virtual ~SectionList() = default;
  virtual size_t size() const = 0;
  virtual void Reset(size_t size) = 0;  // to `size` sections of default values
  virtual Fields At(size_t index) = 0;
  virtual Fields Defaults() = 0;  // fields of a section that belongs to no list
};

// One field. The pointers go into the struct, which must outlive this.
struct Field {
  std::string name;
  std::string help;
  Constraint constraint;
  std::variant<bool*, int64_t*, double*, std::string*, std::vector<std::string>*, std::vector<int64_t>*, std::vector<double>*, Fields,
               std::unique_ptr<SectionList>>
      value;
};

template <class T>
inline constexpr bool kIsPlainValue =
    std::is_same_v<T, bool> || std::is_same_v<T, int64_t> || std::is_same_v<T, double> || std::is_same_v<T, std::string> ||
    std::is_same_v<T, std::vector<std::string>> || std::is_same_v<T, std::vector<int64_t>> || std::is_same_v<T, std::vector<double>>;

template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;

template <class Config>
Fields FieldsOf(Config& config);

template <class Section>
class VectorSections final : public SectionList {
 public:
  explicit VectorSections(std::vector<Section>& sections) : sections_(sections) {}
  size_t size() const override { return sections_.size(); }
  void Reset(size_t size) override { sections_.assign(size, Section{}); }
  Fields At(size_t index) override { return FieldsOf(sections_[index]); }
  Fields Defaults() override { return FieldsOf(default_section_); }

 private:
  std::vector<Section>& sections_;
  Section default_section_{};
};

// What VisitFields calls once per field.
struct Collector {
  Fields& fields;

  template <class T>
  void operator()(std::string_view name, T& value, std::string_view help, Constraint constraint = {}) const {
    Field field{std::string(name), std::string(help), std::move(constraint), {}};
    if constexpr (kIsPlainValue<T>) {
      field.value = &value;
    } else if constexpr (kIsVector<T>) {
      field.value = std::make_unique<VectorSections<typename T::value_type>>(value);
    } else {
      static_assert(std::is_class_v<T>,
                    "a configuration field is bool, int64_t, double, std::string, a vector of those, or a struct with VisitFields");
      field.value = FieldsOf(value);
    }
    fields.push_back(std::move(field));
  }
};

template <class Config>
Fields FieldsOf(Config& config) {
  Fields fields;
  config.VisitFields(Collector{fields});
  return fields;
}

absl::Status ApplyTomlToFields(std::string_view text, std::string_view where, Fields& fields);
absl::Status ApplyJsonToFields(const Json& object, std::string_view where, Fields& fields);
absl::Status ApplyOverrideToFields(std::string_view assignment, Fields& fields);
Json FieldsToJson(Fields& fields);
std::string FieldsToToml(Fields& fields, bool with_help);
std::string DescribeFields(Fields& fields);

// Works on a copy, so that a failure leaves `config` as it was.
template <class Config, class Apply>
absl::Status ApplyToCopy(Config& config, Apply apply) {
  Config copy = config;
  Fields fields = FieldsOf(copy);
  CUPEL_RETURN_IF_ERROR(apply(fields));
  config = std::move(copy);
  return absl::OkStatus();
}

}  // namespace cupel::config_internal

namespace cupel {

template <class Config>
absl::Status ApplyToml(std::string_view toml_text, std::string_view where, Config& config) {
  return config_internal::ApplyToCopy(config, [&](auto& fields) { return config_internal::ApplyTomlToFields(toml_text, where, fields); });
}

template <class Config>
absl::Status ApplyJson(const Json& object, std::string_view where, Config& config) {
  return config_internal::ApplyToCopy(config, [&](auto& fields) { return config_internal::ApplyJsonToFields(object, where, fields); });
}

template <class Config>
absl::Status ApplyOverride(std::string_view assignment, Config& config) {
  return config_internal::ApplyToCopy(config, [&](auto& fields) { return config_internal::ApplyOverrideToFields(assignment, fields); });
}

// VisitFields is not const, so the visitors that only read take a copy.
template <class Config>
Json ConfigToJson(const Config& config) {
  Config copy = config;
  config_internal::Fields fields = config_internal::FieldsOf(copy);
  return config_internal::FieldsToJson(fields);
}

template <class Config>
std::string ConfigToToml(const Config& config, bool with_help) {
  Config copy = config;
  config_internal::Fields fields = config_internal::FieldsOf(copy);
  return config_internal::FieldsToToml(fields, with_help);
}

template <class Config>
std::string DescribeConfig() {
  Config config{};
  config_internal::Fields fields = config_internal::FieldsOf(config);
  return config_internal::DescribeFields(fields);
}

}  // namespace cupel
