#pragma once

#include <string>

namespace cupel {

// Shows text on standard output: through the user's pager ($PAGER, else less) when it is longer than the terminal, as it is otherwise, and
// always as it is when standard output is no terminal.
void ShowText(const std::string& text);

}  // namespace cupel
