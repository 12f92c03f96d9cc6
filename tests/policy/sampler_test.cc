// The engine's parts that need no tensor: drawing tokens, memory for keys and values, lanes. Alone: build/release/tests/policy_engine_test
// "[sampler]"

#include "policy/engine/sampler.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "base/random.h"
#include "policy/engine/faster_of_two.h"
#include "policy/engine/kv_cache.h"
#include "policy/engine/lanes.h"
#include "policy/engine/request.h"
#include "policy/engine/team.h"

namespace cupel {
namespace {

constexpr int64_t kVocab = 1000;

std::vector<float> RandomLogits(uint32_t which, double spread) {
  RandomStream random(7, RandomPurpose::kWeights, which);
  std::vector<float> logits(kVocab);
  for (float& logit : logits) {
    logit = static_cast<float>(spread * random.Normal());
  }
  logits[17] = logits[400];  // a tie
  return logits;
}

// The distribution in the plainest form: probabilities in double, filtered by sorting. Index = token; dropped tokens have 0.
std::vector<double> ReferenceDistribution(const std::vector<float>& raw_logits, const SamplingParams& sampling,
                                          const SampleHistory& history = {}) {
  std::vector<float> logits = raw_logits;
  for (const LogitBias& bias : sampling.logit_bias) {
    logits[static_cast<size_t>(bias.token)] += bias.bias;
  }
  const bool bars_stop_tokens = std::ssize(history.completion) < sampling.min_new_tokens;
  for (const TokenId token : sampling.stop_tokens) {
    if (bars_stop_tokens) {
      logits[static_cast<size_t>(token)] = -std::numeric_limits<float>::infinity();
    }
  }
  std::set<TokenId> seen(history.prompt.begin(), history.prompt.end());
  seen.insert(history.completion.begin(), history.completion.end());
  for (const TokenId token : seen) {
    float& logit = logits[static_cast<size_t>(token)];
    const auto penalty = static_cast<float>(sampling.repetition_penalty);
    logit = logit > 0 ? logit / penalty : logit * penalty;
  }
  std::vector<size_t> ranked(logits.size());
  std::iota(ranked.begin(), ranked.end(), size_t{0});
  std::stable_sort(ranked.begin(), ranked.end(), [&](size_t a, size_t b) { return logits[a] > logits[b]; });
  std::vector<double> probabilities(logits.size());
  const auto renormalise = [&] {
    const double sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
    for (double& probability : probabilities) {
      probability /= sum;
    }
  };
  for (size_t i = 0; i < logits.size(); ++i) {
    probabilities[i] = std::exp((static_cast<double>(logits[i]) - static_cast<double>(logits[ranked[0]])) / sampling.temperature);
  }
  renormalise();
  if (sampling.top_k > 0) {
    for (size_t rank = static_cast<size_t>(sampling.top_k); rank < ranked.size(); ++rank) {
      probabilities[ranked[rank]] = 0;
    }
    renormalise();
  }
  double mass = 0;
  for (const size_t token : ranked) {
    const bool is_reached = mass >= sampling.top_p && sampling.top_p < 1;
    mass += probabilities[token];
    probabilities[token] = is_reached ? 0 : probabilities[token];
  }
  renormalise();
  for (double& probability : probabilities) {
    probability = probability < sampling.min_p * probabilities[ranked[0]] ? 0 : probability;
  }
  renormalise();
  return probabilities;
}

// Draws with a grid of uniform numbers and compares tokens with the inverse of the reference's cumulative distribution. A uniform number
// within 1e-5 of a step may fall on either side.
void CheckDraws(const kernels::KernelTable& table, const std::vector<float>& logits, const SamplingParams& sampling,
                const SampleHistory& history = {}) {
  const std::vector<double> expected = ReferenceDistribution(logits, sampling, history);
  SamplingParams plain;
  const std::vector<double> raw = ReferenceDistribution(logits, plain);
  std::vector<double> cumulative(expected.size());
  std::partial_sum(expected.begin(), expected.end(), cumulative.begin());
  TokenSampler sampler(table, kVocab);
  std::vector<float> row = logits;
  sampler.Prepare(row.data(), sampling, history);
  double entropy = 0;
  for (const double p : expected) {
    entropy -= p > 0 ? p * std::log(p) : 0;
  }
  constexpr int kDraws = 3000;
  int num_wrong = 0;
  int num_bad_logprobs = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double uniform = (i + 0.5) / kDraws;
    const DrawnToken drawn = sampler.Draw(uniform);
    const auto token = static_cast<size_t>(drawn.token);
    const double low = cumulative[token] - expected[token];
    num_wrong += expected[token] == 0 || uniform < low - 1e-5 || uniform > cumulative[token] + 1e-5;
    num_bad_logprobs += std::abs(static_cast<double>(drawn.logprob) - std::log(expected[token])) > 2e-5;
    num_bad_logprobs += std::abs(static_cast<double>(drawn.raw_logprob) - std::log(raw[token])) > 2e-5;
    num_bad_logprobs += std::abs(static_cast<double>(drawn.entropy) - entropy) > 1e-4;
  }
  CHECK(num_wrong == 0);
  CHECK(num_bad_logprobs == 0);
}

}  // namespace

