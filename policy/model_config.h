#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cupel {

// Shape of a decoder. Mapped from config.json or GGUF metadata by the architecture's file in policy/arch/.
struct ModelConfig {
  std::string architecture = "llama";  // name in policy/arch/registry.def
  int64_t vocab_size = 0;              // V
  int64_t hidden_size = 0;             // D
  int64_t ffn_size = 0;                // intermediate size F
  int64_t num_layers = 0;              // L
  int64_t num_heads = 0;               // H
  int64_t num_kv_heads = 0;            // K, divides H
  int64_t head_dim = 0;                // d
  int64_t max_context = 0;             // longest sequence in tokens
  double rope_theta = 10000.0;
  double rms_norm_eps = 1e-5;
  bool tie_word_embeddings = true;  // the head shares the embedding's weights
  int32_t bos_token = -1;           // -1: none
  std::vector<int32_t> eos_tokens;

  int64_t q_size() const { return num_heads * head_dim; }
  int64_t kv_size() const { return num_kv_heads * head_dim; }
};

}  // namespace cupel
