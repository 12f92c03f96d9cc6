#pragma once

// Calcium's headers are C: their inline functions assign the void* of flint_malloc to other pointers, which C++ refuses. While they are
// read, the allocation functions return something that converts.

#include <acb.h>
#include <flint/fmpz_mpoly.h>

namespace cupel::math {

struct AnyPointer {
  void* pointer;
  template <class T>
  operator T*() const {  // NOLINT: the conversion is the point
    return static_cast<T*>(pointer);
  }
};

inline AnyPointer MallocAnyPointer(size_t size) { return {flint_malloc(size)}; }
inline AnyPointer ReallocAnyPointer(void* pointer, size_t size) { return {flint_realloc(pointer, size)}; }
inline AnyPointer CallocAnyPointer(size_t count, size_t size) { return {flint_calloc(count, size)}; }

}  // namespace cupel::math

#define flint_malloc ::cupel::math::MallocAnyPointer
#define flint_realloc ::cupel::math::ReallocAnyPointer
#define flint_calloc ::cupel::math::CallocAnyPointer
#include <calcium/ca.h>
#include <calcium/fmpz_mpoly_q.h>
#undef flint_malloc
#undef flint_realloc
#undef flint_calloc
