#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"

namespace cupel {

// Low-rank adapters (LoRA, arXiv 2106.09685) trained in place of the weights.
struct LoraConfig {
  int64_t rank = 0;
  double alpha = 32;
  std::vector<std::string> targets = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"};
  bool rank_stabilised = false;
  template <class Field>
  void VisitFields(Field&& field) {
    field("rank", rank, "train low-rank changes of this rank in place of the weights; 0: train the weights", Range{0, 4096});
    field("alpha", alpha, "scale of the changes: they count alpha / rank", Range{1e-6, 1e6});
    field("targets", targets, "matrices that get one: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj");
    field("rank_stabilised", rank_stabilised, "scale by alpha / sqrt(rank) instead (rsLoRA)");
  }
  bool is_on() const { return rank > 0; }
};

}  // namespace cupel
