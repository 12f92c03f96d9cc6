#include "verifiers/code/judge/protocol.h"

#include <cerrno>
#include <cstring>
#include <sys/random.h>

#include "base/check.h"

namespace cupel::code {

std::vector<Nonce> DrawNonces(size_t count) {
  std::vector<Nonce> nonces(count);
  char* out = reinterpret_cast<char*>(nonces.data());
  size_t left = count * sizeof(Nonce);
  while (left > 0) {
    const ssize_t got = getrandom(out, left, 0);
    Check(got > 0 || errno == EINTR, "the system gives random bytes");
    if (got > 0) {
      out += got;
      left -= static_cast<size_t>(got);
    }
  }
  return nonces;
}

FrameRow ReadFrames(std::string_view bytes, std::span<const Nonce> nonces, bool has_one_nonce) {
  constexpr size_t kHeader = sizeof(Nonce) + 8;
  FrameRow row;
  while (!bytes.empty()) {
    if (bytes.size() < kHeader) {
      row.is_cut = true;
      return row;
    }
    uint32_t index = 0;
    uint32_t length = 0;
    std::memcpy(&index, bytes.data() + sizeof(Nonce), 4);
    std::memcpy(&length, bytes.data() + sizeof(Nonce) + 4, 4);
    const size_t nonce_idx = has_one_nonce ? 0 : index;
    if (nonce_idx >= nonces.size() || std::memcmp(nonces[nonce_idx].data(), bytes.data(), sizeof(Nonce)) != 0) {
      row.is_damaged = true;
      return row;
    }
    if (bytes.size() - kHeader < length) {
      row.is_cut = true;
      return row;
    }
    row.frames.push_back({index, bytes.substr(kHeader, length)});
    bytes.remove_prefix(kHeader + length);
  }
  return row;
}

std::optional<CallOutcome> ReadOutcome(std::string_view payload, std::string& problem) {
  ValueLimits limits;
  limits.max_bytes += 4096;  // the result itself may have all of its limit
  std::optional<Value> frame = Decode(payload, problem, limits);
  if (!frame) {
    return std::nullopt;
  }
  problem = "a result is no outcome of a call";
  if (frame->kind != Kind::kTuple || frame->items.size() < 2 || frame->items[0].kind != Kind::kString) {
    return std::nullopt;
  }
  CallOutcome outcome;
  if (frame->items[0].text == "V") {
    outcome.has_value = true;
    outcome.value = std::move(frame->items[1]);
    return outcome;
  }
  if (frame->items[0].text != "X" || frame->items.size() != 3 || frame->items[1].kind != Kind::kList || !frame->items[2].is_text()) {
    return std::nullopt;
  }
  for (Value& name : frame->items[1].items) {
    outcome.exception.push_back(name.is_text() ? std::move(name.text) : "?");
  }
  outcome.message = std::move(frame->items[2].text);
  return outcome;
}

}  // namespace cupel::code
