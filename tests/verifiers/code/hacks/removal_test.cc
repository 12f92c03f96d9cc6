// Proof by removal for the protections of the judge: each is taken away between judge and sandbox, and a named hack that is refused
// otherwise then scores. Needs a sandbox. Alone: build/release/tests/code_hacks_test "[removal]"

#include <algorithm>
#include <cstring>
#include <functional>

#include <catch2/catch.hpp>

#include "base/json.h"
#include "tests/verifiers/code/need_sandbox.h"
#include "verifiers/code/code_verifier.h"
#include "verifiers/code/judge/protocol.h"
#include "verifiers/code/judge/value.h"

namespace cupel::code {
namespace {

using sandbox::Job;
using sandbox::JobResult;

// A sandbox with one protection of the judge taken away: what goes in and what comes out may be changed on the way.
struct Removal {
  std::function<void(Job&)> before = [](Job&) {};
  std::function<void(const Job&, JobResult&)> after = [](const Job&, JobResult&) {};
};

class WeakSandbox final : public sandbox::Sandbox {
 public:
  WeakSandbox(sandbox::Sandbox& inner, Removal removal) : inner_(inner), removal_(std::move(removal)) {}

  absl::StatusOr<JobResult> Run(const Job& job) override {
    Job changed = job;
    removal_.before(changed);
    absl::StatusOr<JobResult> result = inner_.Run(changed);
    if (result.ok()) {
      removal_.after(changed, *result);
    }
    return result;
  }
  absl::StatusOr<sandbox::Conversation> RunTogether(const Job& first, const Job& second) override {
    Job one = first;
    Job two = second;
    removal_.before(one);
    removal_.before(two);
    return inner_.RunTogether(one, two);
  }
  sandbox::Tier tier() const override { return inner_.tier(); }
  std::string Description() const override { return inner_.Description(); }

