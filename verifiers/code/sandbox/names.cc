#include <algorithm>
#include <array>

#include "verifiers/code/sandbox/sandbox.h"

namespace cupel::sandbox {
namespace {

bool IsWord(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  });
}

// -DNAME or -DNAME=WORD: no quotes, no paths, nothing that a shell or a response file could take for more.
bool IsPlainDefinition(std::string_view option) {
  if (!option.starts_with("-D")) {
    return false;
  }
  option.remove_prefix(2);
  const size_t equals = option.find('=');
  return equals == std::string_view::npos ? IsWord(option) : IsWord(option.substr(0, equals)) && IsWord(option.substr(equals + 1));
}

}  // namespace

std::string_view LanguageName(Language language) {
  constexpr std::array<std::string_view, 5> kNames = {"python", "c", "cpp", "javascript", "native"};
  return kNames[static_cast<size_t>(language)];
}

std::string_view EndingName(Ending ending) {
  constexpr std::array<std::string_view, 8> kNames = {"exited",       "signalled",    "cpu limit",     "wall limit",
                                                      "memory limit", "output limit", "compile error", "compile limit"};
  return kNames[static_cast<size_t>(ending)];
}

bool IsAllowedCompileOption(std::string_view option) {
  constexpr auto kAllowed = std::to_array<std::string_view>({
      "-O0",
      "-O1",
      "-O2",
      "-O3",
      "-Os",
      "-Ofast",
      "-g",
      "-Wall",
      "-Wextra",
      "-w",
      "-std=c++11",
      "-std=c++14",
      "-std=c++17",
      "-std=c++20",
      "-std=c++23",
      "-std=c89",
      "-std=c99",
      "-std=c11",
      "-std=c17",
      "-std=gnu++11",
      "-std=gnu++14",
      "-std=gnu++17",
      "-std=gnu++20",
      "-std=gnu++23",
      "-std=gnu99",
      "-std=gnu11",
      "-std=gnu17",
      "-pthread",
      "-lm",
      "-lpthread",
      "-static",
      "-march=x86-64-v2",
      "-march=x86-64-v3",
      "-fno-strict-aliasing",
      "-fwrapv",
  });
  return std::ranges::find(kAllowed, option) != kAllowed.end() || IsPlainDefinition(option);
}

}  // namespace cupel::sandbox
