#!/usr/bin/env bash
# The report of a run in a headless browser: it draws, it has no errors, and it stays within a phone's width.
# Alone: bash tests/experiments/report_browser_test.sh build/release/cupel. Exits 77 (skipped) without Chromium.
set -euo pipefail
cupel=$1
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [[ -z $browser ]]; then
  echo "SKIPPED: the report was not opened: no Chromium"
  exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

sqlite_text=$(dirname "${BASH_SOURCE[0]}")/../golden/log/schema1.sql
python3 - "$sqlite_text" "$scratch" <<'PYTHON'
import sqlite3, sys
for name in ("one", "two"):
    sqlite3.connect(f"{sys.argv[2]}/{name}.db").executescript(open(sys.argv[1], encoding="utf-8").read())
PYTHON
"$cupel" report "$scratch/one.db" "$scratch/two.db" --out "$scratch/report.html" >/dev/null

# The document after its scripts ran, at the width of a phone; what they complained of is in the log.
open_page() {
  timeout 120 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$scratch/profile" --enable-logging=stderr --window-size="$1" \
    --virtual-time-budget=3000 --dump-dom "file://$2" 2>"$scratch/log" >"$scratch/dom"
}
fail() {
  echo "FAILED: $1"
  exit 1
}

open_page 390,844 "$scratch/report.html"
if grep CONSOLE "$scratch/log"; then fail "the page complained"; fi
count() { { grep -o "$1" "$scratch/dom" || true; } | wc -l; }
charts=$(count 'aria-roledescription="chart"')
((charts >= 12)) || fail "$charts charts were drawn"
empty=$(count 'aria-label="[^"]*: no values"')
((empty == 0)) || fail "$empty charts are empty"
grep -q '<path d="M' "$scratch/dom" || fail "no curve was drawn"
grep -q 'class="answer card"' "$scratch/dom" || fail "no answer is shown"
if grep -oE '(href|src)="(https?:)?//[^"]*"' "$scratch/dom"; then fail "the page points outside"; fi

# What a reader does, as soon as the page is there (on a busy machine no frame has been painted yet): a key on a chart reads its values out and
# marks the step, headings sort, the theme changes, and nothing is wider than the screen.
cat >"$scratch/reader.html" <<'HTML'
<script>
{
  const chart = document.querySelector('.chart');
  chart.focus();
  chart.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowLeft'}));
  const theme = document.documentElement.dataset.theme;
  document.getElementById('theme').click();
  document.querySelector('#tasks-table th button').click();
  document.body.dataset.reader = [/^step \d+: /.test(document.getElementById('live').textContent), document.querySelectorAll('.chart svg line[stroke-dasharray="2 3"]').length > 9,
    [...document.querySelectorAll('.tip')].filter((tip) => tip.style.display === 'block').length, document.querySelectorAll('#tasks-table th[aria-sort]').length,
    theme !== document.documentElement.dataset.theme, document.documentElement.scrollWidth <= window.innerWidth].join(' ');
}
</script>
HTML
sed "/<\/body>/{
r $scratch/reader.html
}" "$scratch/report.html" >"$scratch/read.html"
open_page 390,844 "$scratch/read.html"
if grep CONSOLE "$scratch/log"; then fail "the page complained of its reader"; fi
grep -q 'data-reader="true true 1 2 true true"' "$scratch/dom" || fail "a reader finds $(grep -o 'data-reader="[^"]*"' "$scratch/dom" || echo nothing)"

# The check can fail: a page with a broken script is noticed.
sed 's/^setUpTheme();/setUpThemes();/' "$scratch/report.html" >"$scratch/broken.html"
open_page 390,844 "$scratch/broken.html"
grep -q CONSOLE "$scratch/log" || fail "an error in the page's script goes unnoticed"
echo "$charts charts, no complaint"
