#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "tests/testing/process.h"

// The program under test, run as a user runs it.

namespace cupel::testing {

inline std::string TinyRecipe() { return CUPEL_SOURCE_DIR "/experiments/recipes/tiny.toml"; }

inline ProcessRequest Request(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), CUPEL_PROGRAM);
  ProcessRequest request;
  request.arguments = std::move(arguments);
  return request;
}

inline ProcessResult Cupel(std::vector<std::string> arguments, const std::string& input = "") {
  ProcessRequest request = Request(std::move(arguments));
  request.input = input;
  return RunProcess(request);
}

// Arguments that train the built-in model in `run`, on one core: the runs are too small to share, and threads that wait for each other make
// them slow on a busy machine.
inline std::vector<std::string> TrainTiny(const std::string& run, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"train", TinyRecipe(), "--run", run, "--set", "model.threads=1"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

inline bool Contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace cupel::testing
