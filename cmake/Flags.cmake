# Code generation and linking for every target: build types, hardening of release binaries, sanitizers, the linker.
#
# The baseline is plain x86-64: files that hold vector kernels raise it for themselves, behind a check of the CPU at run time.

set(CUPEL_SANITIZE "" CACHE STRING "Sanitizers, as given to -fsanitize= (\"address,undefined\", \"thread\", or empty)")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or Sanitize" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
set(CMAKE_CXX_FLAGS_SANITIZE "-O1 -g1 -fno-omit-frame-pointer")

# -fPIE, not -fPIC: nothing here becomes a shared library, and -fPIC keeps the compiler from inlining across functions.
add_compile_options(-fPIE)
add_link_options(-pie)

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-fstack-protector-strong -fstack-clash-protection -fcf-protection)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()

if(CUPEL_SANITIZE)
  add_compile_options(-fsanitize=${CUPEL_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CUPEL_SANITIZE})
endif()

find_program(CUPEL_LLD ld.lld)
if(CUPEL_LLD)
  add_link_options(-fuse-ld=lld)
endif()
