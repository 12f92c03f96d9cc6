#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace cupel {

// Progress for people. On a terminal the current line is redrawn in place; elsewhere (pipe, file, CI) Update prints nothing and only Line
// is printed, so that logs stay readable. Not thread-safe.
class Progress {
 public:
  explicit Progress(std::FILE* out);  // borrowed
  ~Progress();                        // clears a line left standing
  bool is_terminal() const { return is_terminal_; }
  int width() const;  // columns of the terminal, 100 elsewhere

  void Update(std::string_view text);  // redraws the live line, cut to the width
  void Line(std::string_view text);    // a line that stays

 private:
  std::FILE* out_;
  bool is_terminal_;
  bool has_live_line_ = false;
};

// "[=====>    ] 12/40" of the given width in columns.
std::string ProgressBar(int64_t done, int64_t total, int width);

// "41s", "3m07s", "2h05m".
std::string FormatDuration(double seconds);

// "94 MiB", "1.2 GiB".
std::string FormatBytes(uint64_t bytes);

// One line of text: newlines and control characters as spaces, cut to `width` columns with an ellipsis.
std::string OneLine(std::string_view text, size_t width);

}  // namespace cupel
