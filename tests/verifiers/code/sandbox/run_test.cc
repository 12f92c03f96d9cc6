// Covers verifiers/code/sandbox/sandbox.h: what jobs see, what comes back, how they end. Alone: build/release/tests/code_sandbox_test [run]

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/status.h"
#include "verifiers/code/sandbox/sandbox.h"

namespace cupel::sandbox {
namespace {

std::unique_ptr<Sandbox> OpenForTest(Tier strongest = Tier::kFull) {
  Config config;
  config.strongest_tier = strongest;
  config.weakest_tier = Tier::kNoNamespaces;
  absl::StatusOr<std::unique_ptr<Sandbox>> sandbox = Sandbox::Open(config);
  if (!sandbox.ok()) {
    WARN("skipped: " << Message(sandbox.status()));
    return nullptr;
  }
  return *std::move(sandbox);
}

Job PythonJob(std::string text) {
  Job job;
  job.entry = "solution.py";
  job.files = {{"solution.py", std::move(text), false}};
  job.limits.cpu_ms = 5000;
  return job;
}

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

TEST_CASE("a Python program reads its input and writes its output", "[run]") {
  const std::unique_ptr<Sandbox> sandbox = OpenForTest();
  if (!sandbox) {
    return;
  }
  Job job = PythonJob("import sys\nprint(sum(map(int, sys.stdin.read().split())))\nprint('e', file=sys.stderr)\n");
  job.input = "1 2\n3";
  const JobResult result = Run(*sandbox, job);
  INFO(sandbox->Description() << "\n" << Describe(result));
  CHECK(result.ending == Ending::kExited);
  CHECK(result.exit_code == 0);
  CHECK(result.standard_output == "6\n");
  CHECK(result.standard_error == "e\n");
}

TEST_CASE("explore", "[.explore]") {
  for (const Tier strongest : {Tier::kFull, Tier::kNamespaces, Tier::kNoNamespaces}) {
    const std::unique_ptr<Sandbox> sandbox = OpenForTest(strongest);
    if (!sandbox) {
      continue;
    }
    fmt::print("=== {}\n", sandbox->Description());
    const auto show = [&](const char* name, const Job& job) {
      const absl::StatusOr<JobResult> result = sandbox->Run(job);
      fmt::print("--- {}: {}\n", name, result.ok() ? Describe(*result) : "ERROR " + std::string(Message(result.status())));
    };
    show("hello",
         PythonJob("import sys,os\nprint(sys.argv, os.getcwd(), os.listdir('/'), os.getuid(), os.getpid(), os.listdir('.'), os.environ)"));
    show("exit", PythonJob("import sys\nsys.exit(3)"));
    show("raise", PythonJob("def f():\n  raise ValueError('x')\nf()"));
    show("syntax", PythonJob("x = = 1"));
    show("proc", PythonJob("import os\nprint(os.listdir('/proc'), os.listdir('/proc/self/fd'), open('/dev/stdin').read())"));
    Job spin = PythonJob("while True: pass");
    spin.limits.cpu_ms = 300;
    show("spin", spin);
    Job sleep = PythonJob("import time\ntime.sleep(100)");
    sleep.limits.wall_ms = 300;
    show("sleep", sleep);
    show("memory", PythonJob("x = bytearray(1<<33)\nfor i in range(0, 1<<33, 4096): x[i]=1"));
    show("memory slow", PythonJob("l=[]\nwhile True: l.append(bytearray(1<<20))"));
    show("flood", PythonJob("while True: print('x'*1000)"));
    Job channels = PythonJob("x");
    channels.driver = "import os,sys\nos.write(4, os.read(3, 100).upper() + repr(sys.argv).encode())";
    channels.has_channels = true;
    channels.channel_input = "args";
    channels.args = {"a", "b"};
    absl::StatusOr<JobResult> r = sandbox->Run(channels);
    fmt::print("--- channels {} {}\n", r.ok() ? r->result : "", r.ok() ? Describe(*r) : std::string(Message(r.status())));
    Job cpp;
    cpp.language = Language::kCpp;
    cpp.entry = "a.cpp";
    cpp.files = {
        {"a.cpp", "#include <iostream>\nint main(int c,char**v){int a,b;std::cin>>a>>b;std::cout<<a+b<<' '<<c<<v[0]<<'\\n';}", false}};
    cpp.input = "2 3";
    show("cpp", cpp);
    show("cpp again", cpp);
    cpp.files[0].bytes = "int main(){return x;}";
    show("cpp error", cpp);
    Job js;
    js.language = Language::kJavaScript;
    js.entry = "a.js";
    js.files = {{"a.js", "const t=require('fs').readFileSync('/dev/stdin','utf8');console.log(t.split(' ').map(Number).reduce((a,b)=>a+b))",
                 false}};
    js.input = "2 3";
    show("js", js);
    Job native;
    native.language = Language::kNative;
    native.entry = "/bin/sh";
    native.args = {"-c", "id; ls -la / /job /tmp /dev; cat /proc/mounts; echo hi > /tmp/out"};
    native.output_file = "/tmp/out";
    r = sandbox->Run(native);
    fmt::print("--- native {} {}\n", r.ok() ? r->output_file : "", r.ok() ? Describe(*r) : std::string(Message(r.status())));
    Job a = PythonJob("for i in range(3):\n  print(i, flush=True)\n  assert int(input())==i+1\n");
    Job b = PythonJob("while True:\n  try: print(int(input())+1, flush=True)\n  except EOFError: break");
    const auto c = sandbox->RunTogether(a, b);
    fmt::print("--- together {}\n", c.ok() ? Describe(c->first) + Describe(c->second) : std::string(Message(c.status())));
  }
}

}  // namespace
}  // namespace cupel::sandbox
