#pragma once

#include <string_view>

// The forms that published trainers reward, matched by hand in linear time. Of each there are two readings: ...Published says yes exactly
// where the published regular expression does (Python's re, checked by tests/golden/rewards), the other one only where the whole text has
// the form that was meant: every tag once, neither thought nor answer blank, nothing after the end.
//
//   open_r1       ^<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>$                        re.match, DOTALL | MULTILINE
//   open_r1_code  ^<think>\n.*?\n</think>\n<answer>\n.*?```python.*?```.*?\n</answer>$      the same flags
//   trl_think     ^<think>(?!.*<think>)(.*?)</think>.*$                                     re.match, DOTALL | MULTILINE
//   nano_aha      ^<think>([^<]*(?:<(?!/?think>)[^<]*)*)<\/think>\n<answer>([\s\S]*?)<\/answer>$    re.search, DOTALL
//   geo3k         <think>.*</think>.*\\boxed\{.*\}.*                                        re.fullmatch, DOTALL
//
// With MULTILINE, $ matches before any line end: text after the answer on a new line, and a second block, pass open_r1 as published.
// nano-aha-moment prefills "<think>" and prepends it before matching; here the text is taken with it.

namespace cupel {

bool IsOpenR1(std::string_view text);
bool IsOpenR1Published(std::string_view text);
bool IsOpenR1Code(std::string_view text);
bool IsOpenR1CodePublished(std::string_view text);
bool IsTrlThink(std::string_view text);
bool IsTrlThinkPublished(std::string_view text);
bool IsNanoAha(std::string_view text);
bool IsNanoAhaPublished(std::string_view text);
bool IsGeo3k(std::string_view text);
bool IsGeo3kPublished(std::string_view text);

}  // namespace cupel
