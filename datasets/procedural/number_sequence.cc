// number_sequence: the next number of a sequence. The rg variant draws rules as reasoning-gym does; ours keeps to a bounded family of rules
// and accepts a sequence only if no rule of the family that fits what is shown goes on differently.

#include <cstdlib>
#include <optional>
#include <set>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "number_sequence";
constexpr Setting kSettings[] = {
    {"shown", "numbers shown", "6|6|7|7|8", 5, 12},
    {"max_rule", "hardest kind of rule: 1 arithmetic, 2 geometric, 3 linear recurrence, 4 quadratic, 5 sum of two before, 6 alternating",
     "2|4|5|6|6", 1, 6},
    {"max_start", "largest absolute value of the first number", "20|30|40|60|99", 5, 1000},
    {"max_step", "largest absolute value of a parameter", "9|12|15|20|30", 2, 100},
};
constexpr Setting kRgSettings[] = {
    {"min_terms", "fewest numbers shown", "4", 4, 100},
    {"max_terms", "most numbers shown", "8", 4, 100},
    {"min_value", "unused, as in reasoning-gym", "-100"},
    {"max_value", "unused, as in reasoning-gym", "100"},
    {"max_complexity", "most operations of a rule, less one", "3", 1, 50},
};

constexpr int64_t kMaxShownValue = 1000;  // reasoning-gym calls larger numbers uninteresting

enum RgOperation : uint8_t { kAdd, kMultiply, kSquare, kDouble, kHalf, kPrevious, kAlternate, kCompose };

struct RgStep {
  uint64_t operation = 0;
  int64_t parameter = 0;
};

__extension__ using Wide = __int128;

// nullopt beyond 2^62: halving does not bring such a number back below what is shown within the few operations of a rule.
std::optional<int64_t> ApplyRg(const std::vector<RgStep>& rule, const std::vector<int64_t>& sequence, size_t position) {
  Wide result = sequence[position];
  constexpr Wide kLimit = Wide{1} << 62;
  for (const RgStep& step : rule) {
    switch (step.operation) {
      case kAdd:
        result += step.parameter;
        break;
      case kMultiply:
        result *= step.parameter;
        break;
      case kSquare:
        result *= result;
        break;
      case kDouble:
        result *= 2;
        break;
      case kHalf:
        result = result >= 0 ? result / 2 : -((-result + 1) / 2);
        break;
      case kPrevious:
        result += position > 0 ? sequence[position - 1] : 0;
        break;
      default:
        break;  // reasoning-gym has no effect for the others
    }
    if (result > kLimit || result < -kLimit) {
      return std::nullopt;
    }
  }
  return static_cast<int64_t>(result);
}

std::vector<RgStep> DrawRgRule(ItemRandom& random, int64_t complexity) {
  std::vector<RgStep> rule(static_cast<size_t>(random.Int(1, complexity + 1)));
  for (RgStep& step : rule) {
    step.operation = random.Below(8);
    if (step.operation == kAdd || step.operation == kMultiply) {
      do {
        step.parameter = random.Int(-10, 10);
      } while (step.parameter == 0);
    }
  }
  return rule;
}

std::string RgRuleText(const std::vector<RgStep>& rule) {
  std::vector<std::string> parts;
  for (const RgStep& step : rule) {
    switch (step.operation) {
      case kAdd:
        parts.push_back(fmt::format("add {}", step.parameter));
        break;
      case kMultiply:
        parts.push_back(fmt::format("multiply by {}", step.parameter));
        break;
      case kSquare:
        parts.emplace_back("square");
        break;
      case kDouble:
        parts.emplace_back("double");
        break;
      case kHalf:
        parts.emplace_back("halve");
        break;
      case kPrevious:
        parts.emplace_back("add previous");
        break;
      default:
        break;
    }
  }
  return Joined(parts, " then ");
}

bool IsInteresting(const std::vector<int64_t>& sequence, int64_t complexity) {
  bool is_constant = true;
  bool is_arithmetic = true;
  for (size_t i = 0; i < sequence.size(); ++i) {
    if (std::abs(sequence[i]) > kMaxShownValue) {
      return false;
    }
    is_constant = is_constant && sequence[i] == sequence[0];
    is_arithmetic = is_arithmetic && (i == 0 || sequence[i] - sequence[i - 1] == sequence[1] - sequence[0]);
  }
  return !is_constant && !(complexity > 1 && is_arithmetic);
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t complexity = random.Int(1, settings.Int("max_complexity"));
  std::vector<RgStep> rule;
  std::vector<int64_t> sequence;
  bool found = false;
  for (int attempt = 0; attempt < 10 && !found; ++attempt) {
    rule = DrawRgRule(random, complexity);
    const int64_t num_terms = random.Int(settings.Int("min_terms"), settings.Int("max_terms"));
    sequence = {random.Int(-10, 10)};
    found = true;
    for (int64_t i = 0; i < num_terms; ++i) {
      // Past the limit only the length still matters.
      const std::optional<int64_t> next = found ? ApplyRg(rule, sequence, static_cast<size_t>(i)) : std::nullopt;
      found = next.has_value();
      sequence.push_back(next.value_or(0));
    }
    found = found && IsInteresting(sequence, complexity);
  }
  if (!found) {
    rule = {{kAdd, 2}};
    for (size_t i = 0; i < sequence.size(); ++i) {
      sequence[i] = static_cast<int64_t>(2 * i);
    }
  }
  Json metadata = BeginMetadata(kName, index);
  metadata["rule"] = RgRuleText(rule);
  metadata["complexity"] = complexity;
  metadata["sequence"] = sequence;
  metadata["difficulty"] = {{"max_complexity", settings.Int("max_complexity")}, {"terms", RangeOf(settings, "terms")}};
  const std::string answer = std::to_string(sequence.back());
  sequence.pop_back();
  return RgItem(Joined(sequence) + ", ?", answer, metadata);
}

