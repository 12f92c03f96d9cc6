// Worked puzzles: a search with tries that fail and are taken back, moves with the state after each, words letter by letter.

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.h"
#include "datasets/traces/pen.h"

namespace cupel {
namespace {

std::string_view Check(const TracePen& pen) { return pen.Say("check:", "To check,", "Let me verify:"); }

std::optional<std::vector<int64_t>> ReadSmallNumbers(const Json& problem, const char* key) {
  const auto list = problem.find(key);
  if (list == problem.end() || !list->is_array() || list->size() < 2 || list->size() > 16) {
    return std::nullopt;
  }
  std::vector<int64_t> numbers;
  for (const Json& item : *list) {
    if (!item.is_number_integer() || item.get<int64_t>() < 0 || item.get<int64_t>() > 1'000'000) {
      return std::nullopt;
    }
    numbers.push_back(item.get<int64_t>());
  }
  return numbers;
}

// Works an expression of + - * / and parentheses from the inside, a claim an operation. Only values that stay whole; at most kMaxDepth
// parentheses inside each other.
class ExpressionReader {
 public:
  ExpressionReader(std::string_view text, TracePen& pen, std::vector<std::string>& steps) : text_(text), pen_(pen), steps_(steps) {}

  std::optional<int64_t> Read() {
    const std::optional<int64_t> value = Sum();
    SkipSpace();
    return at_ == text_.size() ? value : std::nullopt;
  }

 private:
  static constexpr int kMaxDepth = 32;

  void SkipSpace() {
    while (at_ < text_.size() && text_[at_] == ' ') {
      ++at_;
    }
  }
  char Peek() {
    SkipSpace();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  std::optional<int64_t> Apply(std::optional<int64_t> a, char op, std::optional<int64_t> b) {
    if (!a || !b || (op == '/' && (*b == 0 || *a % *b != 0))) {
      return std::nullopt;
    }
    int64_t value = 0;
    const bool overflows = op == '*'   ? __builtin_mul_overflow(*a, *b, &value)
                           : op == '+' ? __builtin_add_overflow(*a, *b, &value)
                           : op == '-' ? __builtin_sub_overflow(*a, *b, &value)
                                       : (value = *a / *b, false);
    if (overflows) {
      return std::nullopt;
    }
    steps_.push_back(pen_.Claim(fmt::format("{}{}{}", *a, op, *b), value));
    return value;
  }

  std::optional<int64_t> Sum() {
    std::optional<int64_t> value = Product();
    for (char op = Peek(); value && (op == '+' || op == '-'); op = Peek()) {
      ++at_;
      value = Apply(value, op, Product());
    }
    return value;
  }
  std::optional<int64_t> Product() {
    std::optional<int64_t> value = Factor();
    for (char op = Peek(); value && (op == '*' || op == '/'); op = Peek()) {
      ++at_;
      value = Apply(value, op, Factor());
    }
    return value;
  }
  std::optional<int64_t> Factor() {
    if (Peek() == '(') {
      if (++depth_ > kMaxDepth) {
        return std::nullopt;
      }
      ++at_;
      const std::optional<int64_t> value = Sum();
      --depth_;
      if (Peek() != ')') {
        return std::nullopt;
      }
      ++at_;
      return value;
    }
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    at_ = static_cast<size_t>(end - text_.data());
    return error == std::errc() ? std::optional(value) : std::nullopt;
  }

  std::string_view text_;
  TracePen& pen_;
  std::vector<std::string>& steps_;
  size_t at_ = 0;
  int depth_ = 0;
};

// All numbers joined by + and -, in a drawn order; empty when that happens to be the target.
std::string FailedTry(TracePen& pen, std::vector<int64_t> numbers, int64_t target) {
  for (size_t i = numbers.size(); i-- > 1;) {
    std::swap(numbers[i], numbers[pen.random().Below(i + 1)]);
  }
  std::string text = fmt::format("{}", numbers[0]);
  int64_t value = numbers[0];
  for (size_t i = 1; i < numbers.size(); ++i) {
    const bool is_sum = pen.random().Below(2) == 0;
    text += fmt::format("{}{}", is_sum ? '+' : '-', numbers[i]);
    value += is_sum ? numbers[i] : -numbers[i];
  }
  return value == target ? std::string()
                         : fmt::format("{}={}, {} {}", text, value, pen.Say("not", "which is not", "but what is asked for is"), target);
}

struct JugMove {
  char kind;  // 'f' fill, 'e' empty, 'p' pour
  size_t from;
  size_t to;
};

std::optional<JugMove> ReadJugMove(const std::string& text, size_t num_jugs) {
  const auto jug = [num_jugs](char name) { return name >= 'A' && static_cast<size_t>(name - 'A') < num_jugs; };
  if (text.starts_with("fill ") && text.size() == 6 && jug(text[5])) {
    return JugMove{'f', static_cast<size_t>(text[5] - 'A'), 0};
  }
  if (text.starts_with("empty ") && text.size() == 7 && jug(text[6])) {
    return JugMove{'e', static_cast<size_t>(text[6] - 'A'), 0};
  }
  if (text.starts_with("pour ") && text.size() == 9 && text.substr(6, 2) == "->" && jug(text[5]) && jug(text[8])) {
    return JugMove{'p', static_cast<size_t>(text[5] - 'A'), static_cast<size_t>(text[8] - 'A')};
  }
  return std::nullopt;
}

void Apply(const JugMove& move, const std::vector<int64_t>& capacities, std::vector<int64_t>& state) {
  if (move.kind != 'p') {
    state[move.from] = move.kind == 'f' ? capacities[move.from] : 0;
    return;
  }
  const int64_t amount = std::min(state[move.from], capacities[move.to] - state[move.to]);
  state[move.from] -= amount;
  state[move.to] += amount;
}

std::string StateText(const std::vector<int64_t>& state) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < state.size(); ++i) {
    parts.push_back(fmt::format("{}:{}", static_cast<char>('A' + i), state[i]));
  }
  return fmt::format("{}", fmt::join(parts, " "));
}

std::vector<std::string> ReadWords(const Json& problem) {
  std::vector<std::string> words;
  const auto list = problem.find("words");
  if (list != problem.end() && list->is_array() && list->size() <= 64) {
    for (const Json& word : *list) {
      words.push_back(word.is_string() ? word.get<std::string>() : std::string());
    }
  }
  return words;
}

}  // namespace

