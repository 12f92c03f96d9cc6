#pragma once

#include <string>
#include <string_view>

namespace cupel::code {

// The end of the Python string literal whose quotes begin at `begin` (after any prefix), one past its closing quotes; npos when it never
// closes. Backslashes hide the next byte whatever the prefix.
size_t EndOfPythonString(std::string_view text, size_t begin);

// One past the bracket that closes the one at `begin`, strings and comments inside respected; npos when there is none.
size_t EndOfBrackets(std::string_view text, size_t begin);

// The value of a string literal's inside. False on an escape that is no escape (named characters included).
bool UnescapePython(std::string_view inside, bool is_bytes, std::string& out);
bool UnescapeJson(std::string_view inside, std::string& out);

void AppendUtf8(uint32_t code_point, std::string& out);

bool IsNameStart(char c);
bool IsNameByte(char c);

}  // namespace cupel::code
