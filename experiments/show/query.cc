#include "experiments/show/query.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/progress.h"
#include "base/status.h"
#include "rollout/blob.h"

namespace cupel {
namespace {

constexpr size_t kMaxColumn = 72;  // characters of a value in a table
constexpr size_t kMaxRows = 100'000;

absl::StatusOr<std::string> TokenIds(std::string_view blob, int64_t count) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<TokenId> tokens, DecodeTokens(blob, count));
  return DumpJson(Json(tokens));
}

absl::StatusOr<std::string> Logprobs(std::string_view blob, int64_t count) {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<float> values, DecodeFloats(blob, count));
  std::string text = "[";
  for (const float value : values) {
    text += fmt::format("{}{}", text.size() > 1 ? "," : "", value);
  }
  return text + "]";
}

// Statements that prepare but fail while running, too, are the fault of who wrote them.
absl::Status AsUsage(const absl::Status& status) {
  return status.ok() ? status : InvalidArgument("--sql: {}; tables and columns: docs/rollout-log.md", Message(status));
}

absl::StatusOr<SqliteStatement> PrepareQuery(const RolloutStore& store, const std::string& sql) {
  CUPEL_RETURN_IF_ERROR(store.connection().AddFunction("token_ids", TokenIds));
  CUPEL_RETURN_IF_ERROR(store.connection().AddFunction("logprobs", Logprobs));
  absl::StatusOr<SqliteStatement> statement = store.connection().Prepare(sql);
  if (!statement.ok()) {
    return AsUsage(statement.status());
  }
  return statement;
}

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return text;
}

std::string Cell(const SqliteStatement& row, int column) {
  switch (row.TypeOf(column)) {
    case SqliteStatement::Type::kInteger:
      return fmt::format("{}", row.Integer(column));
    case SqliteStatement::Type::kReal:
      return fmt::format("{:.6g}", row.Real(column));
    case SqliteStatement::Type::kText:
      return OneLine(row.Text(column), kMaxColumn);
    case SqliteStatement::Type::kBlob:
      return fmt::format("({} bytes)", row.Blob(column).size());
    case SqliteStatement::Type::kNull:
      return "";
  }
  return "";
}

Json Value(const SqliteStatement& row, int column) {
  switch (row.TypeOf(column)) {
    case SqliteStatement::Type::kInteger:
      return row.Integer(column);
    case SqliteStatement::Type::kReal:
      return row.Real(column);
    case SqliteStatement::Type::kText:
      return row.Text(column);
    case SqliteStatement::Type::kBlob:
      return {{"bytes", row.Blob(column).size()}, {"hex", Hex(row.Blob(column))}};
    case SqliteStatement::Type::kNull:
      return nullptr;
  }
  return nullptr;
}

// Characters, not bytes, as far as a terminal shows one column each.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string Pad(const std::string& text, size_t width, bool is_number) {
  const std::string blanks(width - std::min(width, Width(text)), ' ');
  return is_number ? blanks + text : text + blanks;
}

}  // namespace

absl::StatusOr<std::string> QueryTable(const RolloutStore& store, const std::string& sql) {
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement row, PrepareQuery(store, sql));
  const int num_columns = row.num_columns();
  std::vector<std::vector<std::string>> rows(1);
  std::vector<size_t> widths;
  std::vector<bool> are_numbers(static_cast<size_t>(num_columns), true);
  for (int column = 0; column < num_columns; ++column) {
    rows[0].push_back(row.ColumnName(column));
    widths.push_back(Width(rows[0].back()));
  }
  while (rows.size() <= kMaxRows) {
    const absl::StatusOr<bool> has_row = row.Next();
    CUPEL_RETURN_IF_ERROR(AsUsage(has_row.status()));
    if (!*has_row) {
      break;
    }
    std::vector<std::string>& cells = rows.emplace_back();
    for (int column = 0; column < num_columns; ++column) {
      const auto i = static_cast<size_t>(column);
      cells.push_back(Cell(row, column));
      widths[i] = std::max(widths[i], Width(cells.back()));
      const SqliteStatement::Type type = row.TypeOf(column);
      are_numbers[i] = are_numbers[i] && type != SqliteStatement::Type::kText && type != SqliteStatement::Type::kBlob;
    }
  }
  std::string text;
  for (const std::vector<std::string>& cells : rows) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      line += (i == 0 ? "" : "  ") + Pad(cells[i], widths[i], are_numbers[i]);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text + fmt::format("({} row{})\n", rows.size() - 1, rows.size() == 2 ? "" : "s");
}

absl::StatusOr<std::string> QueryJson(const RolloutStore& store, const std::string& sql) {
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement row, PrepareQuery(store, sql));
  std::string text = "[";
  while (true) {
    const absl::StatusOr<bool> has_row = row.Next();
    CUPEL_RETURN_IF_ERROR(AsUsage(has_row.status()));
    if (!*has_row) {
      return text + "\n]\n";
    }
    Json object = Json::object();
    for (int column = 0; column < row.num_columns(); ++column) {
      object[row.ColumnName(column)] = Value(row, column);
    }
    text += (text.size() > 1 ? ",\n " : "\n ") + DumpJson(object);
  }
}

absl::StatusOr<std::string> SearchSql(const RolloutStore& store, const std::string& words) {
  CUPEL_ASSIGN_OR_RETURN(const int64_t has_index,
                         store.connection().QueryInteger("SELECT count(*) FROM main.sqlite_schema WHERE name = 'completions'"));
  if (has_index == 0) {
    return FailedPrecondition("{}: an older log without full-text index; `cupel log vacuum` makes one", store.path());
  }
  // Each word is a phrase of its own: what FTS5 would read as operators is searched for.
  std::string match;
  for (size_t begin = words.find_first_not_of(' '); begin != std::string::npos;) {
    const size_t end = std::min(words.find(' ', begin), words.size());
    std::string word = words.substr(begin, end - begin);
    for (size_t at = word.find_first_of("\"'"); at != std::string::npos; at = word.find_first_of("\"'", at + 1)) {
      word[at] = ' ';
    }
    match += fmt::format("{}\"{}\"", match.empty() ? "" : " ", word);
    begin = words.find_first_not_of(' ', end);
  }
  if (match.empty()) {
    return InvalidArgument("--search needs a word");
  }
  return fmt::format(
      "SELECT step + 1 AS step, group_idx AS \"group\", sample_idx AS sample, outcome, reward, snippet(completions, 0, '[', ']', '…', 16) "
      "AS "
      "answer FROM completions JOIN samples ON samples.rollout_id = completions.rowid WHERE completions MATCH '{}' AND run_id = {} ORDER "
      "BY rank",
      match, store.run_id());
}

}  // namespace cupel
