// Covers the rules of rejection sampling, behaviour counts, thinking budgets, the breakdown by difficulty, the ledger and charts. Alone:
// build/release/tests/experiments_offline_test "[r1]"

#include "experiments/pipeline/rejection.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/status.h"
#include "experiments/analysis/behaviour.h"
#include "experiments/analysis/breakdown.h"
#include "experiments/analysis/thinking_budget.h"
#include "experiments/pipeline/ledger.h"
#include "experiments/recipe.h"
#include "experiments/report/svg_plot.h"
#include "policy/checkpoint/tensor_source.h"
#include "policy/engine/scripted_engine.h"
#include "rewards/reward.h"
#include "tests/rollout/sample_log.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

// A group whose answers are judged and rewarded as a sampling stage does it.
RolloutGroup Judged(const KeepConfig& config, const std::vector<std::string>& texts, size_t num_tokens = 10,
                    FinishReason reason = FinishReason::kStop) {
  RolloutGroup group;
  group.task = {"t/1", {{"user", "What is 3 + 4?"}}, "7", "number", ""};
  const Verifier* verifier = FindVerifier("number").value();
  std::vector<Candidate> candidates;
  for (const std::string& text : texts) {
    Rollout& rollout = group.rollouts.emplace_back();
    rollout.text = text;
    rollout.completion.tokens.resize(num_tokens);
    rollout.completion.finish_reason = reason;
    rollout.verdict = verifier->Verify(group.task, text);
  }
  for (const Rollout& rollout : group.rollouts) {
    candidates.push_back({rollout.text, &rollout.verdict, static_cast<int64_t>(num_tokens), false});
  }
  const auto result = RewardComposition::Create(RejectionFilter::Rewards(config))->Score(group.task, candidates);
  for (size_t i = 0; i < texts.size(); ++i) {
    group.rollouts[i].terms = result.terms[i];
  }
  return group;
}

std::string Answer(const std::string& thought, const std::string& answer = "7") {
  return "<think>" + thought + "</think>\n<answer>" + answer + "</answer>";
}

std::vector<Rejected> Judge(const KeepConfig& config, const std::vector<std::string>& texts, size_t num_tokens = 10) {
  return RejectionFilter(config).Add(Judged(config, texts, num_tokens));
}

TEST_CASE("a sampling stage that cannot be is refused when it is read", "[r1]") {
  SampleRecipe recipe;
  CHECK(Message(CheckSampleRecipe(recipe)).find("model.path is empty") != std::string::npos);
  recipe.model.path = "tiny";
  recipe.rollout.weights = "int8";
  CHECK(CheckSampleRecipe(recipe).ok());
  recipe.model.device = "reference";
  CHECK(Message(CheckSampleRecipe(recipe)).find("rollout.weights = \"int8\"") != std::string::npos);
}

TEST_CASE("settings that a run's program did not know yet had their defaults", "[r1]") {
  Recipe recipe;
  recipe.reward.terms.resize(2);
  Json stored = ConfigToJson(recipe);
  stored["model"].erase("device");
  stored["grpo"]["entropy"].erase("without_signal");
  stored["reward"]["terms"][1].erase("weight");
  CHECK(SettingsChangedSince(stored, "run.db", recipe)->empty());
  recipe.grpo.entropy.without_signal = 2;
  CHECK(*SettingsChangedSince(stored, "run.db", recipe) == std::vector<std::string>{"grpo.entropy.without_signal: 0 -> 2"});
  stored["grpo"]["entropy"]["bonsu"] = 1;
  CHECK(Message(SettingsChangedSince(stored, "run.db", recipe).status()).find("bonsu") != std::string::npos);
}

