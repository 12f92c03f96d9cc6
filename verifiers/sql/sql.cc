// Judges a query by what it gives: it and the gold query are run on databases in memory, and their results compared.
//
//   {"setup": "CREATE TABLE t (a); INSERT INTO t VALUES (1);", "ordered": "auto", "must_read": true, "allow_empty": false,
//    "max_steps": 2000000}       "databases": ["...", "..."] in place of "setup": on every one of them the results must be the same
//
// Equal are results with the same number of columns and the same rows, each as often; in the same order only where that is asked for
// ("ordered" "yes", or "auto" when the gold has an ORDER BY outside all parentheses). Names of columns play no part, their order does. 1
// and 1.0 are equal, fractions by 12 digits, 1 and '1' are not. The query is the only <answer> (perhaps fenced), else the last fenced
// block, else the final answer by the rules of answer/extract.h, else the whole response where it begins with SELECT, WITH or VALUES.
//
// A query that fails, does what is not allowed (sql/database.h) or takes more than `max_steps` is incorrect: the steps are counted, so that
// it fails for everybody. A gold query that fails is an error of the task.
//
// How it is gamed: by a query that gives the right rows without asking: SELECT 42. `must_read` refuses those that read no table of the
// database where the gold does; several databases refuse the rest. A gold without rows is refused unless `allow_empty`, since SELECT 1
// WHERE 0 would pass.

#include <algorithm>

#include <fmt/format.h>

#include "verifiers/answer/characters.h"
#include "verifiers/judging.h"
#include "verifiers/options.h"
#include "verifiers/registry.h"
#include "verifiers/sql/database.h"

