#pragma once

#include "verifiers/code/sandbox/launcher/enter.h"

namespace cupel::sandbox {

// The version of Landlock's interface that this kernel offers; 0: none.
int LandlockVersion();

// A ruleset of the kernel's Landlock: read and execute what the job may see, write below `scratch`, no TCP, no signals and no abstract
// sockets beyond the job. Opened while paths can still be opened, applied after the last right was given up.
class LandlockRules {
 public:
  bool Open(const SlotContext& context, const char* directory, const char* scratch, bool is_directory_writable);
  bool Apply();

 private:
  bool Allow(const char* path, uint64_t access, bool may_be_missing);
  int ruleset_ = -1;
};

}  // namespace cupel::sandbox
