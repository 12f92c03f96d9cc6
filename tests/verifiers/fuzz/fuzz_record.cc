// Fuzzes the readers of test records: JSON metadata of any format, or Python assertions and literals. Whatever is read has tests, whatever
// is not says why. Build and run: tests/verifiers/fuzz/run.sh

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "verifiers/code/formats/formats.h"
#include "verifiers/code/judge/swe/swe_judge.h"

namespace code = cupel::code;

// In place of base/config.cc, which Clang 16 does not compile with Debian 12's library.
namespace cupel {
std::string NearestName(std::string_view /*name*/, const std::vector<std::string>& /*known*/) { return ""; }
}  // namespace cupel

namespace {

void Read(const std::string& metadata) {
  const auto problem = code::ReadTask({"t", {{"user", "?"}}, "", "code", metadata});
  if (problem.ok() ? problem->num_tests() == 0 && !problem->asserts && problem->swe == nullptr
                   : cupel::Message(problem.status()).find('t') == std::string_view::npos) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  Read(text);
  // The same text as one assertion, and as the record's tests.
  const cupel::Json asserts = {{"format", "mbpp"}, {"record", {{"test_list", {text}}}}};
  const cupel::Json check = {
      {"format", "humaneval"},
      {"record", {{"prompt", "def f(x):\n"}, {"entry_point", "f"}, {"test", "def check(candidate):\n    " + text + "\n"}}}};
  Read(cupel::DumpJson(asserts));
  Read(cupel::DumpJson(check));
  return 0;
}
