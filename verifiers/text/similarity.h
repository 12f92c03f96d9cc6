#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// How alike two texts are, exactly and in bounded work.

namespace cupel {

// The words of a text as SQuAD's published evaluation compares them (Rajpurkar et al., arXiv 1606.05250): small letters, without ASCII
// punctuation, without "a", "an" and "the", split at white space. Cases: those of text/casing.h; Python's lower() knows more alphabets.
std::vector<std::string> SquadTokens(std::string_view text);

// Harmonic mean of precision and recall of the words, repeated ones counted as often as both have them: 2 same / (|a| + |b|). Two empty
// lists are alike (1), an empty and another are not (0), as in the evaluation of SQuAD 2.0.
double TokenF1(const std::vector<std::string>& a, const std::vector<std::string>& b);

// 1 - d / max(|a|, |b|), d the least number of code points to put in, take out or replace (Levenshtein); 1 for two empty texts. Bytes that
// are no UTF-8 count as one each. Takes |a| |b| steps, added to `cost`; nullopt when that is more than kMaxEditSteps.
inline constexpr int64_t kMaxEditSteps = int64_t{1} << 24;
std::optional<double> EditSimilarity(std::string_view a, std::string_view b, int64_t& cost);

// Upper limit of EditSimilarity by the lengths alone.
double EditSimilarityBound(std::string_view a, std::string_view b);

}  // namespace cupel
