// countdown and puzzle24: reach a number with given numbers, each used once.

#include <cstdlib>
#include <numeric>
#include <optional>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr Setting kCountdownSettings[] = {
    {"min_numbers", "fewest numbers", "3|3|4|5|6", 2, 8},
    {"max_numbers", "most numbers", "3|4|4|5|6", 2, 8},
    {"max_value", "largest number", "20|50|99|99|99", 4, 1000},
    {"min_target", "least target", "10|10|10|50|100", 1, 100000},
    {"max_target", "largest target", "60|99|200|500|999", 5, 100000},
    {"operators", "operators to draw from", R"(["+","-"]|["+","-","*"]|["+","-","*","/"]|["+","-","*","/"]|["+","-","*","/"])", 0, 0,
     "+|-|*|/"},
    {"subset", "some numbers may be left out", "false"},
};
constexpr Setting kPuzzle24Settings[] = {
    {"max_value", "largest number", "6|8|10|10|24", 4, 40},
    {"needs_fraction", "every solution passes through a fraction or a negative number", "false|false|false|false|true"},
};

struct Node {
  std::string text;
  int64_t value = 0;
};

// One step on two whole numbers that stays whole and positive.
std::optional<Node> Combine(const Node& a, const Node& b, char op) {
  const std::string text = fmt::format("({} {} {})", a.text, op, b.text);
  switch (op) {
    case '+':
      return Node{text, a.value + b.value};
    case '-':
      return a.value > b.value ? std::optional(Node{text, a.value - b.value}) : std::nullopt;
    case '*':
      return a.value * b.value <= 1'000'000 ? std::optional(Node{text, a.value * b.value}) : std::nullopt;
    default:
      return b.value > 1 && a.value % b.value == 0 ? std::optional(Node{text, a.value / b.value}) : std::nullopt;
  }
}

std::string WithoutOuter(const std::string& text) { return text.starts_with('(') ? text.substr(1, text.size() - 2) : text; }

absl::StatusOr<Item> GenerateCountdown(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t low = settings.Int("min_target"), high = settings.Int("max_target");
  for (int attempt = 0; attempt < 20000; ++attempt) {
    std::vector<int64_t> numbers(static_cast<size_t>(random.Int(settings.Int("min_numbers"), settings.Int("max_numbers"))));
    std::vector<Node> nodes;
    for (int64_t& number : numbers) {
      number = random.Int(1, settings.Int("max_value"));
      nodes.push_back({std::to_string(number), number});
    }
    bool is_good = true;
    while (nodes.size() > 1 && is_good) {
      random.Shuffle(nodes);
      const std::optional<Node> node = Combine(nodes[nodes.size() - 2], nodes.back(), random.Choice(settings.Texts("operators"))[0]);
      is_good = node.has_value();
      nodes.resize(nodes.size() - 2);
      nodes.push_back(node.value_or(Node{}));
    }
    const int64_t target = nodes[0].value;
    if (!is_good || target < low || target > high || std::ranges::find(numbers, target) != numbers.end()) {
      continue;
    }
    random.Shuffle(numbers);
    Json metadata = BeginMetadata("countdown", index);
    metadata["numbers"] = numbers;
    metadata["target"] = target;
    metadata["subset"] = settings.Flag("subset");
    return CupelItem(
        settings,
        fmt::format("Write an expression with the value {} from the numbers {}. Use {}, and only + - * / and parentheses. Answer with "
                    "the expression only.",
                    target, Joined(numbers), settings.Flag("subset") ? "each at most once" : "each exactly once"),
        WithoutOuter(nodes[0].text), std::move(metadata));
  }
  return InvalidArgument("countdown: 20000 drawn expressions all miss min_target to max_target; widen the targets or change max_value");
}

// a / b in lowest terms with b > 0.
struct Fraction {
  int64_t a = 0;
  int64_t b = 1;
};

Fraction Reduced(int64_t a, int64_t b) {
  const int64_t common = std::gcd(a, b);
  return b < 0 ? Fraction{-a / common, -b / common} : Fraction{a / common, b / common};
}

struct Part {
  std::string text;
  Fraction value;
};

// The first way to make 24 from the parts; `only_plain` allows no fraction and no negative number on the way. Without `solution` only
// whether there is one, and texts stay empty.
bool Make24(const std::vector<Part>& parts, bool only_plain, std::string* solution) {
  if (parts.size() == 1) {
    if (parts[0].value.a != 24 * parts[0].value.b) {
      return false;
    }
    if (solution != nullptr) {
      *solution = parts[0].text;
    }
    return true;
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    for (size_t j = 0; j < parts.size(); ++j) {
      if (i == j) {
        continue;
      }
      std::vector<Part> rest;
      for (size_t k = 0; k < parts.size(); ++k) {
        if (k != i && k != j) {
          rest.push_back(parts[k]);
        }
      }
      const Fraction& x = parts[i].value;
      const Fraction& y = parts[j].value;
      for (const char op : {'+', '-', '*', '/'}) {
        if ((i > j && (op == '+' || op == '*')) || (op == '/' && y.a == 0)) {
          continue;
        }
        const Fraction value = op == '+'   ? Reduced(x.a * y.b + y.a * x.b, x.b * y.b)
                               : op == '-' ? Reduced(x.a * y.b - y.a * x.b, x.b * y.b)
                               : op == '*' ? Reduced(x.a * y.a, x.b * y.b)
                                           : Reduced(x.a * y.b, x.b * y.a);
        if (only_plain && (value.b != 1 || value.a < 0)) {
          continue;
        }
        rest.push_back({solution == nullptr ? "" : fmt::format("({} {} {})", parts[i].text, op, parts[j].text), value});
        if (Make24(rest, only_plain, solution)) {
          return true;
        }
        rest.pop_back();
      }
    }
  }
  return false;
}

absl::StatusOr<Item> GeneratePuzzle24(const Settings& settings, ItemRandom& random, int64_t index) {
  const bool needs_fraction = settings.Flag("needs_fraction");
  for (int attempt = 0; attempt < 100000; ++attempt) {
    std::vector<int64_t> numbers(4);
    std::vector<Part> parts;
    for (int64_t& number : numbers) {
      number = random.Int(1, settings.Int("max_value"));
      parts.push_back({std::to_string(number), {number, 1}});
    }
    // Few numbers need a fraction, so those that do not are dropped first, and nothing is written down on the way.
    if ((needs_fraction && Make24(parts, true, nullptr)) || !Make24(parts, !needs_fraction, nullptr)) {
      continue;
    }
    std::string solution;
    Make24(parts, !needs_fraction, &solution);
    Json metadata = BeginMetadata("puzzle24", index);
    metadata["numbers"] = numbers;
    return CupelItem(settings,
                     fmt::format("Write an expression with the value 24 from the numbers {}, each used exactly once, and only + - * / and "
                                 "parentheses. Answer with the expression only.",
                                 Joined(numbers)),
                     WithoutOuter(solution), std::move(metadata));
  }
  return InvalidArgument("puzzle24: no drawn numbers have a solution; raise max_value");
}

}  // namespace

const Family kCountdownFamily = {"countdown", "reach a target with given numbers", kCountdownSettings, GenerateCountdown};
const Family kPuzzle24Family = {"puzzle24", "reach 24 with four numbers", kPuzzle24Settings, GeneratePuzzle24};

}  // namespace cupel
