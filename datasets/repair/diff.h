#pragma once

#include <map>
#include <string>

// Patches from one state of a project to another, in the two forms that the code verifier reads.

namespace cupel::repair {

// A unified diff with three lines of context; each file is one hunk.
std::string UnifiedDiff(const std::map<std::string, std::string>& from, const std::map<std::string, std::string>& to);

// Blocks to search and replace, of files that both have: the path, then the changed lines with as many around them as make the place
// unique.
std::string SearchReplaceBlocks(const std::map<std::string, std::string>& from, const std::map<std::string, std::string>& to);

}  // namespace cupel::repair
