#!/usr/bin/env bash
# Every C++ file is as clang-format leaves it, and every shell script parses. Alone: bash tests/source/format_test.sh
# Exits 77 (skipped) without clang-format 14, the version of Debian 12: others lay some lines out differently.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

formatter=
for candidate in clang-format-14 clang-format; do
  if command -v "$candidate" >/dev/null && [[ $("$candidate" --version) == *" 14."* ]]; then
    formatter=$candidate
    break
  fi
done

find_sources() { find . -path './.*' -prune -o -path ./build -prune -o -path ./runs -prune -o -type f -name "$1" -print0; }

while IFS= read -r -d '' script; do
  bash -n "$script"
done < <(find_sources '*.sh')

if [[ -z $formatter ]]; then
  echo "SKIPPED: the formatting of C++ files was not checked: clang-format 14 is not installed"
  exit 77
fi

# The check can fail: a badly laid out file is reported.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp .clang-format "$scratch/"
printf 'int  main( ) {return 0 ;}\n' >"$scratch/bad.cc"
if "$formatter" --dry-run --Werror "$scratch/bad.cc" 2>/dev/null; then
  echo "clang-format accepts a badly laid out file, so that this test shows nothing"
  exit 1
fi

if ! { find_sources '*.h' && find_sources '*.cc'; } | xargs -0 "$formatter" --dry-run --Werror; then
  echo "cure: $formatter -i FILE"
  exit 1
fi
