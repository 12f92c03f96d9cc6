#include "verifiers/code/sandbox/open_options.h"

asm(".section .rodata\n"
    ".balign 16\n"
    "cupel_launcher_begin:\n"
    ".incbin \"" CUPEL_LAUNCHER_PROGRAM
    "\"\n"
    "cupel_launcher_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" {
extern const char cupel_launcher_begin[];
extern const char cupel_launcher_end[];
}

namespace cupel::sandbox {

std::string_view LauncherImage() { return {cupel_launcher_begin, static_cast<size_t>(cupel_launcher_end - cupel_launcher_begin)}; }

}  // namespace cupel::sandbox
