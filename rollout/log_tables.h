#pragma once

#include <span>
#include <string>
#include <string_view>

// The text of the log's tables, indexes and views. What each means: docs/rollout-log.md.

namespace cupel {

struct LogTable {
  std::string_view name;
  std::string_view definition;  // what follows CREATE TABLE name
};

// Every table of the present schema but the full-text index, parents before children.
std::span<const LogTable> LogTables();

// CREATE TABLE `name` with the definition of `table`.
std::string CreateTableSql(const LogTable& table, std::string_view name);

std::string_view LogIndexSql();
// The full-text index over completions.
std::string_view LogSearchSql();
std::string_view LogViewSql();

// The names of the views of schemas 1 and 2, in an order in which they can be dropped.
std::span<const std::string_view> LogViewNames();

}  // namespace cupel
