#pragma once

#include <string_view>

#include <absl/status/statusor.h>

#include "verifiers/code/judge/swe/patch.h"

// Patches as blocks, which need no line numbers:
//
//   path/of/the/file
//   <<<<<<< SEARCH
//   lines as they are in the file
//   =======
//   lines as they should be
//   >>>>>>> REPLACE
//
// The path stands on the last line before the block that is neither empty nor a fence; between blocks anything may stand. Blocks are
// applied in order. The lines to search for must stand in the file exactly once; none at all makes a new file.

namespace cupel::code {

// Whether a text holds the beginning of a block.
bool HoldsBlocks(std::string_view text);

// The project after the blocks; errors and limits as for ApplyPatch.
absl::StatusOr<Project> ApplyBlocks(const Project& project, std::string_view text, const PatchLimits& limits);

}  // namespace cupel::code
