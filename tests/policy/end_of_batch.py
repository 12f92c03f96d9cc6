"""What the end of a batch costs: of a run's log, the time that matrix products take when fewer and fewer samples are left.

    python3 tests/policy/end_of_batch.py runs/NAME/run.db...

Counted, not timed: the lengths of a step's completions say how many samples each decoding step had; MILLISECONDS says what its products take
on one core. Two cores share the samples; four and fewer are decoded by both together. The ideal is every row at the price of a full batch.
"""

import sqlite3
import sys
from bisect import bisect_left
from collections import defaultdict

# Products of SmolLM2-135M in bf16 by rows, one core (docs/performance.md); linear between, proportional from 64 on.
MILLISECONDS = [(1, 11.1), (4, 10.8), (8, 16.5), (12, 20.5), (32, 46.6), (64, 84.0)]
NUM_CORES = 2
TOGETHER = 4  # samples that all cores decode together


def products(rows):
    """Milliseconds of one core for the products of `rows` rows, 1 or more."""
    if rows >= MILLISECONDS[-1][0]:
        return MILLISECONDS[-1][1] * rows / MILLISECONDS[-1][0]
    index = bisect_left(MILLISECONDS, (rows,))
    if MILLISECONDS[index][0] == rows:
        return MILLISECONDS[index][1]
    (x0, y0), (x1, y1) = MILLISECONDS[index - 1 : index + 1]
    return y0 + (y1 - y0) * (rows - x0) / (x1 - x0)


def main():
    for path in sys.argv[1:]:
        log = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        lengths = defaultdict(list)
        for step, length in log.execute("SELECT step, num_tokens FROM groups JOIN rollouts USING (group_id)"):
            lengths[step].append(length)
        taken = ideal = 0.0
        for step in lengths.values():
            for position in range(max(step)):
                rows = sum(length > position for length in step)
                taken += products(rows) / NUM_CORES if rows <= TOGETHER else products(-(-rows // NUM_CORES))
                ideal += products(64) / 64 * rows / NUM_CORES
        if taken == 0:
            print(f"{path}: no sampled tokens")
            continue
        print(f"{path}: {len(lengths)} steps, products {taken / 1000:.1f} s, with full batches {ideal / 1000:.1f} s: the end of batches takes {1 - ideal / taken:.1%}")


if __name__ == "__main__":
    main()
