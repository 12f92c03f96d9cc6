// Covers launcher/control_groups.h for version 2, which machines without it run too: on a tree of ordinary files in which mkdir makes what
// the kernel makes. What the kernel does with the limits is not seen here. Alone: build/release/tests/code_sandbox_test "[cgroup2]"

#include "verifiers/code/sandbox/launcher/control_groups.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/testing/temp_dir.h"
#include "verifiers/code/sandbox/launcher/call.h"

namespace cupel::sandbox {
namespace {

void Write(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }
std::string Read(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}
// What was written over longer contents ends where the text ends.
bool Begins(const std::string& path, const std::string& text) { return Read(path).starts_with(text); }

// As the kernel: a directory of the tree comes with its files, and goes with them.
int MakeGroup(const char* path, mode_t mode) {
  if (mkdir(path, mode) != 0) {
    return -1;
  }
  for (const auto& [name, text] : {std::pair("cgroup.procs", ""),
                                   {"cgroup.subtree_control", ""},
                                   {"memory.max", "max\n"},
                                   {"memory.swap.max", "max\n"},
                                   {"memory.current", "1000000\n"},
                                   {"memory.peak", "3000000\n"},
                                   {"memory.events", "low 0\nhigh 0\nmax 5\noom 0\noom_kill 0\n"},
                                   {"pids.max", "max\n"},
                                   {"cpu.stat", "usage_usec 5000\nuser_usec 4000\n"},
                                   {"cpu.max", "max 100000\n"}}) {
    Write(std::string(path) + "/" + name, text);
  }
  return 0;
}

int RemoveGroup(const char* path) {
  std::filesystem::remove_all(path);
  return 0;
}

}  // namespace
}  // namespace cupel::sandbox

// The real text, with the two calls by which a group comes and goes.
#define mkdir MakeGroup
#define rmdir RemoveGroup
#include "verifiers/code/sandbox/launcher/control_groups.cc"
#undef mkdir
#undef rmdir

namespace cupel::sandbox {
namespace {

// A /proc and a version 2 tree, in which this process is in the group /me.
struct FakeTree {
  TempDir folder;
  std::string proc = folder.File("proc");
  std::string root = folder.File("cgroup");
  std::string own = root + "/me";

  explicit FakeTree(const std::string& controllers) {
    std::filesystem::create_directories(proc + "/self");
    std::filesystem::create_directories(proc + "/77");
    std::filesystem::create_directories(own);
    Write(proc + "/self/cgroup", "0::/me\n");
    Write(proc + "/self/mountinfo", "30 23 0:26 / " + root + " rw,nosuid shared:4 - cgroup2 cgroup2 rw\n");
    Write(root + "/cgroup.controllers", controllers + "\n");
    Write(own + "/cgroup.subtree_control", "");
    Write(own + "/cgroup.procs", "4\n5\n");
  }
};

bool Create(ControlGroups& groups, const FakeTree& tree) {
  State().trouble = {};
  return groups.Create(tree.proc, 77, 3);
}

TEST_CASE("a slot's group of version 2 is made below ours, with its limits", "[cgroup2]") {
  const FakeTree tree("cpuset cpu io memory pids");
  ControlGroups groups;
  REQUIRE(Create(groups, tree));
  const std::string group = tree.own + "/cupel.77.3";
  CHECK(groups.description() == "control groups v2");
  CHECK(Read(tree.own + "/cgroup.subtree_control") == "+memory +pids +cpu");
  CHECK(Begins(group + "/cpu.max", "100000 100000"));
  CHECK(groups.Enter(4242));
  CHECK(Read(group + "/cgroup.procs") == "4242");

  JobLimits limits;
  limits.memory_bytes = 256 << 20;
  limits.processes = 64;
  REQUIRE(groups.Begin(limits, 2));
  CHECK(Begins(group + "/memory.max", std::to_string(1'000'000 + (256 << 20))));  // above what the slot itself uses
  CHECK(Begins(group + "/memory.swap.max", "0"));
  CHECK(Begins(group + "/pids.max", "66"));
  CHECK_FALSE(groups.HasMemoryEvent());

  // The kernel counts on.
  Write(group + "/memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n");
  Write(group + "/cpu.stat", "usage_usec 45000\nuser_usec 40000\n");
  Write(group + "/memory.peak", "9000000\n");
  CHECK(groups.HasMemoryEvent());
  CHECK(groups.CpuMicroseconds() == 40000);
  CHECK(groups.PeakBytes() == 8'000'000);
  groups.ForgetCpu();
  CHECK(groups.CpuMicroseconds() == 0);
  groups.Remove();
  CHECK_FALSE(std::filesystem::exists(group));
}

TEST_CASE("groups of launchers that are gone are removed, those of others stay", "[cgroup2]") {
  const FakeTree tree("cpu memory pids");
  MakeGroup((tree.own + "/cupel.99.0").c_str(), 0755);  // no process 99
  MakeGroup((tree.own + "/cupel.77.0").c_str(), 0755);
  MakeGroup((tree.own + "/other").c_str(), 0755);
  ControlGroups groups;
  REQUIRE(Create(groups, tree));
  CHECK_FALSE(std::filesystem::exists(tree.own + "/cupel.99.0"));
  CHECK(std::filesystem::exists(tree.own + "/cupel.77.0"));
  CHECK(std::filesystem::exists(tree.own + "/other"));
  groups.Remove();
}

TEST_CASE("without the controllers there is no group, and nothing is left behind", "[cgroup2]") {
  const FakeTree tree("hugetlb");
  ControlGroups groups;
  CHECK_FALSE(Create(groups, tree));
  CHECK(std::string(State().trouble.text).find("version") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(tree.own + "/cupel.77.3"));
}

TEST_CASE("a tree that hands nothing down is refused after our processes moved into a leaf", "[cgroup2]") {
  const FakeTree tree("cpu memory pids");
  std::filesystem::remove(tree.own + "/cgroup.subtree_control");
  ControlGroups groups;
  CHECK_FALSE(Create(groups, tree));
  CHECK(Begins(tree.own + "/cupel-main/cgroup.procs", "5"));
  CHECK_FALSE(std::filesystem::exists(tree.own + "/cupel.77.3"));
}

}  // namespace
}  // namespace cupel::sandbox
