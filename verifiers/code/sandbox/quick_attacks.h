#pragma once

#include <string>
#include <vector>

#include "verifiers/code/sandbox/sandbox.h"

namespace cupel::sandbox {

struct QuickAttack {
  std::string name;
  bool is_contained = false;
  std::string text;  // what came of it
};

// Twelve attacks that show in about a second whether the confinement of this machine holds; the whole suite is a test. Each stops by
// itself soon when it is not held. An attack that could not be run counts as not contained.
std::vector<QuickAttack> RunQuickAttacks(Sandbox& sandbox);

}  // namespace cupel::sandbox
