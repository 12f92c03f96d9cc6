#include <fmt/format.h>

#include "base/json.h"
#include "experiments/report/html_page.h"
#include "experiments/report_assets.h"
#include "experiments/score/workbench.h"

namespace cupel {
namespace {

std::string Value(const Json& value) { return value.is_number() ? fmt::format("{:.4g}", value.get<double>()) : "–"; }

// What a browser without scripts shows.
std::string SummaryTable(const Json& report) {
  std::string rows;
  for (const Json& row : report["distributions"]) {
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", EscapeHtml(row["name"].get<std::string>()),
                        Value(row["mean"]), Value(row["min"]), Value(row["max"]));
  }
  return "<table><thead><tr><th>term</th><th>mean</th><th>min</th><th>max</th></tr></thead>\n<tbody>" + rows + "</tbody></table>";
}

}  // namespace

std::string WorkbenchPage(const Json& report) {
  return HtmlPage({.title = fmt::format("{} · cupel score", report["reward"].get<std::string>()),
                   .style = report::kScoreStyle,
                   .body = report::kScoreBody,
                   .without_script = "<p>This page draws its charts with a script. The terms of the reward:</p>\n" + SummaryTable(report),
                   .data = {{"runs", Json::array()}, {"score", report}},
                   .script = report::kScoreScript});
}

}  // namespace cupel
