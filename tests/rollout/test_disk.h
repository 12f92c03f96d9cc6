#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"

namespace cupel {

// Stands between SQLite and the disk while it exists (one at a time): a VFS over the real one that counts writes, truncations and syncs,
// lets the nth fail or kill the process, and records them all, so that a test can say what the disk may hold after a power cut at any
// moment. It also has the write-ahead log moved into the file every few pages, so that short tests go through it.
class TestDisk {
 public:
  enum class Fault {
    kNone,
    kFull,   // the write does nothing: no space left
    kError,  // the call does nothing: input or output error
    kKill,   // SIGKILL before the call
  };

  TestDisk();
  ~TestDisk();
  TestDisk(const TestDisk&) = delete;
  TestDisk& operator=(const TestDisk&) = delete;

  // Counts calls anew; the nth from now on (1: the next) has the fault, and all after it until this is called again.
  void FailFrom(int64_t call, Fault fault);
  int64_t num_calls() const;

  // One call that changed a file or made it durable.
  struct Operation {
    enum class Kind { kWrite, kTruncate, kSync };
    Kind kind;
    std::string path;
    int64_t offset;     // kTruncate: the new size
    std::string bytes;  // kWrite
  };
  const std::vector<Operation>& operations() const;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

// File contents by path.
using DiskImage = std::map<std::string, std::string>;

// What may be on the disk when power fails after `num_operations`: all that precedes the last sync of its file, and of the rest every
// operation with probability one half, a fifth of the surviving writes torn at a multiple of 512 bytes. `before` is what was there at
// first.
DiskImage AfterPowerCut(const DiskImage& before, const std::vector<TestDisk::Operation>& operations, size_t num_operations,
                        RandomStream& random);

}  // namespace cupel
