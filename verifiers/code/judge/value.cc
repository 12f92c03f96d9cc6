#include "verifiers/code/judge/value.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace cupel::code {
namespace {

static_assert(std::endian::native == std::endian::little, "lengths and floats are copied as they stand in memory");

void AppendLength(size_t length, std::string& out) {
  Check(length <= UINT32_MAX, "a value fits its length field");
  const auto word = static_cast<uint32_t>(length);
  char bytes[4];
  std::memcpy(bytes, &word, 4);
  out.append(bytes, 4);
}

void AppendDouble(double number, std::string& out) {
  char bytes[8];
  std::memcpy(bytes, &number, 8);
  out.append(bytes, 8);
}

// Reads values from the front of a text; the first problem stops it.
class Decoder {
 public:
  Decoder(std::string_view bytes, const ValueLimits& limits, std::string& problem) : bytes_(bytes), limits_(limits), problem_(problem) {}

  std::optional<Value> ReadAll() {
    problem_.clear();
    Value value;
    if (bytes_.size() > limits_.max_bytes) {
      return Fail("{} bytes are more than the {} allowed", bytes_.size(), limits_.max_bytes), std::nullopt;
    }
    if (!Read(value, 0)) {
      return std::nullopt;
    }
    if (!bytes_.empty()) {
      return Fail("{} bytes follow the value", bytes_.size()), std::nullopt;
    }
    return value;
  }

 private:
  template <class... Args>
  bool Fail(fmt::format_string<Args...> format, Args&&... args) {
    problem_ = fmt::format(format, std::forward<Args>(args)...);
    return false;
  }

  bool Take(size_t count, std::string_view& taken) {
    if (bytes_.size() < count) {
      return Fail("the value ends {} bytes early", count - bytes_.size());
    }
    taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return true;
  }

  bool TakeLength(size_t& length) {
    std::string_view raw;
    if (!Take(4, raw)) {
      return false;
    }
    uint32_t word = 0;
    std::memcpy(&word, raw.data(), 4);
    length = word;
    return true;
  }

  bool TakeText(std::string& text) {
    size_t length = 0;
    std::string_view raw;
    if (!TakeLength(length) || !Take(length, raw)) {
      return false;
    }
    text = raw;
    return true;
  }

  bool TakeDouble(double& number) {
    std::string_view raw;
    if (!Take(8, raw)) {
      return false;
    }
    std::memcpy(&number, raw.data(), 8);
    return true;
  }

  bool TakeItems(Value& value, int depth) {
    size_t count = 0;
    if (!TakeLength(count)) {
      return false;
    }
    if (count > bytes_.size()) {  // every item takes a byte or more
      return Fail("{} items do not fit into {} bytes", count, bytes_.size());
    }
    const size_t num_values = value.kind == Kind::kDict ? 2 * count : count;
    for (size_t i = 0; i < num_values; ++i) {
      value.items.emplace_back();
      if (!Read(value.items.back(), depth + 1)) {
        return false;
      }
    }
    return true;
  }

  bool Read(Value& value, int depth) {
    if (depth > limits_.max_depth) {
      return Fail("it is nested deeper than {}", limits_.max_depth);
    }
    if (++num_nodes_ > limits_.max_nodes) {
      return Fail("it holds more than {} values", limits_.max_nodes);
    }
    std::string_view tag;
    if (!Take(1, tag)) {
      return false;
    }
    value.kind = static_cast<Kind>(tag[0]);
    switch (value.kind) {
      case Kind::kNone:
        return true;
      case Kind::kBool: {
        std::string_view raw;
        if (!Take(1, raw) || static_cast<unsigned char>(raw[0]) > 1) {
          return Fail("a truth value is neither 0 nor 1");
        }
        value.truth = raw[0] == 1;
        return true;
      }
      case Kind::kInt:
        return TakeText(value.text) && (IsCanonicalInteger(value.text) || Fail("an integer is not in canonical decimal"));
      case Kind::kFloat:
        return TakeDouble(value.number);
      case Kind::kComplex:
        return TakeDouble(value.number) && TakeDouble(value.imaginary);
      case Kind::kString:
      case Kind::kBytes:
      case Kind::kObject:
        return TakeText(value.text);
      case Kind::kList:
      case Kind::kTuple:
      case Kind::kSet:
      case Kind::kDict:
        return TakeItems(value, depth);
    }
    return Fail("unknown tag {}", static_cast<int>(static_cast<unsigned char>(tag[0])));
  }

