#include "grpo/sft.h"

#include <algorithm>
#include <cmath>

#include <ATen/core/grad_mode.h>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"
#include "grpo/packing.h"
#include "grpo/update_guard.h"

namespace cupel {
namespace {

constexpr const char* kStateFile = "trainer.json";

// Examples in the form that packing takes: each a group of one completion.
class Sequences {
 public:
  explicit Sequences(std::span<const SftExample> examples) : groups_(examples.size()) {
    for (size_t i = 0; i < examples.size(); ++i) {
      groups_[i].prompt = examples[i].prompt;
      groups_[i].rollouts.resize(1);
      groups_[i].rollouts[0].completion.tokens = examples[i].completion;
      num_tokens_ += static_cast<int64_t>(examples[i].completion.size());
      refs_.push_back({&groups_[i], groups_[i].rollouts.data()});
    }
  }
  std::vector<Microbatch> Pack(int64_t microbatch_tokens) const { return cupel::Pack(refs_, microbatch_tokens); }
  int64_t num_tokens() const { return num_tokens_; }

 private:
  std::vector<RolloutGroup> groups_;
  std::vector<SequenceRef> refs_;
  int64_t num_tokens_ = 0;
};

double Sum(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) {
    sum += static_cast<double>(value);
  }
  return sum;
}

}  // namespace

struct SftTrainer::State {
  Policy& policy;
  UpdateGuard guard;
  int64_t microbatch_tokens;
};

SftTrainer::SftTrainer(Policy& policy, const OptimizerConfig& optimizer, const SafetyConfig& safety, int64_t microbatch_tokens,
                       int64_t total_updates) {
  policy.EnableTraining();
  state_ = std::unique_ptr<State>(new State{policy, UpdateGuard(policy, optimizer, safety, total_updates), microbatch_tokens});
}

SftTrainer::~SftTrainer() = default;

absl::StatusOr<StepMetrics> SftTrainer::Learn(std::span<const SftExample> batch) {
  const Sequences sequences(batch);
  const auto n = static_cast<double>(sequences.num_tokens());
  double loss = 0;
  double entropy = 0;
  for (const Microbatch& microbatch : sequences.Pack(state_->microbatch_tokens)) {
    state_->policy.AccumulateGradients(microbatch.batch, 1.0, false,
                                       [&](size_t, std::span<const float> logprobs, std::span<const float> entropies,
                                           std::span<float> by_logprob, std::span<float> by_entropy) {
                                         loss -= Sum(logprobs) / n;
                                         entropy += Sum(entropies) / n;
                                         std::ranges::fill(by_logprob, static_cast<float>(-1 / n));
                                         std::ranges::fill(by_entropy, 0.0F);
                                       });
  }
  StepMetrics metrics;
  metrics.Set("learning_rate", state_->guard.learning_rate());
  CUPEL_ASSIGN_OR_RETURN(const UpdateGuard::Outcome outcome, state_->guard.Apply(std::isfinite(loss)));
  metrics.Set("loss", loss);
  metrics.Set("perplexity", std::exp(loss));
  metrics.Set("entropy", entropy);
  metrics.Set("grad_norm", outcome.gradient_norm);
  metrics.Set("num_tokens", n);
  metrics.Set("train/skipped_updates", outcome.was_skipped ? 1 : 0);
  return metrics;
}

double SftTrainer::Loss(std::span<const SftExample> examples) {
  const at::NoGradGuard no_grad;
  const Sequences sequences(examples);
  double loss = 0;
  for (const Microbatch& microbatch : sequences.Pack(state_->microbatch_tokens)) {
    const at::Tensor logprobs = state_->policy.TokenLogprobs(microbatch.batch, 1.0).logprobs;
    loss -= Sum({logprobs.const_data_ptr<float>(), static_cast<size_t>(logprobs.numel())});
  }
  return loss / static_cast<double>(sequences.num_tokens());
}

absl::StatusOr<std::vector<Policy::WrittenFile>> SftTrainer::SaveState(const std::string& directory) const {
  const std::string text = DumpJson(state_->guard.State(), 2) + "\n";
  CUPEL_RETURN_IF_ERROR(WriteFileAtomically(directory + "/" + kStateFile, text));
  CUPEL_ASSIGN_OR_RETURN(Policy::WrittenFile moments, state_->guard.SaveMoments(directory));
  return std::vector<Policy::WrittenFile>{{kStateFile, Sha256Hex(text)}, std::move(moments)};
}

absl::Status SftTrainer::LoadState(const std::string& directory) {
  const std::string path = directory + "/" + kStateFile;
  CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  CUPEL_ASSIGN_OR_RETURN(const Json json, ParseJson(text, path));
  return state_->guard.Load(json, path, directory);
}

}  // namespace cupel
