// Covers policy/checkpoint/gguf.h on good files, against gguf 0.19.0. Alone: build/release/tests/policy_api_test "[gguf]"

#include "policy/checkpoint/gguf.h"

#include <numeric>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "tests/policy/checkpoint/gguf_builder.h"
#include "tests/policy/golden.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Catch::Matchers::Contains;

constexpr std::array<std::string_view, kNumGgufTypes> kTypeNames = {"UINT8", "INT8",   "UINT16", "INT16",  "UINT32", "INT32",  "FLOAT32",
                                                                    "BOOL",  "STRING", "ARRAY",  "UINT64", "INT64",  "FLOAT64"};

// A value as the golden file writes it.
Json ToJson(const GgufValue& value) {
  struct Visitor {
    Json operator()(bool v) const { return v; }
    Json operator()(int64_t v) const { return v; }
    Json operator()(uint64_t v) const { return v; }
    Json operator()(double v) const { return v; }
    Json operator()(const std::string& v) const { return v; }
    Json operator()(const GgufArray& array) const {
      return std::visit([](const auto& elements) { return Json(elements); }, array.elements);
    }
  };
  return std::visit(Visitor{}, value.value);
}

bool SameValue(const Json& ours, const Json& expected) {
  if (!ours.is_array()) return ours == expected;
  if (ours.size() != expected.size()) return false;
  for (size_t i = 0; i < ours.size(); ++i) {
    const Json wanted = expected[i].is_boolean() ? Json(expected[i].get<bool>() ? 1 : 0) : expected[i];
    if (ours[i] != wanted) return false;
  }
  return true;
}

TEST_CASE("metadata and tensor table agree with the gguf package", "[gguf]") {
  const GgufFile file = GgufFile::Open(GoldenPath("gguf/tiny.gguf")).value();
  const Json expected = ReadGoldenJson("gguf/tiny.json");
  CHECK(file.alignment() == expected["alignment"].get<uint64_t>());
  CHECK(file.metadata().size() == expected["metadata"].size());
  for (const auto& [key, entry] : expected["metadata"].items()) {
    INFO(key);
    const auto found = file.metadata().find(key);
    REQUIRE(found != file.metadata().end());
    CHECK(kTypeNames[static_cast<size_t>(found->second.type)] == entry["type"].get<std::string>());
    CHECK(SameValue(ToJson(found->second), entry["value"]));
  }
  REQUIRE(file.tensors().size() == expected["tensors"].size());
  for (size_t i = 0; i < file.tensors().size(); ++i) {
    const auto& tensor = file.tensors()[i];
    const Json& entry = expected["tensors"][i];
    CHECK(tensor.name == entry["name"].get<std::string>());
    CHECK(tensor.type->id == entry["ggml_type"].get<uint32_t>());
    CHECK(tensor.begin - file.data_begin() == entry["offset"].get<uint64_t>());
    CHECK(tensor.end - tensor.begin == entry["bytes"].get<uint64_t>());
    CHECK(std::vector<int64_t>(tensor.shape.rbegin(), tensor.shape.rend()) == entry["dims"].get<std::vector<int64_t>>());
  }
}

TEST_CASE("whole tensors are converted as the gguf package converts them", "[gguf]") {
  const GgufFile file = GgufFile::Open(GoldenPath("gguf/tiny.gguf")).value();
  for (const Json& entry : ReadGoldenJson("gguf/dequant.json")) {
    INFO(entry["tensor"].get<std::string>());
    const auto* tensor = file.Find(entry["tensor"].get<std::string>());
    REQUIRE(tensor != nullptr);
    const std::vector<float> expected = FloatsFromHex(entry["values"].get<std::string>());
    REQUIRE(tensor->num_elements == static_cast<int64_t>(expected.size()));
    std::vector<float> values(expected.size());
    REQUIRE(file.ReadFloats(*tensor, values).ok());
    CHECK(values == expected);
  }
  const auto* cube = file.Find("cube");
  REQUIRE(cube != nullptr);
  CHECK(cube->shape == std::vector<int64_t>{2, 3, 4});
  std::vector<float> values(24), counting(24);
  std::iota(counting.begin(), counting.end(), 0.0f);
  REQUIRE(file.ReadFloats(*cube, values).ok());
  CHECK(values == counting);
  CHECK_FALSE(file.ReadFloats(*cube, std::span(values).first(23)).ok());
  CHECK(file.Find("no such tensor") == nullptr);
}

TEST_CASE("a file without tensors and one whose last tensor is not padded are accepted", "[gguf]") {
  const TempDir folder;
  WriteBytes(folder.File("empty.gguf"), GgufBuilder().Build());
  CHECK(GgufFile::Open(folder.File("empty.gguf")).ok());
  WriteBytes(folder.File("one.gguf"), GgufBuilder().Floats("x", {3}, {1, 2, 3}).Build());
  const auto file = GgufFile::Open(folder.File("one.gguf"));
  REQUIRE(file.ok());
  CHECK(file->alignment() == 32);
  std::vector<float> values(3);
  CHECK(file->ReadFloats(*file->Find("x"), values).ok());
  CHECK(values == std::vector<float>{1, 2, 3});
}

TEST_CASE("a file that shrinks while open gives an error", "[gguf]") {
  const TempDir folder;
  const std::string path = folder.File("shrinking.gguf");
  WriteBytes(path, GgufBuilder().Floats("x", {3}, {1, 2, 3}).Build());
  const auto file = GgufFile::Open(path);
  REQUIRE(file.ok());
  std::filesystem::resize_file(path, 64);
  std::vector<float> values(3);
  const absl::Status status = file->ReadFloats(*file->Find("x"), values);
  CHECK(status.code() == absl::StatusCode::kDataLoss);
  CHECK_THAT(std::string(Message(status)), Contains("shrinking.gguf"));
}

TEST_CASE("a missing file is named", "[gguf]") {
  const auto file = GgufFile::Open("no/such/file.gguf");
  CHECK(file.status().code() == absl::StatusCode::kNotFound);
  CHECK_THAT(std::string(Message(file.status())), Contains("no/such/file.gguf"));
}

}  // namespace
}  // namespace cupel
