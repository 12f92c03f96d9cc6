// Covers experiments/event_file.h. Alone: build/release/tests/event_file_test
//
// Oracle: tests/golden/tensorboard/events.hex, the bytes that TensorBoard's own writer makes of the same events (make_tensorboard.py).

#include "experiments/event_file.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace cupel {
namespace {

std::string FromHex(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size() && text[i] != '\n'; i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

TEST_CASE("the checksum is CRC-32C", "[event_file]") {
  CHECK(Crc32c("123456789") == 0xe3069283U);
  CHECK(Crc32c("") == 0);
}

TEST_CASE("records are TensorBoard's, byte for byte", "[event_file]") {
  const std::vector<std::pair<std::string, double>> first = {{"reward", 0.5}, {"clip_ratio/low_mean", 0.0}};
  const std::vector<std::pair<std::string, double>> second = {{"reward", -1.25e-3}};
  const std::string events = EventRecord(FileVersionEvent(1700000000.5)) + EventRecord(ScalarEvent(1700000001.25, 1, first)) +
                             EventRecord(ScalarEvent(1700000002.0, 300, second));
  CHECK(events == FromHex(ReadFile(CUPEL_SOURCE_DIR "/tests/golden/tensorboard/events.hex").value()));
}

}  // namespace
}  // namespace cupel
