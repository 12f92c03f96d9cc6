#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "policy/tokenizer.h"

// Reading of the files in tests/golden/; README.md there describes them.

namespace cupel {

inline std::string GoldenPath(std::string_view name) { return std::string(CUPEL_SOURCE_DIR) + "/tests/golden/" + std::string(name); }

inline std::string ReadGolden(std::string_view name) {
  auto text = ReadFile(GoldenPath(name));
  Check(text.ok(), "a golden file can be read");
  return *std::move(text);
}

inline Json ReadGoldenJson(std::string_view name) {
  auto json = ParseJson(ReadGolden(name), name);
  Check(json.ok(), "a golden file is JSON");
  return *std::move(json);
}

inline std::vector<Json> ReadGoldenLines(std::string_view name) {
  const std::string text = ReadGolden(name);
  std::vector<Json> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    auto line = ParseJson(std::string_view(text).substr(begin, end - begin), name);
    Check(line.ok(), "a line of a golden file is JSON");
    lines.push_back(*std::move(line));
    begin = end + 1;
  }
  return lines;
}

inline std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

inline std::vector<float> FloatsFromHex(std::string_view hex) {
  const std::string bytes = FromHex(hex);
  std::vector<float> floats(bytes.size() / sizeof(float));
  std::memcpy(floats.data(), bytes.data(), floats.size() * sizeof(float));
  return floats;
}

// Without the fsync of base/file.h: tests write thousands of files.
inline void WriteBytes(const std::string& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  Check(out.good(), "a test file can be written");
}

// Ids of a text whose control tokens are spelled out, as a trusted template would give them.
inline std::vector<TokenId> EncodeWithControlTokens(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<TokenId> ids;
  size_t begin = 0;
  const auto flush = [&](size_t end) {
    const auto part = tokenizer.Encode(text.substr(begin, end - begin));
    ids.insert(ids.end(), part.begin(), part.end());
  };
  for (size_t at = 0; at < text.size();) {
    TokenId found = -1;
    for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
      const std::string_view spelling = tokenizer.ControlSpelling(id);
      if (!spelling.empty() && text.substr(at).starts_with(spelling) &&
          (found < 0 || spelling.size() > tokenizer.ControlSpelling(found).size())) {
        found = id;
      }
    }
    if (found < 0) {
      ++at;
      continue;
    }
    flush(at);
    ids.push_back(found);
    begin = at += tokenizer.ControlSpelling(found).size();
  }
  flush(text.size());
  return ids;
}

}  // namespace cupel