using Sequence = std::vector<int64_t>;

// What each kind of rule says comes after `shown`, where it fits. The kinds in order of their number.
std::optional<int64_t> NextArithmetic(const Sequence& s) {
  for (size_t i = 2; i < s.size(); ++i) {
    if (s[i] - s[i - 1] != s[1] - s[0]) {
      return std::nullopt;
    }
  }
  return s.back() + s[1] - s[0];
}

// x -> a x + b with whole a; b = 0 makes it geometric.
std::optional<int64_t> NextLinear(const Sequence& s, bool is_geometric) {
  const int64_t first = s[1] - s[0];
  const int64_t second = s[2] - s[1];
  if (first == 0 || second % first != 0) {
    return std::nullopt;
  }
  const int64_t a = second / first;
  const int64_t b = s[1] - a * s[0];
  for (size_t i = 1; i < s.size(); ++i) {
    if (s[i] != a * s[i - 1] + b) {
      return std::nullopt;
    }
  }
  return is_geometric && b != 0 ? std::nullopt : std::optional(a * s.back() + b);
}

std::optional<int64_t> NextQuadratic(const Sequence& s) {
  Sequence differences;
  for (size_t i = 1; i < s.size(); ++i) {
    differences.push_back(s[i] - s[i - 1]);
  }
  const std::optional<int64_t> next = NextArithmetic(differences);
  return next ? std::optional(s.back() + *next) : std::nullopt;
}

// x(n) = x(n-1) + x(n-2) + c
std::optional<int64_t> NextFibonacci(const Sequence& s) {
  const int64_t c = s[2] - s[1] - s[0];
  for (size_t i = 2; i < s.size(); ++i) {
    if (s[i] != s[i - 1] + s[i - 2] + c) {
      return std::nullopt;
    }
  }
  return s.back() + s[s.size() - 2] + c;
}

// Two arithmetic sequences in turn.
std::optional<int64_t> NextAlternating(const Sequence& s) {
  for (size_t i = 4; i < s.size(); ++i) {
    if (s[i] - s[i - 2] != s[i - 2] - s[i - 4]) {
      return std::nullopt;
    }
  }
  return 2 * s[s.size() - 2] - s[s.size() - 4];
}

std::set<int64_t> Continuations(const Sequence& shown) {
  std::set<int64_t> next;
  for (const std::optional<int64_t>& value : {NextArithmetic(shown), NextLinear(shown, true), NextLinear(shown, false),
                                              NextQuadratic(shown), NextFibonacci(shown), NextAlternating(shown)}) {
    if (value) {
      next.insert(*value);
    }
  }
  return next;
}

Sequence DrawSequence(const Settings& settings, ItemRandom& random, int64_t kind) {
  const int64_t start = settings.Int("max_start"), step = settings.Int("max_step");
  const auto count = static_cast<size_t>(settings.Int("shown")) + 1;
  const auto sign = [&] { return random.Below(2) == 0 ? 1 : -1; };
  Sequence s = {random.Int(-start, start), random.Int(-start, start)};
  int64_t a = sign() * random.Int(2, 3);
  int64_t b = sign() * random.Int(1, step);
  const int64_t c = sign() * random.Int(1, std::max<int64_t>(1, step / 2));
  if (kind <= 4) {
    s.pop_back();
  }
  if (kind == 1) {
    a = 1;
  } else if (kind == 2) {
    b = 0;
  }
  while (s.size() < count) {
    const size_t n = s.size();
    if (kind <= 3) {
      s.push_back(a * s[n - 1] + b);
    } else if (kind == 4) {
      s.push_back(s[n - 1] + b + c * static_cast<int64_t>(n));
    } else if (kind == 5) {
      s.push_back(s[n - 1] + s[n - 2] + c);
    } else {
      s.push_back(s[n - 2] + (n % 2 == 0 ? b : c));
    }
  }
  return s;
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const int64_t kind = random.Int(1, settings.Int("max_rule"));
    Sequence sequence = DrawSequence(settings, random, kind);
    const int64_t next = sequence.back();
    sequence.pop_back();
    if (std::set(sequence.begin(), sequence.end()).size() < 4 || Continuations(sequence).size() != 1) {
      continue;
    }
    Json metadata = BeginMetadata(kName, index);
    metadata["shown"] = sequence;
    metadata["rule"] = kind;
    return CupelItem(settings, fmt::format("What comes next? {}, ... Answer with one whole number.", Joined(sequence)),
                     std::to_string(next), std::move(metadata));
  }
  return InvalidArgument("number_sequence: a thousand drawn sequences can each be continued in two ways; raise shown or max_step");
}

}  // namespace

const Family kNumberSequenceFamily = {kName, "the next number of a sequence", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
