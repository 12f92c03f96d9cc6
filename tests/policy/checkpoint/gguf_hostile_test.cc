// Covers policy/checkpoint/gguf.h on crafted files: a named error, within bounded memory. Alone: build/release/tests/policy_api_test
// "[gguf_hostile]"

#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/random.h"
#include "base/status.h"
#include "policy/checkpoint/gguf.h"
#include "tests/policy/allocation_probe.h"
#include "tests/policy/checkpoint/gguf_builder.h"
#include "tests/policy/golden.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Catch::Matchers::Contains;
using B = GgufBuilder;

constexpr uint64_t kMaxBytes = uint64_t{1} << 20;

struct Case {
  const char* name;
  std::string file;
  const char* expected;  // part of the message
};

std::string WithArray(uint32_t element_type, uint64_t count, const std::string& elements) {
  return B().Entry("list", B::kArray, B::Bytes(element_type) + B::Bytes(count) + elements).Build();
}

std::string WithTensor(const std::vector<uint64_t>& dims, uint32_t type = 0, uint64_t offset = 0) {
  return B().TensorEntry("x", dims, type, offset).Build();
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  const auto add = [&cases](const char* name, std::string file, const char* expected) {
    cases.push_back({name, std::move(file), expected});
  };
  add("empty file", "", "the magic word");
  add("not GGUF", "PK\3\4 this is a ZIP file", "not a GGUF file");
  add("big-endian magic", "FUGG" + B::Bytes(uint32_t{3}), "big-endian");
  B big_endian;
  big_endian.version = 0x03000000;
  add("big-endian version", big_endian.Build(), "big-endian");
  B version;
  version.version = 1;
  add("version 1", version.Build(), "GGUF version 1");
  std::string gib = B().Entry("text", B::kString, B::Bytes(uint64_t{1} << 30)).Build();
  gib.resize(160);
  add("1 GiB string in a 160-byte file", gib, "metadata entry \"text\" claims 1073741824 bytes");
  add("string length 2^64-1", B().Entry("text", B::kString, B::Bytes(UINT64_MAX)).Build(), "claims 18446744073709551615");
  add("key length 2^64-1",
      "GGUF" + B::Bytes(uint32_t{3}) + B::Bytes(uint64_t{0}) + B::Bytes(uint64_t{1}) + B::Bytes(UINT64_MAX) + std::string(64, 'x'),
      "metadata key 0 claims");
  add("empty key", B().U32("", 1).Build(), "empty key");
  add("array of arrays", WithArray(B::kArray, 1, std::string(32, '\0')), "array of arrays");
  add("array count times size wraps", WithArray(B::kU64, uint64_t{1} << 61, std::string(64, '\0')), "claims 2305843009213693952 elements");
  add("array larger than the file", WithArray(B::kI32, 1000, std::string(64, '\0')), "claims 1000 elements");
  add("array of unknown type", WithArray(13, 1, std::string(64, '\0')), "value type 13");
  add("value type 13", B().Entry("x", 13, std::string(8, '\0')).Build(), "value type 13, expected 0 to 12");
  add("value type 2^32-1", B().Entry("x", UINT32_MAX, std::string(8, '\0')).Build(), "value type 4294967295");
  add("boolean 2", B().Entry("x", B::kBool, "\2").Build(), "expected 0 or 1");
  add("list element beyond 2^63", WithArray(B::kU64, 1, B::Bytes(UINT64_MAX)), "beyond 2^63-1");
  add("alignment beyond 2^63", B().Entry("general.alignment", B::kU64, B::Bytes(UINT64_MAX)).Build(), "general.alignment");
  B many_entries;
  many_entries.num_entries = uint64_t{1} << 60;
  add("n_kv 2^60", many_entries.Build(), "the number of metadata entries is 1152921504606846976");
  B many_tensors;
  many_tensors.num_tensors = uint64_t{1} << 60;
  add("n_tensors 2^60", many_tensors.Build(), "the number of tensors is 1152921504606846976");
  add("duplicate key", B().U32("x", 1).U32("x", 1).Build(), "\"x\" appears twice");
  for (const uint32_t alignment : {0u, 3u, 1u << 31}) {
    add("bad alignment", B().U32("general.alignment", alignment).Build(), "general.alignment");
  }
  add("alignment is a string", B().String("general.alignment", "32").Build(), "general.alignment");
  add("part of several", B().U32("split.count", 3).Build(), "llama-gguf-split --merge");
  add("duplicate tensor", B().Floats("x", {1}, {0}).Floats("x", {1}, {0}).Build(), "\"x\" appears twice");
  add("no dimensions", WithTensor({}), "has 0 dimensions");
  add("5 dimensions", WithTensor({1, 1, 1, 1, 1}), "has 5 dimensions");
  add("2^32-1 dimensions", B().RawTensors(B::Text("x") + B::Bytes(UINT32_MAX) + std::string(64, '\0')).Build(),
      "has 4294967295 dimensions");
  add("dimension 0", WithTensor({0, 4}), "not positive");
  add("dimension 2^63", WithTensor({uint64_t{1} << 63}), "dimension 0");
  add("product wraps to 0", WithTensor({uint64_t{1} << 32, uint64_t{1} << 32}), "more than 2^63 elements");
  add("bytes wrap", WithTensor({uint64_t{1} << 62}), "more than 2^63 bytes");
  add("padding wraps", WithTensor({(uint64_t{1} << 61) - 1}), "ends behind the end");
  add("rows are not whole blocks", WithTensor({33}, 2), "blocks of 32 (Q4_0)");
  add("known type that is not supported", WithTensor({256}, 16), "IQ2_XXS is not supported; supported: F32");
  add("type from the future", WithTensor({256}, 999), "type 999");
  add("tensor name of 64 bytes", B().TensorEntry(std::string(64, 'n'), {1}, 0, 0).Build(), "the name of tensor 0 claims 64 bytes");
  add("offset past the end", WithTensor({4}, 0, uint64_t{1} << 40), "offset 1099511627776, expected 0");
  add("data cut off", WithTensor({4}), "ends behind the end of the file");
  add("tensors out of order", B().TensorEntry("a", {8}, 0, 32).TensorEntry("b", {8}, 0, 0).Build() + std::string(128, '\0'), "expected 0");
  add("overlapping tensors", B().TensorEntry("a", {8}, 0, 0).TensorEntry("b", {8}, 0, 0).Build() + std::string(128, '\0'), "expected 32");
  return cases;
}

