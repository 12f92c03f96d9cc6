#pragma once

#include <string_view>

namespace cupel::sandbox {

// The launcher that heeds LauncherOptions::dropped_controls and fail_at_call.
std::string_view LauncherForTests();

}  // namespace cupel::sandbox
