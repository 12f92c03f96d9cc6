// cryptarithm: letters for digits in a sum. Ours has one solution, proven by search.

#include <array>
#include <optional>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "cryptarithm";
constexpr Setting kSettings[] = {
    {"words", "numbers added", "2|2|2|3|3", 2, 5},
    {"min_length", "fewest digits of a number", "2|3|3|3|4", 2, 7},
    {"max_length", "most digits of a number", "3|3|4|5|6", 2, 7},
};
constexpr Setting kRgSettings[] = {
    {"min_words", "fewest numbers added", "2", 2, 20},
    {"max_words", "most numbers added", "3", 2, 20},
    {"allow_leading_zero", "leading letters may be zero", "false"},
};

int64_t PowerOfTen(int64_t exponent) {
  int64_t power = 1;
  for (int64_t i = 0; i < exponent; ++i) {
    power *= 10;
  }
  return power;
}

struct Puzzle {
  std::vector<int64_t> values;
  int64_t sum = 0;
  std::vector<std::pair<char, char>> letters;  // (digit, letter), in the order in which they were drawn
  std::vector<std::string> words;
  std::string result;
};

// Gives the digits in use letters of the shuffled alphabet.
Puzzle Encode(std::vector<int64_t> values, ItemRandom& random) {
  Puzzle puzzle;
  puzzle.values = std::move(values);
  for (const int64_t value : puzzle.values) {
    puzzle.sum += value;
  }
  std::string all = std::to_string(puzzle.sum);
  for (const int64_t value : puzzle.values) {
    all += std::to_string(value);
  }
  std::vector<char> digits, alphabet;
  for (char digit = '0'; digit <= '9'; ++digit) {
    if (all.find(digit) != std::string::npos) {
      digits.push_back(digit);
    }
  }
  for (char letter = 'A'; letter <= 'Z'; ++letter) {
    alphabet.push_back(letter);
  }
  random.Shuffle(digits);
  random.Shuffle(alphabet);
  std::array<char, 256> letter_of{};
  for (size_t i = 0; i < digits.size(); ++i) {
    puzzle.letters.emplace_back(digits[i], alphabet[i]);
    letter_of[static_cast<unsigned char>(digits[i])] = alphabet[i];
  }
  const auto word = [&](int64_t value) {
    std::string text = std::to_string(value);
    std::ranges::transform(text, text.begin(), [&](char digit) { return letter_of[static_cast<unsigned char>(digit)]; });
    return text;
  };
  for (const int64_t value : puzzle.values) {
    puzzle.words.push_back(word(value));
  }
  puzzle.result = word(puzzle.sum);
  return puzzle;
}

std::string SumText(const Puzzle& puzzle) {
  size_t width = puzzle.result.size();
  for (const std::string& word : puzzle.words) {
    width = std::max(width, word.size());
  }
  std::string text;
  for (size_t i = 0; i < puzzle.words.size(); ++i) {
    text += i + 1 < puzzle.words.size() ? fmt::format("{:>{}}\n", puzzle.words[i], width + 2)
                                        : fmt::format("+ {:>{}}\n", puzzle.words[i], width);
  }
  return text + std::string(width + 2, '-') + fmt::format("\n{:>{}}", puzzle.result, width + 2);
}

std::string AnswerText(const Puzzle& puzzle) {
  std::vector<std::string> parts;
  for (const auto& [digit, letter] : puzzle.letters) {
    parts.push_back(fmt::format("{}={}", letter, digit));
  }
  std::ranges::sort(parts);
  return Joined(parts, ",");
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t count = random.Int(settings.Int("min_words"), settings.Int("max_words"));
  const bool allow_zero = settings.Flag("allow_leading_zero");
  std::vector<int64_t> lengths(static_cast<size_t>(count));
  for (int64_t& length : lengths) {
    length = random.Int(3, 5);
  }
  std::vector<int64_t> values;
  for (const int64_t length : lengths) {
    values.push_back(random.Int(allow_zero ? 0 : PowerOfTen(length - 1), PowerOfTen(length) - 1));
  }
  const Puzzle puzzle = Encode(std::move(values), random);
  Json letters = Json::array(), digit_to_letter = Json::object(), letter_to_digit = Json::object();
  for (const auto& [digit, letter] : puzzle.letters) {
    letters.push_back(std::string(1, letter));
    digit_to_letter[std::string(1, digit)] = std::string(1, letter);
    letter_to_digit[std::string(1, letter)] = digit - '0';
  }
  Json metadata = BeginMetadata(kName, index);
  metadata["allow_leading_zero"] = allow_zero;
  metadata["letters"] = letters;
  metadata["word_values"] = puzzle.values;
  metadata["sum_number"] = puzzle.sum;
  metadata["words_letters"] = puzzle.words;
  metadata["result_letters"] = puzzle.result;
  metadata["digit_to_letter"] = digit_to_letter;
  metadata["letter_to_digit"] = letter_to_digit;
  metadata["difficulty"] = {{"words", RangeOf(settings, "words")}};
  return RgItem(
      fmt::format("Solve this cryptarithm:\n\n{}\n\nEach letter stands for a unique digit (0-9). {}Provide a comma separated mapping "
                  "from letters to digits that satisfies the equation in your final answer. Output format: \"A=1,B=2,C=3\" (without "
                  "quotes)\n",
                  SumText(puzzle), allow_zero ? "Leading letters may be zero.\n" : "No leading letter can be zero.\n"),
      AnswerText(puzzle), metadata);
}

