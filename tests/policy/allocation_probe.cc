#include "tests/policy/allocation_probe.h"

#include <cstdlib>
#include <new>

namespace {

thread_local uint64_t requested_bytes = 0;

}  // namespace

// Sanitizers bring an allocator of their own, which must not be mixed with this one.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

void* Allocate(std::size_t size) {
  requested_bytes += size;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size); }
void* operator new[](std::size_t size) { return Allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

#endif

namespace cupel {

AllocationProbe::AllocationProbe() : start_(requested_bytes) {}
uint64_t AllocationProbe::bytes() const { return requested_bytes - start_; }

}  // namespace cupel
