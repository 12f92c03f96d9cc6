#include "verifiers/options.h"

#include <algorithm>

#include "base/config.h"
#include "base/json.h"
#include "base/status.h"

namespace cupel {

OptionReader::OptionReader(std::string_view metadata) : object_(std::make_unique<Json>(Json::object())) {
  if (metadata.empty()) {
    return;
  }
  absl::StatusOr<Json> parsed = ParseJson(metadata, "verifier options");
  if (!parsed.ok()) {
    problem_ = parsed.status();
  } else if (!parsed->is_object()) {
    problem_ = InvalidArgument("verifier options: expected a JSON object, found {}", parsed->type_name());
  } else {
    *object_ = *std::move(parsed);
  }
}

OptionReader::~OptionReader() = default;

const Json* OptionReader::Find(std::string_view name) {
  names_.emplace_back(name);
  const auto it = object_->find(names_.back());
  return it == object_->end() ? nullptr : &*it;
}

void OptionReader::Refuse(std::string_view name, const Json& found, std::string_view expected) {
  if (problem_.ok()) {
    problem_ = InvalidArgument("verifier options: \"{}\" is {}; expected {}", name, DumpJson(found).substr(0, 100), expected);
  }
}

void OptionReader::Flag(std::string_view name, bool& value) {
  if (const Json* found = Find(name); found != nullptr) {
    found->is_boolean() ? void(value = found->get<bool>()) : Refuse(name, *found, "true or false");
  }
}

void OptionReader::Text(std::string_view name, std::string& value) {
  if (const Json* found = Find(name); found != nullptr) {
    found->is_string() ? void(value = found->get<std::string>()) : Refuse(name, *found, "a text");
  }
}

void OptionReader::OneOf(std::string_view name, std::string& value, std::initializer_list<std::string_view> known) {
  if (const Json* found = Find(name); found != nullptr) {
    const bool is_known = found->is_string() && std::ranges::find(known, found->get<std::string>()) != known.end();
    is_known ? void(value = found->get<std::string>()) : Refuse(name, *found, fmt::format("one of {}", fmt::join(known, ", ")));
  }
}

void OptionReader::Texts(std::string_view name, std::vector<std::string>& values) {
  if (const Json* found = Find(name); found != nullptr) {
    const bool are_texts = found->is_array() && std::ranges::all_of(*found, [](const Json& item) { return item.is_string(); });
    are_texts ? void(values = found->get<std::vector<std::string>>()) : Refuse(name, *found, "a list of texts");
  }
}

void OptionReader::Count(std::string_view name, int64_t& value, int64_t least, int64_t most) {
  if (const Json* found = Find(name); found != nullptr) {
    const bool fits = found->is_number_integer() && found->get<double>() >= static_cast<double>(least) &&
                      found->get<double>() <= static_cast<double>(most);
    fits ? void(value = found->get<int64_t>()) : Refuse(name, *found, fmt::format("a whole number from {} to {}", least, most));
  }
}

void OptionReader::Share(std::string_view name, double& value) {
  if (const Json* found = Find(name); found != nullptr) {
    const bool fits = found->is_number() && found->get<double>() >= 0 && found->get<double>() <= 1;
    fits ? void(value = found->get<double>()) : Refuse(name, *found, "a number from 0 to 1");
  }
}

void OptionReader::Any(std::string_view name, Json& value) {
  if (const Json* found = Find(name); found != nullptr) {
    value = *found;
  }
}

absl::Status OptionReader::Done() const {
  CUPEL_RETURN_IF_ERROR(problem_);
  for (const auto& item : object_->items()) {
    if (std::ranges::find(names_, item.key()) == names_.end()) {
      const std::string nearest = NearestName(item.key(), names_);
      return InvalidArgument("verifier options: there is no option \"{}\"{}; options are {}", item.key(),
                             nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest), fmt::join(names_, ", "));
    }
  }
  return absl::OkStatus();
}

}  // namespace cupel
