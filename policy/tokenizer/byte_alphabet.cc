#include "policy/tokenizer/byte_alphabet.h"

#include "policy/tokenizer/utf8.h"

namespace cupel {
namespace {

constexpr bool StandsForItself(char32_t c) { return (c >= 0x21 && c <= 0x7E) || (c >= 0xA1 && c <= 0xAC) || (c >= 0xAE && c <= 0xFF); }

// The bytes without a printable form of their own, in order: the n-th is written U+0100 + n.
constexpr int kNumShifted = 68;

constexpr int ShiftedIndex(uint8_t byte) {
  int index = 0;
  for (int b = 0; b < byte; ++b) index += StandsForItself(static_cast<char32_t>(b)) ? 0 : 1;
  return index;
}

uint8_t ShiftedByte(int index) {
  for (int b = 0; b < 256; ++b) {
    if (!StandsForItself(static_cast<char32_t>(b)) && index-- == 0) return static_cast<uint8_t>(b);
  }
  return 0;
}

static_assert(ShiftedIndex(0xAD) == kNumShifted - 1);

}  // namespace

std::string ByteToAlphabet(uint8_t byte) {
  const unsigned c = StandsForItself(byte) ? byte : 0x100u + static_cast<unsigned>(ShiftedIndex(byte));
  if (c < 0x80) return std::string(1, static_cast<char>(c));
  return {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 0x3F))};
}

std::string BytesToAlphabet(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += ByteToAlphabet(static_cast<uint8_t>(byte));
  return text;
}

std::optional<std::string> AlphabetToBytes(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    const Utf8Char c = DecodeUtf8(text);
    if (c.is_valid && StandsForItself(c.code_point)) {
      bytes += static_cast<char>(c.code_point);
    } else if (c.code_point >= 0x100 && c.code_point < 0x100 + kNumShifted) {
      bytes += static_cast<char>(ShiftedByte(static_cast<int>(c.code_point) - 0x100));
    } else {
      return std::nullopt;
    }
    text.remove_prefix(static_cast<size_t>(c.length));
  }
  return bytes;
}

}  // namespace cupel