TEST_CASE("crafted GGUF files end in a named error within bounded memory", "[gguf_hostile]") {
  const TempDir folder;
  const std::string path = folder.File("crafted.gguf");
  for (const Case& c : Cases()) {
    INFO(c.name);
    WriteBytes(path, c.file);
    const AllocationProbe probe;
    const auto file = GgufFile::Open(path);
    CHECK(probe.bytes() < kMaxBytes);
    REQUIRE_FALSE(file.ok());
    const std::string message(Message(file.status()));
    CHECK_THAT(message, Contains(c.expected) && Contains("crafted.gguf"));
    CHECK(message.size() < 400);
  }
}

TEST_CASE("a GGUF file cut off anywhere is refused", "[gguf_hostile]") {
  const TempDir folder;
  const std::string path = folder.File("cut.gguf");
  const std::string whole = B().String("general.architecture", "llama").Strings("list", {"a", "b"}).Floats("x", {3}, {1, 2, 3}).Build();
  for (size_t length = 0; length < whole.size(); ++length) {
    WriteBytes(path, whole.substr(0, length));
    INFO(length);
    CHECK_FALSE(GgufFile::Open(path).ok());
  }
  WriteBytes(path, whole);
  CHECK(GgufFile::Open(path).ok());
}

TEST_CASE("damaged GGUF files are read or refused, never worse", "[gguf_hostile]") {
  const TempDir folder;
  const std::string path = folder.File("damaged.gguf");
  const std::string tiny = ReadGolden("gguf/tiny.gguf");
  int refused = 0;
  for (uint32_t round = 0; round < 600; ++round) {
    RandomStream random(3, RandomPurpose::kTaskContent, round);
    std::string bytes = tiny;
    for (uint64_t i = random.Between(1, 4); i > 0; --i) {
      // Three in four changes fall in the header, where they matter.
      const uint64_t range = random.Below(4) == 0 ? bytes.size() : std::min<size_t>(bytes.size(), 3000);
      bytes[random.Below(range)] = static_cast<char>(random.Below(2) == 0 ? random.Below(256) : 0xFF * random.Below(2));
    }
    WriteBytes(path, bytes);
    const AllocationProbe probe;
    const auto file = GgufFile::Open(path);
    CHECK(probe.bytes() < kMaxBytes);
    if (!file.ok()) {
      ++refused;
      CHECK_FALSE(Message(file.status()).empty());
      continue;
    }
    for (const auto& tensor : file->tensors()) {
      std::vector<float> values(static_cast<size_t>(tensor.num_elements));
      CHECK(file->ReadFloats(tensor, values).ok());
    }
  }
  CHECK(refused > 50);
}

}  // namespace
}  // namespace cupel
