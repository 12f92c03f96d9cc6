#pragma once

#include <cstdint>
#include <vector>

#include <absl/status/statusor.h>

#include "rollout/blob.h"
#include "rollout/rollout.h"
#include "rollout/sqlite.h"

// Groups of rollouts as rows of the tables steps, groups, rollouts, verdicts, reward_terms, vocabulary and of the full-text index.

namespace cupel {

// Inserts steps; keeps its statements prepared, which is four times as fast as preparing them for each row. Destroy before the connection.
class StepWriter {
 public:
  static absl::StatusOr<StepWriter> Create(SqliteConnection& connection);  // borrowed

  // Inside the caller's transaction. InvalidArgument when a reward, advantage or term is not finite or a message is not UTF-8.
  absl::Status Insert(int64_t run_id, int64_t step, const std::vector<RolloutGroup>& groups);
  void SetTokenizer(const Tokenizer* tokenizer) { tokenizer_ = tokenizer; }  // borrowed; null: no vocabulary is stored
  void ForgetVocabulary() { known_tokens_.clear(); }                         // after a transaction that was rolled back

 private:
  explicit StepWriter(SqliteConnection& connection) : connection_(&connection) {}
  absl::Status InsertGroup(int64_t run_id, const RolloutGroup& group);
  absl::Status InsertRollout(int64_t group_id, const Rollout& rollout, const RolloutGroup& group);
  absl::Status InsertVocabulary(int64_t run_id, const std::vector<RolloutGroup>& groups);
  absl::Status InsertJudgement(int64_t rollout_id, const Rollout& rollout, std::string_view verifier);

  SqliteConnection* connection_;
  std::unique_ptr<BlobEncoder> encoder_ = std::make_unique<BlobEncoder>();
  std::vector<SqliteStatement> statements_;  // by Table
  const Tokenizer* tokenizer_ = nullptr;
  std::vector<bool> known_tokens_;  // by id: in the vocabulary, as far as this writer knows
};

// The groups of a step, in order of group_idx and sample_idx; empty when the step is not there. DataLoss when a row does not decode.
absl::StatusOr<std::vector<RolloutGroup>> ReadStepRows(const SqliteConnection& connection, int64_t run_id, int64_t step);

}  // namespace cupel
