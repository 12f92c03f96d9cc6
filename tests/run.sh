#!/usr/bin/env bash
# Sets up, builds and runs every test: all of them in release, then those of the modules without LibTorch under AddressSanitizer and
# UndefinedBehaviorSanitizer. `bash tests/run.sh tsan` runs them under ThreadSanitizer, which takes as long again.
# The last line is "N passed, N failed" or "N passed, N failed, N skipped"; the exit status is 0 when nothing failed.
#
#   bash tests/run.sh              release and asan
#   bash tests/run.sh release      only the presets named (release, debug, asan, tsan)
set -uo pipefail
exec </dev/null

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
presets=("$@")
((${#presets[@]} > 0)) || presets=(release asan)
jobs=$(nproc)
build_mib=4500  # of one preset's folder, the largest

passed=0
failed=0
skipped=0
notes=()

finish() {
  echo
  ((${#notes[@]} == 0)) || printf '%s\n' "${notes[@]}"
  local summary="$passed passed, $failed failed"
  ((skipped == 0)) || summary+=", $skipped skipped"
  echo "$summary"
  ((failed == 0))
  exit
}

# A step that no test can follow: its failure counts as one.
fail() {
  notes+=("failed: $1")
  failed=$((failed + 1))
}

# The sanitizers' shadow memory collides with the random addresses of some kernels.
fixed_addresses=()
! setarch -R true 2>/dev/null || fixed_addresses=(setarch -R)

# Adds CTest's results to the counts. A test that CTest could not start ("notrun" without the skip code) has failed.
count_results() {
  local preset=$1 file=$2 name status line
  while read -r status name; do
    case $status in
      passed) passed=$((passed + 1)) ;;
      failed)
        failed=$((failed + 1))
        notes+=("failed: $preset: $name")
        ;;
      skipped)
        skipped=$((skipped + 1))
        notes+=("skipped: $preset: $name")
        ;;
    esac
  done < <(awk '
    function report() { if (name != "") print status, name }
    /<testcase / {
      report()
      match($0, / name="[^"]*"/); name = substr($0, RSTART + 7, RLENGTH - 8)
      status = /status="run"/ ? "passed" : "failed"
    }
    /<skipped message="SKIP_RETURN_CODE/ { status = "skipped" }
    END { report() }' "$file")
  # Why something was left out, in the words of the test.
  while read -r line; do
    notes+=("left out: $preset: ${line#*: }")
  done < <(grep -oi 'skipped: .*' "$file" | sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g' | sort -u)
}

# A compiler that runs out of disk says so after half an hour. What the folder holds already is not needed again.
has_space() {
  local preset=$1 free_mib there_mib missing_mib
  free_mib=$(df --output=avail -m "$root/build" | tail -n 1)
  there_mib=$(du -sm "$root/build/$preset" 2>/dev/null | cut -f 1)
  missing_mib=$((build_mib - ${there_mib:-0} - free_mib))
  ((missing_mib <= 0)) && return
  echo "$root/build/$preset needs $missing_mib MiB of disk more than are free; free them, or run fewer presets: bash tests/run.sh release"
  return 1
}

run_preset() {
  local preset=$1 results=$root/build/$1/ctest.xml prefix=()
  echo "== $preset"
  if ! has_space "$preset"; then
    fail "$preset: too little disk"
    return
  fi
  if ! cmake --preset "$preset" >"$root/build/$preset.configure.log" 2>&1; then
    cat "$root/build/$preset.configure.log"
    fail "$preset: configuring"
    return
  fi
  if ! cmake --build --preset "$preset" --parallel "$jobs"; then
    fail "$preset: building"
    return
  fi
  [[ $preset != *san ]] || prefix=(${fixed_addresses[@]+"${fixed_addresses[@]}"})
  rm -f "$results"
  ${prefix[@]+"${prefix[@]}"} ctest --preset "$preset" --output-on-failure --parallel "$jobs" --test-output-size-passed 1000000 --output-junit "$results"
  if [[ -s $results ]]; then
    count_results "$preset" "$results"
  else
    fail "$preset: ctest gave no results"
  fi
}

mkdir -p build
if ! bash cmake/setup.sh; then
  fail "cmake/setup.sh"
  finish
fi
for preset in "${presets[@]}"; do
  run_preset "$preset"
done
finish