// Counts solutions column by column from the right, up to 2; letters get distinct digits, leading ones not 0.
class Solver {
 public:
  explicit Solver(const Puzzle& puzzle) : puzzle_(puzzle) { digit_of_.fill(-1); }

  int Count() {
    count_ = 0;
    Column(0, 0, 0);
    return count_;
  }

 private:
  // Letter of `word` at `column` from the right, or 0.
  static char LetterAt(const std::string& word, size_t column) { return column < word.size() ? word[word.size() - 1 - column] : '\0'; }

  bool IsLeading(char letter) const {
    return puzzle_.result[0] == letter || std::ranges::any_of(puzzle_.words, [&](const std::string& word) { return word[0] == letter; });
  }

  // `row` runs over the words and then the result.
  void Column(size_t column, size_t row, int sum) {
    if (count_ >= 2) {
      return;
    }
    if (row == 0 && column == puzzle_.result.size()) {
      count_ += sum == 0 ? 1 : 0;
      return;
    }
    const bool is_result = row == puzzle_.words.size();
    const char letter = LetterAt(is_result ? puzzle_.result : puzzle_.words[row], column);
    const auto go_on = [&](int digit) {
      if (!is_result) {
        Column(column, row + 1, sum + digit);
      } else if (sum % 10 == digit) {
        Column(column + 1, 0, sum / 10);
      }
    };
    if (letter == '\0') {
      go_on(0);
      return;
    }
    int& digit = digit_of_[static_cast<unsigned char>(letter)];
    if (digit >= 0) {
      go_on(digit);
      return;
    }
    for (int value = is_result ? sum % 10 : 0; value <= (is_result ? sum % 10 : 9); ++value) {
      if (((used_ >> value) & 1) == 0 && !(value == 0 && IsLeading(letter))) {
        digit = value;
        used_ |= 1U << value;
        go_on(value);
        used_ &= ~(1U << value);
        digit = -1;
      }
    }
  }

  const Puzzle& puzzle_;
  std::array<int, 256> digit_of_{};
  unsigned used_ = 0;
  int count_ = 0;
};

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  for (int attempt = 0; attempt < 5000; ++attempt) {
    std::vector<int64_t> values(static_cast<size_t>(settings.Int("words")));
    for (int64_t& value : values) {
      const int64_t length = random.Int(settings.Int("min_length"), settings.Int("max_length"));
      value = random.Int(PowerOfTen(length - 1), PowerOfTen(length) - 1);
    }
    const Puzzle puzzle = Encode(std::move(values), random);
    if (Solver(puzzle).Count() != 1) {
      continue;
    }
    Json metadata = BeginMetadata(kName, index);
    metadata["words_letters"] = puzzle.words;
    metadata["result_letters"] = puzzle.result;
    metadata["allow_leading_zero"] = false;
    return CupelItem(
        settings,
        fmt::format("Each letter stands for one digit, different letters for different digits, and no number starts with 0:\n\n{}\n\n"
                    "Which digits make the sum right? Answer in the form A=1,B=2,C=3.",
                    SumText(puzzle)),
        AnswerText(puzzle), std::move(metadata));
  }
  return InvalidArgument("cryptarithm: none of 5000 drawn sums has exactly one solution; change words or the lengths");
}

}  // namespace

const Family kCryptarithmFamily = {kName, "letters for digits in a sum", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
