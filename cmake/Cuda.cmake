# The CUDA half of LibTorch, with -DCUPEL_WITH_CUDA=ON, as LibTorch::torch_cuda.
#
# No source of ours is compiled by nvcc: the operations on a GPU are those of LibTorch, and policy/device/cuda_device.cc needs the headers of
# the CUDA runtime alone. They come with the CUDA toolkit, or with the wheel nvidia-cuda-runtime beside torch. The libraries must be those of the
# same wheel as torch_cpu: LIBTORCH_ROOT is then a complete `torch` directory, with the nvidia wheels that torch depends on beside it, as pip
# installs them. Without the option, where the headers are found, the target cupel_cuda_check compiles that source and nothing needs it.

find_program(CUPEL_NVCC nvcc HINTS ENV CUDA_HOME /usr/local/cuda PATH_SUFFIXES bin)
if(CUPEL_NVCC)
  get_filename_component(cuda_bin "${CUPEL_NVCC}" REALPATH)
  get_filename_component(cuda_bin "${cuda_bin}" DIRECTORY)
endif()
find_path(
  CUPEL_CUDA_INCLUDE cuda_runtime_api.h
  HINTS "${cuda_bin}/.." ENV CUDA_HOME "${LIBTORCH_ROOT}/../nvidia/cu13" /usr/local/cuda
  PATH_SUFFIXES include
  DOC "Folder with the headers of the CUDA runtime")

if(NOT CUPEL_WITH_CUDA)
  return()
endif()

if(NOT CUPEL_CUDA_INCLUDE)
  message(
    FATAL_ERROR
      "CUPEL_WITH_CUDA=ON: cuda_runtime_api.h was not found. Install the CUDA toolkit 13.0 or, with pip, nvidia-cuda-runtime==13.0.96; where it "
      "lies elsewhere, give -DCUPEL_CUDA_INCLUDE=DIR. Or leave the option out: without it cupel runs on the processor.")
endif()
set(cuda_libraries torch/lib/libc10_cuda.so torch/lib/libtorch_cuda.so nvidia/cu13/lib/libcudart.so.13)
foreach(library IN LISTS cuda_libraries)
  if(NOT EXISTS "${LIBTORCH_ROOT}/../${library}")
    message(
      FATAL_ERROR
        "CUPEL_WITH_CUDA=ON: ${library} was not found beside ${LIBTORCH_ROOT}. `cmake/setup.sh` unpacks only what a processor needs; install all of "
        "it with `python3 -m venv DIR && DIR/bin/pip install torch==2.11.0`, then give -DLIBTORCH_ROOT=DIR/lib/python3.X/site-packages/torch.")
  endif()
endforeach()

cupel_add_libtorch_library(c10_cuda)
cupel_add_libtorch_library(torch_cuda)
add_library(LibTorch::cudart SHARED IMPORTED GLOBAL)
set_target_properties(LibTorch::cudart PROPERTIES IMPORTED_LOCATION "${LIBTORCH_ROOT}/../nvidia/cu13/lib/libcudart.so.13")
target_link_libraries(LibTorch::torch_cuda INTERFACE LibTorch::torch_cpu LibTorch::c10_cuda LibTorch::cudart)
# Where the linker finds the libraries that libtorch_cuda.so itself needs; at run time it finds them by its own path.
foreach(wheel cudnn cusparselt nccl nvshmem)
  target_link_options(LibTorch::torch_cuda INTERFACE "LINKER:-rpath-link,${LIBTORCH_ROOT}/../nvidia/${wheel}/lib")
endforeach()
