#!/usr/bin/env bash
# The five mistakes of docs/rewards.md: each is exposed by the policy that the page names, and correctness passes on the same answers. The
# commands are those of the page. Alone, from the root of the repository: bash tests/experiments/score_mistakes_test.sh build/release/cupel
set -euo pipefail
cupel=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
fail() {
  echo "FAILED: $1"
  exit 1
}
"$cupel" score docs/examples/answers.jsonl >/dev/null || fail "correctness does not pass"
while read -r mistake policy; do
  if out=$("$cupel" score docs/examples/answers.jsonl --recipe "docs/examples/mistake_$mistake.toml"); then
    fail "$mistake passes"
  fi
  grep -qE "^  $policy .*FAILS" <<<"$out" || fail "$mistake is not exposed by $policy: $out"
  grep -q "$policy" docs/rewards.md || fail "the page does not name $policy"
done <<'MISTAKES'
substring all_answers
tolerance not_a_number
format_first empty_tags
effort very_long
consolation empty_box
MISTAKES
echo "five mistakes exposed"
