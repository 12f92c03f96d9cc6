#pragma once

#include <cstdint>
#include <string>

#include "base/config.h"
#include "policy/lora_config.h"

// The settings of the policy and its engine, apart from both so that a recipe can be read where there is no LibTorch.

namespace cupel {

struct ModelSettings {
  std::string path;  // .gguf file, Hugging Face directory or "tiny"
  std::string chat_template = "auto";
  std::string compute = "bf16";
  std::string linear = "auto";
  std::string device = "cpu";
  int64_t threads = 0;
  LoraConfig lora = {};
  template <class Field>
  void VisitFields(Field&& field) {
    field("path", path, "model: a .gguf file, a Hugging Face directory, or \"tiny\" for the built-in one");
    field("chat_template", chat_template, "how a conversation becomes tokens; auto: as the model file says",
          OneOf{{"auto", "chatml", "plain"}});
    field("compute", compute, "number type of activations and products; master weights are always fp32", OneOf{{"bf16", "fp32"}});
    field("linear", linear, "matrix products: own kernels, oneDNN's packed ones, or auto (oneDNN where the processor has AMX)",
          OneOf{{"auto", "kernel", "onednn"}});
    field("device", device,
          "what computes: cpu; cuda, one NVIDIA GPU, in builds with -DCUPEL_WITH_CUDA=ON; or reference, the operations of cuda on the "
          "processor, which is slow and there to check the others",
          OneOf{{"cpu", "cuda", "reference"}});
    field("threads", threads, "processor cores to use; 0: all", Range{0, 1024});
    field("lora", lora, "low-rank adapters");
  }
};

struct EngineSettings {
  int64_t kv_cache_mib = 512;
  template <class Field>
  void VisitFields(Field&& field) {
    field("kv_cache_mib", kv_cache_mib, "memory for keys and values of running samples, MiB; requests wait when it is full",
          Range{1, 1 << 20});
  }
};

}  // namespace cupel
