#pragma once

#include "verifiers/code/sandbox/launcher/enter.h"

namespace cupel::sandbox {

// Builds the file system that all jobs of a slot see and makes it the root of this process: the system's programs and libraries bound
// read-only, a handful of devices, the interpreter's files in /cupel, empty mount points for what each job gets of its own. `has_proc` says
// whether a proc file system could be mounted (containers that hide parts of /proc forbid it).
bool BuildRoot(bool& has_proc);

// The job's own mounts, in the mount namespace of its init: /proc, /tmp, /dev/shm and /job with the files of the bundle.
bool MountJob(const SlotContext& context, const JobStart& start, int bundle);

// The files of the bundle below `directory`, which is chowned to `owner` unless that is -1.
bool WriteJobFiles(int bundle, const char* directory, int owner);

}  // namespace cupel::sandbox
