#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "datasets/task.h"
#include "verifiers/code/judge/problem.h"

// Tasks as their data sets publish them. Task::metadata is a JSON object:
//
//   {"format": "humaneval", "record": {...as published...}, "options": {...}}
//
// Formats are the entries of kFormats in formats.cc, options those of formats/options.cc.

namespace cupel::code {

// What a task asks. Errors name the task, the field and what was found instead. A record without tests is an error too: there is nothing to
// judge by.
absl::StatusOr<Problem> ReadTask(const Task& task);

std::vector<std::string_view> FormatNames();  // sorted

}  // namespace cupel::code
