#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/repair/mutate.h"
#include "datasets/repair/project.h"

namespace cupel::repair {

// A mutation that was shown to be a bug: bit i of `failing` says that test i of the project fails with it. At least one fails, at least one
// passes.
struct Bug {
  Mutation mutation;
  uint64_t failing = 0;
};

struct Template {
  Project project;
  std::vector<Bug> bugs;  // in the order of FindMutations
};

// All projects with their bugs, by name. What a mutation does was found by running every test on every mutation; the results are
// projects/NAME.proven.txt, which code_repair_test "[.prove]" writes and others of its cases check.
std::vector<Template> LoadTemplates();

// A line of such a table: the failing tests in hexadecimal (0 for a mutation that no test or every test notices) and the mutation's key.
std::string ProvenLine(const Mutation& mutation, uint64_t failing);

enum class Hint : uint8_t { kPlace, kTest, kNames };
enum class PatchForm : uint8_t { kSearchReplace, kDiff };

// One task: repair the project that has the bug.
struct RepairTask {
  std::string id;        // "repair/spans/core.py:12:8 comparison <=/17", the last number being the variant of names
  std::string question;  // for the model
  std::string patch;     // one right answer: the mutation undone
  std::string record;    // JSON, in the shape of SWE-bench's records with the project inside ("swe" of docs/code-verifier.md)
  std::string metadata;  // JSON, Task::metadata: the record without the patch
};

// `shown` chooses which of the failing tests the question shows; the others are seen by the judge only.
RepairTask MakeRepairTask(const Project& project, const Bug& bug, int64_t variant, Hint hint, PatchForm form, uint64_t shown);

}  // namespace cupel::repair
