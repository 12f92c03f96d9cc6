// Stands in for parquet.cc in builds without the Arrow library.

#include "base/status.h"
#include "datasets/parquet.h"

namespace cupel {

std::string_view ParquetLibrary() { return ""; }

absl::Status ReadParquet(const std::string& path, RecordCallback /*each*/) {
  return Unimplemented(
      "{}: a Parquet file, which this build does not read; run `bash cmake/setup.sh --parquet` and build with -DCUPEL_WITH_PARQUET=ON, or "
      "turn it into JSON lines",
      path);
}

}  // namespace cupel
