#pragma once

#include "verifiers/code/sandbox/launcher/control_groups.h"
#include "verifiers/code/sandbox/launcher/enter.h"

namespace cupel::sandbox {

// What a slot is born with.
struct SlotSetup {
  const SlotContext* context = nullptr;
  int context_file = -1;  // the memory file behind `context`, for the warm interpreter
  int keeper = -1;        // the slot's end of its socket
  int go = -1;            // a byte here says that user map and control groups are in place
  ControlGroups* groups = nullptr;
};

// The life of a slot: init of its own process namespace (unless tier 2), it builds the file system that jobs see, then runs one job after
// the other until the keeper is gone. Everything it started dies with it.
[[noreturn]] void RunSlot(const SlotSetup& setup);

}  // namespace cupel::sandbox
