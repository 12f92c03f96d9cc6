#include "base/json.h"

#include <cstdint>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_set.h>

#include "base/check.h"
#include "base/status.h"

namespace cupel {
namespace {

constexpr size_t kMaxMessageBytes = 300;

// Depth of the deepest bracket outside strings, found without recursion. Malformed text gives some depth; the parser reports it.
int NestingDepth(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

// Builds the document from the parser's events. Unlike the library's own builder it rejects duplicate keys, and it appends members in
// constant time, where operator[] of an ordered object searches all earlier keys: a vocabulary has a hundred thousand of them.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Json& root() { return root_; }
  const std::string& error() const { return error_; }

  bool null() override { return Scalar(nullptr); }
  bool boolean(bool value) override { return Scalar(value); }
  bool number_integer(int64_t value) override { return Scalar(value); }
  bool number_unsigned(uint64_t value) override { return Scalar(value); }
  bool number_float(double value, const std::string& /*text*/) override { return Scalar(value); }
  bool string(std::string& value) override { return Scalar(std::move(value)); }
  bool binary(Json::binary_t& /*value*/) override { return false; }  // JSON text has none

  bool start_object(size_t /*size*/) override { return Open(Json::object()); }
  bool end_object() override { return Close(); }
  bool start_array(size_t /*size*/) override { return Open(Json::array()); }
  bool end_array() override { return Close(); }

  bool key(std::string& name) override {
    Level& level = levels_.back();
    if (!level.keys.insert(name).second) {
      error_ = fmt::format("the key {} appears twice in one object", DumpJson(Json(name)));
      return false;
    }
    level.key = std::move(name);
    return true;
  }

  bool parse_error(size_t /*position*/, const std::string& /*last_token*/, const nlohmann::detail::exception& exception) override {
    std::string_view what = exception.what();
    if (const size_t bracket = what.find("] "); what.starts_with("[json.exception") && bracket != std::string_view::npos) {
      what.remove_prefix(bracket + 2);
    }
    error_ = what.substr(0, kMaxMessageBytes);
    return false;
  }

 private:
  struct Level {
    Json* container;
    std::string key;                        // of the member to come, in an object
    absl::flat_hash_set<std::string> keys;  // so far, in an object
  };

  Json* Append(Json value) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Level& level = levels_.back();
    if (level.container->is_array()) {
      level.container->push_back(std::move(value));
      return &level.container->back();
    }
    auto& object = level.container->get_ref<Json::object_t&>();
    object.emplace_back(std::move(level.key), std::move(value));
    return &object.back().second;
  }

  bool Scalar(Json value) {
    Append(std::move(value));
    return true;
  }

  // The pointer stays valid while the level is open: only the innermost container grows.
  bool Open(Json empty) {
    Json* const container = Append(std::move(empty));
    levels_.push_back({container, {}, {}});
    return true;
  }

  bool Close() {
    levels_.pop_back();
    return true;
  }

  Json root_;
  std::vector<Level> levels_;
  std::string error_;
};

}  // namespace

absl::StatusOr<Json> ParseJson(std::string_view text, std::string_view where, const JsonLimits& limits) {
  if (NestingDepth(text) > limits.max_depth) {
    return InvalidArgument("{}: JSON is nested more than {} levels deep", where, limits.max_depth);
  }
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {  // the parser would take it for the end
    return InvalidArgument("{}: invalid JSON: NUL byte at offset {}", where, nul);
  }
  Builder builder;
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    return InvalidArgument("{}: invalid JSON: {}", where, builder.error());
  }
  return std::move(builder.root());
}

std::string DumpJson(const Json& value, int indent) { return value.dump(indent, ' ', false, Json::error_handler_t::replace); }

absl::StatusOr<std::string> JsonString(const Json& object, std::string_view key, std::string_view where) {
  if (!object.is_object()) {
    return InvalidArgument("{}: expected a JSON object with the key \"{}\", found {}", where, key, object.type_name());
  }
  const auto member = object.find(std::string(key));
  if (member == object.end()) {
    return InvalidArgument("{}: the key \"{}\" is missing", where, key);
  }
  if (!member->is_string()) {
    return InvalidArgument("{}: \"{}\" must be a string, found {}", where, key, member->type_name());
  }
  return member->get<std::string>();
}

}  // namespace cupel
