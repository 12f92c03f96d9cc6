#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>

#include "verifiers/code/sandbox/launcher/call.h"

// Reads the sealed memory file that describes a job (protocol.h). The keeper wrote it, so a malformed one is a bug, reported as trouble.

namespace cupel::sandbox {

class BundleReader {
 public:
  // Maps it; false with the trouble noted.
  bool Open(int descriptor) {
    Close();
    struct stat status {};
    if (!Does("fstat of the job", fstat, descriptor, &status)) {
      return false;
    }
    size_ = static_cast<size_t>(status.st_size);
    data_ = static_cast<const char*>(
        Call("mmap of the job", mmap, static_cast<void*>(nullptr), size_, PROT_READ, MAP_PRIVATE, descriptor, off_t{0}));
    if (data_ == MAP_FAILED || size_ < sizeof header_) {
      return data_ != MAP_FAILED && Note("job", EPROTO);
    }
    std::memcpy(&header_, data_, sizeof header_);
    at_ = sizeof header_;
    return header_.magic == BundleHeader{}.magic || Note("job", EPROTO);
  }
  void Close() {
    if (data_ != nullptr && data_ != MAP_FAILED) {
      munmap(const_cast<char*>(data_), size_);
    }
    data_ = nullptr;
  }
  const BundleHeader& header() const { return header_; }

  // The next string, followed in memory by a zero byte. Aborts the process past the end.
  std::string_view Next() {
    uint64_t length = 0;
    if (size_ - at_ < sizeof length) {
      __builtin_trap();
    }
    std::memcpy(&length, data_ + at_, sizeof length);
    at_ += sizeof length;
    if (size_ - at_ <= length) {
      __builtin_trap();
    }
    const std::string_view text(data_ + at_, length);
    at_ += length + 1;
    return text;
  }
  void Skip(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      Next();
    }
  }

 private:
  const char* data_ = nullptr;
  size_t size_ = 0;
  size_t at_ = 0;
  BundleHeader header_;
};

}  // namespace cupel::sandbox
