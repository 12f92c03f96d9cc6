// Fuzzes the patches that models write, in both forms, and where they stand in a text. A patch that applies leaves every forbidden path as
// it was and no path below another; the difference it made applies again and gives the same. Build and run: tests/verifiers/fuzz/run.sh

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "datasets/repair/diff.h"
#include "verifiers/code/extract.h"
#include "verifiers/code/judge/swe/patch.h"

namespace code = cupel::code;

namespace {

const code::Project& Base() {
  static const code::Project project = {
      {"a/b.py", "one\ntwo\nthree\nfour\n"}, {"c.py", "x"}, {"tests/test_c.py", "t\n"}, {"build.ninja", "r\n"}};
  return project;
}

void RequireKept(const code::Project& patched) {
  for (const auto& [path, text] : Base()) {
    if (!code::ForbiddenPath(path).empty() && (!patched.contains(path) || patched.at(path) != text)) {
      std::abort();
    }
  }
  for (auto file = patched.begin(); file != patched.end(); ++file) {
    const bool is_new = !Base().contains(file->first);
    if (is_new && !code::ForbiddenPath(file->first).empty()) {
      std::abort();
    }
    if (patched.lower_bound(file->first + "/") != patched.lower_bound(file->first + "0")) {
      std::abort();  // '0' follows '/': a file lies below this one
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto extraction = code::ExtractCode(text, cupel::sandbox::Language::kPython, code::ExtractRule::kLastPatch, true);
  const auto begin = static_cast<size_t>(extraction.span.begin);
  for (const std::string_view patch : {text, text.substr(begin, static_cast<size_t>(extraction.span.end) - begin)}) {
    const auto patched = code::ApplyPatch(Base(), patch);
    if (!patched.ok()) {
      continue;
    }
    RequireKept(*patched);
    const std::string diff = cupel::repair::UnifiedDiff(Base(), *patched);
    // A new file without a line cannot be written as a hunk.
    const bool has_empty = diff.find("@@ -0,0 +0,0 @@") != std::string::npos;
    code::PatchLimits limits;
    limits.max_bytes = size_t{1} << 22;
    if (!diff.empty() && !has_empty) {
      const auto again = code::ApplyPatch(Base(), diff, limits);
      if (!code::ApplyPatch(Base(), diff, limits).ok() || *again != *patched) {
        std::abort();
      }
    }
  }
  return 0;
}
