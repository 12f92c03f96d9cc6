#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "rollout/rollout_store.h"

namespace cupel {

// The rows of one read-only SQL statement, for a person: columns side by side, long values cut. Besides SQLite's own, a query has the
// functions token_ids(blob, n) and logprobs(blob, n), which give a blob of `n` elements as a JSON array. InvalidArgument with SQLite's
// words when the statement is wrong.
absl::StatusOr<std::string> QueryTable(const RolloutStore& store, const std::string& sql);

// The same as a JSON array with one object per row, values whole; blobs as {"bytes": n, "hex": "..."}.
absl::StatusOr<std::string> QueryJson(const RolloutStore& store, const std::string& sql);

// The completions that contain the words, best match first: a query over the full-text index.
absl::StatusOr<std::string> SearchSql(const RolloutStore& store, const std::string& words);

}  // namespace cupel
