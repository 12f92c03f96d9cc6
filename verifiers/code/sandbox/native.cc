#include "verifiers/code/sandbox/language.h"

namespace cupel::sandbox {
namespace {

Command RunNative(const Job& job, bool /*is_warm_possible*/) {
  Command command;
  command.program = job.entry;
  command.args = {job.entry};
  return command;
}

}  // namespace

const LanguageSupport kNativeSupport = {Language::kNative, nullptr, nullptr, false, RunNative, nullptr};

}  // namespace cupel::sandbox
