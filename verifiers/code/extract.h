#pragma once

#include <cstdint>
#include <string_view>

#include "verifiers/code/sandbox/sandbox.h"
#include "verifiers/verifier.h"

namespace cupel::code {

// Which part of a text is the program. Where names of other projects stand, their graders do the same.
enum class ExtractRule : uint8_t {
  kLastOfLanguage,   // the last complete block of the wanted language; without one, the last complete block without a language (open-r1)
  kFirstOfLanguage,  // the first such block (SandboxFusion)
  kLastOfAny,        // the last complete block, whatever its language (rllm)
  kAfterLastFence,   // from the last opening fence of the wanted language on, closed or not (verl)
  kWhole,            // the text as it stands
  kLastPatch,  // all blocks to search and replace, if there are any; else the last complete block of a unified diff ("diff", "patch"), or
               // without a language
};

struct CodeExtraction {
  TextSpan span;             // of the program, without fences; {0, 0} when there is none
  std::string_view rule;     // "fence", "bare", "blocks"; empty when there is none
  std::string_view problem;  // why there is none
};

// Finds the program in what follows the last </think>; inside an unfinished <think> there is none. Fences are those of CommonMark: three or
// more backticks or tildes at the beginning of a line, closed by a line of at least as many; a block that never closes is incomplete. With
// `accepts_bare`, a text without any fence is the program as it stands. Linear time.
CodeExtraction ExtractCode(std::string_view text, sandbox::Language language, ExtractRule rule, bool accepts_bare);

}  // namespace cupel::code
