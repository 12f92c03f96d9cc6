#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <absl/status/statusor.h>

#include "verifiers/code/sandbox/sandbox.h"

namespace cupel::sandbox {

// What tests change about the launcher. Only an image built for tests (CUPEL_LAUNCHER_FOR_TESTS) heeds the last two.
struct LauncherOptions {
  std::string_view image;         // the launcher's program file; must outlive the sandbox
  uint32_t dropped_controls = 0;  // bits of Control in launcher/protocol.h
  int64_t fail_at_call = 0;       // this call of the operating system fails in each new slot, counted from 1; 0: none
};

// Sandbox::Open with another launcher.
absl::StatusOr<std::unique_ptr<Sandbox>> OpenSandbox(const Config& config, const LauncherOptions& options);

// The launcher that this library carries.
std::string_view LauncherImage();

}  // namespace cupel::sandbox
