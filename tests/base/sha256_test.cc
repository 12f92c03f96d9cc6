// Covers base/sha256.h. Alone: build/release/tests/base_test "[sha256]"

#include "base/sha256.h"

#include <string>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

// The examples of FIPS 180-4 as published by NIST.
constexpr std::string_view kTwoBlocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
constexpr std::string_view kTwoBlocksHash = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
constexpr std::string_view kMillionHash = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST_CASE("SHA-256 gives the examples of FIPS 180-4", "[sha256]") {
  CHECK(Sha256Hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(Sha256Hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(Sha256Hex(kTwoBlocks) == kTwoBlocksHash);
  CHECK(Sha256Hex(std::string(1'000'000, 'a')) == kMillionHash);
}

TEST_CASE("the hash does not depend on how the bytes are cut", "[sha256]") {
  for (size_t cut = 0; cut <= kTwoBlocks.size(); ++cut) {
    Sha256 hash;
    hash.Update(kTwoBlocks.substr(0, cut));
    Sha256 moved = std::move(hash);
    moved.Update(kTwoBlocks.substr(cut));
    CHECK(moved.Hex() == kTwoBlocksHash);
  }
}

TEST_CASE("a file has the hash of its bytes", "[sha256]") {
  const TempDir folder;
  REQUIRE(WriteFileAtomically(folder.File("million"), std::string(1'000'000, 'a')).ok());
  REQUIRE(WriteFileAtomically(folder.File("empty"), "").ok());
  CHECK(Sha256File(folder.File("million")).value() == kMillionHash);
  CHECK(Sha256File(folder.File("empty")).value() == Sha256Hex(""));
  CHECK(Sha256File(folder.File("none")).status().code() == absl::StatusCode::kNotFound);
  // Larger than the pieces in which files are read.
  const std::string large(3'000'001, 'x');
  REQUIRE(WriteFileAtomically(folder.File("large"), large).ok());
  CHECK(Sha256File(folder.File("large")).value() == Sha256Hex(large));
}

}  // namespace
}  // namespace cupel
