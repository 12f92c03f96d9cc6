#pragma once

#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "verifiers/code/sandbox/sandbox.h"

namespace cupel::code {

// An open sandbox of tier 0 or 1; null, after saying why, on a machine that has neither: a test that needs one is then skipped.
inline std::unique_ptr<sandbox::Sandbox> OpenSandbox() {
  absl::StatusOr<std::unique_ptr<sandbox::Sandbox>> opened = sandbox::Sandbox::Open({});
  if (!opened.ok()) {
    WARN("SKIPPED: " << Message(opened.status()));
    return nullptr;
  }
  return *std::move(opened);
}

}  // namespace cupel::code
