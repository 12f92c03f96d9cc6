#include <algorithm>

#include <fmt/format.h>

#include "verifiers/code/sandbox/language.h"

namespace cupel::sandbox {
namespace {

// V8 reserves more address space than it uses; below this node does not start.
constexpr int64_t kAddressSpace = int64_t{4} << 30;

Command RunJavaScript(const Job& job, bool /*is_warm_possible*/) {
  Command command;
  command.program = "/usr/bin/node";
  command.args = {"node", fmt::format("--max-old-space-size={}", std::max(int64_t{16}, job.limits.memory_bytes >> 20)),
                  fmt::format("--stack-size={}", std::min(int64_t{60'000}, job.limits.stack_bytes / 1024 * 9 / 10))};
  if (job.driver.empty()) {
    command.args.push_back("./" + job.entry);
  } else {
    command.args.insert(command.args.end(), {"./.driver.js", "./" + job.entry});
    command.more_files.push_back({".driver.js", job.driver, false});
  }
  command.more_environment = {"OPENSSL_CONF=/dev/null"};  // the system's may be out of sight, which node takes for an error
  command.address_space_bytes = kAddressSpace;
  command.is_single_process = true;
  return command;
}

}  // namespace

const LanguageSupport kJavaScriptSupport = {Language::kJavaScript, "/usr/bin/node", "nodejs", false, RunJavaScript, nullptr};

}  // namespace cupel::sandbox
