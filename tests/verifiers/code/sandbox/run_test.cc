// Covers verifiers/code/sandbox/sandbox.h: what jobs see, what comes back, how they end, what is refused. Alone:
// build/release/tests/code_sandbox_test '[run]'

#include <algorithm>
#include <csignal>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "base/status.h"
#include "tests/testing/process.h"
#include "tests/verifiers/code/sandbox/attack_cases.h"
#include "verifiers/code/sandbox/quick_attacks.h"
#include "verifiers/code/sandbox/sandbox.h"

namespace cupel::sandbox {
namespace {

std::unique_ptr<Sandbox> Open(Tier strongest, int slots = 1, int jobs_per_interpreter = 2000) {
  Config config;
  config.slots = slots;
  config.strongest_tier = strongest;
  config.weakest_tier = Tier::kNoNamespaces;
  config.jobs_per_interpreter = jobs_per_interpreter;
  absl::StatusOr<std::unique_ptr<Sandbox>> sandbox = Sandbox::Open(config);
  if (!sandbox.ok()) {
    fmt::print("run: skipped from tier {}: {}\n", static_cast<int>(strongest), Message(sandbox.status()));
    return nullptr;
  }
  return *std::move(sandbox);
}

// Calls `test` with a sandbox of each tier that this machine has.
template <class Test>
void InEachTier(const Test& test) {
  for (const Tier tier : {Tier::kFull, Tier::kNamespaces, Tier::kNoNamespaces}) {
    const std::unique_ptr<Sandbox> sandbox = Open(tier);
    if (sandbox && sandbox->tier() == tier) {
      INFO(sandbox->Description());
      test(*sandbox);
    }
  }
}

Job JobOf(Language language, std::string text) {
  Job job;
  job.language = language;
  job.entry = language == Language::kPython ? "a.py" : language == Language::kC ? "a.c" : language == Language::kCpp ? "a.cpp" : "a.js";
  job.files = {{job.entry, std::move(text), false}};
  job.limits.cpu_ms = 5000;
  job.limits.wall_ms = 60'000;
  return job;
}

Job Python(std::string text) { return JobOf(Language::kPython, std::move(text)); }

JobResult Run(Sandbox& sandbox, const Job& job) {
  const absl::StatusOr<JobResult> result = sandbox.Run(job);
  INFO(Message(result.status()));
  REQUIRE(result.ok());
  return *result;
}

std::string Describe(const JobResult& result) {
  return fmt::format("{} code {} signal {} cpu {} wall {} peak {} kB\nout: {}\nerr: {}", EndingName(result.ending), result.exit_code,
                     result.signal, result.cpu_ms, result.wall_ms, result.peak_kb, result.standard_output.substr(0, 300),
                     result.standard_error.substr(0, 300));
}

TEST_CASE("every language reads its input and writes its output", "[run]") {
  const std::vector<std::pair<Language, const char*>> programs = {
      {Language::kPython, "import sys\nprint(sum(map(int, sys.stdin.read().split())))\nprint('e', file=sys.stderr)\n"},
      {Language::kC,
       "#include <stdio.h>\nint main(void) { int a, b; scanf(\"%d %d\", &a, &b); printf(\"%d\\n\", a + b); fputs(\"e\\n\", stderr); }\n"},
      {Language::kCpp,
       "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b << '\\n'; std::cerr << \"e\\n\"; }\n"},
      {Language::kJavaScript,
       "const t = require('fs').readFileSync(0, 'utf8').split(' ').map(Number);\nconsole.log(t[0] + t[1]);\nconsole.error('e');\n"}};
  InEachTier([&](Sandbox& sandbox) {
    for (const auto& [language, text] : programs) {
      if (!CheckLanguage(language).ok()) {
        fmt::print("run: skipped {}: {}\n", LanguageName(language), Message(CheckLanguage(language)));
        continue;
      }
      Job job = JobOf(language, text);
      job.input = "20 22";
      const JobResult result = Run(sandbox, job);
      INFO(LanguageName(language) << ": " << Describe(result));
      CHECK(result.ending == Ending::kExited);
      CHECK(result.exit_code == 0);
      CHECK(result.standard_output == "42\n");
      CHECK(result.standard_error == "e\n");
    }
  });
}

TEST_CASE("a driver reads the channel and writes the result, warm and cold", "[run]") {
  for (const int jobs_per_interpreter : {2000, 0}) {
    const std::unique_ptr<Sandbox> sandbox = Open(Tier::kFull, 1, jobs_per_interpreter);
    if (!sandbox) {
      return;
    }
    Job job = Python("def f(x):\n    return x * 2\n");
    job.driver = "import os, sys, a\nos.write(4, f'{sys.argv[1:]} {a.f(int(os.read(3, 100)))}'.encode())\n";
    job.has_channels = true;
    job.channel_input = "21";
    job.args = {"x", "y z"};
    for (int i = 0; i < 3; ++i) {
      const JobResult result = Run(*sandbox, job);
      INFO(Describe(result));
      CHECK(result.result == "['./a.py', 'x', 'y z'] 42");
      CHECK(result.exit_code == 0);
    }
  }
}

// Standard error without the path of the program, which a cold Python writes another way.
std::string Words(std::string text) {
  for (size_t at = text.find("/job/./"); at != std::string::npos; at = text.find("/job/./")) {
    text.erase(at + 5, 2);
  }
  return text;
}

TEST_CASE("a warm Python ends as a cold one does", "[run]") {
  const std::unique_ptr<Sandbox> warm = Open(Tier::kFull);
  const std::unique_ptr<Sandbox> cold = Open(Tier::kFull, 1, 0);
  if (!warm || !cold) {
    return;
  }
  for (const char* text : {
           "import sys\nsys.exit(3)",
           "import sys\nsys.exit('words')",
           "raise SystemExit",
           "def f():\n    raise ValueError('x')\nf()",
           "import atexit\natexit.register(print, 'bye')\nprint('hi', end='')",
           "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.05), print('late'))).start()",
           "import os\nos._exit(9)",
           "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
           "print(__name__, __builtins__.__class__.__name__, __import__('sys').stdin.readline())",
           "import sys\nprint(sys.getrecursionlimit(), sys.stdout.encoding, sys.flags.dont_write_bytecode)",
           "print({1, 'a', (2, 3)}, hash('x'))",
           "quit(4)",
           "1/0",
       }) {
    Job job = Python(text);
    job.input = "line\n";
    const JobResult a = Run(*warm, job);
    const JobResult b = Run(*cold, job);
    INFO(text << "\nwarm: " << Describe(a) << "\ncold: " << Describe(b));
    CHECK(a.exit_code == b.exit_code);
    CHECK(a.signal == b.signal);
    CHECK(a.standard_output == b.standard_output);
    CHECK(Words(a.standard_error) == Words(b.standard_error));
  }
}

TEST_CASE("each limit has its ending", "[run]") {
  InEachTier([](Sandbox& sandbox) {
    Job spin = Python("while True: pass");
    spin.limits.cpu_ms = 200;
    CHECK(Run(sandbox, spin).ending == Ending::kCpuLimit);
    Job sleep = Python("import time\ntime.sleep(100)");
    sleep.limits.wall_ms = 200;
    CHECK(Run(sandbox, sleep).ending == Ending::kWallLimit);
    const JobResult memory = Run(sandbox, Python("x = []\nwhile True: x.append(bytearray(1 << 20))"));
    INFO(Describe(memory));
    CHECK(memory.ending == (sandbox.tier() == Tier::kFull ? Ending::kMemoryLimit : Ending::kExited));
    CHECK((sandbox.tier() == Tier::kFull || memory.standard_error.find("MemoryError") != std::string::npos));
    Job flood = Python("print('x' * 100000)");
    flood.limits.output_bytes = 50'000;
    const JobResult flooded = Run(sandbox, flood);
    CHECK(flooded.ending == Ending::kOutputLimit);
    CHECK(flooded.is_output_truncated);
    CHECK(flooded.standard_output.size() == 50'000);
    const JobResult crash = Run(sandbox, Python("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"));
    CHECK(crash.ending == Ending::kSignalled);
    CHECK(crash.signal == SIGSEGV);
    const JobResult broken = Run(sandbox, JobOf(Language::kCpp, "int main() { return x; }"));
    CHECK(broken.ending == Ending::kCompileError);
    CHECK(broken.standard_error.find("'x' was not declared") + broken.standard_error.find("x") != 2 * std::string::npos);
  });
}

TEST_CASE("ten megabytes of output come back exactly", "[run]") {
  const std::unique_ptr<Sandbox> sandbox = Open(Tier::kFull);
  if (!sandbox) {
    return;
  }
  const JobResult result = Run(*sandbox, Python("import sys\nsys.stdout.write('0123456789' * 1048576)"));
  std::string expected;
  for (int i = 0; i < 1'048'576; ++i) {
    expected += "0123456789";
  }
  CHECK(result.ending == Ending::kExited);
  CHECK((result.standard_output == expected));
}

TEST_CASE("output files are fetched from /job and /tmp, and only regular ones", "[run]") {
  InEachTier([](Sandbox& sandbox) {
    Job job = Python("import tempfile\nopen(tempfile.gettempdir() + '/out', 'w').write('scratch')\nopen('out.txt', 'w').write('job')\n");
    job.is_directory_writable = true;
    job.output_file = "/tmp/out";
    CHECK(Run(sandbox, job).output_file == "scratch");
    job.output_file = "out.txt";
    CHECK(Run(sandbox, job).output_file == "job");
    job.output_file = "missing";
    CHECK_FALSE(Run(sandbox, job).has_output_file);
    Job sealed = Python("open('x', 'w')\n");
    CHECK(Run(sandbox, sealed).exit_code == 1);  // /job is read-only unless asked for
  });
}

TEST_CASE("the header of everything is precompiled for the second program that includes it", "[run]") {
  const std::unique_ptr<Sandbox> sandbox = Open(Tier::kFull);
  if (!sandbox || sandbox->tier() > Tier::kNamespaces) {
    return;
  }
  std::vector<JobResult> results;
  for (int i = 0; i < 3; ++i) {
    const std::string text =
        fmt::format("#include <bits/stdc++.h>\nint main() {{ std::vector<int> v = {{3, {}}}; std::cout << v[1]; }}\n", i);
    results.push_back(Run(*sandbox, JobOf(Language::kCpp, text)));
    INFO(Describe(results.back()));
    CHECK(results.back().standard_output == std::to_string(i));
  }
  INFO(results[0].compile_cpu_ms << " ms, then " << results[2].compile_cpu_ms << " ms");
  CHECK(results[2].compile_cpu_ms * 2 < results[0].compile_cpu_ms);
  CHECK(Run(*sandbox, JobOf(Language::kCpp, "#include <bits/stdc++.h>\nint main() { return undeclared; }\n")).ending ==
        Ending::kCompileError);
}

TEST_CASE("two programs talk to each other", "[run]") {
  InEachTier([](Sandbox& sandbox) {
    const Job asks = Python("for i in range(3):\n  print(i, flush=True)\n  assert int(input()) == i + 1\nraise SystemExit(7)\n");
    const Job answers = Python("while True:\n  try: print(int(input()) + 1, flush=True)\n  except EOFError: break\n");
    const absl::StatusOr<Conversation> conversation = sandbox.RunTogether(asks, answers);
    REQUIRE(conversation.ok());
    INFO(Describe(conversation->first) << Describe(conversation->second));
    CHECK(conversation->first.exit_code == 7);
    CHECK(conversation->second.ending == Ending::kExited);
    CHECK(conversation->second.exit_code == 0);
  });
}

TEST_CASE("64 jobs at a time do not mix", "[run]") {
  const std::unique_ptr<Sandbox> sandbox = Open(Tier::kFull, 4);
  if (!sandbox) {
    return;
  }
  std::vector<std::thread> threads;
  std::vector<std::string> outputs(64);
  for (size_t i = 0; i < outputs.size(); ++i) {
    threads.emplace_back([&, i] {
      Job job = Python("import sys\nprint(sys.stdin.read() * 1000, end='')");
      job.input = fmt::format("<{}>", i);
      const absl::StatusOr<JobResult> result = sandbox->Run(job);
      outputs[i] = result.ok() ? result->standard_output : std::string(Message(result.status()));
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    std::string expected;
    for (int n = 0; n < 1000; ++n) {
      expected += fmt::format("<{}>", i);
    }
    CHECK((outputs[i] == expected));
  }
}

// The processes below this one that are called `name`.
std::vector<int> Children(std::string_view name) {
  std::vector<int> found;
  const absl::StatusOr<std::string> list = ReadFile(fmt::format("/proc/self/task/{}/children", getpid()));
  std::istringstream stream(list.ok() ? *list : "");
  for (int child = 0; stream >> child;) {
    const absl::StatusOr<std::string> words = ReadFile(fmt::format("/proc/{}/cmdline", child));
    if (words.ok() && words->starts_with(name)) {
      found.push_back(child);
    }
  }
  return found;
}

TEST_CASE("a launcher that is killed fails the job it runs, and the next one works", "[run]") {
  const std::unique_ptr<Sandbox> sandbox = Open(Tier::kFull);
  const std::vector<int> launchers = Children("cupel-sandbox");
  if (!sandbox || launchers.size() != 1) {
    return;
  }
  absl::Status status;
  std::thread job([&] { status = sandbox->Run(Python("import time\ntime.sleep(30)")).status(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  kill(launchers[0], SIGKILL);
  job.join();
  INFO(Message(status));
  CHECK_FALSE(status.ok());
  CHECK(Run(*sandbox, Python("print(1)")).standard_output == "1\n");
}

TEST_CASE("a keeper that is killed takes everything along", "[run]") {
  for (const Tier tier : {Tier::kFull, Tier::kNamespaces, Tier::kNoNamespaces}) {
    const pid_t keeper = fork();
    REQUIRE(keeper >= 0);
    if (keeper == 0) {
      const std::unique_ptr<Sandbox> sandbox = Open(tier);
      if (sandbox) {
        [[maybe_unused]] const absl::StatusOr<JobResult> result = sandbox->Run(Python("import time\ntime.sleep(60)"));
      }
      _exit(0);
    }
    // Launcher, slot and program at least; with namespaces an init and mostly an interpreter, too.
    std::vector<int> below;
    for (int wait = 0; wait < 500 && below.size() < (tier == Tier::kNoNamespaces ? 3 : 5) && waitpid(keeper, nullptr, WNOHANG) == 0;
         ++wait) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      below = Descendants(keeper);
    }
    kill(keeper, SIGKILL);
    waitpid(keeper, nullptr, 0);
    const auto is_gone = [](int process) { return kill(process, 0) != 0; };
    for (int wait = 0; wait < 500 && !std::ranges::all_of(below, is_gone); ++wait) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    INFO("tier " << static_cast<int>(tier) << ", " << below.size() << " processes");
    CHECK(std::ranges::all_of(below, is_gone));
  }
}

TEST_CASE("jobs that cannot be run are refused with the reason", "[run]") {
  const std::unique_ptr<Sandbox> sandbox = Open(Tier::kFull);
  if (!sandbox) {
    return;
  }
  const auto refusal = [&](const Job& job) { return std::string(Message(sandbox->Run(job).status())); };
  Job job = Python("");
  job.entry = "b.py";
  CHECK(refusal(job) == "\"b.py\", the entry of the job, is none of its files");
  for (const char* name : {"../x", "/x", "", "a/../b", "a//b", ".", "a/"}) {
    job = Python("");
    job.files.push_back({name, "", false});
    INFO(name);
    CHECK(refusal(job).find("cannot be the name of a job's file") != std::string::npos);
  }
  job = JobOf(Language::kCpp, "int main() {}");
  for (const char* option : {"-fplugin=/tmp/x.so", "@/tmp/x", "-o/x", "-I/", "-Wl,-z", "-include", "-D'x", "-DX=\"y\"", "-B/tmp"}) {
    job.compile_options = {option};
    INFO(option);
    CHECK(refusal(job).find("is not on the list of compile options") != std::string::npos);
  }
  job = Python("");
  job.limits.memory_bytes = 0;
  CHECK(refusal(job).find("limits of a job must be positive") != std::string::npos);
  job = Python("");
  job.output_file = "/etc/passwd";
  CHECK(refusal(job).find("cannot be an output file") != std::string::npos);
}

TEST_CASE("a tier weaker than allowed is refused, and says what is missing", "[run]") {
  Config config;
  config.slots = 1;
  config.strongest_tier = Tier::kNoNamespaces;
  const absl::StatusOr<std::unique_ptr<Sandbox>> sandbox = Sandbox::Open(config);
  REQUIRE_FALSE(sandbox.ok());
  CHECK(sandbox.status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("the twelve quick attacks are contained", "[run]") {
  const std::unique_ptr<Sandbox> sandbox = Open(Tier::kFull);
  if (!sandbox) {
    return;
  }
  const std::vector<QuickAttack> attacks = RunQuickAttacks(*sandbox);
  CHECK(attacks.size() == 12);
  for (const QuickAttack& attack : attacks) {
    INFO(attack.name << ": " << attack.text);
    CHECK(attack.is_contained);
  }
}

TEST_CASE("commands give under bubblewrap what they give here", "[run]") {
  const std::unique_ptr<Sandbox> sandbox = Open(Tier::kFull);
  if (!sandbox || !Exists("/usr/bin/bwrap")) {
    fmt::print("run: skipped the comparison with bubblewrap: apt-get install bubblewrap\n");
    return;
  }
  for (const char* command :
       {"echo $((6 * 7)); exit 3", "ls /usr", "cat /etc/shadow", "echo x > /usr/x", "mkdir /tmp/a && ls /tmp",
        "ls /proc | grep -c '^[0-9]'", "sh -c 'kill -9 $$'; echo $?",
        "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 22), 0.2)' || echo no", "test -e /sys || echo none",
        "test -r /dev/kvm || echo none", "seq 1 100000 | md5sum", "ls /home /root /var || true"}) {
    const ProcessResult other = RunProcess({.arguments = {"/usr/bin/bwrap",
                                                          "--unshare-all",
                                                          "--die-with-parent",
                                                          "--new-session",
                                                          "--ro-bind",
                                                          "/usr",
                                                          "/usr",
                                                          "--symlink",
                                                          "usr/bin",
                                                          "/bin",
                                                          "--symlink",
                                                          "usr/lib",
                                                          "/lib",
                                                          "--symlink",
                                                          "usr/lib64",
                                                          "/lib64",
                                                          "--proc",
                                                          "/proc",
                                                          "--dev",
                                                          "/dev",
                                                          "--tmpfs",
                                                          "/tmp",
                                                          "--clearenv",
                                                          "--setenv",
                                                          "PATH",
                                                          "/usr/bin:/bin",
                                                          "/bin/sh",
                                                          "-c",
                                                          command},
                                            .input = "",
                                            .environment = {},
                                            .directory = ""});
    Job job;
    job.language = Language::kNative;
    job.entry = "/bin/sh";
    job.args = {"-c", command};
    const JobResult ours = Run(*sandbox, job);
    INFO(command << "\n" << Describe(ours) << "\nbwrap: " << other.out << other.err);
    CHECK(ours.exit_code == other.exit_code);
    // bubblewrap's init shows itself among the processes; ours does not.
    CHECK((ours.standard_output == other.out || std::string_view(command).find("/proc") != std::string_view::npos));
  }
}

}  // namespace
}  // namespace cupel::sandbox
