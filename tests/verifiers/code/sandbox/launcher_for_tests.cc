#include "tests/verifiers/code/sandbox/launcher_for_tests.h"

asm(".section .rodata\n"
    ".balign 16\n"
    "cupel_launcher_for_tests_begin:\n"
    ".incbin \"" CUPEL_LAUNCHER_PROGRAM
    "\"\n"
    "cupel_launcher_for_tests_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" {
extern const char cupel_launcher_for_tests_begin[];
extern const char cupel_launcher_for_tests_end[];
}

namespace cupel::sandbox {

std::string_view LauncherForTests() {
  return {cupel_launcher_for_tests_begin, static_cast<size_t>(cupel_launcher_for_tests_end - cupel_launcher_for_tests_begin)};
}

}  // namespace cupel::sandbox
