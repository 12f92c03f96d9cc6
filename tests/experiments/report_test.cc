// Covers experiments/report: the data of the page, its structure as a file, and that no text of a run can break it. Alone:
// build/release/tests/experiments_offline_test "[report]"

#include <chrono>
#include <cmath>
#include <set>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "base/status.h"
#include "experiments/report/report_page.h"
#include "tests/rollout/sample_log.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

// A run of `num_steps` steps with metrics, evaluations and a vocabulary for some of its tokens.
RolloutStore RunWith(const std::string& path, int64_t num_steps, const SampleShape& shape = {}) {
  RolloutStore store = CreateSampleLog(path);
  for (int64_t step = 0; step < num_steps; ++step) {
    REQUIRE(store.AppendStep(step, SampleGroups(step, shape)).ok());
    REQUIRE(store.WriteMetrics(step, {{"policy_loss", 0.5}, {"kl", std::nan("")}, {"my/own metric", static_cast<double>(step)}}).ok());
  }
  REQUIRE(store.WriteEvaluation({0, "before", 10, 4, 0.25, 0.05, Json::array()}).ok());
  return store;
}

Json DataOf(const std::string& page) {
  const std::string opening = "<script type=\"application/json\" id=\"data\">";
  const size_t begin = page.find(opening);
  REQUIRE(begin != std::string::npos);
  const size_t end = page.find("</script>", begin);
  return ParseJson(std::string_view(page).substr(begin + opening.size(), end - begin - opening.size()), "data").value();
}

