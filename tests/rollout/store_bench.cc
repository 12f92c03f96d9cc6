// Measures how fast steps are stored and what they take on disk. Hidden: build/release/tests/rollout_test "[.bench]"

#include <chrono>
#include <filesystem>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/random.h"
#include "tests/rollout/sample_log.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

double Seconds(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Answers as a small model writes them: words that recur, `num_tokens` tokens of 4 letters.
void WriteTexts(std::vector<RolloutGroup>& groups, int64_t num_tokens) {
  constexpr std::string_view kWords[] = {"the ", "sum ", "of ",   "two ",  "and ", "so ", "answer ",
                                         "is ",  "we ",  "have ", "then ", "12 ",  "= "};
  RandomStream random(7, RandomPurpose::kTaskContent);
  for (RolloutGroup& group : groups) {
    for (Rollout& rollout : group.rollouts) {
      rollout.text.clear();
      for (int64_t i = 0; i < num_tokens; ++i) {
        rollout.text += kWords[random.Below(std::size(kWords))];
      }
    }
  }
}

TEST_CASE("how fast steps are stored", "[.bench]") {
  for (const int64_t num_tokens : {32, 256}) {
    const TempDir folder;
    const std::string path = folder.File("run.db");
    auto groups = SampleGroups(0, {.num_groups = 16, .group_size = 8, .num_tokens = num_tokens});
    WriteTexts(groups, num_tokens);
    const int64_t num_rollouts = 16 * 8;
    constexpr int64_t kSteps = 200;
    int64_t tokens = 0;
    for (const RolloutGroup& group : groups) {
      for (const Rollout& rollout : group.rollouts) {
        tokens += std::ssize(rollout.completion.tokens);
      }
    }
    double seconds = 0;
    {
      RolloutStore store = CreateSampleLog(path);
      const auto start = std::chrono::steady_clock::now();
      for (int64_t step = 0; step < kSteps; ++step) {
        for (RolloutGroup& group : groups) {
          group.step = step;
        }
        REQUIRE(store.AppendStep(step, groups).ok());
      }
      seconds = Seconds(start);
    }
    // Of each completion: a row of rollouts, of verdicts and of the full-text index, and two reward terms.
    const auto rows = static_cast<double>(kSteps * (num_rollouts * 5 + std::ssize(groups) + 1));
    const auto bytes = static_cast<double>(std::filesystem::file_size(path));
    fmt::print("{:3} tokens: {:.0f} rows/s, {:.0f} completions/s, {:.2f} ms a step of 128, {:.0f} bytes a completion ({:.1f} tokens)\n",
               num_tokens, rows / seconds, static_cast<double>(kSteps * num_rollouts) / seconds, 1000 * seconds / kSteps,
               bytes / static_cast<double>(kSteps * num_rollouts), static_cast<double>(tokens) / static_cast<double>(num_rollouts));
  }
}

}  // namespace
}  // namespace cupel
