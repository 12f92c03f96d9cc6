#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "verifiers/code/judge/report.h"
#include "verifiers/code/judge/swe/patch.h"
#include "verifiers/code/sandbox/sandbox.h"

// Projects in C and C++ that bring their own build: build.ninja, or CMakeLists.txt (Ninja generator). A patch cannot change either.

namespace cupel::code {

// Whether the project says itself how it is built. Without, all its sources are compiled together.
bool HasOwnBuild(const Project& project);

struct BuiltProgram {
  Mark mark = Mark::kAccepted;  // kCompile when it does not build
  std::string detail;
  std::string program;  // the executable
};

// Builds the project in the sandbox and fetches its executable, named by the path that the build gives it: "program" in the folder of
// build.ninja, or of CMake's build. An error means that the machine or the task is at fault (ninja or cmake missing: the package is named).
absl::StatusOr<BuiltProgram> BuildProject(sandbox::Sandbox& sandbox, const Project& project);

}  // namespace cupel::code