TEST_CASE("tokens follow the filtered distribution on every kernel path", "[sampler]") {
  const std::vector<SamplingParams> cases = {
      {},
      {.temperature = 0.7},
      {.temperature = 1.6},
      {.top_k = 1},
      {.top_k = 5},
      {.temperature = 0.8, .top_k = 40},
      {.top_k = 999},
      {.top_k = 1000},
      {.top_p = 0.9},
      {.top_p = 0.05},
      {.temperature = 1.5, .top_p = 0.99},
      {.top_k = 50, .top_p = 0.8},
      {.min_p = 0.1},
      {.min_p = 1.0},
      {.temperature = 0.6, .top_p = 0.95, .min_p = 0.02},
      {.temperature = 1.2, .top_k = 100, .top_p = 0.9, .min_p = 0.05},
  };
  for (const kernels::KernelTable* table : kernels::AvailableKernels()) {
    for (uint32_t which = 0; which < 3; ++which) {
      const std::vector<float> logits = RandomLogits(which, which == 0 ? 0.5 : 3.0);
      for (const SamplingParams& sampling : cases) {
        CAPTURE(table->name, which, sampling.temperature, sampling.top_k, sampling.top_p, sampling.min_p);
        CheckDraws(*table, logits, sampling);
      }
    }
  }
}

TEST_CASE("bias, barred stop tokens and repetition penalty change the distribution as their formulas say", "[sampler]") {
  const std::vector<TokenId> prompt = {3, 17, 3, 900, 401};
  const std::vector<TokenId> completion = {5, 17, 999};
  const SampleHistory history = {.prompt = prompt, .completion = completion};
  const std::vector<SamplingParams> cases = {
      {.repetition_penalty = 1.3},
      {.repetition_penalty = 0.7},
      {.logit_bias = {{17, 4.0F}, {400, -3.0F}}},
      {.logit_bias = {{0, 10000.0F}}},
      {.min_new_tokens = 4, .stop_tokens = {17, 18, 19}},
      {.min_new_tokens = 3, .stop_tokens = {17, 18, 19}},  // reached: nothing is barred
      {.temperature = 0.6, .top_p = 0.95, .repetition_penalty = 1.1},
      {.temperature = 0.8, .top_k = 20, .repetition_penalty = 2, .logit_bias = {{17, 3.0F}}, .min_new_tokens = 9, .stop_tokens = {400}},
  };
  for (const kernels::KernelTable* table : kernels::AvailableKernels()) {
    const std::vector<float> logits = RandomLogits(4, 2.0);
    for (const SamplingParams& sampling : cases) {
      CAPTURE(table->name, sampling.temperature, sampling.top_k, sampling.top_p, sampling.repetition_penalty, sampling.min_new_tokens);
      CheckDraws(*table, logits, sampling, history);
    }
  }
}

