// circuit_logic: the output of a circuit of gates. Ours asks for the outputs under several inputs.

#include <map>
#include <set>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "circuit_logic";
constexpr Setting kSettings[] = {
    {"inputs", "number of inputs", "3|3|4|5|6", 2, 10},
    {"gates", "number of gates", "3|4|6|8|12", 2, 40},
    {"rows", "assignments asked for", "6|6|8|8|10", 6, 16},
};
constexpr Setting kRgSettings[] = {
    {"min_terms", "fewest inner gates", "3", 1, 40},
    {"max_terms", "most inner gates", "5", 1, 40},
    {"min_inputs", "fewest inputs of a gate", "2", 1, 20},
    {"max_inputs", "most inputs of a gate", "4", 1, 20},
    {"neg_prob", "probability of a negated input", "0.3", 0, 1},
    {"allow_reuse", "an input may enter several gates", "true"},
};

struct Gate {
  std::string_view name;
  std::string_view symbol;
};
constexpr Gate kInner[] = {{"AND", "&"}, {"NAND", "↑"}, {"XOR", "⊕"}};
constexpr Gate kFinal[] = {{"OR", "+"}, {"NOR", "↓"}, {"XOR", "⊕"}, {"AND", "&"}};

// AND, NAND, OR, NOR or XOR of the values.
int Apply(std::string_view gate, const std::vector<int>& values) {
  const auto ones = std::ranges::count(values, 1);
  if (gate == "XOR") {
    return static_cast<int>(ones % 2);
  }
  const bool is_and = gate == "AND" || gate == "NAND";
  const bool result = is_and ? ones == std::ssize(values) : ones > 0;
  return (result != (gate == "NAND" || gate == "NOR")) ? 1 : 0;
}

// The name of column `index` of a spreadsheet: A, B, ..., Z, AA.
std::string ColumnName(size_t index) {
  std::string name;
  for (++index; index > 0; index = (index - 1) / 26) {
    name.insert(name.begin(), static_cast<char>('A' + (index - 1) % 26));
  }
  return name;
}

struct Literal {
  std::string name;
  bool is_negated = false;
  int row = 0;  // in the drawing, below the rows of the inputs
};

struct Term {
  Gate gate;
  std::vector<Literal> literals;
};

// reasoning-gym's drawing: characters on a matrix, put down in runs to the right or downwards.
class Drawing {
 public:
  Drawing(int height, int width) : cells_(static_cast<size_t>(height), std::vector<std::string>(static_cast<size_t>(width), " ")) {}

  void Right(int x, int y, const std::vector<std::string>& run) { Put(x, y, run, 1, 0); }
  void Down(int x, int y, const std::vector<std::string>& run) { Put(x, y, run, 0, 1); }
  void Right(int x, int y, std::string_view cell, int count) { Right(x, y, Repeat(cell, count)); }
  void Down(int x, int y, std::string_view cell, int count) { Down(x, y, Repeat(cell, count)); }

  static std::vector<std::string> Repeat(std::string_view cell, int count) {
    return std::vector<std::string>(static_cast<size_t>(std::max(count, 0)), std::string(cell));
  }

  std::string Text() const {
    std::string text;
    for (const std::vector<std::string>& row : cells_) {
      std::string line = Joined(row, "");
      line.erase(line.find_last_not_of(' ') + 1);
      text += (&row == &cells_[0] ? "" : "\n") + line;
    }
    return text;
  }

 private:
  void Put(int x, int y, const std::vector<std::string>& run, int dx, int dy) {
    for (const std::string& cell : run) {
      if (x < 0 || y < 0 || y >= static_cast<int>(cells_.size()) || x >= static_cast<int>(cells_[0].size())) {
        return;
      }
      cells_[static_cast<size_t>(y)][static_cast<size_t>(x)] = cell;
      x += dx;
      y += dy;
    }
  }

  std::vector<std::vector<std::string>> cells_;
};

