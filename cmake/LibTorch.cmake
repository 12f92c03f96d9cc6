# LibTorch from the PyPI wheel torch==2.11.0, CPU part, as imported targets LibTorch::c10 and LibTorch::torch_cpu.
#
# find_package(Torch) is not used: the configuration inside this wheel demands the CUDA toolkit even of CPU programs. LIBTORCH_ROOT is the wheel's
# `torch` directory (the official zip has the same layout); the wheel finds its CUDA runtime at LIBTORCH_ROOT/../nvidia, so both lie side by side.

set(LIBTORCH_ROOT "${CMAKE_SOURCE_DIR}/.deps/libtorch/torch" CACHE PATH "The torch directory of an unpacked wheel")

function(cupel_add_libtorch_library name)
  set(file "${LIBTORCH_ROOT}/lib/lib${name}.so")
  if(NOT EXISTS "${file}")
    message(
      FATAL_ERROR
        "LibTorch was not found: ${file} does not exist.\n"
        "Run `bash cmake/setup.sh`, which fetches and unpacks the pinned version; or give -DLIBTORCH_ROOT=DIR/torch, where DIR holds torch==2.11.0 "
        "unpacked; or build only the modules without it: -DCUPEL_WITH_TORCH=OFF.")
  endif()
  add_library(LibTorch::${name} SHARED IMPORTED GLOBAL)
  set_target_properties(LibTorch::${name} PROPERTIES IMPORTED_LOCATION "${file}" IMPORTED_SONAME "lib${name}.so")
  # Behind the system's directories, because the wheel brings headers of its own fmt, whose library it does not export.
  target_compile_options(
    LibTorch::${name} INTERFACE "SHELL:-idirafter ${LIBTORCH_ROOT}/include"
                                "SHELL:-idirafter ${LIBTORCH_ROOT}/include/torch/csrc/api/include")
endfunction()

cupel_add_libtorch_library(c10)
cupel_add_libtorch_library(torch_cpu)
target_link_libraries(LibTorch::torch_cpu INTERFACE LibTorch::c10)
# at::parallel_for is a template: compiled without OpenMP it runs on one thread and says nothing.
target_compile_options(LibTorch::torch_cpu INTERFACE -fopenmp)
target_link_options(LibTorch::torch_cpu INTERFACE -fopenmp)
# Where the linker finds the libraries that libtorch_cpu.so itself needs.
target_link_options(LibTorch::torch_cpu INTERFACE "LINKER:-rpath-link,${LIBTORCH_ROOT}/../nvidia/cu13/lib:${LIBTORCH_ROOT}/lib")
