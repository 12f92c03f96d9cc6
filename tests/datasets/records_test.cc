// How files become records: lines, arrays, packed files, damaged ones, files that claim too much. Run alone:
// build/release/tests/datasets_test "[records]"

#include "datasets/records.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <zstd.h>

#include "base/file.h"
#include "base/status.h"
#include "datasets/parquet.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Catch::Contains;

std::string Packed(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

struct Reading {
  std::vector<std::string> records;  // their text again, or "bad: MESSAGE"
  std::vector<std::string> places;
  std::vector<std::string> ids;
  absl::Status status;
};

Reading Read(const std::string& contents, const std::string& name = "rows.json") {
  const TempDir folder;
  REQUIRE(WriteFileAtomically(folder.File(name), contents).ok());
  Reading reading;
  reading.status = ReadRecords(folder.File(name), [&](const Record& record) {
    reading.records.push_back(record.value.ok() ? DumpJson(*record.value) : "bad: " + std::string(Message(record.value.status())));
    reading.places.push_back(record.where.substr(folder.path().size() + 1));
    reading.ids.push_back(record.id.substr(folder.path().size() + 1));
    return true;
  });
  return reading;
}

using Strings = std::vector<std::string>;

TEST_CASE("lines and arrays give the same records, packed or not", "[records]") {
  const std::string lines = "\n{\"a\": \"[,]\\\"\"}\r\n\n  \n{\"b\": [1, {}]}";
  const std::string array = " [\n{\"a\": \"[,]\\\"\"} ,\n\n {\"b\": [1,\n {}]}\n]\n";
  for (const std::string& mark : {std::string(), std::string("\xEF\xBB\xBF")}) {
    for (const std::string& contents : {mark + lines, Packed(mark + lines), mark + array, Packed(mark + array)}) {
      const Reading reading = Read(contents);
      CHECK(reading.status.ok());
      CHECK(reading.records == Strings{R"({"a":"[,]\""})", R"({"b":[1,{}]})"});
    }
  }
  CHECK(Read(lines).places == Strings{"rows.json:2", "rows.json:5"});
  CHECK(Read(lines).ids == Strings{"rows.json:2", "rows.json:5"});
  CHECK(Read(array).places == Strings{"rows.json:2 (record 1)", "rows.json:4 (record 2)"});
  CHECK(Read(array).ids == Strings{"rows.json#1", "rows.json#2"});
  CHECK(Read("[]").records.empty());
  CHECK(Read("").records.empty());
}

TEST_CASE("files of many chunks and frames are read to the end", "[records]") {
  std::string lines, array = "[";
  for (int i = 0; i < 60000; ++i) {
    lines += fmt::format("{{\"n\": {}, \"text\": \"all of them alike, so that much comes out of little\"}}\n", i);
    array += fmt::format("{}{{\"n\": {}}}", i == 0 ? "" : ",", i);
  }
  array += "]";
  const size_t half = lines.size() / 2;
  for (const std::string& contents :
       {lines, Packed(lines), Packed(lines.substr(0, half)) + Packed(lines.substr(half)), array, Packed(array)}) {
    const Reading reading = Read(contents);
    CHECK(reading.status.ok());
    REQUIRE(reading.records.size() == 60000);
    CHECK_THAT(reading.records.back(), Contains("59999"));
  }
}

TEST_CASE("a record that cannot be read does not hide the next", "[records]") {
  for (const std::string text : {"{\"a\": }\n{\"b\": 1}\n", "[{\"a\": }, {\"b\": 1}]"}) {
    const Reading reading = Read(text);
    CHECK(reading.status.ok());
    REQUIRE(reading.records.size() == 2);
    CHECK_THAT(reading.records[0], Contains("bad: ") && Contains("rows.json:1"));
    CHECK(reading.records[1] == R"({"b":1})");
  }
  CHECK(Read("[1,]").records.size() == 2);
  CHECK(Read("[1,,2]").records.size() == 3);
}

TEST_CASE("damaged files are errors, wherever they are cut", "[records]") {
  const std::string array = "[{\"a\": 1}, {\"b\": 2}]";
  for (size_t length = 1; length < array.size(); ++length) {
    CHECK_THAT(std::string(Message(Read(array.substr(0, length)).status)), Contains("the array ends in the middle"));
  }
  CHECK_THAT(std::string(Message(Read(array + "x").status)), Contains("something follows the end of the array"));
  const std::string packed = Packed(std::string(3000, ' ') + array);
  for (size_t length = 4; length < packed.size(); ++length) {
    CHECK_THAT(std::string(Message(Read(packed.substr(0, length)).status)), Contains("rows.json: "));
  }
  std::string damaged = packed;
  damaged[packed.size() / 2] = static_cast<char>(~damaged[packed.size() / 2]);
  Read(damaged);  // zstd without a checksum may not see it: an error or other records, never a crash
  CHECK_THAT(std::string(Message(Read("\x1F\x8B\x08rest").status)), Contains("gunzip"));
}

TEST_CASE("a file that unpacks to far more than it holds is refused", "[records]") {
  // A frame of 128 KiB blocks that repeat one byte, each in four bytes: 260 MiB in 8 KB.
  constexpr int kBlocks = 2080;
  std::string bomb("\x28\xB5\x2F\xFD\x00\x58", 6);  // no checksum, no size; window 2 MiB
  for (int i = 0; i < kBlocks; ++i) {
    const uint32_t header = (i + 1 == kBlocks ? 1U : 0U) | 1U << 1 | (128U << 10) << 3;
    bomb += {static_cast<char>(header), static_cast<char>(header >> 8), static_cast<char>(header >> 16), '\n'};
  }
  const Reading reading = Read(bomb);
  CHECK(reading.status.code() == absl::StatusCode::kResourceExhausted);
  CHECK_THAT(std::string(Message(reading.status)), Contains("256 times its size"));
  for (size_t at = 9; at < bomb.size(); at += 4) {
    bomb[at] = 'x';  // one line without an end: stopped at the longest record
  }
  CHECK_THAT(std::string(Message(Read(bomb).status)), Contains("rows.json:1: a record of more than"));
}

TEST_CASE("reading stops when it is told to", "[records]") {
  const TempDir folder;
  for (const char* text : {"{\"a\": 1}\n{\"b\": 2}\n", "[{\"a\": 1}, {\"b\": 2}"}) {
    REQUIRE(WriteFileAtomically(folder.File("rows"), text).ok());
    int count = 0;
    CHECK(ReadRecords(folder.File("rows"), [&](const Record&) { return ++count < 1; }).ok());
    CHECK(count == 1);
  }
  CHECK_FALSE(ReadRecords(folder.File("none"), [](const Record&) { return true; }).ok());
}

TEST_CASE("Parquet gives the records that it was made from, where the build reads it", "[records]") {
  const std::string folder = CUPEL_SOURCE_DIR "/tests/golden/parquet/";
  if (ParquetLibrary().empty()) {
    const absl::Status status = ReadRecords(folder + "verl.parquet", [](const Record&) { return true; });
    CHECK_THAT(std::string(Message(status)), Contains("-DCUPEL_WITH_PARQUET=ON") && Contains("verl.parquet"));
    return;
  }
  std::vector<Json> rows, expected;
  CHECK(ReadRecords(folder + "verl.jsonl", [&](const Record& record) {
          expected.push_back(record.value.value());
          return true;
        }).ok());
  CHECK(ReadRecords(folder + "verl.parquet", [&](const Record& record) {
          rows.push_back(record.value.value());
          CHECK_THAT(record.where, Contains(fmt::format("verl.parquet, row {}", rows.size())));
          return true;
        }).ok());
  CHECK(rows == expected);
  const std::string whole = ReadFile(folder + "verl.parquet").value();
  for (size_t length = 4; length < whole.size(); length += 97) {
    CHECK_FALSE(Read(whole.substr(0, length)).status.ok());
  }
  for (size_t at = 4; at < whole.size(); at += 61) {  // whatever a flipped byte does, it does not crash
    std::string damaged = whole;
    damaged[at] = static_cast<char>(~damaged[at]);
    Read(damaged);
  }
}

}  // namespace
}  // namespace cupel
