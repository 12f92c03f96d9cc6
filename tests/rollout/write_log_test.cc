// Writes a log and, beside it, what it must hold, for read_log.py to compare. Hidden: read_log.py runs it with the folder in
// CUPEL_TEST_LOG.

#include <bit>
#include <cstdlib>
#include <fstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/rollout/sample_log.h"

namespace cupel {
namespace {

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) {
    hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return hex;
}

// Doubles and floats as the integers that have their bits.
Json Bits(const std::vector<float>& values) {
  Json bits = Json::array();
  for (const float value : values) {
    bits.push_back(std::bit_cast<uint32_t>(value));
  }
  return bits;
}

uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

Json ExpectedRollout(const RolloutGroup& group, const Rollout& rollout) {
  const Completion& completion = rollout.completion;
  Json terms = Json::array();
  for (const RewardTerm& term : rollout.terms) {
    terms.push_back({term.name, Bits(term.value), Bits(term.weight)});
  }
  return {{"key", {group.step, group.group_idx, completion.sample_idx}},
          {"task_id", Hex(group.task.id)},
          {"prompt_tokens", group.prompt},
          {"text", Hex(rollout.text)},
          {"tokens", completion.tokens},
          {"logprobs", Bits(completion.logprobs)},
          {"raw_logprobs", Bits(completion.raw_logprobs)},
          {"finish_reason", FinishReasonName(completion.finish_reason)},
          {"policy_version", completion.policy_version},
          {"reward", Bits(rollout.reward)},
          {"advantage", Bits(rollout.advantage)},
          {"outcome", OutcomeName(rollout.verdict.outcome)},
          {"extracted", Hex(rollout.verdict.extracted)},
          {"span", {rollout.verdict.span.begin, rollout.verdict.span.end}},
          {"terms", terms}};
}

TEST_CASE("a log and what it must hold", "[.write_log]") {
  const char* folder = std::getenv("CUPEL_TEST_LOG");
  REQUIRE(folder != nullptr);
  RolloutStore store = CreateSampleLog(fmt::format("{}/run.db", folder));
  Json expected = Json::array();
  for (const auto& groups : {SampleGroups(0, {.num_groups = 4, .group_size = 8, .num_tokens = 300}), ExtremeGroups(1)}) {
    REQUIRE(store.AppendStep(groups[0].step, groups).ok());
    for (const RolloutGroup& group : groups) {
      for (const Rollout& rollout : group.rollouts) {
        expected.push_back(ExpectedRollout(group, rollout));
      }
    }
  }
  std::ofstream(fmt::format("{}/expected.json", folder)) << DumpJson(expected);
}

}  // namespace
}  // namespace cupel
