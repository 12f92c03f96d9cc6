#!/usr/bin/env bash
# From a bare Debian 12 machine to a trained model: sets up, builds, trains SmolLM2-135M-Instruct on one-digit arithmetic, and says what to try next.
# Safe to call again: nothing is fetched or built twice, an interrupted run is continued, a finished one is shown.
#   bash experiments/quickstart.sh [RUN_FOLDER]      default runs/quickstart
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
run=${1:-runs/quickstart}
cupel=build/release/cupel

echo "== set up (packages, LibTorch, model)"
bash cmake/setup.sh
echo "== build"
cmake --preset release >/dev/null
cmake --build --preset release --target cupel
echo "== doctor"
"$cupel" doctor
echo "== train"
if [[ -e "$run/run.db" ]]; then
  "$cupel" train --resume --run "$run"
else
  "$cupel" train experiments/recipes/arithmetic.toml --run "$run"
fi

cat <<EOF

Three things to try next:
  $cupel show $run --step 1                    the best and worst answers of the first step
  $cupel eval --run $run --set eval.samples=16      the trained model on the held-out questions
  $cupel sample $run/checkpoints/$(ls "$run/checkpoints" | tail -n 1) --prompt "What is 3 + 5?" --temperature 0
EOF
