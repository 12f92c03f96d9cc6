#include "verifiers/code/sandbox/quick_attacks.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/status.h"

namespace cupel::sandbox {
namespace {

// Prints BREACH when it got what it wanted.
struct Script {
  const char* name;
  const char* text;
  std::vector<Ending> endings;
};

const std::vector<Script>& Scripts() {
  static const std::vector<Script> scripts = {
      {"fork bomb",
       "n = 0\n"
       "try:\n"
       "    while n < 400:\n"
       "        if os.fork() == 0:\n"
       "            time.sleep(30); os._exit(0)\n"
       "        n += 1\n"
       "except OSError: pass\n"
       "if n > 100: breach()\n",
       {Ending::kExited}},
      {"one gigabyte",
       "x = []\n"
       "for i in range(1024): x.append(bytearray(b'x') * (1 << 20))\n"
       "breach()\n",
       {Ending::kMemoryLimit, Ending::kExited, Ending::kCpuLimit}},
      {"endless loop, signals ignored",
       "import signal\n"
       "for s in range(1, 65):\n"
       "    try: signal.signal(s, signal.SIG_IGN)\n"
       "    except (OSError, ValueError): pass\n"
       "while True: pass\n",
       {Ending::kCpuLimit}},
      {"sleep", "time.sleep(3600)\n", {Ending::kWallLimit}},
      {"flood of output", "while True: os.write(1, b'x' * 65536)\n", {Ending::kOutputLimit}},
      {"daemon",
       "if os.fork() == 0:\n"
       "    try: os.setsid()\n"
       "    except OSError: pass\n"
       "    time.sleep(3600)\n",
       {Ending::kExited}},
      {"file of a terabyte",
       "import signal, tempfile\n"
       "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
       "try:\n"
       "    with open(tempfile.gettempdir() + '/x', 'wb') as f: f.truncate(1 << 40); breach()\n"
       "except OSError: pass\n",
       {Ending::kExited}},
      {"secrets of the host",
       "for path in ['/etc/shadow', '/proc/1/environ', '/home', '/etc/hostname']:\n"
       "    try: open(path).read(); breach()\n"
       "    except OSError: pass\n",
       {Ending::kExited}},
      {"write to the system",
       "for path in ['/x', '/usr/x', '/etc/x', '/dev/x', '/proc/sys/kernel/hostname']:\n"
       "    try: open(path, 'w'); breach()\n"
       "    except OSError: pass\n",
       {Ending::kExited}},
      {"network",
       "import socket\n"
       "for family in [socket.AF_NETLINK, socket.AF_PACKET, 40]:\n"
       "    try: socket.socket(family, socket.SOCK_RAW); breach()\n"
       "    except OSError: pass\n"
       "try: socket.create_connection(('192.0.2.1', 80), 0.2); breach()\n"
       "except OSError: pass\n",
       {Ending::kExited}},
      {"new namespaces, ptrace, bpf, io_uring, keys",
       "import ctypes\n"
       "libc = ctypes.CDLL(None, use_errno=True)\n"
       "for call in [(272, 0x10000000), (101, 16, 1, 0, 0), (321, 0, 0, 0), (425, 4, 0), (250, 0, -3, 1), (310, 1, 0, 0, 0, 0, 0)]:\n"
       "    libc.syscall(*call)\n"
       "    if ctypes.get_errno() not in (1, 38): breach()\n",
       {Ending::kExited}},
      {"signals to everybody",
       "for victim in [-1, os.getppid()]:\n"
       "    try:\n"
       "        if victim != 0: os.kill(victim, 9)\n"
       "    except OSError: pass\n",
       {Ending::kExited, Ending::kSignalled}},
  };
  return scripts;
}

QuickAttack RunScript(Sandbox& sandbox, const Script& script) {
  Job job;
  job.entry = "attack.py";
  job.files = {{"attack.py", fmt::format("import os, time\ndef breach(): os.write(1, b'BREACH')\n{}", script.text), false}};
  job.limits.cpu_ms = 300;
  job.limits.wall_ms = 1500;
  job.limits.processes = 32;
  job.limits.output_bytes = 1 << 18;
  const absl::StatusOr<JobResult> result = sandbox.Run(job);
  if (!result.ok()) {
    return {script.name, false, std::string(Message(result.status()))};
  }
  const bool is_breach = result->standard_output.find("BREACH") != std::string::npos;
  // On a busy machine any attack may run into a limit first, which holds it, too.
  const bool is_stopped = result->ending == Ending::kCpuLimit || result->ending == Ending::kWallLimit ||
                          result->ending == Ending::kMemoryLimit || result->ending == Ending::kOutputLimit;
  const bool is_known = is_stopped || std::ranges::find(script.endings, result->ending) != script.endings.end();
  return {script.name, !is_breach && is_known, fmt::format("{}{}", is_breach ? "succeeded; " : "", EndingName(result->ending))};
}

}  // namespace

std::vector<QuickAttack> RunQuickAttacks(Sandbox& sandbox) {
  std::vector<QuickAttack> results;
  for (const Script& script : Scripts()) {
    results.push_back(RunScript(sandbox, script));
  }
  return results;
}

}  // namespace cupel::sandbox
