// Covers rollout/rollout_workers.h, with a scripted engine in place of a model. Alone: build/release/tests/rollout_test "[workers]"

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/status.h"
#include "policy/engine/scripted_engine.h"
#include "rollout/rollout_workers.h"
#include "tests/rollout/sample_log.h"

namespace cupel {
namespace {

constexpr TokenId kEnd = 256;
constexpr TokenId kOtherEnd = 257;

// One token per byte and two control tokens. Tells a watcher when a token is decoded.
class ByteTokenizer final : public Tokenizer {
 public:
  ByteTokenizer() {
    for (int byte = 0; byte < 256; ++byte) {
      bytes_ += static_cast<char>(byte);
    }
  }
  int vocab_size() const override { return 258; }
  std::vector<TokenId> Encode(std::string_view text) const override {
    std::vector<TokenId> tokens;
    for (const char byte : text) {
      tokens.push_back(static_cast<unsigned char>(byte));
    }
    return tokens;
  }
  std::string_view TokenBytes(TokenId token) const override {
    ++num_decoded;
    return token < kEnd ? std::string_view(bytes_).substr(static_cast<size_t>(token), 1) : std::string_view();
  }
  std::optional<TokenId> ControlToken(std::string_view spelling) const override {
    return spelling == "<end>" ? std::optional(kEnd) : std::nullopt;
  }
  std::string_view ControlSpelling(TokenId token) const override { return token == kEnd ? "<end>" : ""; }
  const std::vector<TokenId>& stop_tokens() const override { return stop_tokens_; }
  std::vector<File> ToFiles() const override { return {}; }

  mutable std::atomic<int64_t> num_decoded = 0;

 private:
  std::string bytes_;
  std::vector<TokenId> stop_tokens_ = {kEnd, kOtherEnd};
};

Task Sum(int64_t a, int64_t b) {
  return {.id = fmt::format("arithmetic/{}+{}", a, b),
          .prompt = {{"user", fmt::format("{}+{}=", a, b)}},
          .answer = fmt::format("{}", a + b),
          .verifier = "number",
          .metadata = ""};
}

// What sample s of prompt p says: some right, some wrong, some nothing, of very different lengths.
std::string ScriptedText(uint32_t prompt, int64_t sample_idx) {
  switch ((prompt + sample_idx) % 4) {
    case 0:
      return fmt::format("{}", 2 * prompt);
    case 1:
      return fmt::format("{:>{}}", 2 * prompt, 10 + 7 * sample_idx);
    case 2:
      return "I do not know.";
    default:
      return fmt::format("The answer is \\boxed{{{}}}.", prompt);
  }
}

struct Setup {
  ByteTokenizer tokenizer;
  ChatTemplate chat = ChatTemplate::Create("plain", "", tokenizer).value();
  RewardComposition rewards = RewardComposition::Create({{{"correctness", 1.0, ""}, {"format", 0.5, "boxed"}}}).value();
  std::vector<GenerationRequest> requests;  // as the engine saw them, one for each sample
  ScriptedEngine engine;
  RolloutWorkers workers{engine, tokenizer, chat, rewards};

  explicit Setup(int64_t max_running = 64)
      : engine({.vocab_size = 258, .max_context = 400, .max_running = max_running, .policy_version = 3},
               [this](const GenerationRequest& request, int64_t sample_idx) {
                 requests.push_back(request);
                 return tokenizer.Encode(ScriptedText(request.random.prompt, sample_idx));
               }) {}

