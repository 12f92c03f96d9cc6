// Covers the random numbers of the generators: equal to Python's, draw by draw. Alone: build/release/tests/datasets_test "[item_random]"

#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "datasets/procedural/item_random.h"
#include "datasets/procedural/python_set.h"

namespace cupel {
namespace {

std::string Joined(const std::vector<size_t>& values) { return fmt::format("{}", fmt::join(values, " ")); }

// The draw that a method of tests/golden/make_python_random.py makes, as text.
std::string Draw(const std::string& method, ItemRandom& random) {
  if (method == "random") {
    return std::to_string(static_cast<uint64_t>(random.Random() * 9007199254740992.0));
  }
  if (method == "bits32" || method == "bits53") {
    return std::to_string(random.Bits(method == "bits32" ? 32 : 53));
  }
  if (method == "int" || method == "wide") {
    return std::to_string(method == "int" ? random.Int(-1000, 1000) : random.Int(0, 100'000'000'000'000'000));
  }
  if (method == "below3") {
    return std::to_string(random.Below(3));
  }
  if (method == "uniform_index") {
    return std::to_string(random.UniformIndex(7));
  }
  if (method == "weighted_index") {
    return std::to_string(random.WeightedIndex(std::vector<double>{0.4, 0.4, 0.1, 0.1}));
  }
  if (method == "shuffle") {
    std::vector<size_t> values(30);
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = i;
    }
    random.Shuffle(values);
    return Joined(values);
  }
  return Joined(method == "sample_pool" ? random.Sample(20, 7) : method == "sample_set" ? random.Sample(1000, 10) : random.Sample(500, 60));
}

TEST_CASE("a million draws of every method are Python's", "[item_random]") {
  LineReader reader = LineReader::Open(CUPEL_SOURCE_DIR "/tests/golden/random/python.jsonl").value();
  int64_t digests = 0;
  while (const auto line = reader.Next().value()) {
    const Json row = ParseJson(*line, "python.jsonl").value();
    const std::string method = row["method"];
    CAPTURE(std::string(*line));
    if (method == "first") {
      CHECK(ItemRandom::Python(row["seed"].get<uint64_t>()).Random() == row["random"].get<double>());
    } else if (method == "text") {
      CHECK(ItemRandom::PythonText(row["text"].get<std::string>()).Random() == row["random"].get<double>());
    } else {
      ItemRandom random = ItemRandom::Python(row["seed"].get<uint64_t>());
      Sha256 digest;
      for (int64_t i = 0; i < row["count"].get<int64_t>(); ++i) {
        digest.Update(Draw(method, random) + "\n");
      }
      CHECK(digest.Hex() == row["digest"].get<std::string>());
      ++digests;
    }
  }
  CHECK(digests == 14);
}

TEST_CASE("the anchors that were measured in Python 3.11.7", "[item_random]") {
  const auto fresh = [] { return ItemRandom::Python(42); };
  CHECK(ItemRandom::Python(0).Random() == 0.8444218515250481);
  CHECK(fresh().Random() == 0.6394267984578837);
  CHECK(fresh().Bits(32) == 2746317213U);
  std::vector<int> values = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  ItemRandom random = fresh();
  random.Shuffle(values);
  CHECK(values == std::vector<int>{7, 3, 2, 8, 5, 6, 9, 4, 0, 1});
  CHECK(fresh().Sample(100, 5) == std::vector<size_t>{81, 14, 3, 94, 35});
  CHECK(fresh().Sample(1000, 10) == std::vector<size_t>{654, 114, 25, 759, 281, 250, 228, 142, 754, 104});
  CHECK(ItemRandom::Python(uint64_t{1} << 40).Random() == 0.1036394562812375);
  CHECK(ItemRandom::PythonText("a").Random() == 0.2720295377534757);
}

TEST_CASE("our generator is a function of seed, index and tag, each of which matters", "[item_random]") {
  const auto first = [](uint64_t seed, uint64_t index, uint32_t tag) { return ItemRandom::Counter(seed, index, tag).Bits(64); };
  CHECK(first(1, 2, 3) == first(1, 2, 3));
  CHECK(first(1, 2, 3) != first(2, 2, 3));
  CHECK(first(1, 2, 3) != first(1, 3, 3));
  CHECK(first(1, 2, 3) != first(1, 2, 4));
  CHECK(first(1, uint64_t{1} << 32, 3) != first(1, 0, 3));
}

TEST_CASE("small sets are listed as CPython lists them", "[item_random]") {
  PythonSet set;
  for (const int64_t value : {1, 8, 3}) {
    set.Add(PythonIntHash(value), value);
    set.Add(PythonIntHash(value), value);
  }
  CHECK(set.Ids() == std::vector<int64_t>{8, 1, 3});  // list({1, 8, 3})
  CHECK(PythonTupleHash({1, 2}) == -3550055125485641917);
  CHECK(PythonIntHash(-1) == -2);
}

}  // namespace
}  // namespace cupel
