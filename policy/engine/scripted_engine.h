#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "policy/generation.h"

namespace cupel {

// A stand-in for a model, for tests of everything that samples: the caller says what each sample writes. Like the real engine it gives one
// token per sample and step, ends at stop tokens and at max_new_tokens, refuses bad requests, keeps requests waiting when it is full, and
// its results do not depend on what else runs. Log-probabilities are made up, negative, and a pure function of the request's random
// coordinates.
class ScriptedEngine final : public GenerationEngine {
 public:
  // The tokens of one sample. Writing ends at the first stop token or at max_new_tokens; where the script ends before, the request's first
  // stop token follows, if it has any. An empty script and no stop token gives token 0.
  using Script = std::function<std::vector<TokenId>(const GenerationRequest& request, int64_t sample_idx)>;

  struct Settings {
    int64_t vocab_size = 256;
    int64_t max_context = 2048;
    int64_t max_running = 64;  // samples; a request with more than this is refused with ResourceExhausted
    uint64_t policy_version = 0;
  };
  ScriptedEngine(const Settings& settings, Script script) : settings_(settings), script_(std::move(script)) {}

  void set_policy_version(uint64_t version) { settings_.policy_version = version; }

  absl::Status Add(GenerationRequest request) override;
  std::vector<GenerationEvent> Step() override;
  void Abort(uint64_t request_id) override;
  bool idle() const override { return waiting_.empty() && running_.empty(); }
  GenerationStats stats() const override { return stats_; }
  bool is_batch_invariant() const override { return true; }

 private:
  struct Running {
    Completion whole;  // as it will be when finished
    int64_t num_given = 0;
    bool is_aborted = false;
  };
  Completion Write(const GenerationRequest& request, int64_t sample_idx) const;
  GenerationEvent NextEvent(Running& sample);
  void Admit();

  Settings settings_;
  Script script_;
  std::deque<GenerationRequest> waiting_;
  std::vector<Running> running_;
  GenerationStats stats_;
};

}  // namespace cupel
