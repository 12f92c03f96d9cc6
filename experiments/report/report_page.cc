#include "experiments/report/report_page.h"

#include <fmt/format.h>

#include "base/status.h"
#include "experiments/report_assets.h"

namespace cupel {
namespace {

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

// JSON that no HTML parser takes for markup: "<" occurs only inside strings, where it has an escape.
std::string DumpForScript(const Json& value) {
  std::string text;
  for (const char c : DumpJson(value)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

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
  std::string page = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n";
  if (refresh_seconds > 0) {
    page += fmt::format("<meta name=\"cupel-refresh\" content=\"{}\">\n", refresh_seconds);
  }
  page += fmt::format("<title>{} · cupel</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n{}</style>\n</head>\n<body>\n",
                      EscapeHtml(Title(runs)), report::kStyle);
  page += fmt::format("{}<noscript>\n<p>This page draws its charts with a script. The last step of each run:</p>\n{}\n</noscript>\n",
                      report::kBody, SummaryTable(runs));
  page += "<script type=\"application/json\" id=\"data\">" + DumpForScript({{"runs", runs}}) + "</script>\n";
  page += fmt::format("<script>\n{}</script>\n</body>\n</html>\n", report::kScript);
  return page;
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
