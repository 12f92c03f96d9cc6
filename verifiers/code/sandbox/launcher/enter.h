#pragma once

#include <cstdint>
#include <linux/filter.h>
#include <span>
#include <sys/types.h>

#include "verifiers/code/sandbox/launcher/call.h"
#include "verifiers/code/sandbox/launcher/protocol.h"

// What the process that becomes the program does on its way there; the same code for programs that are executed (a child of the slot) and
// for those that a warm interpreter runs (a child of the interpreter). No heap, no C++ library: it is also linked into the shared object
// that the interpreter loads.

namespace cupel::sandbox {

inline constexpr int kMaxFilterLength = 4096;
enum class FilterKind : uint32_t { kProcesses, kThreadsOnly };

// Set up once by the launcher in shared memory, read by all processes of its slots.
struct SlotContext {
  int32_t tier = 0;
  uint32_t dropped_controls = 0;
  int32_t payload_id = -1;  // user and group of the program, as seen in the slot's user namespace; -1: stay
  int32_t landlock_version = 0;
  int32_t has_proc = 0;          // /.proc of the slot is a proc file system
  int32_t has_memory_group = 0;  // the slot is in control groups
  int64_t jobs_per_interpreter = 0;
  FaultCounter faults;
  uint32_t filter_lengths[2] = {};
  sock_filter filters[2][kMaxFilterLength] = {};
};

// Everything the entering process is told.
struct Entry {
  const SlotContext* context = nullptr;
  JobStart start;
  int descriptors[kNumJobDescriptors] = {-1, -1, -1, -1, -1, -1, -1};  // by JobDescriptor; all above kResultDescriptor
  int init = -1;                                                       // pidfd of the job's init, whose namespaces are joined; -1 in tier 2
  int report = -1;                                                     // trouble is written here; closed when the program runs
  const char* directory = "/job";                                      // current directory
  const char* scratch = "/tmp";                                        // writable
};

// Joins the namespaces of the job, arranges the descriptors (leaving only 0, 1, 2, 3, 4, the report and the program), gives up every right
// and applies limits and filters. On failure writes the trouble to the report and ends the process.
void EnterJob(Entry& entry);

// EnterJob, then executes the bundle's program. Never returns.
[[noreturn]] void EnterAndExecute(Entry& entry);

// Writes this process's trouble to `report` and ends it.
[[noreturn]] void EndWithTrouble(int report);

}  // namespace cupel::sandbox
