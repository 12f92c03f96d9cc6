// Covers applying unified diffs to projects in memory, and which paths they may touch. Alone: build/release/tests/code_test "[patch]"

#include "verifiers/code/judge/swe/patch.h"

#include <catch2/catch.hpp>

#include "base/random.h"
#include "base/status.h"
#include "datasets/repair/diff.h"

namespace cupel::code {
namespace {

const Project kProject = {{"a.py", "one\ntwo\nthree\nfour\nfive\n"}, {"lib/b.py", "x = 1\n"}, {"tests/test_a.py", "assert False\n"}};

std::string HunkFor(const std::string& path, const std::string& hunk) { return "--- a/" + path + "\n+++ b/" + path + "\n" + hunk; }

std::string ErrorOf(const std::string& patch) { return std::string(Message(ApplyPatch(kProject, patch).status())); }

TEST_CASE("a patch that fits is applied", "[patch]") {
  const std::string hunk = "@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n";
  CHECK(ApplyPatch(kProject, HunkFor("a.py", hunk)).value().at("a.py") == "one\nTWO\nthree\nfour\nfive\n");
  CHECK(ApplyPatch(kProject, "Some words.\n\ndiff --git a/a.py b/a.py\nindex 1..2 100644\n" + HunkFor("a.py", hunk)).ok());
  // At another line than the header says, as git finds it.
  CHECK(ApplyPatch(kProject, HunkFor("a.py", "@@ -40,2 +40,2 @@\n four\n-five\n+FIVE\n")).value().at("a.py").ends_with("four\nFIVE\n"));
  const Project added = ApplyPatch(kProject, "--- /dev/null\n+++ b/lib/c.py\n@@ -0,0 +1,2 @@\n+y = 2\n+z = 3\n").value();
  CHECK(added.at("lib/c.py") == "y = 2\nz = 3\n");
  CHECK_FALSE(ApplyPatch(kProject, "--- a/lib/b.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x = 1\n").value().contains("lib/b.py"));
  CHECK(ApplyPatch(kProject, HunkFor("lib/b.py", "@@ -1 +1 @@\n-x = 1\n+x = 2\n\\ No newline at end of file\n")).value().at("lib/b.py") ==
        "x = 2");
  const std::string two = "@@ -1,1 +1,2 @@\n one\n+more\n@@ -5,1 +6,1 @@\n-five\n+FIVE\n";
  CHECK(ApplyPatch(kProject, HunkFor("a.py", two)).value().at("a.py") == "one\nmore\ntwo\nthree\nfour\nFIVE\n");
}

TEST_CASE("a patch that does not fit, is malformed or goes too far is refused", "[patch]") {
  CHECK_THAT(ErrorOf("nothing"), Catch::Contains("no change"));
  CHECK_THAT(ErrorOf(HunkFor("a.py", "@@ -1,2 +1,2 @@\n one\n-TWO\n+2\n")), Catch::Contains("does not fit"));
  CHECK_THAT(ErrorOf(HunkFor("a.py", "@@ -1,3 +1,3 @@\n one\n-two\n+2\n")), Catch::Contains("ends early"));
  CHECK_THAT(ErrorOf(HunkFor("a.py", "@@ nonsense @@\n one\n")), Catch::Contains("expected a hunk"));
  CHECK_THAT(ErrorOf(HunkFor("a.py", "@@ -1,2 @@\n one\n")), Catch::Contains("expected \"@@"));
  CHECK_THAT(ErrorOf(HunkFor("a.py", "@@ -99999999999999999999,2 +1 @@\n one\n")), Catch::Contains("expected \"@@"));
  CHECK_THAT(ErrorOf(HunkFor("none.py", "@@ -1 +1 @@\n-a\n+b\n")), Catch::Contains("does not exist"));
  CHECK_THAT(ErrorOf("--- /dev/null\n+++ b/a.py\n@@ -0,0 +1 @@\n+x\n"), Catch::Contains("exists already"));
  CHECK_THAT(ErrorOf("--- a/a.py\n+++ b/lib/b.py\n@@ -1 +1 @@\n-one\n+1\n"), Catch::Contains("renames"));
  CHECK_THAT(ErrorOf("--- a/a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n"), Catch::Contains("would remain"));
  CHECK_THAT(ErrorOf("diff --git a/a.py b/c.py\nrename from a.py\nrename to c.py\n"), Catch::Contains("not allowed"));
  CHECK_THAT(ErrorOf("diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n"),
             Catch::Contains("not allowed"));
  CHECK_THAT(ErrorOf("GIT binary patch\n"), Catch::Contains("not allowed"));
  std::string many = "--- /dev/null\n+++ b/big.py\n@@ -0,0 +1,1001 @@\n";
  for (int i = 0; i < 1001; ++i) {
    many += "+x\n";
  }
  CHECK_THAT(ErrorOf(many), Catch::Contains("more than 1000 lines"));
  CHECK_THAT(ErrorOf(std::string(size_t{1} << 20, '+')), Catch::Contains("bytes"));
}

TEST_CASE("tests, configuration and what is outside may not be touched", "[patch]") {
  for (const char* path : {"tests/test_a.py",  "test_b.py",  "lib/b_test.py",  "conftest.py",
                           "lib/conftest.py",  "pytest.ini", "setup.py",       "pyproject.toml",
                           "CMakeLists.txt",   "Makefile",   ".git/config",    ".env",
                           "lib/.hidden",      "../x.py",    "lib/../../x.py", "/etc/passwd",
                           "sitecustomize.py", "a.pth",      "x/cmake.cmake",  "a\\b.py",
                           "a b.py",           "lib//b.py",  "x.so",           "test/x.py"}) {
    CAPTURE(path);
    CHECK_FALSE(ForbiddenPath(path).empty());
    CHECK_FALSE(ApplyPatch(kProject, std::string("--- /dev/null\n+++ b/") + path + "\n@@ -0,0 +1 @@\n+x\n").ok());
  }
  for (const char* path : {"a.py", "lib/b.py", "src/deep/er/c.cc", "contest.py", "latest.py", "attestation.py", "README.md"}) {
    CAPTURE(path);
    CHECK(ForbiddenPath(path).empty());
  }
}

TEST_CASE("a made patch leads from one project to the other", "[patch]") {
  RandomStream random(3, RandomPurpose::kTaskContent);
  for (int i = 0; i < 300; ++i) {
    Project from;
    Project to;
    for (const char* path : {"a.py", "b.py", "c/d.py"}) {
      std::string text;
      for (uint64_t n = random.Below(12); n > 0; --n) {
        text += std::string(1, static_cast<char>('a' + random.Below(4))) + "\n";
      }
      text += random.Below(4) == 0 ? "no newline" : "";
      std::string other = text;
      if (random.Below(2) == 0 && !other.empty()) {
        other.insert(random.Below(other.size()), "z\n");
      }
      if (!text.empty() && random.Below(5) != 0) {
        from[path] = text;
      }
      if (!other.empty() && random.Below(5) != 0) {
        to[path] = other;
      }
    }
    if (from == to || to.empty()) {
      continue;
    }
    const std::string patch = repair::UnifiedDiff(from, to);
    CAPTURE(patch);
    const absl::StatusOr<Project> made = ApplyPatch(from, patch);
    INFO(made.status().ToString());
    REQUIRE(made.ok());
    CHECK(*made == to);
  }
}

TEST_CASE("a tree of files stays one", "[patch]") {
  CHECK_THAT(ErrorOf("--- /dev/null\n+++ b/a.py/b.py\n@@ -0,0 +1 @@\n+x\n"), Catch::Contains("a.py is a file"));
  CHECK_THAT(ErrorOf("--- /dev/null\n+++ b/lib\n@@ -0,0 +1 @@\n+x\n"), Catch::Contains("lib is a file"));
  const Project small = {{"a.py", "x\n"}};
  CHECK_THAT(std::string(Message(ApplyPatch(small, "--- a/a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n").status())),
             Catch::Contains("every file"));
}

std::string Block(const std::string& path, const std::string& search, const std::string& replace) {
  return path + "\n<<<<<<< SEARCH\n" + search + "=======\n" + replace + ">>>>>>> REPLACE\n";
}

TEST_CASE("blocks to search and replace are applied in order", "[patch]") {
  CHECK(ApplyPatch(kProject, Block("a.py", "two\n", "TWO\n2\n")).value().at("a.py") == "one\nTWO\n2\nthree\nfour\nfive\n");
  CHECK(ApplyPatch(kProject, Block("a.py", "two\nthree\n", "")).value().at("a.py") == "one\nfour\nfive\n");
  const std::string two =
      "First:\n\n" + Block("**`a.py`**:", "one\n", "1\n") + "\nThen\n```\n" + Block("a.py", "1\ntwo\n", "12\n") + "```\n";
  CHECK(ApplyPatch(kProject, two).value().at("a.py") == "12\nthree\nfour\nfive\n");
  CHECK(ApplyPatch(kProject, Block("lib/c.py", "", "y = 2\n")).value().at("lib/c.py") == "y = 2\n");
  // A path before the fence, lines that end in carriage returns, a file without a newline at its end.
  CHECK(ApplyPatch(kProject, "a.py\n```python\n<<<<<<< SEARCH\r\ntwo\n=======\r\n2\n>>>>>>> REPLACE\r\n```\n")
            .value()
            .at("a.py")
            .starts_with("one\n2\n"));
  CHECK(ApplyPatch({{"n.py", "x\ny"}}, Block("n.py", "y\n", "z\n")).value().at("n.py") == "x\nz");
}

TEST_CASE("blocks that do not fit one place are refused", "[patch]") {
  CHECK_THAT(ErrorOf(Block("a.py", "six\n", "6\n")), Catch::Contains("line 2: its lines are not in a.py"));
  CHECK_THAT(std::string(Message(ApplyPatch({{"d.py", "x\ny\nx\n"}}, Block("d.py", "x\n", "z\n")).status())),
             Catch::Contains("more than once"));
  CHECK_THAT(ErrorOf(Block("b.py", "x\n", "z\n")), Catch::Contains("there is no file b.py"));
  CHECK_THAT(ErrorOf(Block("a.py", "", "z\n")), Catch::Contains("exists already"));
  CHECK_THAT(ErrorOf(Block("tests/test_a.py", "assert False\n", "")), Catch::Contains("tests may not be changed"));
  CHECK_THAT(ErrorOf(Block("", "one\n", "1\n")), Catch::Contains("not a path"));
  CHECK_THAT(ErrorOf("a.py\n<<<<<<< SEARCH\none\n"), Catch::Contains("does not end"));
  CHECK_THAT(ErrorOf("a.py\n<<<<<<< SEARCH\none\n" + Block("a.py", "one\n", "1\n")), Catch::Contains("does not end"));
  CHECK_THAT(ErrorOf(Block("a.py/b.py", "", "z\n")), Catch::Contains("a.py is a file"));
  CHECK_THAT(ErrorOf(Block("a.py", std::string(2002, '\n'), "")), Catch::Contains("more than 1000 lines"));
}

TEST_CASE("any text is applied or refused", "[patch]") {
  RandomStream random(5, RandomPurpose::kTaskContent);
  const std::string good = HunkFor("a.py", "@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n");
  for (int i = 0; i < 5000; ++i) {
    std::string patch = good;
    for (uint64_t n = 1 + random.Below(5); n > 0; --n) {
      patch[random.Below(patch.size())] = "@-+ 019,\n\\ab/"[random.Below(13)];
    }
    const absl::StatusOr<Project> made = ApplyPatch(kProject, patch);
    CHECK((!made.ok() || made->at("tests/test_a.py") == kProject.at("tests/test_a.py")));
  }
}

}  // namespace
}  // namespace cupel::code
