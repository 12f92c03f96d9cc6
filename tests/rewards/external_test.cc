// Rewards computed by another process: the protocol, and that none of its failures becomes a score. Run alone:
// build/release/tests/rewards_test "[external]"

#include <cmath>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/status.h"
#include "rewards/child_process.h"
#include "rewards/reward.h"
#include "tests/rewards/with_outcome.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Catch::Contains;
using testing::WithOutcome;

const Verdict kRight = WithOutcome(Outcome::kCorrect), kWrong = WithOutcome(Outcome::kIncorrect), kNone = WithOutcome(Outcome::kUndecided);

// A program that greets, then runs `body` for every request; `body` sees `request` and prints with `reply`.
constexpr std::string_view kPrelude = R"(
import json, os, sys, time
def reply(message):
    print(json.dumps(message), flush=True)
json.loads(sys.stdin.readline())
reply({"cupel_reward": 1})
for line in sys.stdin:
    request = json.loads(line)
    n = len(request["candidates"])
)";

class Program {
 public:
  explicit Program(const std::string& body, int64_t deadline_ms = 20'000, int64_t memory_mb = 1024) {
    CHECK(WriteFileAtomically(folder_.File("judge.py"), std::string(kPrelude) + body).ok());
    RewardTermConfig term{.name = "external"};
    term.command = {"python3", folder_.File("judge.py"), folder_.path()};
    term.deadline_ms = deadline_ms;
    term.memory_mb = memory_mb;
    rewards_.emplace(RewardComposition::Create(RewardConfig{.terms = {term}}).value());
  }
  RewardComposition::Result Score(const std::vector<Candidate>& group) const { return rewards_->Score(Task{}, group); }
  std::string ErrorOf(const std::vector<Candidate>& group) const {
    const RewardComposition::Result result = Score(group);
    CHECK(result.rewards[0] == 0);
    return result.errors[0];
  }

 private:
  TempDir folder_;
  std::optional<RewardComposition> rewards_;
};

const std::vector<Candidate> kTwo = {{"one", &kRight, 1, false}, {"three", &kWrong, 1, true}};

TEST_CASE("a process scores candidates with all that is known of them", "[external]") {
  const Program program(R"(
    scores = [len(c["text"]) / 10 + (0.5 if c["outcome"] == "correct" else 0) for c in request["candidates"]]
    assert [c["is_truncated"] for c in request["candidates"]] == [False, True]
    reply({"id": request["id"], "scores": scores})
)");
  const RewardComposition::Result result = program.Score(kTwo);
  CHECK(result.errors == std::vector<std::string>{"", ""});
  CHECK(result.rewards == std::vector<double>{0.8, 0.5});
  CHECK(result.terms[0][0].name == "external(judge.py)");
}

