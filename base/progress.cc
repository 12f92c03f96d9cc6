#include "base/progress.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace cupel {
namespace {

constexpr int kDefaultWidth = 100;
constexpr std::string_view kClearLine = "\r\x1b[K";

// At most `columns` code points, on one line: line breaks would leave parts of the live line behind.
std::string CutToColumns(std::string_view text, int columns) {
  std::string line;
  int used = 0;
  for (const char c : text) {
    const bool continues_code_point = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continues_code_point && ++used > columns) {
      break;
    }
    line += c == '\n' || c == '\r' ? ' ' : c;
  }
  return line;
}

void Put(std::FILE* out, std::string_view text) { std::fwrite(text.data(), 1, text.size(), out); }

}  // namespace

Progress::Progress(std::FILE* out) : out_(out), is_terminal_(isatty(fileno(out)) == 1) {
  const char* const term = std::getenv("TERM");
  if (term != nullptr && std::string_view(term) == "dumb") {
    is_terminal_ = false;
  }
}

Progress::~Progress() {
  if (has_live_line_) {
    Put(out_, kClearLine);
    std::fflush(out_);
  }
}

int Progress::width() const {
  winsize size = {};
  if (is_terminal_ && ioctl(fileno(out_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  return kDefaultWidth;
}

void Progress::Update(std::string_view text) {
  if (!is_terminal_) {
    return;
  }
  Put(out_, kClearLine);
  Put(out_, CutToColumns(text, width()));
  std::fflush(out_);
  has_live_line_ = true;
}

void Progress::Line(std::string_view text) {
  if (has_live_line_) {
    Put(out_, kClearLine);
    has_live_line_ = false;
  }
  Put(out_, text);
  Put(out_, "\n");
  std::fflush(out_);
}

std::string ProgressBar(int64_t done, int64_t total, int width) {
  done = std::clamp<int64_t>(done, 0, std::max<int64_t>(total, 0));
  const std::string count = fmt::format("] {}/{}", done, total);
  const int64_t inside = width - 1 - static_cast<int64_t>(count.size());
  if (inside < 1) {
    return fmt::format("{}/{}", done, total);
  }
  const double fraction = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0.0;
  const auto filled = static_cast<int64_t>(fraction * static_cast<double>(inside));
  std::string bar(static_cast<size_t>(filled), '=');
  if (filled < inside) {
    bar += '>';
    bar.append(static_cast<size_t>(inside - filled - 1), ' ');
  }
  return "[" + bar + count;
}

std::string FormatDuration(double seconds) {
  if (!(seconds >= 0.0 && seconds < 1e15)) {
    return "?";
  }
  const auto total = static_cast<int64_t>(std::llround(seconds));
  if (total < 60) {
    return fmt::format("{}s", total);
  }
  if (total < 3600) {
    return fmt::format("{}m{:02}s", total / 60, total % 60);
  }
  return fmt::format("{}h{:02}m", total / 3600, total % 3600 / 60);
}

std::string FormatBytes(uint64_t bytes) {
  constexpr std::array<std::string_view, 7> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1023.5 && unit + 1 < kUnits.size()) {
    value /= 1024.0;
    ++unit;
  }
  return unit > 0 && value < 9.95 ? fmt::format("{:.1f} {}", value, kUnits[unit]) : fmt::format("{:.0f} {}", value, kUnits[unit]);
}

std::string OneLine(std::string_view text, size_t width) {
  std::string line;
  size_t columns = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool starts_character = (byte & 0xC0) != 0x80;
    if (starts_character && columns == width) {
      return line + "…";
    }
    columns += starts_character ? 1 : 0;
    line += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  return line;
}

}  // namespace cupel