namespace cupel {
namespace {

constexpr size_t kMaxDatabases = 20;
constexpr int64_t kSetupSteps = 50'000'000;

struct Asked {
  std::string_view gold;  // in the task
  std::vector<std::string> databases;
  std::string ordered = "auto";
  bool must_read = true;
  bool allow_empty = false;
  sql::Limits limits;
};

absl::StatusOr<Asked> Read(const Task& task) {
  Asked asked;
  asked.gold = task.answer;
  std::string setup;
  OptionReader options(task.metadata);
  options.Text("setup", setup);
  options.Texts("databases", asked.databases);
  options.OneOf("ordered", asked.ordered, {"auto", "yes", "no"});
  options.Flag("must_read", asked.must_read);
  options.Flag("allow_empty", asked.allow_empty);
  options.Count("max_steps", asked.limits.max_steps, 1000, 1'000'000'000);
  CUPEL_RETURN_IF_ERROR(options.Done());
  if (setup.empty() == asked.databases.empty() || asked.databases.size() > kMaxDatabases) {
    return InvalidArgument(
        "verifier options: the sql verifier wants either \"setup\", the statements that make its database, or \"databases\", a list of 1 "
        "to {} "
        "such texts",
        kMaxDatabases);
  }
  if (asked.databases.empty()) {
    asked.databases.push_back(std::move(setup));
  }
  return asked;
}

absl::StatusOr<sql::QueryResult> RunGold(const Asked& asked, sql::Database& database) {
  sql::QueryResult gold = database.Query(asked.gold, asked.limits);
  if (!gold.problem.empty() || gold.is_beyond_rows) {
    return InvalidArgument("the gold query fails: {}", gold.problem.empty() ? "it gives too many rows" : gold.problem);
  }
  return gold;
}

bool IsInOrder(const Asked& asked) { return asked.ordered == "yes" || (asked.ordered == "auto" && sql::IsOrdered(asked.gold)); }

std::string RowText(const sql::Row& row) { return Excerpt(fmt::format("{}", fmt::join(row, ", "))); }

// How two results differ; empty when they do not.
std::string Difference(sql::QueryResult gold, sql::QueryResult answer, bool in_order) {
  if (answer.num_columns != gold.num_columns) {
    return fmt::format("{} columns, where the gold query gives {}", answer.num_columns, gold.num_columns);
  }
  if (answer.is_beyond_rows) {
    return fmt::format("more than the {} rows of the gold query", gold.rows.size());
  }
  if (answer.rows.size() != gold.rows.size()) {
    return fmt::format("{} rows, where the gold query gives {}", answer.rows.size(), gold.rows.size());
  }
  if (!in_order) {
    std::ranges::sort(gold.rows);
    std::ranges::sort(answer.rows);
  }
  const auto [wanted, found] = std::ranges::mismatch(gold.rows, answer.rows);
  return wanted == gold.rows.end() ? "" : fmt::format("a row \"{}\" where the gold query gives \"{}\"", RowText(*found), RowText(*wanted));
}

bool BeginsQuery(std::string_view text) {
  const std::string_view trimmed = TrimSpace(text);
  const std::string word = LowerCaseText(trimmed.substr(0, std::min(trimmed.find_first_of(" \t\r\n("), trimmed.size())));
  return word == "select" || word == "with" || word == "values";
}

// Points the verdict to the query; empty when there is none.
std::string_view FindQuery(std::string_view response, Verdict& verdict) {
  const Extraction answer = ExtractAnswer(response, AnswerKind::kText);
  const bool is_tagged = answer.rule == "answer_tag";
  std::string_view found = answer.rule.empty() ? std::string_view() : Spanned(response, answer.span);
  verdict.rule = answer.rule;
  if (const auto fenced = LastFence(is_tagged ? found : response)) {
    found = *fenced;
    verdict.rule = is_tagged ? "answer_tag" : "fence";
  } else if (answer.rule.empty() && BeginsQuery(response)) {
    found = response;
    verdict.rule = "bare";
  }
  PointTo(found, response, verdict);
  if (TrimSpace(found).empty()) {
    Settle(verdict, Outcome::kNoAnswer, "there is no query: no <answer>, no fenced block, no box");
  }
  return TrimSpace(found);
}

void JudgeQuery(const Asked& asked, std::string_view response, Verdict& verdict) {
  const std::string_view query = FindQuery(response, verdict);
  for (const std::string& setup : query.empty() ? std::vector<std::string>() : asked.databases) {
    absl::StatusOr<sql::Database> database = sql::Database::Create(setup, kSetupSteps);
    absl::StatusOr<sql::QueryResult> gold = database.ok() ? RunGold(asked, *database) : database.status();
    if (!gold.ok()) {
      Settle(verdict, Outcome::kError, std::string(Message(gold.status())));
      return;
    }
    sql::Limits limits = asked.limits;
    limits.max_rows = std::ssize(gold->rows);
    sql::QueryResult answer = database->Query(query, limits);
    verdict.cost += answer.steps;
    const bool is_blind = asked.must_read && gold->reads_table && !answer.reads_table;
    const std::string problem = !answer.problem.empty() ? answer.problem
                                : is_blind              ? "the query reads no table"
                                                        : Difference(*std::move(gold), std::move(answer), IsInOrder(asked));
    if (!problem.empty()) {
      Settle(verdict, Outcome::kIncorrect, problem);
      return;
    }
  }
  if (!query.empty()) {
    verdict.credit = 1;
    Settle(verdict, Outcome::kCorrect, fmt::format("the results are the same on {} databases", asked.databases.size()));
  }
}

class SqlVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "sql"; }
  int version() const override { return 1; }

  Verdict Verify(const Task& task, std::string_view answer) const override {
    return JudgePart(answer, Part::kResponse, Read(task), &JudgeQuery);
  }

  absl::Status CheckGold(const Task& task) const override {
    CUPEL_ASSIGN_OR_RETURN(const Asked asked, Read(task));
    bool has_rows = asked.allow_empty;
    for (const std::string& setup : asked.databases) {
      CUPEL_ASSIGN_OR_RETURN(sql::Database database, sql::Database::Create(setup, kSetupSteps));
      CUPEL_ASSIGN_OR_RETURN(const sql::QueryResult gold, RunGold(asked, database));
      has_rows = has_rows || !gold.rows.empty();
    }
    return has_rows
               ? absl::OkStatus()
               : InvalidArgument(
                     "the gold query gives no rows on any database, so that any query without rows would pass; add a row that it finds, "
                     "or set allow_empty");
  }
};

}  // namespace

const Verifier& GetSqlVerifier() {
  static const SqlVerifier verifier;
  return verifier;
}

}  // namespace cupel
