#!/usr/bin/env bash
# Builds the fuzz targets with Clang's libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer and runs each from the cases as corpus.
#   bash tests/verifiers/fuzz/run.sh [LIMIT] [TARGET...]
# LIMIT is a time for each target (20s unless given) or a number of executions (10000000); targets are extract, parse, compare, and of the code
# verifier protocol, patch and record, all unless given. Fails when a target crashes, leaks, or takes more than a second or 512 MiB for one input, which is then kept beside.
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
mkdir -p "$build/corpus"
python3 - "$root" "$build/corpus" <<'PY'
import glob, json, sys
root, out = sys.argv[1:]
number = 0
for path in sorted(glob.glob(root + "/tests/verifiers/cases/math/*.jsonl")):
    for line in open(path, encoding="utf-8"):
        case = json.loads(line)
        with open(f"{out}/{number}", "w", encoding="utf-8") as file:
            file.write(case["gold"] + "\n" + case["answer"])
        number += 1
PY
python3 "$root/tests/verifiers/fuzz/code_corpus.py" "$root" "$build/corpus_code"
status=0
for target in "${targets[@]}"; do
  mkdir -p "$build/found/$target"
  echo "== $target"
  corpus=$build/corpus length=400
  case $target in
    protocol | patch | record) corpus=$build/corpus_code/$target length=4000 ;;
  esac
  "$build/fuzz_$target" "$build/found/$target" "$corpus" "$limit" -max_len="$length" -timeout=1 -rss_limit_mb=512 \
    -artifact_prefix="$build/found/" -print_final_stats=1 >"$build/$target.log" 2>&1 || status=1
  grep -E "stat::|ERROR|SUMMARY|artifact" "$build/$target.log" || true
done
exit $status