TEST_CASE("every rule removes what it says, and the first that fails counts", "[r1]") {
  KeepConfig config;
  CHECK(Judge(config, {Answer("3+4=7")}) == std::vector{Rejected::kNo});
  CHECK(Judge(config, {Answer("3+4=8", "8")}) == std::vector{Rejected::kWrong});
  CHECK(Judge(config, {"The answer is 7"}) == std::vector{Rejected::kForm});
  CHECK(Judge(config, {Answer("three and four 我们 得到 seven 七 七 七")}) == std::vector{Rejected::kLanguage});
  CHECK(Judge(config, {Answer("compute ```3+4``` now")}) == std::vector{Rejected::kCode});
  CHECK(Judge(config, {Answer("a b c d a b c d a b c d a b c d a b c d a b c d")}) == std::vector{Rejected::kRepetition});
  CHECK(Judge(config, {Answer("sum"), Answer("sum"), Answer("the sum")}) ==
        std::vector{Rejected::kNo, Rejected::kDuplicate, Rejected::kSurplus});
  config.max_tokens = 9;
  CHECK(Judge(config, {Answer("3+4=7")}) == std::vector{Rejected::kLength});
  RejectionFilter cut(config);
  CHECK(cut.Add(Judged(config, {Answer("3+4=7")}, 5, FinishReason::kLength)) == std::vector{Rejected::kTruncated});
  CHECK(absl::IsFailedPrecondition(cut.CheckNotEmpty()));
  CHECK(Message(cut.CheckNotEmpty()).find("1 truncated") != std::string::npos);
  CHECK(Message(cut.CheckNotEmpty()).find("rollout.max_new_tokens") != std::string::npos);
}

TEST_CASE("kept rows are examples for fine-tuning, and the summary adds up", "[r1]") {
  KeepConfig config;
  config.per_question = 2;
  RejectionFilter filter(config);
  filter.Add(Judged(config, {Answer("one"), Answer("two"), Answer("three"), Answer("x", "9")}));
  const Json summary = filter.Summary();
  CHECK(summary["answers"] == 4);
  CHECK(summary["kept"] == 2);
  CHECK(summary["removed"]["surplus"] == 1);
  CHECK(summary["removed"]["wrong"] == 1);
  const std::string rows = filter.rows();
  const Json first = ParseJson(rows.substr(0, rows.find('\n')), "row").value();
  CHECK(first["prompt"][0]["content"] == "What is 3 + 4?");
  CHECK(first["completion"] == Answer("one"));
}

TEST_CASE("behaviour is counted by the stated words", "[r1]") {
  const BehaviourCounts counts = CountBehaviour("First, 3+4=8. Wait, that is wrong: let me see. Check it. Then 7; no, but however!");
  CHECK(counts.reflective == 5);  // wait, wrong, check, but, however
  CHECK(counts.recheck == 2);     // let me see, check
  CHECK(counts.correction == 3);  // wait, that is wrong, no,
  CHECK(counts.subgoal == 2);     // first, then
  CHECK(counts.foreign == 0);
  CHECK(CountBehaviour("").reflective == 0);
  CHECK(CountBehaviour("checkmate awaits").reflective == 0);
  CHECK(CountBehaviour("a b c d a b c d").repeated == Approx(1.0 / 5));
  CHECK(CountBehaviour("слово word").foreign == Approx(0.5));
}

TEST_CASE("behaviour over a log has a value per step", "[r1]") {
  const TempDir temp;
  RolloutStore store = CreateSampleLog(temp.File("run.db"));
  for (int64_t step = 0; step < 3; ++step) {
    REQUIRE(store.AppendStep(step, SampleGroups(step)).ok());
  }
  const Json curves = BehaviourCurves(store).value();
  CHECK(curves["steps"] == Json({1, 2, 3}));
  for (const auto& [name, values] : curves["curves"].items()) {
    CAPTURE(name);
    CHECK(values.size() == 3);
  }
}

// The byte tokenizer's ids are bytes.
std::vector<TokenId> Tokens(const Tokenizer& tokenizer, const std::string& text) { return tokenizer.Encode(text); }

TEST_CASE("thinking is cut at the budget and the answer forced", "[r1]") {
  const std::unique_ptr<Tokenizer> tokenizer = MakeByteTokenizer();
  RolloutGroup group = Judged({}, {Answer("0123456789"), Answer("01", "8")});
  for (Rollout& rollout : group.rollouts) {
    rollout.completion.tokens = Tokens(*tokenizer, rollout.text);
  }
  group.prompt = Tokens(*tokenizer, "3+4=");
  CHECK(ThoughtTokens(group.rollouts[0].completion.tokens, *tokenizer) == std::ssize(Tokens(*tokenizer, "<think>0123456789</think>")) - 1);
  std::vector<std::string> asked;
  ScriptedEngine engine({.vocab_size = tokenizer->vocab_size()}, [&](const GenerationRequest& request, int64_t) {
    asked.push_back(tokenizer->Decode(request.prompt));
    return tokenizer->Encode("7</answer>");
  });
  BudgetRequest request{.budgets = {9, 1000}};
  const std::vector<BudgetPoint> points = MeasureBudgets({group}, request, engine, *tokenizer).value();
  REQUIRE(points.size() == 2);
  // Both answers are cut after nine bytes, "<think>01", and the forced answer is right.
  CHECK(asked == std::vector<std::string>(2, "3+4=<think>01</think>\n<answer>"));
  CHECK(points[0].forced == 1);
  CHECK(points[0].pass_at_1 == 1);
  // At a budget that nothing reaches the answers count as they were.
  CHECK(points[1].forced == 0);
  CHECK(points[1].pass_at_1 == 0.5);
  request.budgets = {4, 2};
  CHECK(absl::IsInvalidArgument(MeasureBudgets({group}, request, engine, *tokenizer).status()));
}

