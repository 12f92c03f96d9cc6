#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "verifiers/verifier.h"

namespace cupel {

enum class AnswerKind : uint8_t { kNumber, kText };

// Where the final answer of a text stands, or why there is none.
struct Extraction {
  std::string_view rule;     // as in Verdict::rule; empty when no rule applies
  TextSpan span;             // in the whole text; {0, 0} when no rule applies
  std::string_view problem;  // why there is no answer; empty when there is one
};

// Finds the final answer: what follows the last </think> is searched by these rules, and the first that applies decides.
//
//   "answer_tag"   <answer>...</answer> where one such pair is filled and there is no other; a box inside it is what counts ("boxed")
//   "boxed"        the \boxed or \fbox that begins last, empty ones aside
//   "answer_tag"   the last of several pairs <answer>...</answer>, empty ones aside
//   "hash"         the line after the last "####" (for numbers: if it begins like a number, since "#### Step 2" is a heading)
//   "answer_is"    the rest of the sentence after the last "answer is" or "answer:"
//   "last_number"  the last numeral; for AnswerKind::kNumber only
//
// Within a rule the last match counts, so that a text may correct itself but gains nothing by listing guesses. A rule that applies is
// final: if its span turns out not to hold the answer, weaker rules are not tried. There is no answer when <think> is opened after the last
// </think> and not closed, and when a box or <answer> is opened, never closed, and no complete one exists: such a text was cut. Linear
// time.
Extraction ExtractAnswer(std::string_view text, AnswerKind kind);

// Texts beyond this many bytes are not judged (Outcome::kUndecided).
inline constexpr int64_t kMaxAnswerBytes = int64_t{1} << 20;

// A verdict filled with what an extraction found: rule, span, the answer's text (cut to 256 bytes), cost; outcome kNoAnswer with its reason
// if there is none, else for the caller to decide. A text that is too long gives kUndecided. `span_text` receives the whole span, empty if
// none.
Verdict BeginVerdict(std::string_view text, AnswerKind kind, std::string_view& span_text);

// What several final boxes hold when one sentence joins them by nothing but "and", "or", commas, a name and the like: "\boxed{7} or
// \boxed{8}" gives "7, 8", and so does "x = \boxed{7}, y = \boxed{8}". In a gold answer words may stand between them too. Empty when the
// last box stands alone, when they all hold the same, and when there are more than kMaxBoxes.
std::string JoinedBoxes(std::string_view text, bool is_gold = false);

// At most the first `max_bytes` of a text, not cut inside a UTF-8 character.
std::string_view CutText(std::string_view text, size_t max_bytes);

// At most `max_bytes` of a text, with "..." where it was cut, not inside a UTF-8 character; control characters and quotes escaped as in C.
// For messages.
std::string Excerpt(std::string_view text, size_t max_bytes = 60);

}  // namespace cupel
