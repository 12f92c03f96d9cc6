#pragma once

#include <string_view>

namespace cupel::sandbox {

// Files that the launcher carries in itself and puts into the file system of jobs: what makes a Python interpreter a warm one.
std::string_view InterpreterObject();  // enter.cc as a shared object
std::string_view InterpreterScript();

}  // namespace cupel::sandbox
