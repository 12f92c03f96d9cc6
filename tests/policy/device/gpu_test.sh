#!/usr/bin/env bash
# The tests of policy/device/ once more on a GPU, where this build and this machine have one: gpu_test.sh POLICY_DEVICE_TEST
set -uo pipefail
export CUPEL_TEST_DEVICE=cuda

if ! available=$("$1" "[available]" 2>&1); then
  if reason=$(grep '^SKIPPED: ' <<<"$available"); then
    printf '%s\n' "$reason"
    exit 77
  fi
  printf '%s\n' "$available"
  exit 1
fi
exec "$1"
