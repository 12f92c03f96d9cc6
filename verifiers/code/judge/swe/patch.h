#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

// Applies a patch to a project in memory; nothing touches a file system. A patch is a unified diff, applied as `git apply` does with fuzz
// 0: every line of context must be there; a hunk may stand elsewhere than its header says, at the nearest place where all its lines fit. Or
// it is a row of blocks to search and replace (search_replace.h).

namespace cupel::code {

using Project = std::map<std::string, std::string>;  // path -> contents

struct PatchLimits {
  size_t max_bytes = size_t{1} << 18;
  size_t max_files = 32;
  size_t max_changed_lines = 1000;  // added and removed
};

// Why a patch may not change a path; empty when it may. Refused: paths that are absolute or leave the project, hidden files, tests, what
// configures builds, tests and interpreters.
std::string ForbiddenPath(std::string_view path);

// The project after the patch. Files may be changed, added and deleted. Errors name file, hunk and line: a diff that is malformed, that
// does not fit, that touches a forbidden path, changes modes, makes links, renames, or is binary; a block
// whose text is not in the file, or there more than once.
absl::StatusOr<Project> ApplyPatch(const Project& project, std::string_view patch, const PatchLimits& limits = {});

}  // namespace cupel::code
