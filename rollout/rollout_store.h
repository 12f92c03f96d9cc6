#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "rollout/rollout.h"
#include "rollout/sqlite.h"

namespace cupel {

// The run's log: one SQLite file, append-only. One connection writes and checkpoints the write-ahead log; `synchronous=FULL`, every write
// one immediate transaction, so that what was acknowledged survives a kill and a power cut. Readers open it while it is written.
// Schema and encodings: docs/rollout-log.md. Not thread-safe; errors name the file, and a full disk says so.
class RolloutStore {
 public:
  static constexpr int kSchemaVersion = 2;  // PRAGMA user_version

  enum class Mode { kCreate, kReadWrite, kReadOnly };
  // kCreate: AlreadyExists when there is such a file; killed at any moment, it leaves a whole log or none. kReadWrite, kReadOnly: NotFound
  // if missing; FailedPrecondition when a newer program wrote it (both versions named); DataLoss when it is not a run's log. A log of an
  // earlier schema is brought up to the present one by kReadWrite, and read as it is by kReadOnly. `run_id` says which run of a merged log
  // is meant; a log that a run writes has the one run 1.
  static absl::StatusOr<RolloutStore> Open(const std::string& path, Mode mode, int64_t run_id = 1);
  RolloutStore(RolloutStore&&) noexcept;
  RolloutStore& operator=(RolloutStore&&) noexcept;
  ~RolloutStore();

  struct RunInfo {
    Json recipe;  // every resolved setting
    std::string program_version;
    std::string build;         // compiler and build type
    std::string model_digest;  // SHA-256 of the model file, or of its directory's manifest
    std::string host;
    std::string started_at;         // ISO 8601 UTC
    std::string name = {};          // what a person calls the run: its folder
    std::string git_revision = {};  // of the program; empty when it was not built from a repository
    std::string kernels = {};       // instruction-set path of the run's products: "avx512bf16"
    std::string ended_at = {};      // ISO 8601 UTC; empty while it runs and when it was killed
  };
  // Comes first, and once (AlreadyExists): everything else written before it is FailedPrecondition. ReadRun is NotFound until then.
  absl::Status WriteRun(const RunInfo& info);
  absl::StatusOr<RunInfo> ReadRun() const;

  // Sets or clears the time at which the run ended.
  absl::Status WriteEnd(bool has_ended);

  // From now on AppendStep also stores what each token id stands for, so that the log can be read without the model. Borrowed; may be null.
  void SetTokenizer(const Tokenizer* tokenizer);

  // All groups of a step in one transaction. AlreadyExists when the step is there already, or has a group or sample twice: a step is
  // acknowledged once. InvalidArgument, naming step, group and sample, when a reward, advantage or term is not finite or a prompt is not
  // UTF-8.
  absl::Status AppendStep(int64_t step, const std::vector<RolloutGroup>& groups);
  // The groups of a step exactly as appended (bits of log-probabilities and rewards included), but for Completion::request_id, which
  // becomes the group's index; empty when the step is not there. DataLoss when a row does not decode.
  absl::StatusOr<std::vector<RolloutGroup>> ReadStep(int64_t step) const;
  absl::StatusOr<std::vector<int64_t>> StepNumbers() const;  // ascending
  // Whether token ids and texts of some of the step's completions were removed by PruneLog: ReadStep gives those without tokens.
  absl::StatusOr<bool> IsPruned(int64_t step) const;
  // Whether some of the step's log-probabilities were rounded to bfloat16 by RoundLogprobs.
  absl::StatusOr<bool> IsRounded(int64_t step) const;

  using Metrics = std::vector<std::pair<std::string, double>>;
  // What the policy was after the step's update.
  struct Update {
    uint64_t policy_version = 0;
    std::string weights_digest;  // Policy::WeightsDigest
  };
  // Replaces the metrics of the step, and what the update made: a step redone after a kill is recorded once.
  absl::Status WriteMetrics(int64_t step, const Metrics& metrics, const std::optional<Update>& update = {});
  absl::StatusOr<std::optional<Update>> ReadUpdate(int64_t step) const;
  absl::StatusOr<Metrics> ReadMetrics(int64_t step) const;
  // (step, value) of one metric over the run.
  absl::StatusOr<std::vector<std::pair<int64_t, double>>> ReadMetricSeries(const std::string& name) const;

  struct Checkpoint {
    int64_t step = 0;       // number of finished steps it holds
    std::string directory;  // relative to the run's folder
    std::string manifest_sha256;
  };
  absl::Status AppendCheckpoint(const Checkpoint& checkpoint);
  absl::StatusOr<std::vector<Checkpoint>> ReadCheckpoints() const;  // newest first

  struct Evaluation {
    int64_t step = 0;
    std::string name;  // "before", "after", "step"
    int64_t num_questions = 0;
    int64_t samples_per_question = 0;
    double pass_at_1 = 0;
    double standard_error = 0;
    Json examples;  // array of {task, question, gold, answer, outcome}
  };
  absl::Status WriteEvaluation(const Evaluation& evaluation);  // replaces the same (step, name)
  absl::StatusOr<std::vector<Evaluation>> ReadEvaluations() const;

  // Warnings, skips, restarts.
  absl::Status AppendEvent(int64_t step, const std::string& kind, const std::string& message);
  struct Event {
    std::string at;
    int64_t step;
    std::string kind;
    std::string message;
  };
  absl::StatusOr<std::vector<Event>> ReadEvents() const;

  const std::string& path() const;
  int64_t run_id() const;
  // For queries of the caller's own; statements must be destroyed before the store. A log opened with kReadOnly cannot be changed through
  // it.
  const SqliteConnection& connection() const;

 private:
  struct State;
  explicit RolloutStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The version of the SQLite library that is linked, for `doctor`.
std::string SqliteVersion();

}  // namespace cupel
