// Covers equality with reasoning-gym 0.1.25, byte for byte. Alone: build/release/tests/datasets_test "[parity]"

#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"
#include "datasets/procedural/family.h"

namespace cupel {
namespace {

std::string LineOf(const Item& item) {
  Json json = {{"question", item.question}, {"answer", item.is_answer_null ? Json() : Json(item.answer)}};
  json["metadata"] = ParseJson(item.metadata, "metadata").value();
  return DumpJson(json);
}

TEST_CASE("question, answer and metadata are reasoning-gym's", "[parity]") {
  LineReader reader = LineReader::Open(CUPEL_SOURCE_DIR "/tests/golden/reasoning_gym/parity.jsonl").value();
  std::set<std::string> families;
  while (const auto line = reader.Next().value()) {
    const Json row = ParseJson(*line, "parity.jsonl").value();
    const std::string family = row["family"];
    std::vector<std::string> overrides;
    for (const auto& [key, value] : row["settings"].items()) {
      overrides.push_back(key + "=" + DumpJson(value));
    }
    CAPTURE(family, overrides);
    const ItemGenerator generator = ItemGenerator::Create(family, Variant::kRg, overrides).value();
    const auto seed = row["seed"].get<uint64_t>();
    if (row.contains("first")) {
      CHECK(LineOf(generator.At(seed, 0).value()) == row["first"].get<std::string>());
    }
    Sha256 digest;
    for (int64_t i = 0; i < row["count"].get<int64_t>(); ++i) {
      digest.Update(LineOf(generator.At(seed, i).value()) + "\n");
    }
    CHECK(digest.Hex() == row["digest"].get<std::string>());
    families.insert(family);
  }
  // Every family that promises parity has its goldens.
  for (const Family* family : Families()) {
    CHECK((family->generate_rg != nullptr) == families.contains(std::string(family->name)));
  }
  CHECK(families.size() == 26);
}

}  // namespace
}  // namespace cupel
