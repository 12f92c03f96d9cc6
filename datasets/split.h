#pragma once

#include <cstdint>
#include <string_view>

namespace cupel {

// The seed of everything that decides what is held out. It is a constant and not the run's seed, so that all runs hold out the same
// questions; changing it would put questions that earlier runs trained on into the evaluation of later ones. The bytes spell "cupel", then
// a 1.
inline constexpr uint64_t kSplitSeed = 0x637570656C000001;

// Whether `text` falls into the held-out share, by its hash (SHA-256) alone: equal texts always fall on the same side.
bool IsHeldOut(std::string_view text, double fraction);

}  // namespace cupel
