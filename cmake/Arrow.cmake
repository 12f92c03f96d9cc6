# Arrow C++ from the PyPI wheel pyarrow==26.0.1, as imported targets Arrow::arrow and Arrow::parquet: its headers and two libraries, which need
# nothing but the C++ runtime and have its present ABI (_GLIBCXX_USE_CXX11_ABI=1). ARROW_ROOT is the wheel's `pyarrow` directory, or that of a Python
# environment.

set(ARROW_ROOT "${CMAKE_SOURCE_DIR}/.deps/arrow/pyarrow" CACHE PATH "The pyarrow directory of an unpacked wheel")

foreach(name arrow parquet)
  set(file "${ARROW_ROOT}/lib${name}.so.2600")
  if(NOT EXISTS "${file}")
    message(
      FATAL_ERROR
        "Arrow was not found: ${file} does not exist.\n"
        "Run `bash cmake/setup.sh --parquet`, which fetches and unpacks the pinned version; or give -DARROW_ROOT=DIR/pyarrow, where DIR holds "
        "pyarrow==26.0.1 unpacked; or build without Parquet: -DCUPEL_WITH_PARQUET=OFF.")
  endif()
  add_library(Arrow::${name} SHARED IMPORTED GLOBAL)
  set_target_properties(Arrow::${name} PROPERTIES IMPORTED_LOCATION "${file}" IMPORTED_SONAME "lib${name}.so.2600"
                                                  INTERFACE_INCLUDE_DIRECTORIES "${ARROW_ROOT}/include")
endforeach()
target_link_libraries(Arrow::parquet INTERFACE Arrow::arrow)
