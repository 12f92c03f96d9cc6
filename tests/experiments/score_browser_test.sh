#!/usr/bin/env bash
# The page of `cupel score` in a headless browser: it draws, it has no errors, and it stays within a phone's width.
# Alone: bash tests/experiments/score_browser_test.sh build/release/cupel. Exits 77 (skipped) without Chromium.
set -euo pipefail
cupel=$1
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [[ -z $browser ]]; then
  echo "SKIPPED: the page was not opened: no Chromium"
  exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
  echo "FAILED: $1"
  exit 1
}

for i in $(seq 40); do
  for answer in $((i * 7)) $((i * 7)) $((i * 7 + 1)); do
    right=$([[ $answer == $((i * 7)) ]] && echo true || echo false)
    printf '{"prompt": "What is %d times 7?", "task": "%d", "answer": "%d", "completion": "<think>so</think> <answer>\\\\boxed{%d}</answer>", "label": %s}\n' \
      "$i" "$i" $((i * 7)) "$answer" "$right"
  done
done >"$scratch/answers.jsonl"
printf '[[reward.terms]]\nname = "format"\npattern = "boxed"\n' >"$scratch/other.toml"
"$cupel" score "$scratch/answers.jsonl" --verifier number --reward correctness --reward 'format(think_answer)=0.2' --against "$scratch/other.toml" --html "$scratch/good.html" \
  --json >"$scratch/good.json" || fail "a sound reward does not pass"
if "$cupel" score "$scratch/answers.jsonl" --verifier number --reward 'format(think_answer)' --html "$scratch/bad.html" >"$scratch/bad.txt"; then
  fail "a format alone passes"
fi
grep -q 'FAILS: well-formed tags' "$scratch/bad.txt" || fail "the policy that a format pays for is not named"

# The document after its scripts ran; what they complained of is in the log.
open_page() {
  timeout 120 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$scratch/profile" --enable-logging=stderr --window-size=390,844 \
    --virtual-time-budget=3000 --dump-dom "file://$1" 2>"$scratch/log" >"$scratch/dom"
}
# What a reader does: headings sort, the theme changes, and nothing is wider than the screen.
cat >"$scratch/reader.html" <<'HTML'
<script>
{
  const theme = document.documentElement.dataset.theme;
  document.getElementById('theme').click();
  document.querySelector('#attacks-table th button').click();
  document.body.dataset.reader = [document.querySelectorAll('.histogram svg rect').length > 3, document.querySelectorAll('#attacks-table tbody tr').length > 30,
    document.querySelectorAll('#attacks-table th[aria-sort]').length, theme !== document.documentElement.dataset.theme,
    document.documentElement.scrollWidth <= window.innerWidth, document.querySelectorAll('section h2').length].join(' ');
}
</script>
HTML
for page in good bad; do
  sed "/<\/body>/{
r $scratch/reader.html
}" "$scratch/$page.html" >"$scratch/read.html"
  open_page "$scratch/read.html"
  if grep CONSOLE "$scratch/log"; then fail "the $page page complained"; fi
  grep -q 'data-reader="true true 1 true true 9"' "$scratch/dom" || fail "a reader of the $page page finds $(grep -o 'data-reader="[^"]*"' "$scratch/dom" || echo nothing)"
  if grep -oE '(href|src)="(https?:)?//[^"]*"' "$scratch/dom"; then fail "the page points outside"; fi
done
grep -q 'class="verdict failed"' "$scratch/dom" || fail "the failure is not shown"

# The check can fail: a page with a broken script is noticed.
sed 's/^drawSpeed();/drawSpeeds();/' "$scratch/good.html" >"$scratch/broken.html"
open_page "$scratch/broken.html"
grep -q CONSOLE "$scratch/log" || fail "an error in the page's script goes unnoticed"
echo "two pages, no complaint"
