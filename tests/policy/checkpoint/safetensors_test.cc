// Covers policy/checkpoint/safetensors.h against safetensors 0.8.0. Alone: build/release/tests/policy_api_test "[safetensors]"

#include "policy/checkpoint/safetensors.h"

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/random.h"
#include "base/sha256.h"
#include "base/status.h"
#include "tests/policy/allocation_probe.h"
#include "tests/policy/checkpoint/gguf_builder.h"
#include "tests/policy/golden.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Catch::Matchers::Contains;
using Type = SafetensorsType;

std::string BytesOf(const SafetensorsFile& file, const SafetensorsFile::Tensor& tensor) {
  std::string bytes(tensor.end - tensor.begin, '\0');
  REQUIRE(file.ReadBytes(tensor, std::as_writable_bytes(std::span(bytes))).ok());
  return bytes;
}

// An element of `values` in expected.json.
float ExpectedFloat(const Json& value) {
  if (value == "nan") return std::numeric_limits<float>::quiet_NaN();
  if (value == "inf") return std::numeric_limits<float>::infinity();
  if (value == "-inf") return -std::numeric_limits<float>::infinity();
  return static_cast<float>(value.get<double>());
}

std::string Crafted(const std::string& header, std::string_view data) {
  return GgufBuilder::Bytes(uint64_t{header.size()}) + header + std::string(data);
}

TEST_CASE("files written by the safetensors package are read", "[safetensors]") {
  const Json all_expected = ReadGoldenJson("safetensors/expected.json");
  for (const auto& [name, entry] : all_expected.items()) {
    INFO(name);
    const auto file = SafetensorsFile::Open(GoldenPath("safetensors/" + name)).value();
    CHECK(file.metadata() == (entry["metadata"].is_null() ? std::map<std::string, std::string>()
                                                          : entry["metadata"].get<std::map<std::string, std::string>>()));
    CHECK(file.tensors().size() == entry["tensors"].size());
    for (const auto& [tensor_name, expected] : entry["tensors"].items()) {
      INFO(tensor_name);
      const auto* tensor = file.Find(tensor_name);
      REQUIRE(tensor != nullptr);
      CHECK(SafetensorsTypeName(tensor->type) == expected["dtype"].get<std::string>());
      CHECK(tensor->shape == expected["shape"].get<std::vector<int64_t>>());
      CHECK(BytesOf(file, *tensor) == FromHex(expected["data"].get<std::string>()));
      std::vector<float> values(expected["values"].size());
      const bool is_float =
          tensor->type == Type::kF64 || tensor->type == Type::kF32 || tensor->type == Type::kF16 || tensor->type == Type::kBf16;
      const absl::Status status = file.ReadFloats(*tensor, values);
      REQUIRE(status.ok() == is_float);
      for (size_t i = 0; is_float && i < values.size(); ++i) {
        const float wanted = ExpectedFloat(expected["values"][i]);
        CHECK((values[i] == wanted || (std::isnan(values[i]) && std::isnan(wanted))));
      }
    }
  }
}

TEST_CASE("what is written equals what the safetensors package writes, byte for byte", "[safetensors]") {
  const TempDir folder;
  const std::string path = folder.File("out.safetensors");
  const auto original = SafetensorsFile::Open(GoldenPath("safetensors/dtypes.safetensors")).value();
  std::vector<std::string> data;
  data.reserve(original.tensors().size());
  std::vector<SafetensorsWriteItem> items;
  for (const auto& tensor : original.tensors()) {
    data.push_back(BytesOf(original, tensor));
    items.push_back({tensor.name, tensor.type, tensor.shape, std::as_bytes(std::span(data.back()))});
  }
  const auto digest = WriteSafetensors(path, items);
  REQUIRE(digest.ok());
  const std::string written = ReadFile(path).value();
  CHECK(written == ReadGolden("safetensors/dtypes.safetensors"));
  CHECK(*digest == Sha256Hex(written));
}

