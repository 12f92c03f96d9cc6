#!/usr/bin/env bash
# Writes a checkpoint of the built-in model and lets transformers load it: transformers_test.sh GRPO_TEST_BINARY, in the build folder.
# Skipped (exit code 77) where Python has no transformers; CUPEL_PYTHON names another Python.
set -euo pipefail
grpo_test=$1
check=$(cd "$(dirname "${BASH_SOURCE[0]}")/../golden" && pwd)/check_checkpoint.py
python=${CUPEL_PYTHON:-python3}

if ! "$python" -c 'import torch, transformers' 2>/dev/null; then
  echo "SKIPPED: $python cannot import torch and transformers, so no checkpoint was loaded by them"
  exit 77
fi
"$grpo_test" "[.export]"
"$python" "$check" tests/exported_checkpoint
