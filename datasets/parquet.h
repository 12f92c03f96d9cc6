#pragma once

#include <string>
#include <string_view>

#include "datasets/records.h"

namespace cupel {

// The version of the Arrow library that reads Parquet, "26.0.1"; empty in a build without it (-DCUPEL_WITH_PARQUET=ON).
std::string_view ParquetLibrary();

// The rows of a Parquet file as records: structs become objects, lists arrays, null members null. Errors: those of ReadRecords;
// Unimplemented in a build without the library, with the way out; a column of a type that JSON cannot hold is named.
absl::Status ReadParquet(const std::string& path, RecordCallback each);

}  // namespace cupel
