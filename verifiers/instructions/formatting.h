#pragma once

#include <cstdint>
#include <string_view>

// What the published checker of IFEval finds with regular expressions, found by hand in linear time. The expressions stand beside each;
// Python's findall and split take matches from the left that do not overlap.

namespace cupel {

int64_t CountPlaceholders(std::string_view text);  // \[.*?\]
int64_t CountBullets(std::string_view text);       // ^\s*\*[^\*].*$ and ^\s*-.*$, multi-line
int64_t CountHighlights(std::string_view text);    // \*[^\n\*]*\* and \*\*[^\n\*]*\*\*, those that are not blank
bool HasTitle(std::string_view text);              // <<[^\n]+>>, not blank
int64_t CountStarredParagraphs(
    std::string_view text);                   // pieces between ***, blank ones at the ends not counted; -1 when one inside is blank
bool HasTwoResponses(std::string_view text);  // two different pieces between ******, none blank inside

// Whether the text has `count` paragraphs (between blank lines, blank ones not counted) and the `nth` of all, from 1, begins with `word`,
// in small letters, without quotes before it and up to its first punctuation mark.
bool ParagraphBegins(std::string_view text, int64_t count, int64_t nth, std::string_view word);

}  // namespace cupel
