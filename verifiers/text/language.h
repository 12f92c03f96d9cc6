#pragma once

#include <string_view>

namespace cupel {

// The language of a text as an ISO 639-1 code, or empty when the text does not settle it: no letters, too few words, or words of several
// languages. By script where a script has one language; by letters that only one of its languages has, for Cyrillic and Arabic; else by the
// most frequent small words. Knows ar bg bn de el en es fa fi fr gu he hi it ja kn ko ml mr ne nl pa pl pt ru sv sw ta te th tr uk ur vi
// zh.
std::string_view DetectLanguage(std::string_view text);

}  // namespace cupel