std::optional<std::string> TraceCountdown(const Json& problem, const std::string& gold, TracePen& pen) {
  const auto numbers = ReadSmallNumbers(problem, "numbers");
  const auto target = problem.find("target");
  if (!numbers || target == problem.end() || !target->is_number_integer()) {
    return std::nullopt;
  }
  const auto wanted = target->get<int64_t>();
  for (uint64_t tries = pen.random().Below(3); tries > 0; --tries) {
    if (const std::string failed = FailedTry(pen, *numbers, wanted); !failed.empty()) {
      pen.Line(fmt::format("{} {}", pen.Say("try", "Trying", "Let me try"), failed));
    }
  }
  std::vector<std::string> steps;
  const std::optional<int64_t> value = ExpressionReader(gold, pen, steps).Read();
  if (value != wanted) {
    return std::nullopt;
  }
  pen.Line(fmt::format("{} {}: {}", pen.Say("try", "Trying", "Let me try"), gold, fmt::join(steps, ", ")));
  if (pen.checks()) {
    pen.Line(
        fmt::format("{} {} {}", Check(pen), pen.Say("all of", "it uses", "every number stands in it once:"), fmt::join(*numbers, ", ")));
  }
  return gold;
}

std::optional<std::string> TraceJugs(const Json& problem, const std::string& gold, TracePen& pen) {
  const auto capacities = ReadSmallNumbers(problem, "capacities"), target = ReadSmallNumbers(problem, "target");
  const absl::StatusOr<Json> moves = ParseJson(gold, "gold");
  if (!capacities || !target || !moves.ok() || !moves->is_array() || target->size() != capacities->size()) {
    return std::nullopt;
  }
  std::vector<int64_t> state(capacities->size(), 0);
  for (const Json& text : *moves) {
    const std::optional<JugMove> move = text.is_string() ? ReadJugMove(text.get<std::string>(), state.size()) : std::nullopt;
    if (!move) {
      return std::nullopt;
    }
    const std::string before = StateText(state);
    Apply(*move, *capacities, state);
    pen.Line(pen.Claim(fmt::format("{} {}", text.get<std::string>(), pen.Say("", "gives ", "leads to ")), StateText(state), before));
  }
  if (state != *target) {
    return std::nullopt;
  }
  if (pen.checks()) {
    pen.Line(fmt::format("{} {}", Check(pen), StateText(*target)));
  }
  return gold;
}

std::optional<std::string> TraceLetterCounting(const Json& problem, const std::string& gold, TracePen& pen) {
  const auto text = problem.find("text"), letters = problem.find("letters");
  if (text == problem.end() || letters == problem.end() || !text->is_string() || !letters->is_string()) {
    return std::nullopt;
  }
  const auto words = text->get<std::string>();
  for (const char letter : letters->get<std::string>()) {
    std::vector<std::string> found;
    for (size_t begin = 0; begin < words.size();) {
      const size_t end = std::min(words.find(' ', begin), words.size());
      const std::string word = words.substr(begin, end - begin);
      if (const auto count = std::ranges::count(word, letter); count > 0) {
        found.push_back(fmt::format("{} {}", word, count));
      }
      begin = end + 1;
    }
    const auto total = static_cast<int64_t>(std::ranges::count(words, letter));
    pen.Line(fmt::format("{}: {}; {}", letter, found.empty() ? std::string("none") : fmt::format("{}", fmt::join(found, ", ")),
                         pen.Claim(fmt::format("{}", letter), total)));
  }
  return gold;
}

// Word after word, the first of those that are left.
std::optional<std::string> TraceWordSorting(const Json& problem, const std::string& gold, TracePen& pen) {
  std::vector<std::string> words = ReadWords(problem);
  const bool is_descending = problem.value("direction", std::string()) == "descending";
  if (words.size() < 2 || std::ranges::find(words, std::string()) != words.end()) {
    return std::nullopt;
  }
  std::vector<std::string> left = words;
  std::ranges::sort(words);
  if (is_descending) {
    std::ranges::reverse(words);
  }
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string lhs = fmt::format("{} {}", fmt::join(left, ", "), pen.Say("first", "-- the first is", "-- of these the next is"));
    pen.Line(pen.Claim(lhs, words[i], words[i + 1]));
    left.erase(std::ranges::find(left, words[i]));
  }
  if (pen.checks()) {
    pen.Line(fmt::format("{} {} {}", Check(pen), words.size(), pen.Say("words", "words in all", "words, none left out")));
  }
  return fmt::format("{}", fmt::join(words, ", ")) == gold ? std::optional(gold) : std::nullopt;
}

}  // namespace cupel
