#pragma once

#include <string>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "base/json.h"

namespace cupel {

// One record of a file, or what is wrong with its text.
struct Record {
  absl::StatusOr<Json> value;
  std::string where;  // for messages: "train.jsonl:12", "train.json:7 (record 3)", "train.parquet, row 3"
  std::string id;     // different in every record: "train.jsonl:12", "train.json#3", "train.parquet#3"
};

// Returning false stops the reading.
using RecordCallback = absl::FunctionRef<bool(const Record& record)>;

// Reads JSON lines, or one JSON array of records, as the first character says, packed by zstd or not; or a Parquet file. Records stream:
// memory holds one at a time, of at most 64 MiB. Blank lines are passed over, as is a byte-order mark. The result is the error of the file
// itself (missing, damaged, an array that does not end); what is wrong with a single record goes to the callback.
absl::Status ReadRecords(const std::string& path, RecordCallback each);

}  // namespace cupel