TEST_CASE("greedy decoding respects what changes logits and reports the model's own log-probability", "[sampler]") {
  TokenSampler sampler(*kernels::BestKernels(), kVocab);
  const std::vector<float> logits = RandomLogits(4, 2.0);
  const auto best = static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  const std::vector<double> raw = ReferenceDistribution(logits, {});
  std::vector<float> row = logits;
  sampler.Prepare(row.data(), {.temperature = 0, .min_new_tokens = 1, .stop_tokens = {best}});
  const DrawnToken second = sampler.Draw(0.5);
  CHECK(second.token != best);
  CHECK(second.raw_logprob == Approx(std::log(raw[static_cast<size_t>(second.token)])).margin(2e-5));
  row = logits;
  sampler.Prepare(row.data(), {.temperature = 0, .logit_bias = {{7, 1000.0F}}});
  CHECK(sampler.Draw(0.5).token == 7);
}

TEST_CASE("the likeliest tokens are those of the model's own distribution, whatever filters do", "[sampler]") {
  TokenSampler sampler(*kernels::BestKernels(), kVocab);
  const std::vector<float> logits = RandomLogits(2, 3.0);
  std::vector<size_t> ranked(logits.size());
  std::iota(ranked.begin(), ranked.end(), size_t{0});
  std::stable_sort(ranked.begin(), ranked.end(), [&](size_t a, size_t b) { return logits[a] > logits[b]; });
  const std::vector<double> raw = ReferenceDistribution(logits, {});
  for (const SamplingParams& sampling :
       {SamplingParams{}, SamplingParams{.temperature = 0.5, .top_k = 3}, SamplingParams{.temperature = 0}}) {
    std::vector<float> row = logits;
    sampler.Prepare(row.data(), sampling);
    const TokenId before = sampler.Draw(0.37).token;
    const std::vector<TokenLogprob> likeliest = sampler.LikeliestTokens(6);
    REQUIRE(likeliest.size() == 6);
    for (size_t i = 0; i < likeliest.size(); ++i) {
      CHECK(likeliest[i].token == static_cast<TokenId>(ranked[i]));
      CHECK(likeliest[i].logprob == Approx(std::log(raw[ranked[i]])).margin(2e-5));
    }
    CHECK(sampler.Draw(0.37).token == before);
    CHECK(sampler.LikeliestTokens(0).empty());
  }
}

TEST_CASE("200,000 draws with the numbers of their coordinates pass a chi-square test for every option", "[sampler]") {
  const std::vector<TokenId> seen = {1, 2, 30, 31};
  const SampleHistory history = {.prompt = seen};
  const std::vector<SamplingParams> cases = {
      {},
      {.temperature = 0.6},
      {.temperature = 1.7},
      {.top_k = 12},
      {.top_p = 0.9},
      {.min_p = 0.05},
      {.repetition_penalty = 1.5},
      {.logit_bias = {{3, 1.5F}, {40, -2.0F}}},
      {.min_new_tokens = 1, .stop_tokens = {0, 5}},
      {.temperature = 0.6, .top_k = 30, .top_p = 0.95, .min_p = 0.01, .repetition_penalty = 1.2},
  };
  constexpr int64_t kSmallVocab = 48;
  constexpr int kDraws = 200000;
  std::vector<float> logits = RandomLogits(9, 1.0);
  logits.resize(kSmallVocab);
  TokenSampler sampler(*kernels::BestKernels(), kSmallVocab);
  for (size_t which = 0; which < cases.size(); ++which) {
    CAPTURE(which);
    const std::vector<double> expected = ReferenceDistribution(logits, cases[which], history);
    std::vector<float> row = logits;
    sampler.Prepare(row.data(), cases[which], history);
    const RandomCoordinates random = {.seed = 12, .step = static_cast<uint32_t>(which)};
    const std::array<uint32_t, 2> key = RandomKey(random.seed, random.purpose);
    std::vector<double> counts(kSmallVocab);
    for (int i = 0; i < kDraws; ++i) {
      ++counts[static_cast<size_t>(sampler.Draw(DrawUniform(key, random, i, 0)).token)];
    }
    double statistic = 0;
    double freedom = -1;
    for (size_t token = 0; token < expected.size(); ++token) {
      if (expected[token] == 0) {
        CHECK(counts[token] == 0);
        continue;
      }
      const double mean = kDraws * expected[token];
      REQUIRE(mean > 5);
      statistic += (counts[token] - mean) * (counts[token] - mean) / mean;
      ++freedom;
    }
    CHECK(statistic < freedom + 4 * std::sqrt(2 * freedom));
    CHECK(statistic > freedom - 4 * std::sqrt(2 * freedom));
  }
}