TEST_CASE("the process is started once and used from several threads", "[external]") {
  const Program program(R"(
    reply({"id": request["id"], "scores": [(os.getpid() % 1000) / 1000] * n})
)");
  const double first = program.Score(kTwo).rewards[0];
  std::vector<std::thread> threads;
  std::vector<double> seen(8);
  for (double& value : seen) {
    threads.emplace_back([&] { value = program.Score(kTwo).rewards[1]; });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(seen == std::vector<double>(8, first));
}

TEST_CASE("candidates without a verdict are not sent", "[external]") {
  const Program program(R"(
    reply({"id": request["id"], "scores": [0.25] * n if n == 1 else []})
)");
  const RewardComposition::Result result = program.Score({{"a", &kNone, 1, false}, {"b", &kWrong, 1, false}});
  CHECK(result.errors == std::vector<std::string>{"", ""});
  CHECK(result.rewards == std::vector<double>{0, 0.25});
}

TEST_CASE("every failure is an error that says what happened, never a score", "[external]") {
  CHECK_THAT(Program("    reply({'id': request['id'], 'scores': [1.0]})\n").ErrorOf(kTwo), Contains("gave 1 scores for 2 candidates"));
  CHECK_THAT(Program("    reply({'id': request['id'], 'scores': [None] * n})\n").ErrorOf(kTwo), Contains("gave no number"));
  CHECK_THAT(Program("    reply({'id': request['id'], 'scores': [7.5] * n})\n").ErrorOf(kTwo), Contains("7.5") && Contains("0 to 1"));
  CHECK_THAT(Program("    reply({'id': request['id'], 'scores': [float('nan')] * n})\n").ErrorOf(kTwo), Contains("its reply"));
  CHECK_THAT(Program("    reply({'id': 0, 'scores': [1.0] * n})\n").ErrorOf(kTwo), Contains("id 1"));
  CHECK_THAT(Program("    reply({'id': request['id'], 'points': 3})\n").ErrorOf(kTwo), Contains("no \"scores\""));
  CHECK_THAT(Program("    reply({'id': request['id'], 'error': 'no model'})\n").ErrorOf(kTwo), Contains("it reports: no model"));
  CHECK_THAT(Program("    print('hello', flush=True)\n").ErrorOf(kTwo), Contains("its reply"));
  CHECK_THAT(Program("    sys.exit(3)\n").ErrorOf(kTwo), Contains("exit code 3"));
  CHECK_THAT(Program("    os.kill(os.getpid(), 9)\n").ErrorOf(kTwo), Contains("signal 9"));
  CHECK_THAT(Program("    os.close(1); time.sleep(60)\n").ErrorOf(kTwo), Contains("closed its output"));
  CHECK_THAT(Program("    time.sleep(60)\n", 700).ErrorOf(kTwo), Contains("no answer within 700 ms"));
  CHECK_THAT(Program("    x = 'x' * (1 << 31); reply({'id': request['id'], 'scores': [1.0] * n})\n", 20'000, 200).ErrorOf(kTwo),
             Contains("exit code 1"));
}

TEST_CASE("a bad number is an error of its candidate alone", "[external]") {
  const Program program("    reply({'id': request['id'], 'scores': [0.5, None]})\n");
  const RewardComposition::Result result = program.Score(kTwo);
  CHECK(result.errors[0].empty());
  CHECK(result.rewards[0] == 0.5);
  CHECK_FALSE(result.errors[1].empty());
}

TEST_CASE("after its death the process is started again", "[external]") {
  const Program program(R"(
    mark = sys.argv[1] + "/died"
    if not os.path.exists(mark):
        open(mark, "w").close()
        sys.exit(1)
    reply({"id": request["id"], "scores": [1.0] * n})
)");
  CHECK_THAT(program.ErrorOf(kTwo), Contains("exit code 1"));
  CHECK(program.Score(kTwo).rewards[0] == 1);
}

TEST_CASE("what the process started is ended with it", "[external]") {
  const TempDir folder;
  {
    auto process = ChildProcess::Start({"sh", "-c", "sleep 600 & echo $!; read line"}, int64_t{1} << 30).value();
    const std::string pid = process.ReadLine(std::chrono::steady_clock::now() + std::chrono::seconds(20), 100).value();
    CHECK(WriteFileAtomically(folder.File("pid"), pid).ok());
    CHECK(kill(std::stoi(pid), 0) == 0);
  }
  const int pid = std::stoi(ReadFile(folder.File("pid")).value());
  bool is_gone = false;
  for (int i = 0; i < 500 && !is_gone; ++i) {
    const auto stat = ReadFile("/proc/" + std::to_string(pid) + "/stat");  // a zombie whose new parent does not wait for it counts as gone
    is_gone = !stat.ok() || stat->find(") Z ") != std::string::npos;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(is_gone);
}

TEST_CASE("a program that is not there is refused when the reward is made", "[external]") {
  RewardTermConfig term{.name = "external"};
  term.command = {"no-such-program-here"};
  CHECK_THAT(std::string(Message(RewardComposition::Create(RewardConfig{.terms = {term}}).status())),
             Contains("reward term 1") && Contains("no program \"no-such-program-here\" in PATH"));
}

}  // namespace
}  // namespace cupel