  static CollectRequest Request() {
    CollectRequest request;
    for (int64_t i = 0; i < 6; ++i) {
      request.tasks.push_back(Sum(i, i));
    }
    request.group_size = 8;
    request.sampling.max_new_tokens = 60;
    request.random = {.seed = 11, .purpose = RandomPurpose::kSampling, .step = 5, .prompt = 0, .first_sample = 0};
    request.step = 5;
    return request;
  }
};

TEST_CASE("groups come in the order of tasks, rollouts in the order of samples, each judged and rewarded", "[workers]") {
  Setup setup;
  const auto groups = setup.workers.Collect(Setup::Request()).value();
  REQUIRE(groups.size() == 6);
  for (size_t i = 0; i < groups.size(); ++i) {
    const RolloutGroup& group = groups[i];
    CHECK(group.step == 5);
    CHECK(group.group_idx == static_cast<int64_t>(i));
    CHECK(group.task.id == Setup::Request().tasks[i].id);
    CHECK(group.prompt == setup.chat.Render(group.task.prompt));
    REQUIRE(group.rollouts.size() == 8);
    for (size_t s = 0; s < group.rollouts.size(); ++s) {
      const Rollout& rollout = group.rollouts[s];
      const std::string text = ScriptedText(static_cast<uint32_t>(i), static_cast<int64_t>(s));
      const bool is_boxed = text.find("boxed") != std::string::npos;
      const bool is_correct = text.find("know") == std::string::npos && (!is_boxed || i == 0);
      CHECK(rollout.completion.sample_idx == static_cast<int64_t>(s));
      CHECK(rollout.completion.request_id == i);
      CHECK(rollout.completion.policy_version == 3);
      CHECK(rollout.completion.tokens.back() == kEnd);
      CHECK(rollout.text == text);
      CHECK((rollout.verdict.outcome == Outcome::kCorrect) == is_correct);
      CHECK(rollout.verifier_version >= 1);
      REQUIRE(rollout.terms.size() == 2);
      CHECK(rollout.terms[0].value == (is_correct ? 1.0 : 0.0));
      CHECK(rollout.terms[1].value == (is_boxed ? 1.0 : 0.0));
      CHECK(rollout.reward == rollout.terms[0].value + 0.5 * rollout.terms[1].value);
      CHECK(rollout.advantage == 0.0);
    }
  }
  CHECK(setup.engine.idle());
}

TEST_CASE("neither what runs beside it nor the order of completion shows in the result", "[workers]") {
  Setup wide(64);
  const auto expected = wide.workers.Collect(Setup::Request()).value();
  CHECK(FirstDifference(wide.workers.Collect(Setup::Request()).value(), expected).empty());
  Setup narrow(8);  // one group at a time
  CHECK(FirstDifference(narrow.workers.Collect(Setup::Request()).value(), expected).empty());
}

TEST_CASE("requests carry the tokenizer's stop tokens and the coordinates of their random numbers", "[workers]") {
  Setup setup;
  CollectRequest request = Setup::Request();
  request.random.prompt = 40;
  request.random.purpose = RandomPurpose::kEvaluation;
  REQUIRE(setup.workers.Collect(request).ok());
  std::set<uint32_t> prompts;
  for (const GenerationRequest& seen : setup.requests) {
    CHECK(seen.sampling.stop_tokens == std::vector<TokenId>{kEnd, kOtherEnd});
    CHECK(seen.sampling.max_new_tokens == 60);
    CHECK(seen.random.seed == 11);
    CHECK(seen.random.purpose == RandomPurpose::kEvaluation);
    CHECK(seen.random.step == 5);
    CHECK(seen.random.first_sample == 0);
    CHECK(seen.num_samples == 8);
    prompts.insert(seen.random.prompt);
  }
  CHECK(prompts == std::set<uint32_t>{40, 41, 42, 43, 44, 45});

  SECTION("unless the caller chose the stop tokens") {
    setup.requests.clear();
    request.sampling.stop_tokens = {'.'};
    REQUIRE(setup.workers.Collect(request).ok());
    CHECK(setup.requests[0].sampling.stop_tokens == std::vector<TokenId>{'.'});
  }
}

TEST_CASE("an answer cut off is judged as it is and seen as truncated", "[workers]") {
  Setup setup;
  CollectRequest request = Setup::Request();
  request.sampling.max_new_tokens = 4;
  const auto groups = setup.workers.Collect(request).value();
  CHECK(groups[3].rollouts[0].completion.finish_reason == FinishReason::kLength);
  CHECK(groups[3].rollouts[0].text == "The ");
  CHECK(groups[3].rollouts[0].verdict.outcome == Outcome::kNoAnswer);
}

TEST_CASE("broken UTF-8 of a model is text by the time it is judged", "[workers]") {
  Setup setup;
  ScriptedEngine engine({.vocab_size = 258}, [](const GenerationRequest&, int64_t) { return std::vector<TokenId>{0xFF, 0, '4', 0xC3}; });
  RolloutWorkers workers(engine, setup.tokenizer, setup.chat, setup.rewards);
  CollectRequest request = Setup::Request();
  request.tasks = {Sum(2, 2)};
  const auto groups = workers.Collect(request).value();
  CHECK(groups[0].rollouts[0].text == std::string("\xEF\xBF\xBD\0"
                                                  "4\xEF\xBF\xBD",
                                                  8));
}

TEST_CASE("the failure of a verifier is kept as such and rewards nothing", "[workers]") {
  Setup setup;
  CollectRequest request = Setup::Request();
  request.tasks[2].answer = "not a number";
  const auto groups = setup.workers.Collect(request).value();
  for (const Rollout& rollout : groups[2].rollouts) {
    CHECK(rollout.verdict.outcome == Outcome::kError);
    CHECK_FALSE(rollout.verdict.reason.empty());
    CHECK(rollout.reward == 0.0);
  }
  CHECK(groups[0].rollouts[0].verdict.outcome == Outcome::kCorrect);
}

TEST_CASE("an unknown verifier is named with its task before anything is sampled", "[workers]") {
  Setup setup;
  CollectRequest request = Setup::Request();
  request.tasks[4].verifier = "numbr";
  const absl::Status status = setup.workers.Collect(request).status();
  CHECK(absl::IsNotFound(status));
  CHECK_THAT(std::string(Message(status)), Catch::Matchers::Contains("arithmetic/4+4") && Catch::Matchers::Contains("numbr"));
  CHECK(setup.requests.empty());
}

TEST_CASE("what the engine refuses is passed on with the task, and the engine is left idle", "[workers]") {
  Setup setup;
  CollectRequest request = Setup::Request();
  request.tasks[1].prompt[0].content = std::string(1000, 'x');
  const absl::Status status = setup.workers.Collect(request).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK_THAT(std::string(Message(status)), Catch::Matchers::StartsWith("task arithmetic/1+1: "));
  CHECK(setup.engine.idle());
  CHECK(setup.workers.Collect(Setup::Request()).ok());

  request = Setup::Request();
  request.group_size = 0;
  CHECK(absl::IsInvalidArgument(setup.workers.Collect(request).status()));
}

TEST_CASE("no tasks give no groups", "[workers]") {
  Setup setup;
  CollectRequest request = Setup::Request();
  request.tasks.clear();
  CHECK(setup.workers.Collect(request).value().empty());
}

TEST_CASE("a collection given up keeps nothing and leaves the engine ready for the next", "[workers]") {
  Setup setup(16);  // some requests still wait for their turn
  const auto expected = setup.workers.Collect(Setup::Request()).value();
  for (const int steps : {0, 1, 9, 30}) {
    int asked = 0;
    const absl::Status status = setup.workers.Collect(Setup::Request(), {}, [&] { return asked++ == steps; }).status();
    CHECK(absl::IsCancelled(status));
    CHECK(setup.engine.idle());
    CHECK(FirstDifference(setup.workers.Collect(Setup::Request()).value(), expected).empty());
  }
}

TEST_CASE("progress counts up to the end", "[workers]") {
  Setup setup(16);
  CollectProgress last;
  int questions = 0;
  int reports = 0;
  const auto report = [&](const CollectProgress& now) {
    ++reports;
    CHECK(now.total == 48);
    CHECK(now.finished >= last.finished);
    CHECK(now.sampled_tokens > last.sampled_tokens);
    CHECK(now.seconds >= last.seconds);
    last = now;
  };
  REQUIRE(setup.workers.Collect(Setup::Request(), report, [&] { return ++questions < 0; }).ok());
  CHECK(last.finished == 48);
  CHECK(last.sampled_tokens == setup.engine.stats().sampled_tokens);
  CHECK(questions == reports);
}

// An engine that holds back its second finished completion until the first one is being verified.
class PatientEngine final : public GenerationEngine {
 public:
  PatientEngine(GenerationEngine& engine, const ByteTokenizer& tokenizer) : engine_(engine), tokenizer_(tokenizer) {}
  absl::Status Add(GenerationRequest request) override { return engine_.Add(std::move(request)); }
  std::vector<GenerationEvent> Step() override {
    for (int i = 0; has_finished_ && tokenizer_.num_decoded == 0 && i < 10'000; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    is_overlapped |= has_finished_ && tokenizer_.num_decoded > 0;
    std::vector<GenerationEvent> events = engine_.Step();
    for (const GenerationEvent& event : events) {
      has_finished_ |= event.finished.has_value();
    }
    return events;
  }
  void Abort(uint64_t request_id) override { engine_.Abort(request_id); }
  bool idle() const override { return engine_.idle(); }
  GenerationStats stats() const override { return engine_.stats(); }
  bool is_batch_invariant() const override { return true; }

  bool is_overlapped = false;

 private:
  GenerationEngine& engine_;
  const ByteTokenizer& tokenizer_;
  bool has_finished_ = false;
};

TEST_CASE("completions are verified while others are still sampled", "[workers]") {
  Setup setup;
  PatientEngine engine(setup.engine, setup.tokenizer);
  RolloutWorkers workers(engine, setup.tokenizer, setup.chat, setup.rewards);
  REQUIRE(workers.Collect(Setup::Request()).ok());
  CHECK(engine.is_overlapped);
}

}  // namespace
}  // namespace cupel