TEST_CASE("equal logits rank by token id", "[sampler]") {
  const kernels::KernelTable& table = *kernels::BestKernels();
  TokenSampler sampler(table, kVocab);
  std::vector<float> logits(kVocab, 2.0F);
  SECTION("greedy takes the lowest id") {
    sampler.Prepare(logits.data(), {.temperature = 0});
    CHECK(sampler.Draw(0.99).token == 0);
    CHECK(sampler.Draw(0.99).logprob == 0.0F);
    CHECK(sampler.Draw(0.5).raw_logprob == Approx(-std::log(1000.0)));
  }
  SECTION("top-k keeps the lowest ids") {
    sampler.Prepare(logits.data(), {.top_k = 4});
    CHECK(sampler.Draw(0.0).token == 0);
    CHECK(sampler.Draw(0.9999).token == 3);
  }
  SECTION("top-p keeps the lowest ids that reach p") {
    sampler.Prepare(logits.data(), {.top_p = 0.0035});
    CHECK(sampler.Draw(0.0).token == 0);
    CHECK(sampler.Draw(0.9999).token == 3);
  }
}

TEST_CASE("a row that is not finite gives a token of the vocabulary and a log-probability that is not a number", "[sampler]") {
  TokenSampler sampler(*kernels::BestKernels(), kVocab);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const SamplingParams& sampling : {SamplingParams{}, SamplingParams{.temperature = 0}, SamplingParams{.top_p = 0.5}}) {
      std::vector<float> logits = RandomLogits(1, 1.0);
      logits[500] = bad;
      sampler.Prepare(logits.data(), sampling);
      const DrawnToken drawn = sampler.Draw(0.7);
      CHECK(drawn.token == 0);
      CHECK(std::isnan(drawn.logprob));
    }
  }
}

TEST_CASE("the uniform number of a token is a function of its coordinates", "[sampler]") {
  const std::array<uint32_t, 2> key = RandomKey(42, RandomPurpose::kSampling);
  const RandomCoordinates random = {.seed = 42, .step = 3, .prompt = 5, .first_sample = 2};
  const std::array<uint32_t, 4> block = Philox4x32(key, {3, 5, 2 + 4, 9});
  CHECK(DrawUniform(key, random, 4, 9) == UniformFromWords(block[0], block[1]));
}

TEST_CASE("blocks of the cache do not overlap, whatever is returned in between", "[kv_cache]") {
  constexpr int64_t kLayers = 3;
  constexpr int64_t kWidth = 16;
  KvCache cache(100 * kLayers * 2 * kWidth * 2 + 5, kLayers, kWidth, kernels::DType::kBf16);
  REQUIRE(cache.capacity_rows() == 100);
  RandomStream random(3, RandomPurpose::kWeights);
  struct Owned {
    KvBlock block;
    std::byte mark;
  };
  std::vector<Owned> owned;
  const auto for_bytes = [&](const Owned& entry, const auto& body) {
    for (int64_t layer = 0; layer < kLayers; ++layer) {
      for (int64_t row = 0; row < entry.block.capacity(); ++row) {
        for (int64_t i = 0; i < 2 * kWidth; ++i) {
          body(entry.block.KeyRow(layer, row)[i]);
          body(entry.block.ValueRow(layer, row)[i]);
        }
      }
    }
  };
  int num_refused = 0;
  for (int round = 0; round < 2000; ++round) {
    if (random.Uniform() < 0.55) {
      std::optional<KvBlock> block = cache.Allocate(random.Between(0, 30));
      num_refused += !block;
      if (block) {
        owned.push_back({*std::move(block), static_cast<std::byte>(round)});
        for_bytes(owned.back(), [&](std::byte& byte) { byte = owned.back().mark; });
      }
    } else if (!owned.empty()) {
      const size_t i = random.Below(owned.size());
      bool is_intact = true;
      for_bytes(owned[i], [&](const std::byte& byte) { is_intact &= byte == owned[i].mark; });
      REQUIRE(is_intact);
      std::swap(owned[i], owned.back());
      owned.pop_back();
    }
  }
  CHECK(num_refused > 0);
  owned.clear();
  CHECK(cache.used_rows() == 0);
  const std::optional<KvBlock> everything = cache.Allocate(100);
  REQUIRE(everything);
  CHECK_FALSE(cache.Allocate(1));
  CHECK(everything->Run(1, 7).keys == everything->KeyRow(1, 0));
  CHECK(everything->Run(1, 7).values == everything->ValueRow(1, 0));
  CHECK(everything->Run(1, 7).rows == 7);
  CHECK(everything->Run(1, 7).stride == kWidth);
  CHECK(everything->KeyRow(1, 3) - everything->KeyRow(1, 2) == kWidth * 2);
}

