#include "verifiers/code/sandbox/launcher/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cupel::sandbox {
namespace {

// The kernel's interface up to version 7, which is newer than the headers of Debian 12.
struct RulesetAttributes {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;
  uint64_t scoped;
};
struct __attribute__((packed)) PathBeneath {
  uint64_t allowed_access;
  int32_t parent;
};
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr uint32_t kVersionFlag = 1;
constexpr int kPathBeneath = 1;

constexpr uint64_t kExecute = 1 << 0;
constexpr uint64_t kWriteFile = 1 << 1;
constexpr uint64_t kReadFile = 1 << 2;
constexpr uint64_t kReadDirectory = 1 << 3;
constexpr uint64_t kRemove = 3 << 4;  // directories and files
constexpr uint64_t kMakeDirectory = 1 << 7;
constexpr uint64_t kMakeRegular = 1 << 8;
constexpr uint64_t kMakeSocketAndFifo = 3 << 9;
constexpr uint64_t kMakeLink = 1 << 12;
constexpr uint64_t kRefer = 1 << 13;          // version 2
constexpr uint64_t kTruncate = 1 << 14;       // version 3
constexpr uint64_t kDeviceControl = 1 << 15;  // version 5
constexpr uint64_t kScopes = 3;               // version 6: abstract sockets and signals

constexpr uint64_t kLook = kExecute | kReadFile | kReadDirectory;
constexpr uint64_t kChange =
    kWriteFile | kReadFile | kReadDirectory | kRemove | kMakeDirectory | kMakeRegular | kMakeSocketAndFifo | kMakeLink | kRefer | kTruncate;
constexpr uint64_t kOfFiles = kExecute | kWriteFile | kReadFile | kTruncate | kDeviceControl;

// All rights that this version knows.
uint64_t Known(int version) {
  uint64_t rights = (1 << 13) - 1;
  rights |= version >= 2 ? kRefer : 0;
  rights |= version >= 3 ? kTruncate : 0;
  rights |= version >= 5 ? kDeviceControl : 0;
  return rights;
}

}  // namespace

int LandlockVersion() {
  const long version = syscall(kCreateRuleset, nullptr, 0, kVersionFlag);
  return version < 0 ? 0 : static_cast<int>(version);
}

bool LandlockRules::Allow(const char* path, uint64_t access, bool may_be_missing) {
  const int place = open(path, O_PATH | O_CLOEXEC);
  if (place < 0) {
    return may_be_missing || Note("open for Landlock", errno);
  }
  struct stat status {};
  const bool is_known = Does("fstat for Landlock", fstat, place, &status);
  const PathBeneath rule = {S_ISDIR(status.st_mode) ? access : access & kOfFiles, place};
  const bool is_added = is_known && Does("Landlock rule", syscall, kAddRule, ruleset_, kPathBeneath, &rule, 0);
  close(place);
  return is_added;
}

bool LandlockRules::Open(const SlotContext& context, const char* directory, const char* scratch, bool is_directory_writable) {
  const int version = context.landlock_version;
  if (version == 0 || IsDropped(Control::kLandlock)) {
    return true;
  }
  const uint64_t known = Known(version);
  const RulesetAttributes attributes = {known, version >= 4 ? uint64_t{3} : 0, version >= 6 ? kScopes : 0};
  const size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  ruleset_ = static_cast<int>(Call("Landlock ruleset", syscall, kCreateRuleset, &attributes, size, 0));
  if (ruleset_ < 0) {
    return false;
  }
  const uint64_t look = kLook & known;
  const uint64_t change = kChange & known;
  bool is_done = true;
  if (context.tier <= kNamespacesTier) {
    is_done = Allow("/", look, false) && Allow("/dev/shm", change, false);
  } else {
    for (const char* path :
         {"/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives", "/dev/zero", "/dev/urandom", "/dev/random"}) {
      is_done = is_done && Allow(path, look, true);
    }
  }
  is_done = is_done && Allow("/dev/null", (kReadFile | kWriteFile | kTruncate) & known, false) &&
            Allow("/dev/full", (kReadFile | kWriteFile) & known, true) &&
            Allow(directory, is_directory_writable ? change | look : look, false);
  return is_done && Allow(scratch, change, false);
}

bool LandlockRules::Apply() {
  if (ruleset_ < 0) {
    return true;
  }
  const bool is_applied = Does("Landlock", syscall, kRestrictSelf, ruleset_, 0);
  close(ruleset_);
  return is_applied;
}

}  // namespace cupel::sandbox
