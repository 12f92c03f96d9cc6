#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <nlohmann/json_fwd.hpp>

namespace cupel {

// The options of a verifier in Task::metadata, a JSON object such as {"case_insensitive": true}. Each is read once by name into a value
// that stays as it is when the metadata does not name it; Done() then says what was wrong first. Empty metadata holds no options.
//
//   OptionReader options(task.metadata);
//   options.Flag("case_insensitive", gold.is_case_insensitive);
//   CUPEL_RETURN_IF_ERROR(options.Done());
class OptionReader {
 public:
  explicit OptionReader(std::string_view metadata);
  OptionReader(const OptionReader&) = delete;
  OptionReader& operator=(const OptionReader&) = delete;
  ~OptionReader();

  void Flag(std::string_view name, bool& value);
  void Text(std::string_view name, std::string& value);
  void OneOf(std::string_view name, std::string& value, std::initializer_list<std::string_view> known);
  void Texts(std::string_view name, std::vector<std::string>& values);             // a list, which may be empty
  void Count(std::string_view name, int64_t& value, int64_t least, int64_t most);  // a whole number, ends included
  void Share(std::string_view name, double& value);                                // a number from 0 to 1
  void Any(std::string_view name, nlohmann::ordered_json& value);                  // whatever stands there

  // The first problem: no JSON object, a value of the wrong kind, or an option that was not read (the nearest is suggested).
  absl::Status Done() const;

 private:
  const nlohmann::ordered_json* Find(std::string_view name);
  void Refuse(std::string_view name, const nlohmann::ordered_json& found, std::string_view expected);

  std::unique_ptr<nlohmann::ordered_json> object_;
  std::vector<std::string> names_;  // asked for so far
  absl::Status problem_;
};

}  // namespace cupel
