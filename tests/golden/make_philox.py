"""Writes random/philox.jsonl: Philox 4x32-10 blocks as the Python package randomgen computes them.

    python3 -m venv VENV && VENV/bin/pip install randomgen==2.5.1 && VENV/bin/python tests/golden/make_philox.py > tests/golden/random/philox.jsonl
"""

import json
import random

from randomgen import Philox


def block(counter, key):
    # randomgen increments the counter before it computes the first block.
    number = (sum(word << (32 * i) for i, word in enumerate(counter)) - 1) % (1 << 128)
    generator = Philox(counter=number, key=sum(word << (32 * i) for i, word in enumerate(key)), number=4, width=32)
    return [int(word) for word in generator.random_raw(4)]


def main():
    draw = random.Random(1)
    for _ in range(64):
        counter = [draw.getrandbits(32) for _ in range(4)]
        key = [draw.getrandbits(32) for _ in range(2)]
        print(json.dumps({"key": key, "counter": counter, "block": block(counter, key)}))


main()
