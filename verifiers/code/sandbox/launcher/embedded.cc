#include "verifiers/code/sandbox/launcher/embedded.h"

// The bytes of a file between two symbols.
#define CUPEL_EMBED(name, path) \
  asm(".section .rodata\n"      \
      ".balign 16\n"            \
      "cupel_" name             \
      "_begin:\n"               \
      ".incbin \"" path         \
      "\"\n"                    \
      "cupel_" name             \
      "_end:\n"                 \
      ".byte 0\n"               \
      ".previous\n")

CUPEL_EMBED("interpreter_object", CUPEL_INTERPRETER_OBJECT);
CUPEL_EMBED("interpreter_script", CUPEL_INTERPRETER_SCRIPT);

extern "C" {
extern const char cupel_interpreter_object_begin[];
extern const char cupel_interpreter_object_end[];
extern const char cupel_interpreter_script_begin[];
extern const char cupel_interpreter_script_end[];
}

namespace cupel::sandbox {

std::string_view InterpreterObject() {
  return {cupel_interpreter_object_begin, static_cast<size_t>(cupel_interpreter_object_end - cupel_interpreter_object_begin)};
}

std::string_view InterpreterScript() {
  return {cupel_interpreter_script_begin, static_cast<size_t>(cupel_interpreter_script_end - cupel_interpreter_script_begin)};
}

}  // namespace cupel::sandbox
