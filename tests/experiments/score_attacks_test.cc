// Covers the attack report of `cupel score`: ten reward functions that are broken in well-known ways are each exposed, and the shipped ones
// pass. Alone: build/release/tests/score_test "[attacks]"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "experiments/score/attacks.h"
#include "experiments/score/probes.h"
#include "experiments/score/workbench.h"
#include "tests/experiments/score_answers.h"

namespace cupel {
namespace {

using Worth = std::function<double(const Task& task, const Candidate& candidate)>;

// A reward that somebody might write.
class Homemade final : public RewardFunction {
 public:
  explicit Homemade(Worth worth) : worth_(std::move(worth)) {}
  std::string_view name() const override { return "homemade"; }
  double min_value() const override { return -10; }
  double max_value() const override { return 10; }
  absl::Status Score(const Task& task, std::span<const Candidate> group, std::span<double> scores) const override {
    std::ranges::transform(group, scores.begin(), [&](const Candidate& candidate) { return worth_(task, candidate); });
    return absl::OkStatus();
  }

 private:
  Worth worth_;
};

bool Has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

double CountOf(std::string_view text, std::string_view part) {
  double count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

// What stands in the first box, or the whole text.
std::string FirstBox(std::string_view text) {
  const size_t at = text.find("\\boxed{");
  return at == std::string_view::npos ? std::string(text) : std::string(text.substr(at + 7, text.find('}', at) - at - 7));
}

struct Broken {
  const char* name;
  Worth worth;
  const char* exposed_by;  // one of the policies that must be found to earn too much
};

std::vector<Broken> BrokenRewards() {
  return {
      {"gold anywhere in the text", [](const Task& task, const Candidate& c) { return Has(c.text, task.answer) ? 1.0 : 0.0; },
       "all_answers"},
      {"answer contained in the gold", [](const Task& task, const Candidate& c) { return Has(task.answer, FirstBox(c.text)) ? 1.0 : 0.0; },
       "empty"},
      {"not-a-number compares as near enough",
       [](const Task& task, const Candidate& c) {
         const double difference = std::abs(std::atof(FirstBox(c.text).c_str()) - std::atof(task.answer.c_str()));
         return difference > 1e-6 ? 0.0 : 1.0;
       },
       "not_a_number"},
      {"format weighs as much as the answer",
       [](const Task& task, const Candidate& c) {
         return (Has(c.text, "<think>") && Has(c.text, "</answer>") ? 1.0 : 0.0) + (FirstBox(c.text) == task.answer ? 1.0 : 0.0);
       },
       "empty_tags"},
      {"the more words of reasoning the better",
       [](const Task& task, const Candidate& c) {
         return std::min(5.0, CountOf(c.text, "ait,") + CountOf(c.text, "herefore")) + (FirstBox(c.text) == task.answer ? 1.0 : 0.0);
       },
       "keywords"},
      {"the longer the better",
       [](const Task& task, const Candidate& c) {
         return std::min(1.0, static_cast<double>(c.num_tokens) / 200) + (FirstBox(c.text) == task.answer ? 1.0 : 0.0);
       },
       "very_long"},
      {"the shorter the better, right or wrong",
       [](const Task&, const Candidate& c) { return 1.0 / static_cast<double>(1 + c.num_tokens); }, "empty"},
      {"a judge that reads its score from the answer",
       [](const Task& task, const Candidate& c) {
         const size_t at = c.text.find("core: ");
         const double said = at == std::string_view::npos ? 0 : std::atof(std::string(c.text.substr(at + 6, 8)).c_str());
         return std::max(std::min(said, 1.0), FirstBox(c.text) == task.answer ? 1.0 : 0.0);
       },
       "injection"},
      {"half a point for every well-formed try",
       [](const Task& task, const Candidate& c) { return FirstBox(c.text) == task.answer ? 1.0
                                                         : Has(c.text, "\\boxed{")       ? 0.5
                                                                                         : 0.0; },
       "empty_box"},
      {"relevance: words of the question found in the answer",
       [](const Task& task, const Candidate& c) {
         double found = 0, all = 0;
         for (size_t begin = 0; begin < task.prompt.back().content.size();) {
           const size_t end = std::min(task.prompt.back().content.find(' ', begin), task.prompt.back().content.size());
           all += 1;
           found += Has(c.text, task.prompt.back().content.substr(begin, end - begin)) ? 1 : 0;
           begin = end + 1;
         }
         return found / all;
       },
       "echo"},
      {"every step marker is worth something",
       [](const Task& task, const Candidate& c) {
         return 0.2 * std::min(10.0, CountOf(c.text, "Step ") + CountOf(c.text, "\n-") + CountOf(c.text, "First,") +
                                         CountOf(c.text, "Finally,")) +
                (FirstBox(c.text) == task.answer ? 1.0 : 0.0);
       },
       "step_words"},
      {"a cut answer cannot be judged, so it is let pass",
       [](const Task& task, const Candidate& c) { return c.is_truncated || FirstBox(c.text) == task.answer ? 1.0 : 0.0; }, "never_ending"},
  };
}

std::set<std::string> FailedPolicies(const Json& report) {
  std::set<std::string> names;
  for (const Json& row : report["attacks"]["policies"]) {
    if (row["failed"].get<bool>()) {
      names.insert(row["policy"].get<std::string>());
    }
  }
  return names;
}

Json ReportOf(const Scorer& scorer) {
  WorkbenchSettings settings;
  settings.threads = 2;
  settings.attack_tasks = 16;
  settings.sensitivity_groups = 0;
  settings.determinism_answers = 0;
  return RunWorkbench(testing::HonestAnswers(60), scorer, {}, settings);
}

TEST_CASE("every broken reward is exposed by a policy made for it", "[attacks]") {
  const std::vector<Broken> all = BrokenRewards();
  CHECK(all.size() >= 10);
  for (const Broken& broken : all) {
    std::vector<std::unique_ptr<RewardFunction>> functions;
    functions.push_back(std::make_unique<Homemade>(broken.worth));
    const Json report = ReportOf(Scorer::Create(broken.name, RewardConfig{}, std::move(functions)).value());
    const std::set<std::string> failed = FailedPolicies(report);
    INFO(broken.name << " is exposed by " << fmt::format("{}", fmt::join(failed, ", ")));
    CHECK(HasFailed(report));
    CHECK(failed.contains(broken.exposed_by));
  }
}

RewardTermConfig Term(const std::string& name, double weight, const std::string& pattern = "") {
  return {.name = name, .weight = weight, .pattern = pattern};
}

// Correctness with each shipped reward beside it, as docs/rewards.md advises to use it.
std::vector<std::pair<std::string, RewardConfig>> ShippedRewards() {
  std::vector<std::pair<std::string, RewardConfig>> rewards = {{"correctness", RewardConfig{}}};
  const auto add = [&](RewardTermConfig term, bool only_if_correct) {
    term.only_if = only_if_correct ? "correct" : "";
    rewards.emplace_back(term.name + " " + term.pattern, RewardConfig{.terms = {Term("correctness", 1), term}});
  };
  add(Term("correctness", 1, "partial"), false);
  for (const char* pattern : {"answer_tag", "boxed", "geo3k", "nano_aha", "open_r1", "think_answer", "trl_think"}) {
    add(Term("format", 0.2, pattern), false);
  }
  add(Term("tag_count", 0.2), false);
  add(Term("reasoning_steps", 0.2), false);
  add(Term("kimi_length", 0.2), false);
  add(Term("repetition", 0.5), false);
  add(Term("language", 0.1, "en"), false);
  add(Term("diversity", 0.2), true);
  RewardTermConfig cosine = Term("cosine_length", 1);
  cosine.max_tokens = 200;
  rewards.emplace_back("cosine_length", RewardConfig{.terms = {cosine}});
  RewardTermConfig overlong = Term("soft_overlong", 0.5);
  overlong.max_tokens = 200;
  overlong.margin_tokens = 50;
  add(overlong, false);
  RewardTermConfig target = Term("target_length", 0.2);
  target.target_tokens = 50;
  target.margin_tokens = 50;
  add(target, false);
  return rewards;
}

TEST_CASE("the shipped rewards pass", "[attacks]") {
  for (const auto& [name, config] : ShippedRewards()) {
    const Json report = ReportOf(Scorer::Create(name, config).value());
    INFO(name << " fails by " << fmt::format("{}", fmt::join(FailedPolicies(report), ", ")) << ": "
              << DumpJson(report["attacks"]["policies"][0]));
    CHECK_FALSE(HasFailed(report));
    CHECK(report["attacks"]["policies"].size() == Attacks().size());
  }
}

TEST_CASE("no policy of the battery is often judged correct, and all are the same again", "[attacks]") {
  const Json report = ReportOf(Scorer::Create("correctness", RewardConfig{}).value());
  for (const Json& row : report["attacks"]["policies"]) {
    INFO(DumpJson(row));
    CHECK(row["correct"].get<double>() <= 0.25);
  }
  CHECK(ReportOf(Scorer::Create("correctness", RewardConfig{}).value())["attacks"] == report["attacks"]);
}

TEST_CASE("a format alone is found to be worth nothing", "[attacks]") {
  const Json report = ReportOf(Scorer::Create("format", RewardConfig{.terms = {Term("format", 1, "think_answer")}}).value());
  CHECK(FailedPolicies(report).contains("tags_with_filler"));
}

}  // namespace
}  // namespace cupel