  std::string_view bytes_;
  ValueLimits limits_;
  std::string& problem_;
  size_t num_nodes_ = 0;
};

void DescribeText(std::string_view text, size_t max_bytes, std::string& out) {
  out += '\'';
  for (const char c : text) {
    if (out.size() > max_bytes) {
      break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\'' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += '\'';
}

std::string DescribeDouble(double number) {
  if (std::isnan(number)) {
    return "nan";
  }
  std::string text = fmt::format("{}", number);
  if (std::isfinite(number) && text.find_first_of(".e") == std::string::npos) {
    text += ".0";
  }
  return text;
}

void DescribeInto(const Value& value, size_t max_bytes, std::string& out);

void DescribeItems(const Value& value, size_t max_bytes, std::string_view open, std::string_view close, std::string& out) {
  out += open;
  const bool is_dict = value.kind == Kind::kDict;
  for (size_t i = 0; i < value.items.size() && out.size() <= max_bytes; ++i) {
    out += i == 0 ? "" : is_dict && i % 2 == 1 ? ": " : ", ";
    DescribeInto(value.items[i], max_bytes, out);
  }
  out += value.kind == Kind::kTuple && value.items.size() == 1 ? "," : "";
  out += close;
}

void DescribeInto(const Value& value, size_t max_bytes, std::string& out) {
  switch (value.kind) {
    case Kind::kNone:
      out += "None";
      return;
    case Kind::kBool:
      out += value.truth ? "True" : "False";
      return;
    case Kind::kInt:
      out += std::string_view(value.text).substr(0, max_bytes);
      return;
    case Kind::kFloat:
      out += DescribeDouble(value.number);
      return;
    case Kind::kComplex:
      out += fmt::format("({}{:+}j)", value.number, value.imaginary);
      return;
    case Kind::kBytes:
      out += 'b';
      [[fallthrough]];
    case Kind::kString:
      DescribeText(value.text, max_bytes, out);
      return;
    case Kind::kList:
      return DescribeItems(value, max_bytes, "[", "]", out);
    case Kind::kTuple:
      return DescribeItems(value, max_bytes, "(", ")", out);
    case Kind::kSet:
      return DescribeItems(value, max_bytes, value.items.empty() ? "set(" : "{", value.items.empty() ? ")" : "}", out);
    case Kind::kDict:
      return DescribeItems(value, max_bytes, "{", "}", out);
    case Kind::kObject:
      out += fmt::format("<object of type {}>", std::string_view(value.text).substr(0, max_bytes));
      return;
  }
}

}  // namespace

Value Value::Bool(bool truth) {
  Value value;
  value.kind = Kind::kBool;
  value.truth = truth;
  return value;
}

Value Value::Int(int64_t number) { return BigInt(fmt::format("{}", number)); }

Value Value::BigInt(std::string digits) {
  Check(IsCanonicalInteger(digits), "an integer is written in canonical decimal");
  Value value;
  value.kind = Kind::kInt;
  value.text = std::move(digits);
  return value;
}

Value Value::Float(double number) {
  Value value;
  value.kind = Kind::kFloat;
  value.number = number;
  return value;
}

Value Value::Complex(double real, double imaginary) {
  Value value;
  value.kind = Kind::kComplex;
  value.number = real;
  value.imaginary = imaginary;
  return value;
}

Value Value::String(std::string text) {
  Value value;
  value.kind = Kind::kString;
  value.text = std::move(text);
  return value;
}

Value Value::Bytes(std::string bytes) {
  Value value = String(std::move(bytes));
  value.kind = Kind::kBytes;
  return value;
}

Value Value::Sequence(Kind kind, std::vector<Value> items) {
  Check(kind != Kind::kDict || items.size() % 2 == 0, "a dictionary holds pairs");
  Value value;
  value.kind = kind;
  value.items = std::move(items);
  return value;
}

bool IsCanonicalInteger(std::string_view digits) {
  const bool is_negative = digits.starts_with('-');
  digits.remove_prefix(is_negative ? 1 : 0);
  const bool all_digits = !digits.empty() && std::ranges::all_of(digits, [](char c) { return '0' <= c && c <= '9'; });
  return all_digits && (digits[0] != '0' || (digits.size() == 1 && !is_negative));
}

void AppendEncoding(const Value& value, std::string& out) {
  out += static_cast<char>(value.kind);
  switch (value.kind) {
    case Kind::kNone:
      return;
    case Kind::kBool:
      out += value.truth ? '\1' : '\0';
      return;
    case Kind::kFloat:
      return AppendDouble(value.number, out);
    case Kind::kComplex:
      AppendDouble(value.number, out);
      return AppendDouble(value.imaginary, out);
    case Kind::kInt:
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kObject:
      AppendLength(value.text.size(), out);
      out += value.text;
      return;
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kSet:
    case Kind::kDict:
      AppendLength(value.kind == Kind::kDict ? value.items.size() / 2 : value.items.size(), out);
      for (const Value& item : value.items) {
        AppendEncoding(item, out);
      }
      return;
  }
}

std::string Encode(const Value& value) {
  std::string out;
  AppendEncoding(value, out);
  return out;
}

std::optional<Value> Decode(std::string_view bytes, std::string& problem, const ValueLimits& limits) {
  return Decoder(bytes, limits, problem).ReadAll();
}

std::string Describe(const Value& value, size_t max_bytes) {
  std::string text;
  DescribeInto(value, max_bytes, text);
  if (text.size() > max_bytes) {
    text.resize(max_bytes);
    text += "...";
  }
  return text;
}

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kNone:
      return "None";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kFloat:
      return "float";
    case Kind::kComplex:
      return "complex";
    case Kind::kString:
      return "str";
    case Kind::kBytes:
      return "bytes";
    case Kind::kList:
      return "list";
    case Kind::kTuple:
      return "tuple";
    case Kind::kSet:
      return "set";
    case Kind::kDict:
      return "dict";
    case Kind::kObject:
      return "object";
  }
  return "?";
}

}  // namespace cupel::code
