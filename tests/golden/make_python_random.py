"""Writes random/python.jsonl: digests of a million draws of each method of Python's random.Random, and a few draws in full.

    python3.11 tests/golden/make_python_random.py
"""

import hashlib
import random
import sys

import common

COUNT = 1000000
METHODS = {
    "random": lambda r: int(r.random() * 2**53),
    "bits32": lambda r: r.getrandbits(32),
    "bits53": lambda r: r.getrandbits(53),
    "int": lambda r: r.randint(-1000, 1000),
    "below3": lambda r: r._randbelow(3),
    "wide": lambda r: r.randint(0, 10**17),
    "uniform_index": lambda r: r.choices(range(7))[0],
    "weighted_index": lambda r: r.choices(range(4), weights=[0.4, 0.4, 0.1, 0.1])[0],
}
# Calls that draw several words each, digested over fewer calls.
SEQUENCES = {
    "shuffle": lambda r: _shuffled(r, 30),
    "sample_pool": lambda r: r.sample(range(20), 7),
    "sample_set": lambda r: r.sample(range(1000), 10),
    "sample_large": lambda r: r.sample(range(500), 60),
}


def _shuffled(r, n):
    values = list(range(n))
    r.shuffle(values)
    return values


def digest(seed, method, count):
    r = random.Random(seed)
    sha = hashlib.sha256()
    for _ in range(count):
        value = method(r)
        sha.update((" ".join(map(str, value)) if isinstance(value, list) else str(value)).encode() + b"\n")
    return sha.hexdigest()


def rows():
    for name, method in METHODS.items():
        for seed in (0, 42) if name in ("random", "int") else (42,):
            yield {"method": name, "seed": seed, "count": COUNT, "digest": digest(seed, method, COUNT)}
    for name, method in SEQUENCES.items():
        yield {"method": name, "seed": 42, "count": COUNT // 50, "digest": digest(42, method, COUNT // 50)}
    for seed in (0, 1, 42, 2**32 - 1, 2**32, 2**40, 2**63 + 5):
        yield {"method": "first", "seed": seed, "random": random.Random(seed).random()}
    for text in ("a", "cupel", ""):
        yield {"method": "text", "text": text, "random": random.Random(text).random()}


def main():
    if sys.version_info[:2] != (3, 11):
        sys.exit(f"Python {sys.version.split()[0]} found, but the goldens are pinned to Python 3.11; use that version")
    common.write_json_lines("random/python.jsonl", rows())


main()
