#pragma once

#include <string>

#include "policy/policy.h"

namespace cupel {

// A digest of all weights (fp32 masters, in their order), 64 lower-case hexadecimal digits: equal weights give equal digests, and a changed
// bit another one. Blocks are hashed in parallel, fast enough to do it after every step; their hashes together give a SHA-256. It finds
// accidents, not forgeries; it does not depend on the number of threads.
std::string WeightsDigest(const Policy& policy);

}  // namespace cupel
