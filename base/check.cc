#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace cupel {

void CheckFailed(std::string_view what, const std::source_location& where) {
  std::fprintf(stderr, "%s:%u: check failed in %s: %.*s\n", where.file_name(), static_cast<unsigned>(where.line()), where.function_name(),
               static_cast<int>(what.size()), what.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace cupel
