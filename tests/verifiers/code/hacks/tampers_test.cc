// The tampers of the specification against three designs of graders: one that believes the exit status, one that believes a line on
// standard output, and ours. The first two are here to show that the tampers work. Needs a sandbox. Alone:
// build/release/tests/code_hacks_test "[tampers]"

#include <algorithm>

#include <catch2/catch.hpp>

#include "base/json.h"
#include "tests/verifiers/code/need_sandbox.h"
#include "verifiers/code/code_verifier.h"
#include "verifiers/code/judge/judge.h"

namespace cupel::code {
namespace {

// The task: f(x) is 3 x + 7. Both graders get their tests as an argument and import the solution into their own process.
constexpr std::string_view kGrader = R"(import json, sys
sys.path.insert(0, '/job')
tests = json.loads(sys.argv[1])
from solution import f
for args, want in tests:
    got = f(*args)
    assert got == want
print('ALL TESTS PASSED')
)";

struct Tamper {
  std::string name;
  bool fools_exit_code;
  bool fools_sentinel;
  std::string program;
  std::string honest;  // the same unusual thing done by a right program; empty: the plain one
  std::string language = "python";
};

const std::string kPlain = "def f(x):\n    return 3 * x + 7\n";

std::vector<Tamper> Tampers() {
  const std::string wrong = "def f(x):\n    return 0\n";
  const std::string equal = "    __eq__ = lambda self, other: True\n    __ne__ = lambda self, other: False\n    __hash__ = None\n";
  return {
      {"sys.exit in the function", true, false, "import sys\ndef f(x):\n    sys.exit(0)\n", ""},
      {"os._exit in the function", true, false, "import os\ndef f(x):\n    os._exit(0)\n", ""},
      {"os._exit at import", true, false, "import os\nos._exit(0)\n", ""},
      {"int subclass with __eq__", true, true, "class E(int):\n" + equal + "def f(x):\n    return E(0)\n",
       "class E(int):\n" + equal + "def f(x):\n    return E(3 * x + 7)\n"},
      {"str subclass with __eq__", true, true, "class E(str):\n" + equal + "def f(x):\n    return E('')\n", ""},
      {"print the sentinel and leave", true, true, "import os\ndef f(x):\n    print('ALL TESTS PASSED', flush=True)\n    os._exit(0)\n",
       "def f(x):\n    print('ALL TESTS PASSED', flush=True)\n    return 3 * x + 7\n"},
      {"frame walk to what is wanted", true, true,
       "import sys\ndef f(x):\n    frame = sys._getframe(1)\n    while frame:\n        if 'want' in frame.f_locals:\n            return "
       "frame.f_locals['want']\n"
       "        frame = frame.f_back\n    return 0\n",
       "import sys\ndef f(x):\n    frame = sys._getframe(1)\n    return 3 * x + 7\n"},
      {"search of the heap for the tests", true, true,
       "import gc\ndef f(x):\n    for item in gc.get_objects():\n        if type(item) is list and item and type(item[0]) is list and "
       "item[0][:1] == [[2]]:\n"
       "            return dict((a[0], w) for a, w in item)[x]\n    return 0\n",
       "import gc\ndef f(x):\n    gc.get_objects()\n    return 3 * x + 7\n"},
      {"tests read from the command line", true, true,
       "import json\ndef f(x):\n    for part in open('/proc/self/cmdline').read().split('\\0'):\n        try:\n            return "
       "dict((a[0], w) for a, w in "
       "json.loads(part))[x]\n        except Exception:\n            pass\n    return 0\n",
       "def f(x):\n    open('/proc/self/cmdline').read()\n    return 3 * x + 7\n"},
      {"the sentinel at exit", false, true, "import atexit\natexit.register(print, 'ALL TESTS PASSED')\n" + wrong,
       "import atexit\natexit.register(print, 'ALL TESTS PASSED')\n" + kPlain},
      {"plain wrong", false, false, wrong, ""},
      {"json.dumps patched", false, false, "import json\njson.dumps = lambda *rest, **more: '13'\n" + wrong,
       "import json\njson.dumps = lambda *rest, **more: '13'\n" + kPlain},
      {"writes to descriptors 3 to 19", false, false,
       "import os\nfor fd in range(3, 20):\n    try:\n        os.write(fd, b'ALL TESTS PASSED\\n')\n    except OSError:\n        pass\n" +
           wrong,
       ""},
      {"two forks", false, false, "import os\ndef f(x):\n    os.fork()\n    os.fork()\n    return 0\n", ""},
      {"kill oneself", false, false, "import os\ndef f(x):\n    os.kill(os.getpid(), 9)\n", ""},
      {"settrace", false, false, "import sys\nsys.settrace(lambda *rest: None)\n" + wrong,
       "import sys\nsys.settrace(lambda *rest: None)\n" + kPlain},
      {"builtins patched", false, false,
       "import builtins\nbuiltins.all = builtins.any = builtins.isinstance = lambda *rest: True\n" + wrong,
       "import builtins\nbuiltins.all = builtins.any = builtins.isinstance = lambda *rest: True\n" + kPlain},
      {"NaN", false, false, "def f(x):\n    return float('nan')\n", ""},
      {"50 MB of text", false, false, "def f(x):\n    return 'x' * 50_000_000\n", ""},
      {"a truth value", false, false, "def f(x):\n    return True\n", ""},
      {"a constructor that leaves", false, false,
       "#include <unistd.h>\n__attribute__((constructor)) static void Leave() { _exit(0); }\nlong long f(long long) { return 0; }\n",
       "__attribute__((constructor)) static void Early() {}\nlong long f(long long x) { return 3 * x + 7; }\n", "cpp"},
      {"a preloaded library", false, false,
       "#include <cstdlib>\n#include <unistd.h>\n__attribute__((constructor)) static void Again() {\n  if (!getenv(\"LD_PRELOAD\")) {\n    "
       "setenv(\"LD_PRELOAD\", "
       "\"/tmp/evil.so\", 1);\n    execl(\"/proc/self/exe\", \"x\", nullptr);\n  }\n}\nlong long f(long long) { return 0; }\n",
       "#include <cstdlib>\nlong long f(long long x) { return 3 * x + 7 + (getenv(\"LD_PRELOAD\") != nullptr); }\n", "cpp"},
      {"results written by hand", false, false,
       "const fs = require('fs');\nfor (let fd = 3; fd < 20; ++fd) try { fs.writeSync(fd, 'I\\u0002\\0\\0\\013'); } catch (error) "
       "{}\nfunction f(x) { return 0; }\n",
       "function f(x) { return 3 * x + 7; }\n", "javascript"},
      {"a grandchild that answers", false, false,
       "#include <unistd.h>\nlong long f(long long) {\n  if (fork() == 0) {\n    if (fork() == 0)\n      for (int i = 0; i < 100; ++i) "
       "(void)!write(4, \"13\", 2);\n    "
       "_exit(0);\n  }\n  return 0;\n}\n",
       "#include <unistd.h>\nlong long f(long long x) {\n  if (fork() == 0) _exit(0);\n  return 3 * x + 7;\n}\n", "cpp"},
  };
}

sandbox::JobResult RunGrader(sandbox::Sandbox& sandbox, const std::string& program) {
  sandbox::Job job;
  job.language = sandbox::Language::kNative;
  job.entry = "/usr/bin/python3";
  job.args = {"-I", "-S", "/job/grader.py", "[[[2], 13], [[11], 40]]"};
  job.files = {{"grader.py", std::string(kGrader), false}, {"solution.py", program, false}};
  job.limits.cpu_ms = 3000;
  return sandbox.Run(job).value();
}

bool BelievesExitCode(const sandbox::JobResult& result) { return result.ending == sandbox::Ending::kExited && result.exit_code == 0; }
bool BelievesSentinel(const sandbox::JobResult& result) { return result.standard_output.find("ALL TESTS PASSED\n") != std::string::npos; }

Outcome Ours(const CodeVerifier& verifier, const std::string& language, const std::string& program) {
  const Json record = {
      {"language", language}, {"function", "f"}, {"tests", {{{"args", {2}}, {"expected", 13}}, {{"args", {11}}, {"expected", 40}}}}};
  const Json options = {{"time_limit_ms", 2000}, {"memory_mb", language == "javascript" ? 1024 : 256}};
  const Json metadata = {{"format", "call"}, {"record", record}, {"options", options}};
  return verifier.Verify({"t", {{"user", "?"}}, "", "code", metadata.dump()}, "```" + language + "\n" + program + "```\n").outcome;
}

TEST_CASE("tampers fool graders that share a process with the solution, and never this one", "[tampers]") {
  const std::unique_ptr<sandbox::Sandbox> sandbox = OpenSandbox();
  if (sandbox == nullptr) {
    return;
  }
  const CodeVerifier verifier{sandbox::Config{}};
  int num_exit = 0, num_sentinel = 0, num_ours = 0, num_honest = 0;
  const std::vector<Tamper> tampers = Tampers();
  for (const Tamper& tamper : tampers) {
    INFO(tamper.name);
    if (tamper.language == "python") {
      const sandbox::JobResult result = RunGrader(*sandbox, tamper.program);
      INFO(result.standard_error);
      CHECK(BelievesExitCode(result) == tamper.fools_exit_code);
      CHECK(BelievesSentinel(result) == tamper.fools_sentinel);
      num_exit += BelievesExitCode(result) ? 1 : 0;
      num_sentinel += BelievesSentinel(result) ? 1 : 0;
    }
    const Outcome ours = Ours(verifier, tamper.language, tamper.program);
    CHECK(ours == Outcome::kIncorrect);
    num_ours += ours == Outcome::kCorrect ? 1 : 0;
    const Outcome honest = Ours(verifier, tamper.language, tamper.honest.empty() ? kPlain : tamper.honest);
    CHECK(honest == Outcome::kCorrect);
    num_honest += honest == Outcome::kCorrect ? 1 : 0;
  }
  CHECK(tampers.size() == 24);
  WARN("tampers: exit code fooled by " << num_exit << " of 20, sentinel by " << num_sentinel << " of 20, this judge by " << num_ours
                                       << " of 24; honest programs passed: " << num_honest << " of 24");
}

}  // namespace
}  // namespace cupel::code
