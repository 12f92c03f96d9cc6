#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rollout/rollout.h"
#include "rollout/rollout_store.h"

// Made-up steps and what tests of the log share: exact comparison, SQLite's own checks.

namespace cupel {

struct SampleShape {
  int64_t num_groups = 3;
  int64_t group_size = 4;
  int64_t num_tokens = 24;  // of a completion, at most
};

// Groups as a run makes them; a pure function of the arguments, so a test can say what a log must hold.
std::vector<RolloutGroup> SampleGroups(int64_t step, const SampleShape& shape = {});

// Groups with every value that could be mangled on the way: empty and huge, NUL bytes and broken UTF-8, signed zeros, denormals,
// infinities.
std::vector<RolloutGroup> ExtremeGroups(int64_t step);

RolloutStore::RunInfo SampleRun();

// A new log with the run's row. Fails the test when that fails.
RolloutStore CreateSampleLog(const std::string& path);

// Where two steps differ, bit for bit; empty when they do not.
std::string FirstDifference(const std::vector<RolloutGroup>& left, const std::vector<RolloutGroup>& right);

// PRAGMA integrity_check and foreign_key_check; empty when both find nothing.
std::string IntegrityProblems(const std::string& path);

}  // namespace cupel
