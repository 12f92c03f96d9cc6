# Debian packages as imported targets. All of them are installed by cmake/setup.sh.

set(CUPEL_SETUP_HINT "run `bash cmake/setup.sh`, which installs what the build needs")

find_package(Threads REQUIRED)
foreach(package absl fmt tomlplusplus nlohmann_json CLI11 Catch2 zstd OpenSSL SQLite3)
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${package} was not found: ${CUPEL_SETUP_HINT}")
  endif()
endforeach()

# Debian's RE2 has no CMake configuration.
find_path(RE2_INCLUDE_DIR re2/re2.h)
find_library(RE2_LIBRARY re2)
if(NOT RE2_INCLUDE_DIR OR NOT RE2_LIBRARY)
  message(FATAL_ERROR "RE2 was not found: ${CUPEL_SETUP_HINT}")
endif()
add_library(re2::re2 UNKNOWN IMPORTED)
set_target_properties(re2::re2 PROPERTIES IMPORTED_LOCATION "${RE2_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${RE2_INCLUDE_DIR}")

# The allocator of the program. In a sanitizer's build an empty target: sanitizers bring their own.
find_library(CUPEL_LIB_jemalloc jemalloc)
if(NOT CUPEL_LIB_jemalloc)
  message(FATAL_ERROR "libjemalloc was not found: ${CUPEL_SETUP_HINT}")
endif()
add_library(jemalloc::jemalloc INTERFACE IMPORTED)
if(NOT CUPEL_SANITIZE)
  set_target_properties(jemalloc::jemalloc PROPERTIES INTERFACE_LINK_LIBRARIES "${CUPEL_LIB_jemalloc}")
endif()

# Exact mathematics: calcium on Arb on FLINT on GMP, whose Debian packages have no CMake configuration either. In link order.
find_path(ARB_INCLUDE_DIR acb.h)
find_path(CALCIUM_INCLUDE_DIR calcium/ca.h)
set(arb_libraries "")
foreach(library calcium flint-arb flint antic mpfr gmp)
  find_library(CUPEL_LIB_${library} ${library})
  if(NOT CUPEL_LIB_${library} OR NOT ARB_INCLUDE_DIR OR NOT CALCIUM_INCLUDE_DIR)
    message(FATAL_ERROR "lib${library} or its headers were not found: ${CUPEL_SETUP_HINT}")
  endif()
  list(APPEND arb_libraries "${CUPEL_LIB_${library}}")
endforeach()
add_library(arb::arb INTERFACE IMPORTED)
set_target_properties(arb::arb PROPERTIES INTERFACE_LINK_LIBRARIES "${arb_libraries}" INTERFACE_INCLUDE_DIRECTORIES "${ARB_INCLUDE_DIR}")

# Whole numbers of any size by themselves, for the generators of problems, which need no more of the above.
add_library(gmp::gmp INTERFACE IMPORTED)
find_library(CUPEL_LIB_gmpxx gmpxx)
if(NOT CUPEL_LIB_gmpxx)
  message(FATAL_ERROR "libgmpxx was not found: ${CUPEL_SETUP_HINT}")
endif()
set_target_properties(gmp::gmp PROPERTIES INTERFACE_LINK_LIBRARIES "${CUPEL_LIB_gmpxx};${CUPEL_LIB_gmp}")
