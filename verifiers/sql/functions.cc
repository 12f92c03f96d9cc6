#include "verifiers/sql/functions.h"

#include <algorithm>
#include <array>
#include <string>

#include <sqlite3.h>

#include "verifiers/answer/characters.h"
#include "verifiers/text/script.h"

namespace cupel::sql {
namespace {

constexpr auto kAllowed = std::to_array<std::string_view>({
    "abs",
    "acos",
    "asin",
    "atan",
    "atan2",
    "avg",
    "ceil",
    "ceiling",
    "char",
    "coalesce",
    "concat",
    "cos",
    "count",
    "cume_dist",
    "current_date",
    "current_time",
    "current_timestamp",
    "date",
    "datetime",
    "degrees",
    "dense_rank",
    "exp",
    "first_value",
    "floor",
    "format",
    "group_concat",
    "hex",
    "ifnull",
    "iif",
    "instr",
    "julianday",
    "lag",
    "last_value",
    "lead",
    "length",
    "like",
    "ln",
    "log",
    "log10",
    "log2",
    "lower",
    "ltrim",
    "max",
    "min",
    "mod",
    "nth_value",
    "ntile",
    "nullif",
    "percent_rank",
    "pi",
    "pow",
    "power",
    "printf",
    "quote",
    "radians",
    "rank",
    "replace",
    "round",
    "row_number",
    "rtrim",
    "sign",
    "sin",
    "sqrt",
    "strftime",
    "substr",
    "substring",
    "sum",
    "tan",
    "time",
    "total",
    "trim",
    "trunc",
    "typeof",
    "unicode",
    "unixepoch",
    "upper",
});
static_assert(std::ranges::is_sorted(kAllowed));

std::string_view TextOf(sqlite3_value* value) {
  const auto* text = sqlite3_value_text(value);
  return text == nullptr ? std::string_view()
                         : std::string_view(reinterpret_cast<const char*>(text), static_cast<size_t>(sqlite3_value_bytes(value)));
}

bool IsNull(sqlite3_value* value) { return sqlite3_value_type(value) == SQLITE_NULL; }

// Takes `comparisons` from the budget; false, with an error set, when it is spent.
bool Charge(sqlite3_context* context, int64_t comparisons) {
  auto* budget = static_cast<WorkBudget*>(sqlite3_user_data(context));
  budget->steps_left -= comparisons / 64;
  if (budget->steps_left < 0) {
    sqlite3_result_error(context, "the query takes more work than is allowed", -1);
    return false;
  }
  return true;
}

void SetText(sqlite3_context* context, std::string_view text) {
  sqlite3_result_text(context, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

int64_t Product(std::string_view a, std::string_view b) { return std::ssize(a) * std::max<int64_t>(std::ssize(b), 1); }

// Position of the second argument in the first, from 1, in characters of texts and bytes of blobs; 0 when it is not there.
void Instr(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  if (IsNull(values[0]) || IsNull(values[1])) {
    return;
  }
  const bool are_blobs = sqlite3_value_type(values[0]) == SQLITE_BLOB && sqlite3_value_type(values[1]) == SQLITE_BLOB;
  const std::string_view text = TextOf(values[0]), part = TextOf(values[1]);
  if (!Charge(context, Product(text, part))) {
    return;
  }
  const size_t at = text.find(part);
  if (at == std::string_view::npos) {
    sqlite3_result_int(context, 0);
    return;
  }
  const std::string_view before = text.substr(0, at);
  const auto characters = std::ranges::count_if(before, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  sqlite3_result_int64(context, 1 + (are_blobs ? std::ssize(before) : characters));
}

// The first argument with every occurrence of the second replaced by the third.
void Replace(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  if (IsNull(values[0]) || IsNull(values[1]) || IsNull(values[2])) {
    return;
  }
  const std::string_view text = TextOf(values[0]), part = TextOf(values[1]), other = TextOf(values[2]);
  if (!Charge(context, Product(text, part))) {
    return;
  }
  const auto most = static_cast<size_t>(sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1));
  std::string result;
  size_t at = 0;
  for (size_t found = part.empty() ? std::string_view::npos : text.find(part); found != std::string_view::npos;
       found = text.find(part, at)) {
    result.append(text.substr(at, found - at)).append(other);
    at = found + part.size();
    if (result.size() > most) {
      sqlite3_result_error_toobig(context);
      return;
    }
  }
  SetText(context, result.append(text.substr(at)));
}

enum class Side { kLeft = 1, kRight = 2, kBoth = 3 };

// Removes the characters of the second argument from the ends of the first.
template <Side side>
void Trim(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  if (IsNull(values[0]) || IsNull(values[1])) {
    return;
  }
  std::string_view text = TextOf(values[0]), set = TextOf(values[1]);
  if (!Charge(context, Product(text, set))) {
    return;
  }
  std::u32string characters;
  while (!set.empty()) {
    characters += NextCodePoint(set);
  }
  const auto is_in_set = [&](char32_t c) { return characters.find(c) != std::u32string::npos; };
  for (std::string_view rest = text; (static_cast<int>(side) & 1) != 0 && !rest.empty() && is_in_set(NextCodePoint(rest));) {
    text = rest;
  }
  while ((static_cast<int>(side) & 2) != 0 && !text.empty()) {
    size_t begin = text.size() - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U) {
      --begin;
    }
    std::string_view last = text.substr(begin);
    if (!is_in_set(NextCodePoint(last))) {
      break;
    }
    text.remove_suffix(text.size() - begin);
  }
  SetText(context, text);
}

struct PatternCharacter {
  char32_t c = 0;
  enum Kind { kLiteral, kOne, kMany } kind = kLiteral;
};

char32_t Fold(char32_t c) { return 'A' <= c && c <= 'Z' ? c + 0x20 : c; }  // as SQLite's LIKE: ASCII only

std::vector<PatternCharacter> ReadPattern(std::string_view pattern, char32_t escape) {
  std::vector<PatternCharacter> characters;
  while (!pattern.empty()) {
    char32_t c = NextCodePoint(pattern);
    if (c == escape && escape != 0) {
      if (pattern.empty()) {  // an escape before nothing matches nothing
        characters.push_back({0x110000, PatternCharacter::kLiteral});
        break;
      }
      characters.push_back({Fold(NextCodePoint(pattern)), PatternCharacter::kLiteral});
    } else {
      characters.push_back({Fold(c), c == '%' ? PatternCharacter::kMany : c == '_' ? PatternCharacter::kOne : PatternCharacter::kLiteral});
    }
  }
  return characters;
}

// Greedy, going back to the last % only: |text| |pattern| steps at most.
bool IsLike(const std::vector<PatternCharacter>& pattern, std::string_view text) {
  std::u32string points;
  while (!text.empty()) {
    points += Fold(NextCodePoint(text));
  }
  size_t at = 0, place = 0, star = pattern.size() + 1, star_at = 0;
  while (at < points.size()) {
    const bool has_place = place < pattern.size();
    if (has_place && pattern[place].kind == PatternCharacter::kMany) {
      star = place++;
      star_at = at;
    } else if (has_place && (pattern[place].kind == PatternCharacter::kOne || pattern[place].c == points[at])) {
      ++place;
      ++at;
    } else if (star <= pattern.size()) {
      place = star + 1;
      at = ++star_at;
    } else {
      return false;
    }
  }
  while (place < pattern.size() && pattern[place].kind == PatternCharacter::kMany) {
    ++place;
  }
  return place == pattern.size();
}

// like(PATTERN, TEXT [, ESCAPE]), which is TEXT LIKE PATTERN ESCAPE ...
void Like(sqlite3_context* context, int count, sqlite3_value** values) {
  if (IsNull(values[0]) || IsNull(values[1]) || (count == 3 && IsNull(values[2]))) {
    return;
  }
  if (sqlite3_value_type(values[0]) == SQLITE_BLOB || sqlite3_value_type(values[1]) == SQLITE_BLOB) {  // as SQLite of Debian is built
    sqlite3_result_int(context, 0);
    return;
  }
  const std::string_view pattern = TextOf(values[0]), text = TextOf(values[1]);
  char32_t escape = 0;
  if (count == 3) {
    std::string_view sign = TextOf(values[2]);
    escape = sign.empty() ? 0 : NextCodePoint(sign);
    if (escape == 0 || !sign.empty()) {
      sqlite3_result_error(context, "ESCAPE expression must be a single character", -1);
      return;
    }
  }
  if (Charge(context, Product(text, pattern))) {
    sqlite3_result_int(context, IsLike(ReadPattern(pattern, escape), text) ? 1 : 0);
  }
}

struct Replacement {
  const char* name;
  int arguments;
  void (*function)(sqlite3_context* context, int count, sqlite3_value** values);
};
constexpr auto kReplacements = std::to_array<Replacement>({
    {"instr", 2, &Instr},
    {"like", 2, &Like},
    {"like", 3, &Like},
    {"ltrim", 2, &Trim<Side::kLeft>},
    {"replace", 3, &Replace},
    {"rtrim", 2, &Trim<Side::kRight>},
    {"trim", 2, &Trim<Side::kBoth>},
});

}  // namespace

bool IsAllowedFunction(std::string_view name) { return std::ranges::binary_search(kAllowed, LowerCaseText(name)); }

bool ReplaceSlowFunctions(sqlite3* connection, WorkBudget* budget) {
  return std::ranges::all_of(kReplacements, [&](const Replacement& one) {
    return sqlite3_create_function_v2(connection, one.name, one.arguments, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, budget,
                                      one.function, nullptr, nullptr, nullptr) == SQLITE_OK;
  });
}

}  // namespace cupel::sql
