#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"

namespace cupel {

// What keeps the policy from becoming certain too early.
struct EntropyConfig {
  double bonus = 0;
  double target = 0;
  double bonus_step = 0.005;
  double bonus_max = 1;
  double top_share = 1;
  int64_t without_signal = 0;
  template <class Field>
  void VisitFields(Field&& field) {
    field("bonus", bonus, "weight of the mean entropy per token, which the loss rewards; with a target: where it starts", Range{0, 1e3});
    field("target", target, "nats per token: the bonus acts while the entropy is not above it and adapts; 0: constant bonus",
          Range{0, 100});
    field("bonus_step", bonus_step, "change of the bonus per update, up below the target and down above it", Range{0, 1e3});
    field("bonus_max", bonus_max, "largest adapted bonus", Range{0, 1e3});
    field("top_share", top_share, "only this share of an update's tokens, those of highest entropy, get a gradient; 1: all",
          Range{0.001, 1});
    field("without_signal", without_signal,
          "of a group of equal rewards (every advantage 0), this many answers carry the bonus, weighted for all of them; 0: every answer",
          Range{0, 1 << 20});
  }
  bool is_adaptive() const { return target > 0; }
  bool needs_gradient() const { return bonus > 0 || is_adaptive(); }
};

// Skywork-OR1 (arXiv 2505.22312): the coefficient rises while the entropy is at or below its target and falls above it; it acts only while
// the last measured entropy is at or below the target. Plain state; saved with the trainer.
class EntropyController {
 public:
  explicit EntropyController(const EntropyConfig& config) : config_(config), coefficient_(config.bonus) {}
  double Coefficient() const;  // of the next update
  void Observe(double mean_entropy);

  double coefficient() const { return coefficient_; }
  bool is_below_target() const { return is_below_target_; }
  void Restore(double coefficient, bool is_below_target);

 private:
  EntropyConfig config_;
  double coefficient_;
  bool is_below_target_ = true;
};

// The entropy at or above which a token belongs to the top share of `entropies` (80/20 rule, arXiv 2506.01939): the smallest of the
// ceil(share n) largest values. Minus infinity for share 1 or no values.
double TopEntropyThreshold(std::vector<double> entropies, double share);

}  // namespace cupel