constexpr std::string_view kVertical = "│", kHorizontal = "─", kBranch = "├", kLeftUp = "┘", kLeftDown = "┐", kRightUp = "└",
                           kRightDown = "┌";

struct RgCircuit {
  Gate final_gate;
  std::vector<Term> terms;
  std::vector<std::string> term_texts;
  std::vector<std::string> inputs;  // sorted
  std::string expression;
  int expression_length = 0;  // characters
};

RgCircuit DrawCircuit(const Settings& settings, ItemRandom& random) {
  RgCircuit circuit;
  const int64_t num_terms = random.Int(settings.Int("min_terms"), settings.Int("max_terms"));
  circuit.final_gate = random.Choice(kFinal);
  std::vector<std::string> names;
  int row = 0;
  for (int64_t i = 0; i < num_terms; ++i, ++row) {
    Term term{random.Choice(kInner), {}};
    const int64_t length = random.Int(settings.Int("min_inputs"), settings.Int("max_inputs"));
    std::vector<std::string> parts;
    for (int64_t j = 0; j < length; ++j, ++row) {
      std::string name;
      if (settings.Flag("allow_reuse") && !names.empty() && random.Random() < 0.5) {
        name = random.Choice(names);
      } else {
        name = ColumnName(names.size());
        names.push_back(name);
      }
      const bool is_negated = random.Random() < settings.Real("neg_prob");
      parts.push_back(name + (is_negated ? "'" : ""));
      circuit.expression_length += static_cast<int>(parts.back().size()) + (j > 0 ? 1 : 0);
      term.literals.push_back({name, is_negated, row});
    }
    circuit.term_texts.push_back(Joined(parts, term.gate.symbol));
    circuit.expression += (i == 0 ? "(" : std::string(circuit.final_gate.symbol) + "(") + circuit.term_texts.back() + ")";
    circuit.expression_length += i == 0 ? 2 : 3;
    circuit.terms.push_back(std::move(term));
  }
  std::ranges::sort(names);
  circuit.inputs = names;
  return circuit;
}

