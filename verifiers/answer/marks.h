#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "verifiers/verifier.h"

// The marks that models put around their final answer, found in one pass over the text: linear time whatever the text, no recursion, no
// regular expressions. Bytes that are not UTF-8, NULs and unbalanced braces are ordinary text.

namespace cupel {

// All \boxed and \fbox of a text. Braces are matched, \{ and \} are not braces, and boxes may be nested.
inline constexpr size_t kMaxBoxes = 32;
struct BoxScan {
  int64_t filled = 0;            // \boxed{x}
  int64_t blank = 0;             // \boxed{} and \boxed{ }
  int64_t bare = 0;              // \boxed 5, which takes what follows up to white space, a brace, a backslash or a dollar sign
  int64_t unclosed = 0;          // \boxed{x to the end of the text
  std::vector<TextSpan> spans;   // of what the filled boxes hold, in the order in which they close; at most kMaxBoxes
  std::optional<TextSpan> last;  // what the filled or bare box that begins last holds: the inner one of \boxed{\boxed{x}}
};
BoxScan ScanBoxes(std::string_view text);

// All occurrences of two tags such as <answer> and </answer>. A pair is a closing tag and the nearest opening one before it.
struct TagScan {
  int64_t opening = 0;
  int64_t closing = 0;
  bool ends_open = false;        // an opening tag without a closing one after it
  std::optional<TextSpan> last;  // between the last pair that holds more than white space
};
TagScan ScanTag(std::string_view text, std::string_view opening, std::string_view closing);

// The line after the last "####" that is no part of a longer row of #; nullopt when there is none. A mark without text after it is passed
// over, and with `numbers_only` one whose text does not begin like a number, because "#### Step 2" is a Markdown heading.
std::optional<TextSpan> FindHashMark(std::string_view text, bool numbers_only);

// The rest of the sentence after the last "answer is" or "answer:" (any case; emphasis and a colon in between allowed: "**Answer**: 5",
// "answer is: 5"), which may begin on a later line. It ends at a line end, or at one of . ! ? ; that ends a sentence.
std::optional<TextSpan> FindAnswerPhrase(std::string_view text);

// The last numeral of a text with its sign, fraction, unit and percent sign, as far as they are written together: "-1,234.5",
// "\frac{1}{2}", "12cm", "5/6", "20 %". A row like "3/4/5" or "1,2,3" or "12:30" is one numeral, to be refused as a whole rather than read
// in part; so are numerals that run into letters. Exponents and digits inside names ("cm^2", "x_1", "H2O") are none.
std::optional<TextSpan> FindLastNumeral(std::string_view text);

}  // namespace cupel