TEST_CASE("floats survive writing and reading bit by bit", "[safetensors]") {
  const TempDir folder;
  const std::string path = folder.File("floats.safetensors");
  std::vector<float> values;
  RandomStream random(5, RandomPurpose::kTaskContent);
  for (int i = 0; i < 10'000; ++i) values.push_back(std::bit_cast<float>(random.Next()));
  REQUIRE(WriteSafetensors(path, {{"x", Type::kF32, {100, 100}, std::as_bytes(std::span(values))}}, {{"step", "7"}}).ok());
  const auto file = SafetensorsFile::Open(path).value();
  CHECK(file.metadata() == std::map<std::string, std::string>{{"format", "pt"}, {"step", "7"}});
  std::vector<float> again(values.size());
  REQUIRE(file.ReadFloats(*file.Find("x"), again).ok());
  CHECK(std::memcmp(values.data(), again.data(), values.size() * sizeof(float)) == 0);
}

TEST_CASE("writing refuses what could not be read back", "[safetensors]") {
  const TempDir folder;
  const std::vector<float> two = {1, 2};
  const auto bytes = std::as_bytes(std::span(two));
  CHECK_FALSE(WriteSafetensors(folder.File("a"), {{"x", Type::kF32, {3}, bytes}}).ok());
  CHECK_FALSE(WriteSafetensors(folder.File("a"), {{"x", Type::kF32, {-1, -2}, bytes}}).ok());
  CHECK_FALSE(WriteSafetensors(folder.File("a"), {{"__metadata__", Type::kF32, {2}, bytes}}).ok());
  CHECK_FALSE(WriteSafetensors(folder.File("a"), {{"x", Type::kF32, {2}, bytes}, {"x", Type::kF32, {2}, bytes}}).ok());
  CHECK_FALSE(WriteSafetensors(folder.File("no/such/folder"), {{"x", Type::kF32, {2}, bytes}}).ok());
  CHECK(WriteSafetensors(folder.File("a"), {}).ok());
}

TEST_CASE("files that the reference refuses are refused, those that it accepts are read", "[safetensors]") {
  const TempDir folder;
  const std::string path = folder.File("crafted.safetensors");
  for (const Json& line : ReadGoldenLines("safetensors/bad.jsonl")) {
    INFO(line["name"].get<std::string>());
    WriteBytes(path, FromHex(line["file"].get<std::string>()));
    const AllocationProbe probe;
    const auto file = SafetensorsFile::Open(path);
    CHECK(probe.bytes() < (1 << 20));
    CHECK(file.ok() != line["refuse"].get<bool>());
    if (!file.ok()) CHECK_THAT(std::string(Message(file.status())), Contains("crafted.safetensors"));
  }
}

TEST_CASE("crafted headers end in an error that names the tensor", "[safetensors]") {
  const TempDir folder;
  const std::string path = folder.File("crafted.safetensors");
  const std::string eight(8, '\0');
  const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
      {"length 7", std::string(7, '\0'), "too few"},
      {"length 2^63", GgufBuilder::Bytes(uint64_t{1} << 63) + "{}", "100000000"},
      {"100 MB header", GgufBuilder::Bytes(uint64_t{100'000'001}) + "{}", "100000000"},
      {"allowed length in a short file", GgufBuilder::Bytes(uint64_t{100'000'000}) + "{}", "truncated"},
      {"spaces", Crafted(std::string(64, ' '), ""), "does not begin with '{'"},
      {"depth", Crafted(R"({"x":)" + std::string(100'000, '['), ""), "nested"},
      {"duplicate",
       Crafted(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", eight),
       "twice"},
      {"1e400", Crafted(R"({"x":{"dtype":"F32","shape":[1e400],"data_offsets":[0,8]}})", eight), "crafted"},
      {"NaN", Crafted(R"({"x":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}})", eight), "invalid JSON"},
      {"shape with 2^63", Crafted(R"({"x":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}})", eight), "tensor x"},
      {"product wraps", Crafted(R"({"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", ""), "tensor x"},
      {"polyglot", Crafted(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", eight + "PK\5\6"), "4 bytes follow"},
      {"hole", Crafted(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", eight), "tensor x begins"},
      {"entry is a list", Crafted(R"({"x":[]})", ""), "tensor x"},
      {"metadata", Crafted(R"({"__metadata__":{"format":1}})", ""), "not a string"},
      {"unknown type", Crafted(R"({"x":{"dtype":"F4","shape":[16],"data_offsets":[0,8]}})", eight), "F4"},
      {"negative", Crafted(R"({"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", eight), "-2"},
  };
  for (const auto& [name, bytes, expected] : cases) {
    INFO(name);
    WriteBytes(path, bytes);
    const AllocationProbe probe;
    const auto file = SafetensorsFile::Open(path);
    CHECK(probe.bytes() < (2 << 20));
    REQUIRE_FALSE(file.ok());
    CHECK_THAT(std::string(Message(file.status())), Contains(expected));
  }
  WriteBytes(
      path,
      Crafted(R"({"x":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},"y":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})", "abcd"));
  CHECK(SafetensorsFile::Open(path).ok());
}

TEST_CASE("a safetensors file cut off or shrinking gives an error", "[safetensors]") {
  const TempDir folder;
  const std::string path = folder.File("cut.safetensors");
  const std::string whole = ReadGolden("safetensors/dtypes.safetensors");
  for (size_t length = 0; length < whole.size(); length += 1 + length / 100) {
    WriteBytes(path, whole.substr(0, length));
    CHECK_FALSE(SafetensorsFile::Open(path).ok());
  }
  WriteBytes(path, whole);
  const auto file = SafetensorsFile::Open(path).value();
  std::filesystem::resize_file(path, whole.size() - 1);
  int failed = 0;
  for (const auto& tensor : file.tensors()) {
    std::string bytes(tensor.end - tensor.begin, '\0');
    failed += file.ReadBytes(tensor, std::as_writable_bytes(std::span(bytes))).ok() ? 0 : 1;
  }
  CHECK(failed == 1);
}

TEST_CASE("damaged safetensors files are read or refused, never worse", "[safetensors]") {
  const TempDir folder;
  const std::string path = folder.File("damaged.safetensors");
  const std::string original = ReadGolden("safetensors/dtypes.safetensors");
  int refused = 0;
  for (uint32_t round = 0; round < 600; ++round) {
    RandomStream random(4, RandomPurpose::kTaskContent, round);
    std::string bytes = original;
    for (int64_t i = random.Between(1, 3); i > 0; --i) {
      const std::string_view likely = "0123456789{}[]\",:-\\ \x80";
      bytes[random.Below(bytes.size())] = likely[random.Below(likely.size())];
    }
    WriteBytes(path, bytes);
    const AllocationProbe probe;
    const auto file = SafetensorsFile::Open(path);
    CHECK(probe.bytes() < (1 << 20));
    refused += file.ok() ? 0 : 1;
    if (file.ok()) {
      for (const auto& tensor : file->tensors()) BytesOf(*file, tensor);
    }
  }
  CHECK(refused > 200);
}

}  // namespace
}  // namespace cupel