size_t Count(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

TEST_CASE("the curves of a report are the numbers of the log", "[report]") {
  const TempDir folder;
  const RolloutStore store = RunWith(folder.File("run.db"), 7);
  const Json data = ReadReportData(store, {}).value();
  CHECK(data["name"] == "sample");
  CHECK(data["steps"] == Json({1, 2, 3, 4, 5, 6, 7}));
  CHECK(data["totals"]["completions"] == 84);
  CHECK(data["totals"]["groups"] == 21);
  CHECK(data["metrics"]["my/own metric"] == Json({0, 1, 2, 3, 4, 5, 6}));
  CHECK(data["evaluations"][0]["pass_at_1"] == 0.25);
  SqliteStatement row =
      store.connection()
          .Prepare("SELECT reward, pass_rate, no_signal_fraction, mean_length, truncated_fraction FROM step_summary ORDER BY step")
          .value();
  for (size_t i = 0; row.Next().value(); ++i) {
    int column = 0;
    for (const char* name : {"reward", "pass_rate", "no_signal", "length_mean", "truncated"}) {
      INFO(name << " of step " << i);
      CHECK(data["curves"][name][i].get<double>() == Approx(row.Real(column++)).epsilon(1e-5));
    }
    const Json& curves = data["curves"];
    double total = 0;
    for (const char* outcome : {"correct", "incorrect", "no_answer", "undecided", "error"}) {
      total += curves[std::string("outcome_") + outcome][i].get<double>();
    }
    CHECK(total == Approx(1));
    CHECK(curves["reward_low"][i].get<double>() <= curves["reward"][i].get<double>());
    CHECK(curves["length_q05"][i].get<double>() <= curves["length_q50"][i].get<double>());
    CHECK(curves["length_q50"][i].get<double>() <= curves["length_q95"][i].get<double>());
  }
}

TEST_CASE("a long run is averaged over windows and shows groups within its budget", "[report]") {
  const TempDir folder;
  const RolloutStore store = RunWith(folder.File("run.db"), 40);
  const Json data = ReadReportData(store, {.max_points = 10, .max_tokens = 500, .max_tasks = 3}).value();
  CHECK(data["window"] == 4);
  CHECK(data["steps"].size() == 10);
  CHECK(data["steps"].back() == 40);
  CHECK(data["metrics"]["my/own metric"][0] == 1.5);
  CHECK(data["tasks"]["tasks"].size() == 3);
  CHECK(data["tasks"]["total"] > 3);
  std::set<int64_t> steps;
  int64_t tokens = 0;
  for (const Json& group : data["groups"]) {
    steps.insert(group["step"].get<int64_t>());
    for (const Json& rollout : group["rollouts"]) {
      tokens += rollout["n"].get<int64_t>();
    }
  }
  CHECK(steps.contains(1));
  CHECK(steps.contains(40));
  CHECK(tokens < 1200);  // the budget, and what the last step went over it
}

TEST_CASE("an empty run has a page", "[report]") {
  const TempDir folder;
  const RolloutStore store = CreateSampleLog(folder.File("run.db"));
  const std::string page = ReportPage({&store}).value();
  CHECK(DataOf(page)["runs"][0]["steps"].empty());
}

TEST_CASE("the page is one whole file that asks for no other", "[report]") {
  const TempDir folder;
  const RolloutStore one = RunWith(folder.File("one.db"), 5);
  const RolloutStore two = RunWith(folder.File("two.db"), 8);
  const std::string page = ReportPage({&one, &two}, {}, 30).value();
  CHECK(page.starts_with("<!doctype html>\n"));
  CHECK(page.ends_with("</body>\n</html>\n"));
  CHECK(DataOf(page)["runs"].size() == 2);
  CHECK(Count(page, "<script") == 2);
  CHECK(Count(page, "</script>") == 2);
  CHECK(Count(page, "<style>") == 1);
  CHECK(Count(page, "name=\"viewport\"") == 1);
  CHECK(Count(page, "<meta name=\"cupel-refresh\" content=\"30\">") == 1);
  for (const char* remote : {" src=", "@import", "url(", "<link rel=\"stylesheet\"", "https://", "fetch(", "XMLHttpRequest"}) {
    INFO(remote);
    CHECK(Count(page, remote) == 0);
  }
  CHECK(Count(page, "http://") == Count(page, "http://www.w3.org/2000/svg"));  // a name, not an address
  // Each section of the navigation is there, once, with a heading that names it.
  for (const char* id : {"overview", "curves", "answers", "tasks", "evaluations", "settings"}) {
    INFO(id);
    CHECK(Count(page, fmt::format("href=\"#{}\"", id)) >= 1);
    CHECK(Count(page, fmt::format("<section id=\"{0}\" aria-labelledby=\"{0}-title\">", id)) == 1);
    CHECK(Count(page, fmt::format("<h2 id=\"{}-title\"", id)) == 1);
  }
}

TEST_CASE("texts of a run cannot get out of their block", "[report]") {
  const TempDir folder;
  RolloutStore store = CreateSampleLog(folder.File("run.db"));
  auto groups = SampleGroups(0);
  const std::string hostile = "</script><script>alert(1)</script><!-- ]]> \" ' & <b>";
  groups[0].task.prompt[0].content = hostile;
  groups[0].task.answer = hostile;
  groups[0].rollouts[0].text = hostile;
  groups[0].rollouts[0].verdict.reason = hostile;
  REQUIRE(store.AppendStep(0, groups).ok());
  auto extreme = ExtremeGroups(1);
  REQUIRE(store.AppendStep(1, extreme).ok());
  const std::string page = ReportPage({&store}).value();
  CHECK(Count(page, "<script") == 2);
  CHECK(Count(page, "</script>") == 2);
  CHECK(Count(page, "<!--") == 0);
  bool is_found = false;
  const Json data = DataOf(page);
  for (const Json& group : data["runs"][0]["groups"]) {
    for (const Json& rollout : group["rollouts"]) {
      is_found = is_found || rollout["text"] == hostile;
    }
  }
  CHECK(is_found);
}

TEST_CASE("a log of schema 1 has a report, without tokens", "[report]") {
  const TempDir folder;
  const std::string path = folder.File("run.db");
  {
    SqliteConnection connection = SqliteConnection::Open(path, SqliteConnection::Access::kCreate).value();
    REQUIRE(connection.Execute(ReadFile(CUPEL_SOURCE_DIR "/tests/golden/log/schema1.sql").value()).ok());
  }
  const RolloutStore store = RolloutStore::Open(path, RolloutStore::Mode::kReadOnly).value();
  const Json data = ReadReportData(store, {}).value();
  CHECK(data["steps"].size() == 4);
  CHECK(data["groups"][0]["rollouts"][0]["tokens"].empty());
  CHECK(data["info"]["kernels"] == "avx512bf16");
}

// Hidden: build/release/tests/experiments_offline_test "[.bench]"
TEST_CASE("how long the report of 100,000 completions takes", "[.bench]") {
  const TempDir folder;
  const RolloutStore store = RunWith(folder.File("run.db"), 782, {.num_groups = 16, .group_size = 8, .num_tokens = 200});
  const auto start = std::chrono::steady_clock::now();
  const std::string page = ReportPage({&store}).value();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("report of {} completions: {:.2f} s, {:.1f} MB\n", 782 * 16 * 8, seconds, static_cast<double>(page.size()) / 1e6);
}

}  // namespace
}  // namespace cupel
