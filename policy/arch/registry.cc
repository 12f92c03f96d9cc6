#include <algorithm>
#include <array>

#include "base/status.h"
#include "policy/arch/architecture.h"

namespace cupel {

#define CUPEL_ARCHITECTURE(name, function) Architecture function();
#include "policy/arch/registry.def"
#undef CUPEL_ARCHITECTURE

namespace {

constexpr auto kNames = std::to_array<std::string_view>({
#define CUPEL_ARCHITECTURE(name, function) #name,
#include "policy/arch/registry.def"
#undef CUPEL_ARCHITECTURE
});
// Strictly increasing: sorted and unique.
static_assert(std::adjacent_find(kNames.begin(), kNames.end(), std::greater_equal<>()) == kNames.end(),
              "policy/arch/registry.def must be sorted by name, without repetition");

constexpr int64_t kMaxElements = int64_t{1} << 40;

}  // namespace

std::span<const Architecture> Architectures() {
  static const auto kAll = std::to_array<Architecture>({
#define CUPEL_ARCHITECTURE(name, function) function(),
#include "policy/arch/registry.def"
#undef CUPEL_ARCHITECTURE
  });
  return kAll;
}

absl::StatusOr<const Architecture*> FindArchitecture(std::string_view name, std::string_view where) {
  for (const Architecture& architecture : Architectures()) {
    if (architecture.name == name) return &architecture;
  }
  std::string known;
  for (const std::string_view each : kNames) known += fmt::format("{}{}", known.empty() ? "" : ", ", each);
  return Unimplemented("{}: architecture \"{}\" is not supported; supported: {}", where, name.substr(0, 60), known);
}

absl::Status CheckModelConfig(const ModelConfig& config, std::string_view where) {
  if (config.num_heads % config.num_kv_heads != 0) {
    return InvalidArgument("{}: {} heads cannot share {} key/value heads evenly", where, config.num_heads, config.num_kv_heads);
  }
  if (config.head_dim < 2 || config.head_dim % 2 != 0) {
    return InvalidArgument("{}: rotary embeddings need an even head dimension, found {}", where, config.head_dim);
  }
  const int64_t widest = std::max({config.vocab_size, config.ffn_size, config.q_size()});
  if (widest > kMaxElements / config.hidden_size) {
    return InvalidArgument("{}: a matrix of {} x {} elements is beyond any supported model", where, widest, config.hidden_size);
  }
  return absl::OkStatus();
}

}  // namespace cupel