std::string DrawDiagram(const RgCircuit& circuit) {
  const std::vector<std::string>& inputs = circuit.inputs;
  const auto num_inputs = static_cast<int>(inputs.size()), num_terms = static_cast<int>(circuit.terms.size());
  int num_literals = 0;
  for (const Term& term : circuit.terms) {
    num_literals += static_cast<int>(term.literals.size());
  }
  size_t longest = 0;
  for (const std::string& input : inputs) {
    longest = std::max(longest, input.size());
  }
  const int height = num_inputs + num_literals + num_terms - 1;
  const int input_width = static_cast<int>(longest) + 2;
  const int gates_x = input_width + num_inputs * 2;
  const int final_x = gates_x + 7 + num_terms + 1;
  const int final_width = 3;
  const int width = final_x + final_width + 8 + circuit.expression_length;
  Drawing drawing(height, width);
  const int middle = num_inputs + (height - num_inputs) / 2;
  std::vector<std::string> out = Drawing::Repeat(kHorizontal, 4);
  out.insert(out.end(), {" ", "O", "U", "T"});
  drawing.Right(width - 8 - circuit.expression_length, middle, out);
  const int center = middle - num_terms / 2;
  if (num_terms == 1) {
    drawing.Right(final_x, center, kHorizontal, final_width);
  } else {
    drawing.Down(final_x, center, kHorizontal, num_terms);
    drawing.Down(final_x + 1, center, kVertical, num_terms);
    drawing.Down(final_x + 2, center, circuit.final_gate.symbol, num_terms);
    drawing.Down(final_x + 3, center, circuit.final_gate.symbol, num_terms);
  }
  for (const Term& term : circuit.terms) {
    const bool is_gate = term.literals.size() > 1;
    for (const Literal& literal : term.literals) {
      drawing.Right(
          gates_x, num_inputs + literal.row,
          {std::string(kHorizontal), literal.is_negated ? ">" : std::string(kHorizontal),
           literal.is_negated ? "o" : std::string(kHorizontal), std::string(kHorizontal), std::string(is_gate ? kVertical : kHorizontal),
           std::string(is_gate ? term.gate.symbol : kHorizontal), std::string(is_gate ? term.gate.symbol : kHorizontal)});
    }
  }
  std::map<std::string, std::vector<int>> breaks;
  for (const Term& term : circuit.terms) {
    for (const Literal& literal : term.literals) {
      breaks[literal.name].push_back(num_inputs + literal.row);
    }
  }
  for (int i = 0; i < num_inputs; ++i) {
    const std::string label = inputs[static_cast<size_t>(i)] + ": ";
    std::vector<std::string> run;
    for (const char c : label) {
      run.emplace_back(1, c);
    }
    drawing.Right(0, i, run);
    drawing.Right(static_cast<int>(label.size()), i, kHorizontal, input_width - static_cast<int>(label.size()));
  }
  for (int i = 0; i < num_inputs; ++i) {
    const int length = num_inputs * 2 - 1 - i * 2;
    drawing.Right(input_width, i, kHorizontal, length);
    drawing.Right(input_width + length, i, kLeftDown, 1);
  }
  for (int i = 0; i < num_inputs; ++i) {
    const int offset = num_inputs * 2 - 1 - i * 2;
    const std::vector<int>& rows = breaks[inputs[static_cast<size_t>(i)]];
    for (const int row : rows) {
      drawing.Right(input_width + offset, row, kHorizontal, num_inputs * 2 - offset);
    }
    std::vector<std::string> branch = Drawing::Repeat(kVertical, *std::ranges::max_element(rows) - i);
    for (const int row : rows) {
      branch[static_cast<size_t>(row - i - 1)] = kBranch;
    }
    branch.back() = kRightUp;
    drawing.Down(input_width + offset, i + 1, branch);
  }
  int out_y = center;
  int bend = num_terms / 2;
  for (const Term& term : circuit.terms) {
    const int in_y = num_inputs + (term.literals.front().row + term.literals.back().row) / 2;
    const int x = gates_x + 7, reach = std::abs(bend);
    drawing.Right(x, in_y, kHorizontal, reach + 1);
    drawing.Right(x + reach + 1, out_y, kHorizontal, num_terms - reach);
    if (in_y != out_y) {
      std::vector<std::string> branch = Drawing::Repeat(kVertical, std::abs(out_y - in_y) + 1);
      branch.front() = in_y < out_y ? kLeftDown : kRightDown;
      branch.back() = in_y < out_y ? kRightUp : kLeftUp;
      drawing.Down(x + reach + 1, std::min(in_y, out_y), branch);
    }
    ++out_y;
    --bend;
  }
  return drawing.Text();
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t /*index*/) {
  const RgCircuit circuit = DrawCircuit(settings, random);
  std::map<std::string, int> values;
  Json assignments = Json::object();
  std::string assignment_text;
  for (const std::string& input : circuit.inputs) {
    values[input] = static_cast<int>(random.Below(2));
    assignments[input] = values[input];
    assignment_text += fmt::format("  {} = {}\n", input, values[input]);
  }
  std::vector<int> outputs;
  for (const Term& term : circuit.terms) {
    std::vector<int> bits;
    for (const Literal& literal : term.literals) {
      bits.push_back(values[literal.name] ^ (literal.is_negated ? 1 : 0));
    }
    outputs.push_back(Apply(term.gate.name, bits));
  }
  std::string legend = "Legend for gates:\n";
  for (const Gate& gate : kInner) {
    legend += fmt::format("{0}{0}: {1}\n", gate.symbol, gate.name);
  }
  legend += settings.Real("neg_prob") > 0 ? ">o: Negate\n" : "";
  legend += fmt::format("{0}{0}: {1}\n", circuit.final_gate.symbol, circuit.final_gate.name);
  // reasoning-gym overwrites the index by that of the last input.
  Json metadata = BeginMetadata(kName, std::ssize(circuit.inputs) - 1);
  metadata["expression"] = circuit.expression;
  metadata["assignments"] = assignments;
  metadata["term_strings"] = circuit.term_texts;
  metadata["final_gate"] = circuit.final_gate.name;
  metadata["inputs"] = circuit.inputs;
  metadata["difficulty"] = {{"terms", RangeOf(settings, "terms")}, {"inputs", RangeOf(settings, "inputs")}};
  return RgItem(
      fmt::format("Below is a randomly generated logic circuit.\n\n{}\n\n\n{}\nGiven the following input assignments:\n{}\nWhat is the "
                  "final output?",
                  DrawDiagram(circuit), legend, assignment_text),
      std::to_string(Apply(circuit.final_gate.name, outputs)), metadata);
}

