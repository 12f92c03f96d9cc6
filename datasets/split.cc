#include "datasets/split.h"

#include <charconv>
#include <string>

#include <fmt/format.h>

#include "base/random.h"
#include "base/sha256.h"

namespace cupel {
namespace {

uint32_t HexWord(std::string_view digits) {
  uint32_t word = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), word, 16);
  return word;
}

}  // namespace

bool IsHeldOut(std::string_view text, double fraction) {
  const std::string hex = Sha256Hex(fmt::format("{:x}\n{}", kSplitSeed, text));
  const std::string_view digits = hex;
  return UniformFromWords(HexWord(digits.substr(0, 8)), HexWord(digits.substr(8, 8))) < fraction;
}

}  // namespace cupel
