#!/usr/bin/env bash
# Builds the fuzz targets with Clang's libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer and runs each from the cases as corpus.
#   bash tests/verifiers/fuzz/run.sh [LIMIT] [TARGET...]
# LIMIT is a time for each target (20s unless given) or a number of executions (10000000); targets are extract, parse, compare, and of the
# code verifier protocol, patch and record, all unless given. Fails when a target crashes, leaks, or takes more than a second or 512 MiB for
# one input, which is then kept beside.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
limit=${1:-20s}
shift || true
targets=("$@")
((${#targets[@]} > 0)) || targets=(extract parse compare protocol patch record)
case $limit in
  *s) limit=-max_total_time=${limit%s} ;;
  *) limit=-runs=$limit ;;
esac
build=$root/build/fuzz
# Clang 14, Debian 12's default, lacks std::source_location.
compiler=
for version in 19 16 15; do
  [[ -n $compiler ]] || compiler=$(command -v "clang++-$version" || true)
done
[[ -n $compiler ]] || { echo "fuzz: Clang 15 or newer is needed (apt install clang-16)" >&2; exit 2; }
cmake -S "$root/tests/verifiers/fuzz" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" >/dev/null
ninja -C "$build"
mkdir -p "$build/corpus" "$build/corpus_compare"
# A unit of the comparison begins with a byte that picks the law (fuzz_compare.cc).
python3 - "$root" "$build/corpus" <<'PY'
import glob, json, sys
root, out = sys.argv[1:]
number = 0
for path in sorted(glob.glob(root + "/tests/verifiers/cases/math/*.jsonl")):
    for line in open(path, encoding="utf-8"):
        case = json.loads(line)
        pair = (case["gold"] + "\n" + case["answer"]).encode()
        with open(f"{out}/{number}", "wb") as file:
            file.write(pair)
        with open(f"{out}_compare/{number}", "wb") as file:
            file.write(bytes([number % 64]) + pair)
        number += 1
PY
python3 "$root/tests/verifiers/fuzz/code_corpus.py" "$root" "$build/corpus_code"
# Most of the time went into libFuzzer's entropic choice and the allocator's stack traces; without them there are five times as many units.
export ASAN_OPTIONS=malloc_context_size=1:quarantine_size_mb=2:detect_stack_use_after_return=0
status=0
for target in "${targets[@]}"; do
  mkdir -p "$build/found/$target"
  echo "== $target"
  corpus=$build/corpus length=400 timeout=1
  case $target in
    parse) length=96 timeout=60 ;;  # unit_clock.h counts the second
    compare) corpus=$build/corpus_compare length=96 timeout=60 ;;
    protocol | patch | record) corpus=$build/corpus_code/$target length=4000 ;;
  esac
  "$build/fuzz_$target" "$build/found/$target" "$corpus" "$limit" -max_len="$length" -entropic=0 -reload=0 -timeout="$timeout" -rss_limit_mb=512 \
    -artifact_prefix="$build/found/" -print_final_stats=1 >"$build/$target.log" 2>&1 || status=1
  grep -E "stat::|ERROR|SUMMARY|artifact" "$build/$target.log" || true
done
exit $status