TEST_CASE("accuracy is told apart by family and difficulty", "[r1]") {
  std::vector<RolloutGroup> groups(3, Judged({}, {Answer("x"), Answer("y", "8")}));
  groups[0].task.metadata = R"({"source_dataset":"chain_sum","expression":"1 + 2","difficulty":{"level":1}})";
  groups[1].task.metadata = R"({"source_dataset":"chain_sum","expression":"10 + 2 - 33","difficulty":{"level":1}})";
  groups[1].rollouts.resize(1);
  const Json parts = BreakDown(groups);
  REQUIRE(parts.size() == 4);
  CHECK(parts[0]["family"] == "chain_sum");
  CHECK(parts[0]["difficulty"] == "");
  CHECK(parts[0]["questions"] == 2);
  CHECK(parts[0]["pass@1"].get<double>() == Approx(0.75));
  CHECK(parts[1]["difficulty"] == "level 1, 2 terms");
  CHECK(parts[2]["difficulty"] == "level 1, 3 terms");
  CHECK(parts[2]["pass@1"] == 1.0);
  CHECK(parts[3]["family"] == "t");
}

TEST_CASE("the ledger counts tokens and operations of a log by the formulas", "[r1]") {
  const TempDir temp;
  RolloutStore store = CreateSampleLog(temp.File("run.db"));
  const std::vector<RolloutGroup> groups = SampleGroups(0);
  REQUIRE(store.AppendStep(0, groups).ok());
  REQUIRE(store.WriteMetrics(0, {{"step_time", 2.0}, {"time/cpu_seconds", 3.0}, {"train/scored_tokens", 10}, {"train/groups_not_used", 1}})
              .ok());
  double sampled = 0, prompts = 0, answers = 0;
  for (const RolloutGroup& group : groups) {
    prompts += static_cast<double>(group.prompt.size());
    for (const Rollout& rollout : group.rollouts) {
      sampled += static_cast<double>(rollout.completion.tokens.size());
      answers += 1;
    }
  }
  const ModelShape shape = FindShape("smollm2-135m").value();
  const Cost cost = CostOfRun(store, shape).value();
  const auto n = static_cast<double>(groups.size());
  CHECK(cost.sampled_tokens == sampled);
  CHECK(cost.trained_tokens == Approx(10 + (n - 1) * prompts / n));
  CHECK(cost.seconds == 2);
  CHECK(cost.cpu_seconds == 3);
  const double prompt = prompts / n, length = sampled / answers;
  CHECK(cost.flops == Approx(prompts * PrefillFlops(shape, prompt) + sampled * DecodeFlops(shape, prompt + length / 2) +
                             cost.trained_tokens * TrainFlops(shape, prompt + length, false)));
  const Json json = CostJson(cost, {.peak_flops = 1e12, .price_per_core_hour = 2});
  CHECK(json["mfu"].get<double>() == Approx(cost.flops / 2e12));
  CHECK(json["price"].get<double>() == Approx(2 * 3.0 / 3600));
  CHECK(CostFromJson(json).flops == cost.flops);
}

TEST_CASE("a chart is one element with every line, and texts cannot leave it", "[r1]") {
  const std::string svg =
      SvgPlot({.title = "a <b>", .x_label = "x", .y_label = "y", .series = {{"<one>", {{1, 0.5, 0.1}, {2, 0.25, 0}}}, {"none", {}}}});
  CHECK(svg.starts_with("<svg"));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(svg.find("<path") != std::string::npos);
  CHECK(svg.find("<b>") == std::string::npos);
  CHECK(svg.find("&lt;one&gt;") != std::string::npos);
  CHECK(svg.find("nan") == std::string::npos);
}

}  // namespace
}  // namespace cupel
