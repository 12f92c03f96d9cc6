#!/usr/bin/env bash
# Builds the fuzz targets with Clang's libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer and runs each from the cases as corpus.
#   bash tests/verifiers/fuzz/run.sh [SECONDS]    seconds for each target, 20 unless given
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
seconds=${1:-20}
build=$root/build/fuzz
command -v clang++ >/dev/null || { echo "fuzz: clang++ is needed (Debian package clang)" >&2; exit 2; }
cmake -S "$root/tests/verifiers/fuzz" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=clang++ >/dev/null
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
for target in extract parse compare; do
  mkdir -p "$build/found/$target"
  "$build/fuzz_$target" "$build/found/$target" "$build/corpus" -max_total_time="$seconds" -max_len=400 -timeout=1 -rss_limit_mb=512 \
    -print_final_stats=1 2>&1 | grep -E "stat::|ERROR|SUMMARY" || true
done
