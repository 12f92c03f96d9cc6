#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The alphabet in which byte-level BPE vocabularies are written: each of the 256 bytes has a printable character. Bytes 21-7E, A1-AC and
// AE-FF stand for themselves; the other 68, in order, are U+0100, U+0101 ... (openai/gpt-2, encoder.py, bytes_to_unicode).

namespace cupel {

// The character of a byte, as UTF-8.
std::string ByteToAlphabet(uint8_t byte);

// `bytes` written in the alphabet.
std::string BytesToAlphabet(std::string_view bytes);

// The bytes that a text of the alphabet stands for; nullopt when a character is not of the alphabet.
std::optional<std::string> AlphabetToBytes(std::string_view text);

}  // namespace cupel
