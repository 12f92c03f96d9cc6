#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <absl/status/statusor.h>

#include "base/file.h"

namespace cupel {

// CRC-32C (Castagnoli), reflected, as TensorFlow's record files use it: 0xe3069283 for "123456789".
uint32_t Crc32c(std::string_view bytes);

// One record of an event file: length, masked CRC of the length, data, masked CRC of the data; all little-endian.
std::string EventRecord(std::string_view data);

// The serialised Event of TensorBoard (protobuf) that opens a file, and one that carries scalars.
std::string FileVersionEvent(double wall_time);
std::string ScalarEvent(double wall_time, int64_t step, std::span<const std::pair<std::string, double>> values);

// Scalars for TensorBoard: events.out.tfevents.TIME.HOST.PID.0 in a folder that `tensorboard --logdir` is pointed at. A process writes its
// own file; TensorBoard reads all of them and takes a step that comes again as a restart from there.
class EventFile {
 public:
  static absl::StatusOr<EventFile> Create(const std::string& directory);
  // Written and handed to the operating system before it returns.
  absl::Status Write(int64_t step, std::span<const std::pair<std::string, double>> values);

 private:
  explicit EventFile(FileWriter writer) : writer_(std::move(writer)) {}
  FileWriter writer_;
};

}  // namespace cupel