 private:
  sandbox::Sandbox& inner_;
  Removal removal_;
};

// In the text of a driver; a text that is no longer there fails the test.
void Replace(std::string& text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  if (at != std::string::npos) {
    text.replace(at, from.size(), to);
  }
}
Removal InDriver(std::string_view from, std::string_view to) {
  Removal removal;
  removal.before = [=](Job& job) { Replace(job.driver, from, to); };
  return removal;
}

Removal WithFile(const std::string& name, const std::string& text) {
  Removal removal;
  removal.before = [=](Job& job) { job.files.push_back({name, text, false}); };
  return removal;
}

constexpr size_t kHeader = sizeof(Nonce) + 8;

struct FrameBytes {
  uint32_t index;
  std::string bytes;
};

std::vector<FrameBytes> SplitFrames(const std::string& row) {
  std::vector<FrameBytes> frames;
  for (size_t at = 0; at + kHeader <= row.size();) {
    uint32_t head[2];
    std::memcpy(head, row.data() + at + sizeof(Nonce), sizeof head);
    frames.push_back({head[0], row.substr(at, kHeader + head[1])});
    at += kHeader + head[1];
  }
  return frames;
}

// The nonces are not looked at: every frame gets the one that is wanted.
void IgnoreNonces(const Job& job, JobResult& result) {
  std::string problem;
  const std::optional<Value> request = Decode(job.channel_input, problem);
  std::string row;
  for (FrameBytes& frame : SplitFrames(result.result)) {
    const std::string& nonce = frame.index == 0 ? request->items[1].text : request->items[2].items.at(frame.index - 1).items[0].text;
    row += frame.bytes.replace(0, sizeof(Nonce), nonce);
  }
  result.result = row;
}

// Of several results for a call the best is taken, whatever it is.
std::function<void(const Job&, JobResult&)> TakeBest(const Value& wanted) {
  const std::string best = Encode(wanted);
  return [best](const Job&, JobResult& result) {
    std::string row;
    for (const FrameBytes& frame : SplitFrames(result.result)) {
      row += frame.index == 0 || frame.bytes.ends_with(best) ? frame.bytes : "";
    }
    result.result = row;
  };
}

void IgnoreEnding(const Job&, JobResult& result) {
  result.ending = sandbox::Ending::kExited;
  result.exit_code = 0;
  result.is_output_truncated = result.is_error_truncated = result.is_result_truncated = false;
}

constexpr std::string_view kForge = R"(
import os, struct, sys
def frame(nonce, index, value):
    payload = b'T\x02\x00\x00\x00S\x01\x00\x00\x00V' + value
    os.write(4, nonce + struct.pack('<II', index, len(payload)) + payload)
def number(n):
    return b'I' + struct.pack('<I', len(str(n))) + str(n).encode()
)";

struct Protection {
  std::string name;
  std::string metadata;
  std::string hack;
  Removal removal;
};

std::string Metadata(const std::string& format, const Json& record, const Json& options = Json::object()) {
  return Json({{"format", format}, {"record", record}, {"options", options}}).dump();
}

std::vector<Protection> Protections() {
  const std::string call = Metadata("call", {{"function", "f"}, {"tests", {{{"args", {2}}, {"expected", 13}}}}});
  const std::string stdio = Metadata("stdio", {{"tests", {{{"input", "2\n"}, {"output", "13\n"}}}}});
  const auto pytest = [](const std::string& test) { return Metadata("pytest", {{"test", "from solution import f\n" + test}}); };
  const Json row = {{"function", "f"}, {"tests", {{{"args", {5}}, {"expected", 1}}, {{"args", {8}}, {"expected", 2}}}}};
  std::vector<Protection> all;
  all.push_back({"a new nonce for every call",
                 call,
                 std::string(kForge) + "frame(bytes(16), 0, b'N')\nframe(bytes(16), 1, number(13))\nos._exit(0)\n",
                 {[](Job&) {}, IgnoreNonces}});
  all.push_back(
      {"expected values outside, calls", call, "def f(x):\n    return int(open('expected.txt').read())\n", WithFile("expected.txt", "13")});
  all.push_back(
      {"expected outputs outside, runs", stdio, "print(open('correct_output.txt').read())\n", WithFile("correct_output.txt", "13")});
  all.push_back({"one result for a call",
                 call,
                 std::string(kForge) + "def f(x):\n    caller = sys._getframe(1)\n    for guess in range(100):\n        "
                                       "frame(caller.f_locals['nonce'], 1, number(guess))\n"
                                       "    os._exit(0)\n",
                 {[](Job&) {}, TakeBest(Value::Int(13))}});
  all.push_back({"truth values are no numbers", Metadata("call", {{"function", "f"}, {"tests", {{{"args", {5}}, {"expected", 1}}}}}),
                 "def f(x):\n    return True\n", InDriver("if kind is bool_:", "if kind is None:")});
  all.push_back({"a clean end", stdio, "print(13, flush=True)\nraise SystemExit(1)\n", {[](Job&) {}, IgnoreEnding}});
  all.push_back({"cut output never passes", stdio, "print(13)\nwhile True:\n    print('\\n' * 100000)\n", {[](Job&) {}, IgnoreEnding}});
  all.push_back({"objects do not judge themselves", pytest("def test():\n    assert f(2) == 13\n"),
                 "class E:\n    __eq__ = lambda self, other: True\n    __hash__ = None\ndef f(x):\n    return E()\n",
                 InDriver("return type(other) is Remote and other._key == self._key",
                          "return _ask('call', _ask('attr', self, ('__eq__',)), ([other], {}))")});
  all.push_back({"tests compare strictly", pytest("def test():\n    assert f(2) == 1\n"), "def f(x):\n    return True\n",
                 InDriver("_ast.fix_missing_locations(_StrictEquality().visit(_ast.parse(text, name)))", "_ast.parse(text, name)")});
  all.push_back({"a result cannot change what it is compared with",
                 pytest("def test():\n    a = [3, 1, 2]\n    assert f(a) == sorted(a)\n"), "def f(a):\n    a.clear()\n    return []\n",
                 InDriver("if answer[1] is None:", "if True:")});
  all.push_back(
      {"a process for every test", Metadata("call", row), "calls = []\ndef f(x):\n    calls.append(x)\n    return len(calls)\n", {}});
  all.back().removal.before = nullptr;  // removed by the option "isolated" below
  return all;
}

Judgement JudgeWith(sandbox::Sandbox& inner, const Removal& removal, const std::string& metadata, const std::string& program) {
  const CodeVerifier verifier(std::make_unique<WeakSandbox>(inner, removal));
  return verifier.Judge({"t", {{"user", "?"}}, "", "code", metadata}, "```python\n" + program + "```\n");
}

TEST_CASE("every protection of the judge is needed: without it a named hack scores", "[removal]") {
  const std::unique_ptr<sandbox::Sandbox> inner = OpenSandbox();
  if (inner == nullptr) {
    return;
  }
  int num_shown = 0;
  for (const Protection& protection : Protections()) {
    INFO(protection.name);
    const Judgement kept = JudgeWith(*inner, Removal(), protection.metadata, protection.hack);
    INFO("kept: " << kept.report.reason);
    CHECK(kept.verdict.outcome == Outcome::kIncorrect);
    Removal removal = protection.removal;
    std::string metadata = protection.metadata;
    if (removal.before == nullptr) {
      removal = Removal();
      metadata.replace(metadata.find("\"options\":{}"), 12, "\"options\":{\"isolated\":false}");
    }
    const Judgement removed = JudgeWith(*inner, removal, metadata, protection.hack);
    INFO("removed: " << removed.report.reason);
    CHECK(removed.verdict.outcome == Outcome::kCorrect);
    num_shown += kept.verdict.outcome == Outcome::kIncorrect && removed.verdict.outcome == Outcome::kCorrect ? 1 : 0;
  }
  WARN("protections of the judge: " << num_shown << " of " << Protections().size() << " shown to be needed");
}

}  // namespace
}  // namespace cupel::code
