#!/usr/bin/env bash
# Trains an adapter on the built-in model, exports it, and lets PEFT load it: peft_test.sh CUPEL, in an empty folder of the build. Skipped
# (exit code 77) where Python has no peft; CUPEL_PYTHON names another Python.
set -euo pipefail
cupel=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=${CUPEL_PYTHON:-python3}

if ! "$python" -c 'import peft, transformers' 2>/dev/null; then
  echo "SKIPPED: $python cannot import peft and transformers, so no adapter was loaded by them"
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
train() { "$cupel" train "$root/experiments/recipes/tiny.toml" --no-eval --set run.steps=2 "$@" > "$folder/log" || { cat "$folder/log"; exit 1; }; }
train --run "$folder/frozen" --set optimizer.learning_rate=0
train --run "$folder/adapted" --set model.lora.rank=4 --set optimizer.learning_rate=0.05
"$cupel" export --run "$folder/frozen" --to "$folder/base"
"$cupel" export --run "$folder/adapted" --to "$folder/merged"
"$cupel" export --run "$folder/adapted" --to "$folder/adapter" --adapter
"$python" "$root/tests/golden/check_adapter.py" "$folder/base" "$folder/adapter" "$folder/merged"
