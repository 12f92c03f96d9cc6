// Covers experiments/cost/cost_model.h. Alone: build/release/tests/experiments_offline_test "[cost]"
//
// Expected figures are published ones, or follow from published dimensions by the formulas in the header.

#include <string>

#include <catch2/catch.hpp>

#include "experiments/cost/cost_model.h"

namespace cupel {
namespace {

TEST_CASE("parameters, training cost, cache and weight traffic of published models", "[cost]") {
  struct Row {
    const char* name;
    double params;           // N, millions
    double train_gflop;      // 6 N per token, GFLOP
    double attention_share;  // causal attention at 1,024 tokens over 6 N, percent
    double kv_bytes;         // bf16, per token
    double weight_ms;        // one read of the weights at 3.35 TB/s
  };
  const Row row = GENERATE(Row{"smollm2-135m", 134.5, 0.807, 13.2, 23040, 0.080}, Row{"smollm2-360m", 361.8, 2.171, 8.7, 40960, 0.216},
                           Row{"qwen2.5-0.5b", 494.0, 2.964, 4.5, 12288, 0.295}, Row{"qwen2.5-1.5b", 1543.6, 9.261, 2.9, 28672, 0.922});
  INFO(row.name);
  const ModelShape shape = FindShape(row.name).value();
  CHECK(shape.active_params / 1e6 == Approx(row.params).margin(0.06));
  const double linear = TrainFlops(shape, 0, false);
  CHECK(linear / 1e9 == Approx(row.train_gflop).margin(6e-4));
  CHECK(100 * (TrainFlops(shape, 1024, false) / linear - 1) == Approx(row.attention_share).margin(0.06));
  CHECK(KvBytes(shape, 2) == row.kv_bytes);
  const Device h100 = FindDevice("h100").value();
  CHECK(1e3 * DecodeStepBound(shape, h100, 0, 0, 2, 2) == Approx(row.weight_ms).margin(6e-4));
}

TEST_CASE("a batch of 512 sequences of 1,024 tokens on one processor", "[cost]") {
  const ModelShape shape = FindShape("qwen2.5-0.5b").value();
  const Device h100 = FindDevice("h100").value();
  const double per_token = TrainFlops(shape, 1024, false);
  CHECK(per_token / 1e9 == Approx(3.095888).margin(1e-6));
  const double total = per_token * 512 * 1024;
  CHECK(total / 1e15 == Approx(1.623).margin(6e-4));
  CHECK(total / (0.4 * h100.peak) == Approx(4.10).margin(6e-3));
  const double step = DecodeStepBound(shape, h100, 512, 512, 2, 2);
  CHECK(1e3 * step == Approx(1.256).margin(6e-4));
  CHECK(1024 * step == Approx(1.287).margin(6e-4));
}

TEST_CASE("DeepSeek-V3's published arithmetic", "[cost]") {
  const ModelShape shape = FindShape("671b").value();
  CHECK(TrainFlops(shape, 0, false) / 1e9 == Approx(222));
  CHECK((TrainFlops(shape, 4096, false) - TrainFlops(shape, 0, false)) / 1e9 == Approx(31).margin(0.5));
  CHECK(KvBytes(shape, 2) == 70272);
  // 180,000 GPU-hours for a trillion tokens are 386 TFLOP/s a processor, 39 % of its bf16 peak.
  const double rate = TrainFlops(shape, 4096, false) * 1e12 / (180e3 * 3600);
  CHECK(rate / 1e12 == Approx(386).epsilon(0.02));
  CHECK(rate / FindDevice("h800").value().peak == Approx(0.39).margin(0.01));
}

TEST_CASE("a step's work follows from its parts", "[cost]") {
  const ModelShape shape = FindShape("smollm2-135m").value();
  const StepWork work{.questions = 8, .group_size = 8, .prompt_tokens = 38, .completion_tokens = 48};
  const StepFlops plain = CountStep(shape, work);
  CHECK(plain.score == 0);
  // 8 x 38 + 64 x 48 tokens are trained on when prompts are shared, 64 x 86 when not.
  CHECK(plain.train == Approx(3376 * TrainFlops(shape, 86, false)));
  StepWork unshared = work;
  unshared.shares_prompts = false;
  CHECK(CountStep(shape, unshared).train == Approx(5504 * TrainFlops(shape, 86, false)));
  StepWork full = work;
  full.recomputes_old = true;
  full.has_reference = true;
  full.recomputes_activations = true;
  full.passes = 2;
  const StepFlops all = CountStep(shape, full);
  CHECK(all.sample == plain.sample);
  CHECK(all.score == Approx(2 * 3376 * PrefillFlops(shape, 86)));
  CHECK(all.train == Approx(2 * 3376 * (TrainFlops(shape, 86, false) + 2 * shape.active_params)));
}

TEST_CASE("unknown models and devices name those that are known", "[cost]") {
  CHECK(std::string(FindShape("gpt-5").status().message()).find("671b") != std::string::npos);
  CHECK(std::string(FindDevice("tpu").status().message()).find("h800") != std::string::npos);
}

}  // namespace
}  // namespace cupel
