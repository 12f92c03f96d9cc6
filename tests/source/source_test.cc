// Covers the source tree itself: layers, banned constructs, machine paths, READMEs, dead files. Alone: build/release/tests/source_test

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/source/rules.h"

namespace cupel::source {
namespace {

std::string Joined(const Violations& violations) {
  std::string text;
  for (const std::string& violation : violations) {
    text += "\n  " + violation;
  }
  return text;
}

void RequireKept(const Violations& violations) {
  INFO("violations:" << Joined(violations));
  CHECK(violations.empty());
}

// Each planted file must be reported, by its path.
void RequireCaught(Violations (*rule)(const std::vector<File>&), const std::vector<File>& planted) {
  for (const File& file : planted) {
    const Violations violations = rule({file});
    INFO("planted in " << file.path << ": " << file.text << "\nreported:" << Joined(violations));
    CHECK(violations.size() == 1);
    CHECK(std::ranges::all_of(violations, [&](const std::string& violation) { return violation.starts_with(file.path + ":"); }));
  }
}

// Words that must not stand in this file as they are.
std::string Split(std::string_view first, std::string_view second) { return std::string(first) + std::string(second); }

const std::vector<File>& Tree() {
  static const std::vector<File> tree = ReadTree(CUPEL_SOURCE_DIR);
  return tree;
}

TEST_CASE("the tree is read", "[source]") {
  CHECK(std::ranges::find(Tree(), "base/check.h", &File::path) != Tree().end());
  CHECK(std::ranges::none_of(Tree(), [](const File& file) { return file.path.starts_with("build/") || file.path.starts_with(".deps/"); }));
}

TEST_CASE("modules include only what is below them", "[source]") { RequireKept(CheckLayers(Tree())); }

TEST_CASE("an include against the layers is caught", "[source]") {
  RequireCaught(CheckLayers, {
                                 {"base/a.h", "#include \"datasets/task.h\"\n"},
                                 {"datasets/a.cc", "#include \"policy/tokenizer.h\"\n"},
                                 {"policy/a.h", "#include \"datasets/task.h\"\n"},
                                 {"policy/tokenizer/a.cc", "#include \"policy/model/forward.h\"\n"},
                                 {"verifiers/a.cc", "#include \"rewards/reward.h\"\n"},
                                 {"rollout/a.cc", "#include \"policy/policy.h\"\n"},
                                 {"rollout/b.cc", "#include \"grpo/trainer.h\"\n"},
                                 {"grpo/a.cc", "#include \"experiments/recipe.h\"\n"},
                                 {"base/b.cc", "#include \"tests/testing/catch_torch.h\"\n"},
                                 {"rollout/c.cc", "#include <ATen/core/Tensor.h>\n"},
                                 {"policy/checkpoint/a.cc", "#include <c10/util/Half.h>\n"},
                                 {"experiments/a.cc", "#include <torch/csrc/autograd/variable.h>\n"},
                                 {"grpo/b.cc", "#include <torch/torch.h>\n"},
                                 {"policy/model/b.cc", "#include <ATen/ATen.h>\n"},
                                 {"policy/tokenizer.h", "#include <ATen/core/Tensor.h>\n"},
                             });
  RequireKept(CheckLayers({
      {"grpo/a.cc", "#include \"policy/policy.h\"\n#include <ATen/ops/add.h>\n"},
      {"rollout/a.cc", "#include \"policy/generation.h\"\n"},
      {"policy/engine/a.cc", "#include \"policy/model/forward.h\"\n#include \"policy/tokenizer.h\"\n"},
  }));
}

TEST_CASE("banned constructs do not occur", "[source]") { RequireKept(CheckBannedConstructs(Tree())); }

TEST_CASE("a banned construct is caught, and only in code", "[source]") {
  RequireCaught(CheckBannedConstructs, {
                                           {"base/a.cc", "std::regex r;\n"},
                                           {"base/b.cc", "#include <regex>\n"},
                                           {"base/c.cc", "int x = system(command);\n"},
                                           {"base/d.cc", "FILE* f = popen(\"ls\", \"r\");\n"},
                                           {"base/e.cc", "using namespace std;\n"},
                                           {"base/f.cc", "std::mt19937 generator;\n"},
                                           {"base/g.cc", Split("// TO", "DO: later\n")},
                                           {"README.md", Split("FIX", "ME\n")},
                                       });
  RequireKept(CheckBannedConstructs({
      {"base/a.cc", "// no std::regex here\nint filesystem(int);\nconst char* s = \"system(\\\"x\\\")\";\nint n = 1'000; /* popen( */\n"},
      {"base/b.md", "std::regex is not used.\n"},
  }));
}

TEST_CASE("no file knows a path of somebody's machine", "[source]") { RequireKept(CheckMachinePaths(Tree())); }

TEST_CASE("a path of somebody's machine is caught", "[source]") {
  RequireCaught(CheckMachinePaths, {
                                       {"README.md", Split("see /home", "/user/x\n")},
                                       {"base/a.cc", Split("// ../sha", "red/spec\n")},
                                       {"tests/run.sh", Split("cd /wo", "rk/x\n")},
                                   });
}

TEST_CASE("every folder has a README", "[source]") { RequireKept(CheckReadmes(Tree())); }

TEST_CASE("a folder without README is caught", "[source]") {
  CHECK(CheckReadmes({{"a/x.cc", ""}}).size() == 1);
  CHECK(CheckReadmes({{"a/README.md", "b does things"}, {"a/b/x.cc", ""}}).size() == 1);
  CHECK(CheckReadmes({{"a/README.md", "b/ does things"}, {"a/b/x.cc", ""}}).empty());
  CHECK(CheckReadmes({{"a/README.md", ""}, {"a/b/README.md", ""}, {"a/b/c/x.cc", ""}, {"a/data/x.txt", ""}, {"top.cc", ""}}).empty());
}

TEST_CASE("CMake builds every source and names no other", "[source]") { RequireKept(CheckCMakeLists(Tree())); }

TEST_CASE("a source that is not built, and one that does not exist, are caught", "[source]") {
  CHECK(CheckCMakeLists({{"a/CMakeLists.txt", "cupel_module(NAME a SOURCES x.cc)\n"}, {"a/x.cc", ""}, {"a/y.cc", ""}}).size() == 1);
  CHECK(CheckCMakeLists({{"a/CMakeLists.txt", "cupel_module(NAME a SOURCES x.cc b/y.cc)\n"}, {"a/x.cc", ""}}).size() == 1);
  CHECK(CheckCMakeLists({{"a/CMakeLists.txt", "f(x.cc\n  b/y.cc) # z.cc\n"}, {"a/x.cc", ""}, {"a/b/y.cc", ""}}).empty());
}

TEST_CASE("headers are guarded and used, tests say what they cover", "[source]") { RequireKept(CheckHeaders(Tree())); }

TEST_CASE("an unguarded or unused header and a test without its first comment are caught", "[source]") {
  CHECK(CheckHeaders({{"a/x.h", "int x;\n"}, {"a/x.cc", "#include \"a/x.h\"\n"}}).size() == 1);
  CHECK(CheckHeaders({{"a/x.h", "#pragma once\n"}}).size() == 1);
  CHECK(CheckHeaders({{"tests/a/x_test.cc", "#include <vector>\n"}}).size() == 1);
  CHECK(CheckHeaders({{"a/x.h", "#pragma once\n"}, {"tests/a/x_test.cc", "// Covers a/x.h.\n#include \"a/x.h\"\n"}}).empty());
}

}  // namespace
}  // namespace cupel::source
