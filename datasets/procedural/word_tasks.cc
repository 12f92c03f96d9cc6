// word_sorting, letter_counting and caesar_cipher: exact work on words.

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"
#include "datasets/procedural/words.h"

namespace cupel {
namespace {

constexpr Setting kSortingSettings[] = {
    {"min_words", "fewest words", "4|5|6|8|12", 3, 40},
    {"max_words", "most words", "5|6|9|12|20", 3, 40},
};
constexpr Setting kCountingSettings[] = {
    {"words", "words of the text", "3|4|6|8|12", 1, 40},
    {"letters", "letters to be counted", "3|3|4|4|5", 2, 8},
};
constexpr Setting kCaesarSettings[] = {
    {"words", "words of the text", "2|2|3|4|5", 1, 20},
    {"max_rotation", "largest shift", "5|13|25|25|25", 1, 25},
};

std::vector<std::string> DrawWords(size_t count, ItemRandom& random) {
  const std::span<const std::string_view> words = CommonWords();
  std::vector<std::string> drawn;
  for (const size_t i : random.Sample(words.size(), count)) {
    drawn.emplace_back(words[i]);
  }
  return drawn;
}

absl::StatusOr<Item> GenerateSorting(const Settings& settings, ItemRandom& random, int64_t index) {
  const auto count = static_cast<size_t>(random.Int(settings.Int("min_words"), settings.Int("max_words")));
  const std::vector<std::string> words = DrawWords(count, random);
  const bool is_ascending = random.Below(2) == 0;
  std::vector<std::string> sorted = words;
  std::ranges::sort(sorted);
  if (!is_ascending) {
    std::ranges::reverse(sorted);
  }
  Json metadata = BeginMetadata("word_sorting", index);
  metadata["words"] = words;
  metadata["direction"] = is_ascending ? "ascending" : "descending";
  return CupelItem(settings,
                   fmt::format("Sort these words in {} alphabetical order: {}. Answer with the words separated by commas.",
                               is_ascending ? "ascending" : "descending", Joined(words)),
                   Joined(sorted), std::move(metadata));
}

// Several letters are counted, so that no fixed number is right often.
absl::StatusOr<Item> GenerateCounting(const Settings& settings, ItemRandom& random, int64_t index) {
  const std::string text = Joined(DrawWords(static_cast<size_t>(settings.Int("words")), random), " ");
  constexpr std::string_view kLetters = "aeioutnrslcdpmgb";
  std::string letters;
  std::vector<std::string> parts;
  for (const size_t i : random.Sample(kLetters.size(), static_cast<size_t>(settings.Int("letters")))) {
    letters += kLetters[i];
    parts.push_back(fmt::format("{}={}", kLetters[i], std::ranges::count(text, kLetters[i])));
  }
  Json metadata = BeginMetadata("letter_counting", index);
  metadata["text"] = text;
  metadata["letters"] = letters;
  std::vector<std::string> shown;
  for (const char letter : letters) {
    shown.emplace_back(1, letter);
  }
  return CupelItem(
      settings,
      fmt::format("How often do the letters {} occur in \"{}\"? Answer in the form {}=..., in this order, separated by commas.",
                  Joined(shown), text, Joined(shown, "=..., ")),
      Joined(parts), std::move(metadata));
}

absl::StatusOr<Item> GenerateCaesar(const Settings& settings, ItemRandom& random, int64_t index) {
  const std::string text = Joined(DrawWords(static_cast<size_t>(settings.Int("words")), random), " ");
  const int64_t rotation = random.Int(1, settings.Int("max_rotation"));
  std::string cipher = text;
  for (char& c : cipher) {
    c = c == ' ' ? ' ' : static_cast<char>('a' + (c - 'a' + rotation) % 26);
  }
  Json metadata = BeginMetadata("caesar_cipher", index);
  metadata["cipher_text"] = cipher;
  metadata["rotation"] = rotation;
  return CupelItem(
      settings,
      fmt::format("Every letter of an English text was replaced by the one {} places later in the alphabet (after z comes a): {}. What "
                  "was the text? Answer with the words only.",
                  rotation, cipher),
      text, std::move(metadata));
}

}  // namespace

const Family kWordSortingFamily = {"word_sorting", "sort words", kSortingSettings, GenerateSorting};
const Family kLetterCountingFamily = {"letter_counting", "count letters of a text", kCountingSettings, GenerateCounting};
const Family kCaesarCipherFamily = {"caesar_cipher", "undo a shift of letters", kCaesarSettings, GenerateCaesar};

}  // namespace cupel
