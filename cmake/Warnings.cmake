# Warnings of our own code, all of them errors. Headers of others come in as SYSTEM includes and stay silent.

add_library(cupel_warnings INTERFACE)
target_compile_options(
  cupel_warnings
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wconversion
            -Wcast-qual
            -Wextra-semi
            -Wformat=2
            -Wnon-virtual-dtor
            -Woverloaded-virtual
            -Wunused
            -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # -Wrestrict of GCC 12 fires inside std::string (GCC bug 105329).
  target_compile_options(cupel_warnings INTERFACE -Wduplicated-cond -Wlogical-op -Wno-restrict)
endif()
if(CUPEL_SANITIZE)
  # Instrumented code confuses the flow analysis; the release build keeps this warning.
  target_compile_options(cupel_warnings INTERFACE -Wno-maybe-uninitialized)
endif()
