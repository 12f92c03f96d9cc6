// The partial scores of reasoning-gym 0.1.25, without its evaluation of answers as code. The answer is what its extraction gave.

#include <algorithm>
#include <cmath>
#include <gmpxx.h>
#include <numeric>
#include <set>

#include "verifiers/answer/characters.h"
#include "verifiers/answer/number.h"
#include "verifiers/puzzles/checks.h"
#include "verifiers/puzzles/expression.h"
#include "verifiers/puzzles/moves.h"
#include "verifiers/puzzles/reading.h"

namespace cupel {
namespace {

// Characters of a UTF-8 text, which is what Python's len counts.
double Length(std::string_view text) {
  return static_cast<double>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

double SubstringScore(std::string_view gold, std::string_view answer) {
  if (answer.empty()) {
    return 0;
  }
  return answer == gold ? 1 : answer.find(gold) != std::string_view::npos ? Length(gold) / Length(answer) : 0;
}

std::string WithoutCommas(std::string_view text) {
  std::string plain(text);
  std::erase(plain, ',');
  return plain;
}

// What Python's Decimal reads: a sign, digits with a point, an exponent.
std::optional<mpq_class> ReadDecimal(std::string_view text) {
  std::string plain(TrimSpace(text));
  const size_t exponent_at = std::min(plain.find_first_of("eE"), plain.size());
  if (exponent_at > 0 && plain[exponent_at - 1] == '.') {
    plain.erase(exponent_at - 1, 1);
  }
  const NumberReading reading = ReadNumber(plain);
  if (!reading.number || plain.find_first_of("/\\%") != std::string::npos || reading.number->is_percent || plain.size() > 300 ||
      std::abs(reading.number->exponent) > 1000) {
    return std::nullopt;
  }
  mpq_class value{mpz_class(reading.number->numerator)};
  mpz_class power;
  mpz_ui_pow_ui(power.get_mpz_t(), 10, static_cast<unsigned long>(std::abs(reading.number->exponent)));
  value = reading.number->exponent < 0 ? mpq_class(value / power) : mpq_class(value * power);
  return reading.number->is_negative ? mpq_class(-value) : value;
}

// int(text, 0): decimal, 0x, 0o, 0b.
std::optional<mpz_class> ReadPythonInteger(std::string_view text) {
  std::string plain = LowerCaseText(TrimSpace(text));
  const bool is_negative = plain.starts_with('-');
  plain.erase(0, is_negative || plain.starts_with('+') ? 1 : 0);
  const int base = plain.starts_with("0x") ? 16 : plain.starts_with("0o") ? 8 : plain.starts_with("0b") ? 2 : 10;
  plain.erase(0, base == 10 ? 0 : 2);
  const std::string_view digits = std::string_view("0123456789abcdef").substr(0, static_cast<size_t>(base));
  if (plain.empty() || plain.size() > 4096 || plain.find_first_not_of(digits) != std::string::npos ||
      (base == 10 && plain.size() > 1 && plain[0] == '0' && plain.find_first_not_of('0') != std::string::npos)) {
    return std::nullopt;
  }
  mpz_class value(plain, base);
  return is_negative ? mpz_class(-value) : value;
}

std::string LinesTrimmedRight(std::string_view text) {
  std::string result;
  while (true) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    while (!line.empty() && IsSpace(line.back())) {
      line.remove_suffix(1);
    }
    result += line;
    if (end == std::string_view::npos) {
      return result;
    }
    result += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace

double RgScoreText(const Json& /*metadata*/, std::string_view gold, const std::string* answer) {
  return answer == nullptr ? 0 : SubstringScore(gold, *answer);
}

double RgScoreExactText(const Json& /*metadata*/, std::string_view gold, const std::string* answer) {
  std::string plain = answer == nullptr ? "" : LowerCaseText(*answer);
  std::erase(plain, '\n');
  return answer != nullptr && plain == LowerCaseText(gold) ? 1 : 0;
}

double RgScoreDecimal(const Json& /*metadata*/, std::string_view gold, const std::string* answer) {
  if (answer == nullptr || answer->empty()) {
    return 0;
  }
  const std::string plain = WithoutCommas(*answer), oracle = WithoutCommas(gold);
  const auto a = ReadDecimal(plain), b = ReadDecimal(oracle);
  if (a && b && *a == *b) {
    return 1;
  }
  return plain.find(oracle) != std::string::npos ? Length(oracle) / Length(plain) : 0;
}

double RgScoreDecimalPlaces(const Json& metadata, std::string_view gold, const std::string* answer) {
  const auto a = answer == nullptr ? std::nullopt : ReadDecimal(*answer), b = ReadDecimal(gold);
  const auto places = metadata.at("difficulty").at("decimal_places").at(1).get<int64_t>();
  if (!a || !b || places < 0 || places > 1000) {
    return 0;
  }
  mpz_class unit;
  mpz_ui_pow_ui(unit.get_mpz_t(), 10, static_cast<unsigned long>(places));
  return abs(*a - *b) * unit <= 1 ? 1 : 0;
}

double RgScoreBitwise(const Json& /*metadata*/, std::string_view gold, const std::string* answer) {
  const auto a = answer == nullptr ? std::nullopt : ReadPythonInteger(*answer), b = ReadPythonInteger(gold);
  return a && b && *a == *b ? 1 : 0;
}

double RgScoreCircuit(const Json& /*metadata*/, std::string_view gold, const std::string* answer) {
  if (answer == nullptr || answer->empty()) {
    return 0;
  }
  return *answer == gold ? 1 : TrimSpace(*answer) == gold ? Length(gold) / Length(*answer) : 0;
}

double RgScoreFraction(const Json& metadata, std::string_view gold, const std::string* answer) {
  if (answer == nullptr) {
    return 0.01;
  }
  std::string_view text = TrimSpace(*answer);
  const auto strip = [&] {
    while (text.starts_with('$')) {
      text.remove_prefix(1);
    }
    while (text.ends_with('$')) {
      text.remove_suffix(1);
    }
  };
  strip();
  text = TrimSpace(text);
  std::optional<int64_t> a, b;
  const size_t open = text.starts_with("\\frac") ? 5 : text.starts_with("\\dfrac") ? 6 : 0;
  if (open > 0) {
    const std::string_view rest = TrimSpace(text.substr(open));
    const size_t middle = rest.find('}'), end = rest.rfind('}');
    const size_t second = middle == std::string_view::npos ? middle : rest.find('{', middle);
    if (rest.starts_with('{') && second != std::string_view::npos && end > second) {
      a = ReadInteger(rest.substr(1, middle - 1));
      b = ReadInteger(rest.substr(second + 1, end - second - 1));
    }
  } else if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    a = ReadInteger(text.substr(0, slash));
    b = ReadInteger(text.substr(slash + 1));
  }
  static_cast<void>(gold);
  if (!a || !b) {
    return 0.01;
  }
  if (*a == metadata.at("simplified_numerator").get<int64_t>() && *b == metadata.at("simplified_denominator").get<int64_t>()) {
    return 1;
  }
  return *a == metadata.at("numerator").get<int64_t>() || *b == metadata.at("denominator").get<int64_t>() ? 0.1 : 0.05;
}

double RgScorePrimeFactors(const Json& metadata, std::string_view /*gold*/, const std::string* answer) {
  if (answer == nullptr) {
    return 0;
  }
  auto expected = metadata.at("factors").get<std::vector<int64_t>>();
  std::string text = *answer;
  constexpr std::string_view kTimes = "×";
  for (size_t at = text.find(kTimes); at != std::string::npos; at = text.find(kTimes)) {
    text.replace(at, kTimes.size(), "\n");
  }
  std::vector<int64_t> found;
  for (const std::string_view part : Lines(text)) {
    const auto factor = ReadInteger(part);
    if (!factor) {
      return 0;  // reasoning-gym raises
    }
    found.push_back(*factor);
  }
  std::ranges::sort(expected);
  std::ranges::sort(found);
  const auto product = [](const std::vector<int64_t>& values) {
    return std::accumulate(values.begin(), values.end(), mpz_class(1),
                           [](const mpz_class& p, int64_t v) { return mpz_class(p * static_cast<long>(v)); });
  };
  return found == expected ? 1 : product(found) == product(expected) ? 0.5 : 0.01;
}

double RgScoreComplex(const Json& metadata, std::string_view gold, const std::string* answer) {
  if (answer == nullptr) {
    return 0;
  }
  std::string text = LowerCaseText(*answer);
  std::erase(text, ' ');
  while (text.size() > 1 && text.front() == '(' && text.back() == ')') {
    text = text.substr(1, text.size() - 2);
  }
  static_cast<void>(gold);
  std::ranges::replace(text, 'i', 'j');
  double parts[2] = {0, 0};
  bool seen[2] = {false, false};
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin + 1;
    while (end < text.size() && ((text[end] != '+' && text[end] != '-') || text[end - 1] == 'e')) {
      ++end;
    }
    std::string part = text.substr(begin, end - begin);
    const size_t kind = part.ends_with('j') ? 1 : 0;
    if (kind == 1) {
      part.pop_back();
      part += part.empty() || part == "+" || part == "-" ? "1" : "";
    }
    const auto value = ReadDecimal(part);
    if (!value || seen[kind] || (kind == 0 && seen[1])) {
      return 0;
    }
    seen[kind] = true;
    parts[kind] = value->get_d();
    begin = end;
  }
  if (!seen[0] && !seen[1]) {
    return 0;
  }
  const double real = metadata.at("result").at(0).get<double>(), imaginary = metadata.at("result").at(1).get<double>();
  return std::min(1.0, std::exp(-std::hypot(parts[0] - real, parts[1] - imaginary)));
}

double RgScoreCalendar(const Json& metadata, std::string_view gold, const std::string* answer) {
  if (answer == nullptr || answer->empty()) {
    return 0;
  }
  const auto task = metadata.at("task").get<std::string>();
  const std::string_view text = TrimSpace(*answer);
  if (task.starts_with("weekday")) {
    constexpr std::string_view kDays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    const auto is_day = [&](std::string_view day) { return LowerCaseText(day) == LowerCaseText(text); };
    return text == gold ? 1 : std::ranges::find(kDays, text) != std::end(kDays) ? 0.1 : std::ranges::any_of(kDays, is_day) ? 0.05 : 0;
  }
  if (task == "is_leap_year") {
    return LowerCaseText(text) == LowerCaseText(gold) ? 1 : 0;
  }
  const auto found = ReadInteger(text), expected = ReadInteger(gold);
  if (!found || !expected) {
    return 0;
  }
  if (*expected == 0) {
    return *found == 0 ? 1 : 0;
  }
  const double error = std::abs(static_cast<double>(*found) - static_cast<double>(*expected)) / static_cast<double>(*expected);
  return std::max(0.0, std::exp(-5 * error));
}

double RgScoreSudoku(const Json& metadata, std::string_view gold, const std::string* answer) {
  if (answer == nullptr || answer->empty()) {
    return 0;
  }
  const auto solution = metadata.contains("solution") ? metadata.at("solution").get<Grid>() : ReadGrid(gold).value_or(Grid());
  double score = 1;
  if (LinesTrimmedRight(*answer) != LinesTrimmedRight(gold)) {
    size_t row = 0;
    int matching = 0;
    for (const std::string_view line : SplitTrimmed(*answer, '\n')) {
      std::vector<int> numbers;
      for (const char c : line) {
        if (c >= '1' && c <= '9') {
          numbers.push_back(c - '0');
        }
      }
      if (row >= solution.size() || numbers.size() != solution[row].size()) {
        continue;
      }
      for (size_t i = 0; i < numbers.size(); ++i) {
        matching += numbers[i] == solution[row][i] ? 1 : 0;
      }
      ++row;
    }
    score = matching / static_cast<double>(solution.size() * solution.size()) * 0.9;
  }
  return Length(*answer) > Length(gold) ? score * (Length(gold) / Length(*answer)) : score;
}

double RgScoreQueens(const Json& metadata, std::string_view /*gold*/, const std::string* answer) {
  if (answer == nullptr) {
    return 0;
  }
  const auto valid =
      metadata.contains("valid_answers") ? metadata.at("valid_answers").get<std::vector<std::string>>() : std::vector<std::string>();
  if (std::ranges::find(valid, *answer) != valid.end()) {
    return 1;
  }
  // A list of lists as Python writes it; read as JSON, never evaluated.
  std::string text = *answer;
  std::ranges::replace(text, '\'', '"');
  const absl::StatusOr<Json> board = ParseJson(text, "answer", {.max_depth = 3});
  std::string rows;
  if (!board.ok() || !board->is_array()) {
    return 0;
  }
  for (const Json& row : *board) {
    const auto cells = ReadTexts(DumpJson(row));
    if (!cells) {
      return 0;
    }
    rows += rows.empty() ? "" : "\n";
    for (size_t i = 0; i < cells->size(); ++i) {
      rows += (i == 0 ? "" : " ") + (*cells)[i];
    }
  }
  return std::ranges::find(valid, rows) != valid.end() ? 0.5 : 0;
}

double RgScoreHanoi(const Json& metadata, std::string_view /*gold*/, const std::string* answer) {
  if (answer == nullptr || answer->empty() || !metadata.contains("num_pegs")) {
    return 0;
  }
  std::vector<std::vector<int64_t>> stacks(metadata.at("num_pegs").get<size_t>() % 1000);
  const auto disks = metadata.at("num_disks").get<int64_t>() % 1000;
  for (int64_t disk = disks; disk > 0; --disk) {
    stacks.at(metadata.at("start_peg").get<size_t>() - 1).push_back(disk);
  }
  const std::vector<std::string_view> lines = Lines(*answer);
  for (const std::string_view line : lines) {
    const auto move = ReadHanoiMove(line);
    if (!move || !ApplyHanoiMove(*move, stacks)) {
      return 0;
    }
  }
  if (std::ssize(stacks.at(metadata.at("target_peg").get<size_t>() - 1)) != disks) {
    return 0.05;
  }
  const auto optimal = metadata.at("solution_length").get<double>();
  return std::min(1.0, optimal / static_cast<double>(lines.size()));
}

double RgScoreJugs(const Json& metadata, std::string_view /*gold*/, const std::string* answer) {
  const auto moves = answer == nullptr ? std::nullopt : ReadTexts(*answer);
  if (!moves || !metadata.contains("puzzle")) {
    return 0;
  }
  const auto capacities = metadata.at("puzzle").at("jug_capacities").get<std::vector<int64_t>>();
  std::vector<int64_t> levels(capacities.size());
  if (!std::ranges::all_of(*moves, [&](const std::string& move) { return ApplyJugMove(move, capacities, levels); })) {
    return 0;
  }
  return std::ranges::count(levels, metadata.at("puzzle").at("target").get<int64_t>()) > 0 ? 1 : 0.01;
}

double RgScoreGraphColor(const Json& metadata, std::string_view gold, const std::string* answer) {
  if (answer == nullptr || !ParseJson(*answer, "answer").ok()) {
    return 0;
  }
  const absl::StatusOr<Json> coloring = ParseJson(*answer, "answer");
  if (coloring->is_array()) {
    return 0.01;
  }
  return !coloring->is_object() ? 0 : CheckGraphColor(metadata, gold, *answer).is_right ? 1 : 0.01;
}

double RgScoreShortestPath(const Json& metadata, std::string_view gold, const std::string* answer) {
  if (answer == nullptr || answer->empty()) {
    return 0;
  }
  if (TrimSpace(*answer) == gold || CheckShortestPathRg(metadata, gold, *answer).is_right) {
    return 1;
  }
  // A way of another length: the reason says so, because the walk itself was right.
  const Finding finding = CheckShortestPathRg(metadata, gold, *answer);
  return finding.reason.ends_with("suffice") ? 0.5 : 0;
}

double RgScoreCryptarithm(const Json& metadata, std::string_view gold, const std::string* answer) {
  const auto pairs = answer == nullptr ? std::nullopt : ReadPairs(*answer, '=');
  if (!pairs || !std::ranges::all_of(*pairs, [](const auto& pair) { return ReadInteger(pair.second).has_value(); })) {
    return 0;
  }
  return CheckCryptarithm(metadata, gold, *answer).is_right ? 1 : 0.01;
}

double RgScoreCountdown(const Json& metadata, std::string_view gold, const std::string* answer) {
  const auto reading = answer == nullptr ? std::nullopt : ReadExpression(*answer);
  if (!reading || !reading->value) {
    return 0.01;
  }
  const bool has_target = metadata.contains("target");
  return (has_target ? CheckCountdown(metadata, gold, *answer) : CheckPuzzle24(metadata, gold, *answer)).is_right ? 1
         : has_target                                                                                             ? 0.05
                                                                                                                  : 0.01;
}

double RgScoreKnightsKnaves(const Json& /*metadata*/, std::string_view gold, const std::string* answer) {
  if (answer == nullptr || answer->empty()) {
    return 0;
  }
  // (name, role) pairs: words but "is", "a", "an", "and"; a role closes the pair that the last other word opened.
  const auto pairs_of = [](std::string_view text) {
    std::string plain = LowerCaseText(text);
    for (char& c : plain) {
      c = IsOneOf(c, ".,()") ? ' ' : c;
    }
    std::set<std::pair<std::string, std::string>> pairs;
    std::string name;
    for (const std::string_view word : Words(plain)) {
      if (word == "is" || word == "a" || word == "an" || word == "and") {
        continue;
      }
      if (word != "knight" && word != "knave") {
        name = word;
      } else if (!name.empty()) {
        pairs.emplace(name, word);
        name.clear();
      }
    }
    return pairs;
  };
  const auto expected = pairs_of(gold), found = pairs_of(*answer);
  if (expected == found) {
    return 1;
  }
  const auto matching = std::ranges::count_if(found, [&](const auto& pair) { return expected.contains(pair); });
  return expected.size() == found.size() && matching > 0 ? 0.3 + 0.7 * static_cast<double>(matching) / static_cast<double>(expected.size())
                                                         : 0;
}

}  // namespace cupel
