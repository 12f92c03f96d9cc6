#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <absl/status/statusor.h>

#include "verifiers/code/sandbox/descriptor.h"
#include "verifiers/code/sandbox/sandbox.h"

namespace cupel::sandbox {

// What compiling a job came to: an executable in a sealed file, or the result that says why there is none.
struct Compiled {
  Descriptor program;
  int64_t program_bytes = 0;
  JobResult result;  // when `program` is not open: kCompileError or kCompileLimit
};

// Executables by the hash of everything that went into them, written by the keeper alone and kept in sealed memory, so that no job can
// change what another one runs. Thread-safe; one thread compiles what several want at the same time, the others wait.
class CompileCache {
 public:
  explicit CompileCache(int64_t capacity_bytes) : capacity_bytes_(capacity_bytes) {}

  using Compile = std::function<absl::StatusOr<Compiled>()>;
  // `was_there` says whether this call did not have to compile. Failures of the infrastructure are not kept.
  absl::StatusOr<std::shared_ptr<const Compiled>> Get(const std::string& key, const Compile& compile, bool& was_there);

 private:
  struct Entry {
    std::shared_ptr<const Compiled> compiled;  // null while somebody compiles it
    std::list<std::string>::iterator use;      // place in `uses_`
  };
  void Evict();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Entry> entries_;
  std::list<std::string> uses_;  // oldest first, of what is compiled
  int64_t capacity_bytes_;
  int64_t bytes_ = 0;
};

// The key of a job: language, options, limits of the compiler and every file.
std::string CompileKey(const Job& job);

}  // namespace cupel::sandbox
