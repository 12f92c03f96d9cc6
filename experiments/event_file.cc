#include "experiments/event_file.h"

#include <array>
#include <bit>
#include <chrono>
#include <unistd.h>

#include <fmt/format.h>

#include "base/status.h"

namespace cupel {
namespace {

constexpr uint32_t kCastagnoli = 0x82f63b78;  // reflected

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kCastagnoli : 0);
    }
    table[byte] = crc;
  }
  return table;
}

uint32_t MaskedCrc(std::string_view bytes) {
  const uint32_t crc = Crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

template <class Number>
void AppendLittleEndian(Number number, std::string& out) {
  for (size_t byte = 0; byte < sizeof(number); ++byte) {
    out.push_back(static_cast<char>((number >> (8 * byte)) & 0xff));
  }
}

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) {
    out.push_back(static_cast<char>(value | 0x80));
  }
  out.push_back(static_cast<char>(value));
}

// Protobuf's wire types.
enum : uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void AppendKey(uint64_t field, uint64_t type, std::string& out) { AppendVarint(field << 3 | type, out); }

void AppendText(uint64_t field, std::string_view text, std::string& out) {
  AppendKey(field, kBytes, out);
  AppendVarint(text.size(), out);
  out += text;
}

std::string EventAt(double wall_time) {
  std::string event;
  AppendKey(1, kFixed64, event);
  AppendLittleEndian(std::bit_cast<uint64_t>(wall_time), event);
  return event;
}

double Now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

}  // namespace

uint32_t Crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = MakeCrcTable();
  uint32_t crc = ~0U;
  for (const char c : bytes) {
    crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  }
  return ~crc;
}

std::string EventRecord(std::string_view data) {
  std::string record;
  AppendLittleEndian(static_cast<uint64_t>(data.size()), record);
  AppendLittleEndian(MaskedCrc(record), record);
  record += data;
  AppendLittleEndian(MaskedCrc(data), record);
  return record;
}

std::string FileVersionEvent(double wall_time) {
  std::string event = EventAt(wall_time);
  AppendText(3, "brain.Event:2", event);
  return event;
}

std::string ScalarEvent(double wall_time, int64_t step, std::span<const std::pair<std::string, double>> values) {
  std::string summary;
  for (const auto& [name, number] : values) {
    std::string value;
    AppendText(1, name, value);
    AppendKey(2, kFixed32, value);
    AppendLittleEndian(std::bit_cast<uint32_t>(static_cast<float>(number)), value);
    AppendText(1, value, summary);
  }
  std::string event = EventAt(wall_time);
  AppendKey(2, kVarint, event);
  AppendVarint(static_cast<uint64_t>(step), event);
  AppendText(5, summary, event);
  return event;
}

absl::StatusOr<EventFile> EventFile::Create(const std::string& directory) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) {
    host[0] = '-';
  }
  const double now = Now();
  const std::string path =
      fmt::format("{}/events.out.tfevents.{:010}.{}.{}.0", directory, static_cast<int64_t>(now), host.data(), getpid());
  CUPEL_ASSIGN_OR_RETURN(FileWriter writer, FileWriter::Create(path));
  CUPEL_RETURN_IF_ERROR(writer.Write(EventRecord(FileVersionEvent(now))));
  return EventFile(std::move(writer));
}

absl::Status EventFile::Write(int64_t step, std::span<const std::pair<std::string, double>> values) {
  return writer_.Write(EventRecord(ScalarEvent(Now(), step, values)));
}

}  // namespace cupel
