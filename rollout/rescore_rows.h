#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "rollout/rollout.h"
#include "rollout/sqlite.h"

namespace cupel {

// Writes verdicts, rewards and advantages of another judgement under a label into the tables rescores and rescored of a run's log, all of
// them or, unless Commit is reached, none.
class RescoreWriter {
 public:
  struct Header {
    std::string label;
    Json settings;
    std::string program_version;
  };
  // Opens the log for writing. AlreadyExists when the run has the label.
  static absl::StatusOr<RescoreWriter> Open(const std::string& path, int64_t run_id, const Header& header);

  // The groups of one step, each rollout under its recorded place.
  absl::Status Add(const std::vector<RolloutGroup>& groups);
  absl::Status Commit();

 private:
  RescoreWriter(SqliteConnection connection, int64_t run_id)
      : connection_(std::make_unique<SqliteConnection>(std::move(connection))), run_id_(run_id) {}
  std::unique_ptr<SqliteConnection> connection_;  // at a fixed address, which the transaction refers to
  int64_t run_id_;
  int64_t rescore_id_ = 0;
  std::vector<SqliteTransaction> transaction_;  // one, until Commit
  std::vector<SqliteStatement> insert_;         // one
};

}  // namespace cupel
