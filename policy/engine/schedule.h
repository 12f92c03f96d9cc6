#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <absl/status/status.h>

#include "policy/engine/kv_cache.h"
#include "policy/engine/running.h"
#include "policy/generation.h"
#include "policy/model_config.h"
#include "policy/tokenizer.h"

namespace cupel {

// Requests on their way through an engine with continuous batching: who waits, who runs, what is reported. It knows nothing of how the rows
// of prompts and samples are computed; an engine does that between Begin and Commit.
//
// Memory is planned when a request is admitted: the rows of its prompt, and for each sample as many as it can have new tokens, less the
// last, which nothing follows. So nothing that runs is ever evicted. Requests that can become longest are admitted first, since the last to
// finish decides how long the machine is half idle; a request may be passed over kMaxOvertaken times, then nobody goes before it.
//
// A prompt that begins with kMinShared or more tokens of a running request's prompt waits until that has computed them and copies their
// keys and values, which are the same numbers.
class Schedule {
 public:
  using Events = std::vector<GenerationEvent>;

  // All borrowed; `cache` must be made before and destroyed after.
  Schedule(const ModelConfig& config, const Tokenizer& tokenizer, KvCache& cache);

  // As GenerationEngine has them.
  absl::Status Add(GenerationRequest request);
  void Abort(uint64_t request_id);
  bool idle() const;

  // The steps around the computation, in the order in which an engine takes them.
  //
  // Reports what was aborted and admits what fits. False when nothing runs, which ends the step.
  bool Begin(uint64_t policy_version, Events& events);
  // Copies rows that prompts wait for as soon as they are there, by `copy`, which also has to move the numbers.
  using CopyRows = std::function<void(const KvBlock& from, const KvBlock& to, int64_t rows)>;
  void CopyShared(const CopyRows& copy);
  // What is missing of the prompts that wait for nobody, in order of admission. Whoever computes rows of one advances num_computed.
  std::vector<PromptChunk> MissingPrompts();
  // Samples that have a token to be fed, in order of admission, siblings side by side.
  std::vector<RunningSample*> DecodingSamples();
  // Moves what was drawn into completions and events.
  void Commit(Events& events);

  // The engine adds its seconds.
  GenerationStats& stats() { return stats_; }
  const GenerationStats& stats() const { return stats_; }

 private:
  struct Waiting {
    GenerationRequest request;
    int64_t max_rows = 0;  // of a sample: prompt and new tokens
    uint64_t arrival = 0;
    int num_overtaken = 0;  // by requests that arrived later
  };

  absl::Status CheckMemory(const GenerationRequest& request) const;
  int64_t RowsOf(const GenerationRequest& request) const;
  bool IsUnfinished(uint64_t request_id) const;
  void ReportAborted(uint64_t policy_version, Events& events);
  void AdmitWaiting(uint64_t policy_version);
  bool Admit(GenerationRequest& request, uint64_t policy_version);
  void FindSource(RunningGroup& group) const;
  std::optional<FinishReason> AppendDrawn(RunningSample& sample) const;
  void DropFinished();

  const ModelConfig& config_;
  const Tokenizer& tokenizer_;
  KvCache& cache_;
  std::vector<Waiting> waiting_;
  uint64_t num_arrived_ = 0;
  bool can_admit_ = false;                             // something has changed since a request was last found not to fit
  std::vector<GenerationRequest> aborted_;             // while they waited; to be reported
  std::vector<std::unique_ptr<RunningGroup>> groups_;  // in order of admission
  std::vector<RunningSample> samples_;                 // in order of admission, siblings side by side
  GenerationStats stats_;
};

}  // namespace cupel
