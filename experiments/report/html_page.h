#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace cupel {

// What a page that needs no other file and no network is made of.
struct HtmlParts {
  std::string title;                // plain text
  std::string head = {};            // further elements of the head
  std::string_view style = {};      // CSS
  std::string_view body = {};       // markup
  std::string without_script = {};  // markup shown where scripts are off
  Json data = {};                   // what the script reads; whatever its texts say, they cannot end the block that holds them
  std::string_view script = {};
};
std::string HtmlPage(const HtmlParts& parts);

// Text as the content of an element or attribute.
std::string EscapeHtml(std::string_view text);

}  // namespace cupel
