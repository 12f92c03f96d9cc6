#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "verifiers/code/extract.h"
#include "verifiers/code/judge/compare.h"
#include "verifiers/code/judge/literal.h"
#include "verifiers/code/judge/report.h"
#include "verifiers/code/sandbox/sandbox.h"

// What is asked of a program, however its data set writes it down (formats/ makes these). Nothing marked "expected" ever enters a sandbox
// in which the program runs.

namespace cupel::code {

// One call of a function of the program.
struct CallTest {
  std::string id;
  std::string target;  // name of a function, with dots for methods ("Solution.f"; classes are instantiated without arguments)
  std::vector<Value> args;
  std::vector<std::pair<std::string, Value>> keywords;  // Python only
  Transform transform = Transform::kNone;
  Expectation expectation = Expectation::kEqual;
  std::vector<Value> expected;  // any of them; unused unless kEqual
  ValueRules rules;
};

// One run of the program.
struct StdioTest {
  std::string id;
  std::string input;
  std::string expected;
};

// Tests written in Python that are not plain calls. They run in a sandbox of their own and ask the program, in another, for every value.
struct AssertTests {
  std::string prelude;                                     // definitions the tests may use (the prompt of the task)
  std::vector<std::string> names;                          // of those, the ones that the program is to define
  std::string source;                                      // of the tests
  std::vector<std::pair<std::string, std::string>> units;  // (id, statements), each a test; none: the functions test_* of the source
  std::vector<std::string> wanted;                         // ids to run; none: all
  std::vector<std::string> modules = {"solution"};         // what the program is imported as
  bool is_project = false;                                 // the program is a folder of `modules` (SWE tasks)
};

// A program of the task's author that looks at the output of a test: given the names of the test's input, of the program's output and of
// the expected output as arguments, it exits with testlib's codes (0 accepted, 1 wrong, 2 presentation, 3 trouble of its own) or, for
// open-r1, prints a score to standard output.
struct Checker {
  sandbox::Language language = sandbox::Language::kPython;
  std::string source;
  bool prints_score = false;
  std::vector<sandbox::JobFile> files;  // headers that it includes
};

// A program of the task's author that talks to the judged one: its standard output is the other's input and the reverse. It finds the
// test's input and expected output as files like a checker, and exits with the same codes.
struct Interactor {
  sandbox::Language language = sandbox::Language::kPython;
  std::string source;
};

struct SweTask;

struct Problem {
  std::string id;
  sandbox::Language language = sandbox::Language::kPython;
  ExtractRule extract = ExtractRule::kLastOfLanguage;
  bool accepts_bare = false;            // a text without any fence is a program
  std::string before;                   // text put before the model's in one file
  std::string after;                    // and behind it
  std::string setup;                    // Python: run behind the program in its namespace
  std::vector<sandbox::JobFile> files;  // beside the program
  std::string program_file;             // the name of the program's file; empty: that of its language
  std::string input_file;               // where the program reads and writes instead of standard input and output; empty: there
  std::string output_file;

  std::vector<CallTest> calls;
  std::vector<StdioTest> stdio;
  std::optional<AssertTests> asserts;
  std::optional<Checker> checker;
  std::optional<Interactor> interactor;
  std::shared_ptr<const SweTask> swe;  // the text is a patch to a project; shared because tasks are copied and never changed

  sandbox::Limits limits;
  TextRules text_rules;
  Scoring scoring = Scoring::kPassFail;
  bool is_isolated = true;  // every call test in a process of its own; else all in one, under one budget
  std::string reference;    // a right program, which says what calls without an expected value must return

  size_t num_tests() const { return calls.size() + stdio.size(); }
};

}  // namespace cupel::code