constexpr std::string_view kGates[] = {"AND", "NAND", "OR", "NOR", "XOR"};

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  const auto num_inputs = static_cast<size_t>(settings.Int("inputs")), num_gates = static_cast<size_t>(settings.Int("gates"));
  const int64_t rows = std::min<int64_t>(settings.Int("rows"), int64_t{1} << num_inputs);
  while (true) {
    struct Wired {
      std::string_view gate;
      std::vector<size_t> from;  // below num_inputs an input, else a gate
    };
    std::vector<Wired> gates;
    for (size_t i = 0; i < num_gates; ++i) {
      const size_t sources = num_inputs + i;
      Wired wired{random.Choice(kGates), random.Sample(sources, std::min<size_t>(sources, static_cast<size_t>(random.Int(2, 3))))};
      if (i > 0 && std::ranges::find(wired.from, sources - 1) == wired.from.end()) {
        wired.from[0] = sources - 1;  // so that every gate matters to the last
      }
      gates.push_back(std::move(wired));
    }
    std::string bits;
    std::string table;
    Json table_json = Json::array();
    for (const size_t row : random.Sample(size_t{1} << num_inputs, static_cast<size_t>(rows))) {
      std::vector<int> values;
      for (size_t i = 0; i < num_inputs; ++i) {
        values.push_back(static_cast<int>(row >> i & 1));
      }
      table += Joined(values, " ") + "\n";
      table_json.push_back(values);
      for (const Wired& wired : gates) {
        std::vector<int> in;
        for (const size_t from : wired.from) {
          in.push_back(values[from]);
        }
        values.push_back(Apply(wired.gate, in));
      }
      bits += std::to_string(values.back());
    }
    const auto ones = std::ranges::count(bits, '1');
    if (ones < rows / 3 || ones > rows - rows / 3) {
      continue;  // a constant circuit would make constant answers pay
    }
    const auto name = [&](size_t source) { return source < num_inputs ? ColumnName(source) : fmt::format("g{}", source - num_inputs + 1); };
    std::string text;
    Json gates_json = Json::array();
    for (size_t i = 0; i < gates.size(); ++i) {
      std::vector<std::string> in;
      for (const size_t from : gates[i].from) {
        in.push_back(name(from));
      }
      text += fmt::format("{} = {}({})\n", name(num_inputs + i), gates[i].gate, Joined(in));
      gates_json.push_back({{"gate", gates[i].gate}, {"from", gates[i].from}});
    }
    std::vector<std::string> inputs;
    for (size_t i = 0; i < num_inputs; ++i) {
      inputs.push_back(name(i));
    }
    Json metadata = BeginMetadata(kName, index);
    metadata["num_inputs"] = num_inputs;
    metadata["gates"] = std::move(gates_json);
    metadata["rows"] = std::move(table_json);
    return CupelItem(
        settings,
        fmt::format("A circuit has the inputs {} and these gates (XOR is 1 when an odd number of its inputs is 1):\n{}What is {} for "
                    "each of these inputs, one case on each line?\n{}\n{}Answer with the {} bits in this order, without blanks.",
                    Joined(inputs), text, name(num_inputs + num_gates - 1), Joined(inputs, " "), table, rows),
        bits, std::move(metadata));
  }
}

}  // namespace

const Family kCircuitLogicFamily = {kName, "the outputs of a circuit of gates", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
