// Covers the means of confinement one by one: with all of them a named attack is contained, without the one in question it succeeds. Where
// two means cover each other, the other is left out in both runs. Alone: build/release/tests/code_sandbox_test '[controls]'

#include <chrono>
#include <functional>
#include <optional>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/status.h"
#include "tests/verifiers/code/sandbox/attack_cases.h"
#include "tests/verifiers/code/sandbox/launcher_for_tests.h"
#include "verifiers/code/sandbox/launcher/protocol.h"
#include "verifiers/code/sandbox/open_options.h"

namespace cupel::sandbox {
namespace {

struct Proof {
  Control control;
  const char* name;
  const char* attack;
  std::vector<Control> beneath = {};  // left out in both runs
  Tier tier = Tier::kFull;
};

// Bounded even without the means in question: every program below stops by itself after a small multiple of what it should not get.
const std::vector<Proof>& Proofs() {
  static const std::vector<Proof> proofs = {
      {Control::kNetworkNamespace, "network namespace", "UDP"},
      {Control::kPidNamespace, "process namespace", "double fork"},
      {Control::kSocketFamilies, "socket families", "netlink and packet sockets"},
      {Control::kIoUring, "io_uring rule", "io_uring"},
      {Control::kInodes, "number of files", "two million empty files"},
      {Control::kShmSize, "size of /dev/shm", "shared memory files"},
      {Control::kReadOnlyRoot, "read-only root", "write to the root", {Control::kLandlock, Control::kUid}},
      {Control::kUid, "user of its own", "more processes than allowed", {}, Tier::kNamespaces},
      {Control::kMemoryGroup, "memory control group", "slow allocation"},
      {Control::kPidsGroup, "process limit", "more processes than allowed"},
      {Control::kFileSize, "size of files", "sparse terabyte"},
      {Control::kOutputCap, "cap of output", "twice the output"},
      {Control::kGroupWait, "waiting for the group", "double fork"},
      {Control::kNoFollow, "no symbolic links", "output is a symbolic link"},
  };
  return proofs;
}

// Attacks that stop by themselves, in place of those of the suite that do not.
std::vector<Attack> MoreAttacks() {
  Attack processes;
  processes.name = "more processes than allowed";
  processes.processes = 16;
  processes.first = {Language::kC,
                     "int main() {\n"
                     "  int made = 0;\n"
                     "  for (int i = 0; i < 60; ++i) {\n"
                     "    pid_t child = fork();\n"
                     "    if (child == 0) { usleep(300000); _exit(0); }\n"
                     "    made += child > 0;\n"
                     "  }\n"
                     "  if (made > 40) breach(\"more processes than allowed\");\n"
                     "}\n"};
  Attack output;
  output.name = "twice the output";
  output.first = {Language::kPython,
                  "os.write(1, b'x' * (1 << 20))\nfor i in range(16): os.write(1, b'x' * 65536)\nbreach('twice the output')\n"};
  return {processes, output};
}

Attack FindAttack(std::string_view name) {
  for (const std::vector<Attack>& list : {ReadAttacks(), MoreAttacks()}) {
    for (const Attack& attack : list) {
      if (attack.name == name) {
        return attack;
      }
    }
  }
  FAIL("no attack is called " << name);
  return {};
}

uint32_t Bit(Control control) { return 1U << static_cast<uint32_t>(control); }

bool StaysDirty(const Surroundings& before) {
  for (int wait = 0; wait < 40; ++wait) {
    if (Look() == before) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

// Whether the attack got what it wanted; nullopt when the sandbox cannot be opened.
std::optional<bool> Succeeds(const Proof& proof, uint32_t dropped, std::string& details) {
  const Canaries canaries;
  Config config;
  config.slots = 1;
  config.cache_bytes = 0;  // a program kept is a descriptor more
  config.strongest_tier = proof.tier;
  config.weakest_tier = proof.tier;
  LauncherOptions options;
  options.image = LauncherForTests();
  options.dropped_controls = dropped;
  const absl::StatusOr<std::unique_ptr<Sandbox>> sandbox = OpenSandbox(config, options);
  if (!sandbox.ok()) {
    details = Message(sandbox.status());
    return std::nullopt;
  }
  Attack warm_up;
  warm_up.first.text = "pass\n";
  if (!(*sandbox)->Run(AttackJob(warm_up, warm_up.first, canaries, proof.tier)).ok()) {
    return std::nullopt;
  }
  const Surroundings before = Look();
  const Attack attack = FindAttack(proof.attack);
  const absl::StatusOr<JobResult> result = (*sandbox)->Run(AttackJob(attack, attack.first, canaries, proof.tier));
  if (!result.ok()) {
    details = Message(result.status());
    return std::nullopt;
  }
  details = fmt::format("{} code {} output {} error {}", EndingName(result->ending), result->exit_code,
                        result->standard_output.substr(0, 200), result->standard_error.substr(0, 400));
  return result->standard_output.find("BREACH") != std::string::npos || result->output_file.find("root:") != std::string::npos ||
         !canaries.Touched().empty() || StaysDirty(before);
}

TEST_CASE("every means of confinement is necessary", "[controls]") {
  if (geteuid() != 0) {
    fmt::print("controls: skipped, they are shown in tier 0, which needs root\n");
    return;
  }
  int proven = 0;
  int skipped = 0;
  for (const Proof& proof : Proofs()) {
    uint32_t beneath = 0;
    for (const Control control : proof.beneath) {
      beneath |= Bit(control);
    }
    std::string with_details;
    std::string without_details;
    const std::optional<bool> with = Succeeds(proof, beneath, with_details);
    if (!with) {
      fmt::print("controls: skipped {}: {}\n", proof.name, with_details);
      ++skipped;
      continue;
    }
    const std::optional<bool> without = Succeeds(proof, beneath | Bit(proof.control), without_details);
    INFO(proof.name << ", attack \"" << proof.attack << "\"\nwith: " << with_details << "\nwithout: " << without_details);
    CHECK_FALSE(*with);
    CHECK(without == true);
    proven += !*with && without == true ? 1 : 0;
  }
  fmt::print("controls: {} passed, {} failed, {} skipped\n", proven, static_cast<int>(Proofs().size()) - proven - skipped, skipped);
}

}  // namespace
}  // namespace cupel::sandbox
