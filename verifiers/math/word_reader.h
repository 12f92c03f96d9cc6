#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "verifiers/math/token.h"

namespace cupel::math {

// What ReadWords does, with its state. Phrases, numbers and what is left as prose are in words.cc, words with a rule of their own and what
// quantifies or says odd and even in words_special.cc.
class WordReader {
 public:
  WordReader(std::vector<Token>& tokens, bool numbers_and_phrases) : in_(tokens), numbers_and_phrases_(numbers_and_phrases) {}

  void Run();

 private:
  const Token& At(size_t i) const { return in_[std::min(i, in_.size() - 1)]; }
  bool IsWordAt(size_t i) const { return At(i).kind == Tok::kWord; }
  Tok Before() const { return out_.empty() ? Tok::kEnd : out_.back().kind; }
  Tok After(size_t count = 1) const { return At(position_ + count).kind; }

  void Push(Tok kind, std::string_view text);
  void PushUnit(std::string_view text);

  bool IsSpeed() const;
  void DropQuantifiers();
  bool Parity();
  bool ParityBefore(const std::string& word);
  void PushCongruence(std::string_view residue, std::string_view modulus);

  bool Choose();
  bool IsTemperature() const;
  bool IsUprightUnit() const;
  bool IsRaisedOrdinal(std::string_view word);
  void Other();
  void Words();

  bool IsNoun(std::string_view word) const;
  bool Phrases();
  size_t Spells(size_t begin, std::string_view words) const;
  bool ComparesAt(size_t begin) const;
  bool Comparison();
  bool ComparisonBehind();

  bool Exception(size_t at);
  bool IsConnector(size_t at) const;
  bool Numbers();
  bool Special(const std::string& word, const Token& token);

  bool IsProse(std::string_view word, const Token& token) const;

  std::vector<Token>& in_;
  std::vector<Token> out_;
  size_t position_ = 0;
  bool numbers_and_phrases_;
};

}  // namespace cupel::math