TEST_CASE("lanes run a piece of work once each and meet at its end", "[lanes]") {
  Lanes lanes(3);
  std::vector<int> counts(3);  // each lane writes its own
  for (int round = 0; round < 1000; ++round) {
    lanes.Run(1 + round % 3, [&](int lane) { ++counts[static_cast<size_t>(lane)]; });
  }
  CHECK(counts == std::vector<int>{1000, 666, 333});
}

TEST_CASE("members of a team see after a meeting what each wrote before it", "[lanes]") {
  constexpr int kMembers = 3;
  constexpr int kRounds = 3000;
  Lanes lanes(kMembers);
  Team team(kMembers);
  std::array<int, kMembers> written{};  // plain memory: the meetings alone keep readers and writers apart
  std::array<int, kMembers> num_wrong{};
  lanes.Run(kMembers, [&](int lane) {
    const TeamMember member{.team = &team, .idx = lane};
    const auto own = static_cast<size_t>(lane);
    for (int round = 1; round <= kRounds; ++round) {
      written[own] = round;
      member.Meet();
      for (const int value : written) {
        num_wrong[own] += value != round;
      }
      member.Meet();
    }
  });
  CHECK(num_wrong == std::array<int, kMembers>{});
  CHECK(TeamMember{}.team_size() == 1);
  TeamMember{}.Meet();  // alone: returns at once
}

TEST_CASE("an exception of a lane reaches the caller and leaves the lanes usable", "[lanes]") {
  Lanes lanes(2);
  for (int bad = 0; bad < 2; ++bad) {
    CHECK_THROWS_AS(lanes.Run(2, [&](int lane) { lane == bad ? throw std::runtime_error("no") : void(); }), std::runtime_error);
  }
  std::atomic<int> count = 0;
  lanes.Run(2, [&](int) { ++count; });
  CHECK(count == 2);
}

TEST_CASE("the faster of two ways is taken, and the slower one tried again when times may have changed", "[faster_of_two]") {
  FasterOfTwo choice;
  std::array<double, 2> seconds = {3, 1};
  const auto run = [&](int turns) {
    std::array<int, 2> counts{};
    for (int i = 0; i < turns; ++i) {
      const size_t way = choice.Choose();
      ++counts[way];
      choice.Report(way, seconds[way]);
    }
    return counts;
  };
  const std::array<int, 2> first = run(1000);
  CHECK(first[1] > 980);
  CHECK(first[0] > 2);
  seconds = {1, 3};  // the neighbour is gone
  run(500);
  CHECK(run(1000)[0] > 980);
}

TEST_CASE("even shares cover everything once and differ by at most one", "[lanes]") {
  for (int64_t count : {0, 1, 5, 64, 65}) {
    int64_t next = 0;
    for (int lane = 0; lane < 3; ++lane) {
      const Share share = EvenShare(count, lane, 3);
      CHECK(share.begin == next);
      CHECK(share.end - share.begin >= count / 3);
      CHECK(share.end - share.begin <= count / 3 + 1);
      next = share.end;
    }
    CHECK(next == count);
  }
}

}  // namespace cupel
