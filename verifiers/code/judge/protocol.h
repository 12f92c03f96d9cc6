#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "verifiers/code/judge/value.h"

// What crosses the wall. A driver inside the sandbox (judge/drivers) writes one frame per call to the result descriptor:
//
//   nonce (16 bytes)   index (4)   length (4)   value (length bytes, judge/value.h)
//
// The nonce is drawn anew for every call, so that nothing printed or written blindly is taken for a result. A program that steals it can
// write what it likes: plain values, as if it had returned them. The value is ('V', result) or ('X', names of exception types, message).

namespace cupel::code {

using Nonce = std::array<char, 16>;

// Fresh nonces from the system's entropy. They decide whether a frame is read, never what is judged.
std::vector<Nonce> DrawNonces(size_t count);

// Index of the frame that ends a row of frames whose number only their writer knows.
inline constexpr uint32_t kLastFrame = UINT32_MAX;

struct Frame {
  uint32_t index = 0;
  std::string_view payload;
};

struct FrameRow {
  std::vector<Frame> frames;
  bool is_damaged = false;  // bytes that are no frame, or a frame with a nonce that is not that of its index
  bool is_cut = false;      // the last frame is incomplete
};

// Reads frames until the end. Frame i must carry nonces[i]; with `has_one_nonce`, every frame carries nonces[0].
FrameRow ReadFrames(std::string_view bytes, std::span<const Nonce> nonces, bool has_one_nonce);

// What a call gave.
struct CallOutcome {
  bool has_value = false;
  Value value;
  std::vector<std::string> exception;  // names of its type and the bases of that, when it raised
  std::string message;
};
// Nullopt, with the reason in `problem`, when the payload is not an outcome.
std::optional<CallOutcome> ReadOutcome(std::string_view payload, std::string& problem);

}  // namespace cupel::code
