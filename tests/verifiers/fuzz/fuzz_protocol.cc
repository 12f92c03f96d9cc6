// Fuzzes what the code verifier reads from a sandbox: a value, a row of frames, the outcome of a call. What is read encodes to the same
// bytes again, and frames never reach beyond them. Build and run: tests/verifiers/fuzz/run.sh

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "verifiers/code/judge/compare.h"
#include "verifiers/code/judge/protocol.h"
#include "verifiers/code/judge/value.h"

namespace code = cupel::code;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string problem;
  const std::optional<code::Value> value = code::Decode(bytes, problem);
  if (value.has_value() != problem.empty() || (value && code::Encode(*value) != bytes)) {
    std::abort();
  }
  if (value) {
    code::Describe(*value);
    std::string why;
    code::IsEqual(*value, *value, code::PythonEquality(), why);
    code::IsEqual(*value, *value, code::JsonEquality(), why);
  }
  code::ReadOutcome(bytes, problem);
  // Nonces of zeros, so that short inputs reach the frames behind the first.
  const std::vector<code::Nonce> nonces(3);
  for (const bool has_one_nonce : {false, true}) {
    const code::FrameRow row = code::ReadFrames(bytes, nonces, has_one_nonce);
    for (const code::Frame& frame : row.frames) {
      if (frame.payload.data() < bytes.data() || frame.payload.data() + frame.payload.size() > bytes.data() + bytes.size()) {
        std::abort();
      }
      code::ReadOutcome(frame.payload, problem);
    }
  }
  return 0;
}
