#pragma once

#include "verifiers/code/sandbox/launcher/enter.h"

namespace cupel::sandbox {

// Fills the two seccomp programs of `context`: a list of the calls that programs need; every other one is refused with ENOSYS, calls of
// another architecture (i386, x32) end the process. False with the trouble noted.
bool BuildFilters(SlotContext& context);

}  // namespace cupel::sandbox
