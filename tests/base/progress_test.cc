// Covers base/progress.h. Alone: build/release/tests/base_test "[progress]"

#include "base/progress.h"

#include <cstdlib>
#include <fcntl.h>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

constexpr const char* kClear = "\r\x1b[K";

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FilePtr = std::unique_ptr<std::FILE, CloseFile>;

// Some containers have none; what is left out is said.
bool HasPseudoTerminals() {
  const int screen = posix_openpt(O_RDWR | O_NOCTTY);
  if (screen < 0) {
    std::cout << "SKIPPED: this machine gives no pseudo-terminals (is devpts mounted?), so progress on a terminal was not tested\n";
    return false;
  }
  close(screen);
  return true;
}

// A pseudo-terminal: what is written to `terminal` can be read as the screen's bytes.
class FakeTerminal {
 public:
  explicit FakeTerminal(unsigned short columns) : screen_(posix_openpt(O_RDWR | O_NOCTTY)) {
    REQUIRE(screen_ >= 0);
    REQUIRE(grantpt(screen_) == 0);
    REQUIRE(unlockpt(screen_) == 0);
    const int fd = open(ptsname(screen_), O_RDWR | O_NOCTTY);
    REQUIRE(fd >= 0);
    termios settings = {};
    REQUIRE(tcgetattr(fd, &settings) == 0);
    cfmakeraw(&settings);
    REQUIRE(tcsetattr(fd, TCSANOW, &settings) == 0);
    winsize size = {};
    size.ws_col = columns;
    size.ws_row = 24;
    REQUIRE(ioctl(fd, TIOCSWINSZ, &size) == 0);
    terminal_.reset(fdopen(fd, "w"));
  }
  FakeTerminal(const FakeTerminal&) = delete;
  FakeTerminal& operator=(const FakeTerminal&) = delete;
  ~FakeTerminal() { close(screen_); }

  std::FILE* terminal() { return terminal_.get(); }
  std::string Screen() {
    char bytes[4096];
    const ssize_t got = read(screen_, bytes, sizeof(bytes));
    return got > 0 ? std::string(bytes, static_cast<size_t>(got)) : "";
  }

 private:
  int screen_;
  FilePtr terminal_;
};

TEST_CASE("a file gets only lines that stay", "[progress]") {
  const TempDir folder;
  {
    const FilePtr out(std::fopen(folder.File("log").c_str(), "w"));
    Progress progress(out.get());
    CHECK_FALSE(progress.is_terminal());
    CHECK(progress.width() == 100);
    progress.Update("step 1 ...");
    progress.Line("step 1 done");
    progress.Update("step 2 ...");
  }
  CHECK(ReadFile(folder.File("log")).value() == "step 1 done\n");
}

TEST_CASE("a terminal's live line is redrawn, then gives way to lines that stay", "[progress]") {
  if (!HasPseudoTerminals()) {
    return;
  }
  unsetenv("TERM");
  FakeTerminal fake(20);
  {
    Progress progress(fake.terminal());
    CHECK(progress.is_terminal());
    CHECK(progress.width() == 20);
    progress.Update("one");
    CHECK(fake.Screen() == std::string(kClear) + "one");
    progress.Line("done");
    CHECK(fake.Screen() == std::string(kClear) + "done\n");
    progress.Line("again");
    CHECK(fake.Screen() == "again\n");
    progress.Update("left standing");
    CHECK(fake.Screen() == std::string(kClear) + "left standing");
  }
  CHECK(fake.Screen() == kClear);
}

TEST_CASE("the live line is cut to the width in characters, and stays one line", "[progress]") {
  if (!HasPseudoTerminals()) {
    return;
  }
  unsetenv("TERM");
  FakeTerminal fake(5);
  Progress progress(fake.terminal());
  progress.Update("abcdefgh");
  CHECK(fake.Screen() == std::string(kClear) + "abcde");
  progress.Update("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9");
  CHECK(fake.Screen() == std::string(kClear) + "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9");
  progress.Update("a\nb\rc");
  CHECK(fake.Screen() == std::string(kClear) + "a b c");
}

TEST_CASE("a dumb terminal is treated like a file", "[progress]") {
  if (!HasPseudoTerminals()) {
    return;
  }
  setenv("TERM", "dumb", 1);
  FakeTerminal fake(80);
  CHECK_FALSE(Progress(fake.terminal()).is_terminal());
  unsetenv("TERM");
}

TEST_CASE("a progress bar has the width asked for", "[progress]") {
  CHECK(ProgressBar(12, 40, 18) == "[===>      ] 12/40");
  CHECK(ProgressBar(0, 40, 17) == "[>         ] 0/40");
  CHECK(ProgressBar(40, 40, 18) == "[==========] 40/40");
  CHECK(ProgressBar(50, 40, 18) == "[==========] 40/40");
  CHECK(ProgressBar(-1, 40, 17) == "[>         ] 0/40");
  CHECK(ProgressBar(0, 0, 10) == "[>   ] 0/0");
  CHECK(ProgressBar(3, 4, 2) == "3/4");
  for (int width = 8; width < 60; ++width) {
    CHECK(ProgressBar(7, 9, width).size() == static_cast<size_t>(width));
  }
}

TEST_CASE("durations are short", "[progress]") {
  CHECK(FormatDuration(0) == "0s");
  CHECK(FormatDuration(41.4) == "41s");
  CHECK(FormatDuration(59.6) == "1m00s");
  CHECK(FormatDuration(187) == "3m07s");
  CHECK(FormatDuration(3599.7) == "1h00m");
  CHECK(FormatDuration(7530) == "2h05m");
  CHECK(FormatDuration(360'000) == "100h00m");
  CHECK(FormatDuration(-1) == "?");
  CHECK(FormatDuration(std::numeric_limits<double>::infinity()) == "?");
  CHECK(FormatDuration(std::numeric_limits<double>::quiet_NaN()) == "?");
}

TEST_CASE("bytes come in binary units", "[progress]") {
  CHECK(FormatBytes(0) == "0 B");
  CHECK(FormatBytes(1023) == "1023 B");
  CHECK(FormatBytes(1024) == "1.0 KiB");
  CHECK(FormatBytes(94 << 20) == "94 MiB");
  CHECK(FormatBytes(uint64_t{1288490189}) == "1.2 GiB");
  CHECK(FormatBytes((uint64_t{1} << 20) - 1) == "1.0 MiB");
  CHECK(FormatBytes(~uint64_t{0}) == "16 EiB");
}

}  // namespace
}  // namespace cupel
