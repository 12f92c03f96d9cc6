#pragma once

#include <functional>

#include <CLI/CLI.hpp>
#include <absl/status/status.h>

#include "base/stop_signal.h"

namespace cupel {

// `cupel tasks repair`: small projects with a bug, as JSON lines. Declares its options; the result runs it.
std::function<absl::Status(StopSignal& stop)> DeclareRepairTasks(CLI::App& app);

}  // namespace cupel
