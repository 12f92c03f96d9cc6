#include "tests/verifiers/fuzz/formula.h"

#include <algorithm>

namespace cupel::fuzz {
namespace {

enum Shape : int {
  kInteger,
  kDecimal,
  kName,
  kSum,
  kDifference,
  kProduct,
  kQuotient,
  kNegation,
  kPower,
  kRoot,
  kCubeRoot,
  kFunction,
  kLogarithm,
  kFactorial,
  kBinomial,
  kRounded,
  kAbsolute,
  kPercent,
  kDegree,
  kSeries,
  kIntegral,
  kLimit,
  kNumShapes,
  kTuple,
  kSet,
  kList,
  kInterval,
  kMatrix,
  kEquation,
  kInequality,
  kPlusMinus,
  kLabel,
  kNumAnswers,
};

constexpr const char* kNames[] = {"x", "n", "\\pi", "e", "i", "a", "\\infty", "x"};
constexpr const char* kFunctions[] = {"\\sin", "\\cos", "\\tan", "\\ln", "\\exp", "\\arctan", "\\arcsin", "\\log"};

int NumParts(int shape) {
  switch (shape) {
    case kInteger:
    case kDecimal:
    case kName:
      return 0;
    case kSum:
    case kDifference:
    case kProduct:
    case kQuotient:
    case kPower:
    case kLogarithm:
    case kBinomial:
    case kSeries:
    case kIntegral:
    case kLimit:
      return 2;
    default:
      return 1;
  }
}

// Writes one spelling; every choice takes a few bits of the style.
class Speller {
 public:
  explicit Speller(uint32_t style) : style_(style) {}

  std::string Spell(const Formula& f) {
    switch (f.shape) {
      case kInteger:
        return std::to_string(f.number);
      case kDecimal:
        return std::to_string(f.number / 8) + "." + std::to_string(125 * (f.number % 8 + 8)).substr(1);
      case kName:
        return kNames[f.number % 8];
      case kSum:
        return Choose(2) == 0 ? Part(f, 0) + "+" + Part(f, 1) : Part(f, 1) + " + " + Part(f, 0);
      case kDifference:
        return Choose(2) == 0 ? Part(f, 0) + "-" + Part(f, 1) : "-" + Part(f, 1) + "+" + Part(f, 0);
      case kProduct:
        return Product(f);
      case kQuotient:
        return Quotient(f);
      case kNegation:
        return "-" + Part(f, 0);
      case kPower:
        return Part(f, 0) + "^{" + Spell(f.parts[1]) + "}";
      case kRoot:
        return Choose(2) == 0 ? "\\sqrt{" + Spell(f.parts[0]) + "}" : "sqrt(" + Spell(f.parts[0]) + ")";
      case kCubeRoot:
        return "\\sqrt[3]{" + Spell(f.parts[0]) + "}";
      case kFunction:
        return Function(kFunctions[f.number % 8], f);
      case kLogarithm:
        return "\\log_{" + Spell(f.parts[0]) + "}(" + Spell(f.parts[1]) + ")";
      case kFactorial:
        return Part(f, 0) + "!";
      case kBinomial:
        return (Choose(2) == 0 ? "\\binom{" : "\\dbinom{") + Spell(f.parts[0]) + "}{" + Spell(f.parts[1]) + "}";
      case kRounded:
        return (f.number % 2 == 0 ? "\\lfloor " : "\\lceil ") + Spell(f.parts[0]) + (f.number % 2 == 0 ? " \\rfloor" : " \\rceil");
      case kAbsolute:
        return "\\left|" + Spell(f.parts[0]) + "\\right|";
      case kPercent:
        return Part(f, 0) + "\\%";
      case kDegree:
        return Part(f, 0) + "^\\circ";
      case kSeries:
        return (f.number % 4 == 3 ? "\\prod_{k=1}^{" : "\\sum_{k=1}^{") + Spell(f.parts[0]) + "}" + Bracket(WithVariable(f.parts[1], "k"));
      case kIntegral:
        return "\\int_0^{" + Spell(f.parts[0]) + "}" + Bracket(WithVariable(f.parts[1], "t")) + " dt";
      case kLimit:
        return "\\lim_{t \\to " + Spell(f.parts[0]) + "}" + Bracket(WithVariable(f.parts[1], "t"));
      default:
        return Answer(f);
    }
  }

 private:
  uint32_t Choose(uint32_t count) {
    const uint32_t choice = style_ % count;
    style_ = style_ * 747796405u + 2891336453u;
    style_ ^= style_ >> 15;
    return choice;
  }

  std::string Bracket(const std::string& text) { return Choose(2) == 0 ? "(" + text + ")" : "\\left(" + text + "\\right)"; }

