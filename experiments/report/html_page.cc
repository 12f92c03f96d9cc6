#include "experiments/report/html_page.h"

#include <fmt/format.h>

namespace cupel {
namespace {

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

}  // namespace

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

std::string HtmlPage(const HtmlParts& parts) {
  std::string page = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n";
  page += parts.head;
  page += fmt::format("<title>{}</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n{}</style>\n</head>\n<body>\n",
                      EscapeHtml(parts.title), parts.style);
  page += fmt::format("{}<noscript>\n{}\n</noscript>\n", parts.body, parts.without_script);
  page += "<script type=\"application/json\" id=\"data\">" + DumpForScript(parts.data) + "</script>\n";
  page += fmt::format("<script>\n{}</script>\n</body>\n</html>\n", parts.script);
  return page;
}

}  // namespace cupel
