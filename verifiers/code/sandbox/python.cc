#include "verifiers/code/sandbox/language.h"

namespace cupel::sandbox {
namespace {

// Warm, the interpreter's fork runs the text itself (launcher/interpreter.py); cold, python3 is started for this job alone.
Command RunPython(const Job& job, bool is_warm_possible) {
  Command command;
  command.program = "/usr/bin/python3";
  if (is_warm_possible) {
    command.start = Start::kPython;
    command.args = {job.driver.empty() ? "/job/" + job.entry : "<driver>"};
  } else {
    command.args = {"python3", "-B", "-s", job.driver.empty() ? "./" + job.entry : "./.driver.py"};
  }
  if (!job.driver.empty()) {
    command.args.push_back("./" + job.entry);
    if (!is_warm_possible) {
      command.more_files.push_back({".driver.py", job.driver, false});
    }
  }
  return command;
}

}  // namespace

const LanguageSupport kPythonSupport = {Language::kPython, "/usr/bin/python3", "python3", false, RunPython, nullptr};

}  // namespace cupel::sandbox