  // A part that stands beside an operator: atoms bare, all else in brackets.
  std::string Part(const Formula& f, size_t i) {
    const Formula& part = f.parts[i];
    const bool is_atom = part.shape == kInteger || part.shape == kName || part.shape == kDecimal;
    return is_atom ? Spell(part) : Bracket(Spell(part));
  }

  std::string Product(const Formula& f) {
    const bool swap = Choose(2) == 1;
    const std::string left = Spell(f.parts[swap ? 1 : 0]);
    const std::string right = Spell(f.parts[swap ? 0 : 1]);
    switch (Choose(4)) {
      case 0:
        return Bracket(left) + Bracket(right);
      case 1:
        return Bracket(left) + " \\cdot " + Bracket(right);
      case 2:
        return Bracket(left) + "*" + Bracket(right);
      default:
        return Bracket(left) + " \\times " + Bracket(right);
    }
  }

  std::string Quotient(const Formula& f) {
    const std::string above = Spell(f.parts[0]);
    const std::string below = Spell(f.parts[1]);
    switch (Choose(4)) {
      case 0:
        return "\\frac{" + above + "}{" + below + "}";
      case 1:
        return "\\dfrac{" + above + "}{" + below + "}";
      case 2:
        return Bracket(above) + "/" + Bracket(below);
      default:
        return "{" + above + " \\over " + below + "}";
    }
  }

  std::string Function(const std::string& name, const Formula& f) {
    const std::string argument = Spell(f.parts[0]);
    return Choose(2) == 0 ? name + Bracket(argument) : name + "{" + Bracket(argument) + "}";
  }

  std::string WithVariable(const Formula& f, const char* name) {
    std::string text = Spell(f);
    for (size_t at = text.find('x'); at != std::string::npos; at = text.find('x', at + 1)) {
      const bool is_letter_of_command = at > 0 && (text[at - 1] == 'e' || text[at - 1] == '\\');
      if (!is_letter_of_command) {
        text.replace(at, 1, name);
      }
    }
    return text;
  }

  std::string Joined(const Formula& f, const char* separator) {
    std::string text;
    for (const Formula& part : f.parts) {
      text += (text.empty() ? "" : separator) + Spell(part);
    }
    return text;
  }

  std::string Answer(const Formula& f) {
    switch (f.shape) {
      case kTuple:
        return Bracket(Joined(f, ", "));
      case kSet:
        return "\\{" + Joined(f, ", ") + "\\}";
      case kList:
        return Joined(f, Choose(2) == 0 ? ", " : " \\text{ and } ");
      case kInterval:
        return (f.number % 2 == 0 ? "[" : "(") + Joined(f, ", ") + (f.number % 4 < 2 ? "]" : ")");
      case kMatrix:
        return "\\begin{pmatrix} " + Joined(f, f.number % 2 == 0 ? " & " : " \\\\ ") + " \\end{pmatrix}";
      case kEquation:
        return Joined(f, "=");
      case kInequality:
        return Joined(f, f.number % 2 == 0 ? " < " : " \\ge ");
      case kPlusMinus:
        return Part(f, 0) + " \\pm " + Part(f, 1);
      case kLabel:
        return "x = " + Spell(f.parts[0]);
      default:
        return Spell(f.parts[0]);
    }
  }

  uint32_t style_;
};

}  // namespace

Formula ReadScalar(Bytes& bytes, int depth) {
  const uint8_t byte = bytes.Next();
  Formula f;
  f.shape = depth == 0 || bytes.left() == 0 ? byte % 3 : byte % kNumShapes;
  f.number = f.shape == kInteger || f.shape == kDecimal ? bytes.Next() : byte / kNumShapes;
  if (f.shape == kInteger && f.number > 250) {
    f.number *= f.number * f.number;  // some large ones
  }
  if (f.shape == kName) {
    f.number = bytes.Next();
  }
  for (int i = NumParts(f.shape); i > 0; --i) {
    f.parts.push_back(ReadScalar(bytes, depth - 1));
  }
  return f;
}

Formula ReadAnswer(Bytes& bytes) {
  const uint8_t byte = bytes.Next();
  Formula f;
  if (byte < 128) {
    return ReadScalar(bytes);
  }
  f.shape = kTuple + byte % (kNumAnswers - kTuple);
  f.number = byte / 16;
  const bool is_pair = f.shape == kInterval || f.shape == kEquation || f.shape == kInequality || f.shape == kPlusMinus;
  const int count = is_pair ? 2 : f.shape == kLabel ? 1 : 1 + bytes.Next() % 4;
  for (int i = 0; i < count; ++i) {
    f.parts.push_back(ReadScalar(bytes, 2));
  }
  return f;
}

std::string Spell(const Formula& formula, uint32_t style) { return Speller(style).Spell(formula); }

}  // namespace cupel::fuzz
