#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <absl/container/flat_hash_set.h>
#include <absl/status/status.h>

#include "datasets/task.h"

namespace cupel {

// What became of the rows of one file.
struct FileReport {
  int64_t rows = 0;                   // records read, bad ones too
  int64_t bad = 0;                    // left out: they cannot be used
  int64_t duplicates = 0;             // left out: their question came before
  int64_t overlapping = 0;            // left out of training: evaluation asks them
  int64_t kept = 0;                   // tasks, of both splits
  std::vector<std::string> problems;  // of what was left out, the first ten of each kind: "train.jsonl:3: \"question\" is empty"
};

// What was left out while tasks were loaded. Loading a file for training again replaces its entry; for evaluation, it leaves it alone.
struct LoadReport {
  std::map<std::string, FileReport> files;
  int64_t outside_pass_rates = 0;  // training tasks left out by the settings of that name

  int64_t num_left_out() const;  // rows of files, and tasks by their pass rates
  // One line for people per file that lost rows: "train.jsonl: 12 of 7473 rows left out (10 unusable, 2 in evaluation)".
  std::vector<std::string> Lines() const;
};

// How tasks are loaded, beyond the settings. Everything is optional and borrowed.
struct LoadContext {
  // Whether a task's verifier exists and can read its gold answer and options; datasets do not know their judges (CheckGold in
  // verifiers/check_golds.h).
  std::function<absl::Status(const Task&)> check_gold;
  LoadReport* report = nullptr;
  std::function<void(const std::string& path, int64_t rows)> progress;  // now and then while a file is read
  const absl::flat_hash_set<std::string>* excluded = nullptr;           // KeysOf (filters.h) tasks that a training split must not hold
};

}  // namespace cupel
