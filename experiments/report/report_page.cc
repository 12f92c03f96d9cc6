#include "experiments/report/report_page.h"

#include <fmt/format.h>

#include "base/status.h"
#include "experiments/report/html_page.h"
#include "experiments/report_assets.h"

namespace cupel {
namespace {

std::string Value(const Json& value) { return value.is_number() ? fmt::format("{:.3f}", value.get<double>()) : "–"; }

const Json& Last(const Json& values) {
  static const Json kNone;
  return values.is_array() && !values.empty() ? values.back() : kNone;
}

// What a browser without scripts shows, and what a search in the file finds.
std::string SummaryTable(const Json& runs) {
  std::string rows;
  for (const Json& run : runs) {
    const Json& curves = run["curves"];
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", EscapeHtml(run["name"].get<std::string>()),
                        run["totals"]["steps"].get<int64_t>(), Value(Last(curves.value("reward", Json()))),
                        Value(Last(curves.value("pass_rate", Json()))), Value(Last(curves.value("length_mean", Json()))));
  }
  return "<table><thead><tr><th>run</th><th>steps</th><th>reward</th><th>pass rate</th><th>mean length</th></tr></thead>\n<tbody>" + rows +
         "</tbody></table>";
}

std::string Title(const Json& runs) {
  std::string title;
  for (const Json& run : runs) {
    title += (title.empty() ? "" : ", ") + run["name"].get<std::string>();
  }
  return title;
}

}  // namespace

std::string ReportPageOf(const Json& runs, int refresh_seconds) {
  HtmlParts parts{.title = Title(runs) + " · cupel", .style = report::kStyle, .body = report::kBody, .script = report::kScript};
  if (refresh_seconds > 0) {
    parts.head = fmt::format("<meta name=\"cupel-refresh\" content=\"{}\">\n", refresh_seconds);
  }
  parts.without_script = "<p>This page draws its charts with a script. The last step of each run:</p>\n" + SummaryTable(runs);
  parts.data = {{"runs", runs}};
  return HtmlPage(parts);
}

absl::StatusOr<std::string> ReportPage(const std::vector<const RolloutStore*>& runs, const ReportLimits& limits, int refresh_seconds) {
  Json data = Json::array();
  ReportLimits share = limits;
  share.max_tokens = limits.max_tokens / static_cast<int64_t>(std::max<size_t>(1, runs.size()));
  for (const RolloutStore* run : runs) {
    CUPEL_ASSIGN_OR_RETURN(Json one, ReadReportData(*run, share));
    data.push_back(std::move(one));
  }
  return ReportPageOf(data, refresh_seconds);
}

}  // namespace cupel
