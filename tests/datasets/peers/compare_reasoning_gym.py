"""Compares items of variant rg with reasoning-gym 0.1.25 on seeds and settings that no golden has, and prints what differs.

    VENV/bin/python tests/datasets/peers/compare_reasoning_gym.py build/release/cupel [FAMILY ...] [--items 1000] [--settings 30] [--seed 1]

Every family: `--items` items of default settings at a seed drawn at random, and of so many settings drawn at random around the defaults 20 items
each. Settings that reasoning-gym refuses are drawn again; those that cupel refuses, because they are beyond a bound that `cupel tasks show` states,
are counted, and so are items for which reasoning-gym raises. Exit 1 when a line differs.
"""

import argparse
import dataclasses
import importlib.metadata
import json
import random
import signal
import subprocess
import sys

import reasoning_gym
from reasoning_gym.factory import DATASETS

FAMILIES = """base_conversion basic_arithmetic bitwise_arithmetic calendar_arithmetic chain_sum circuit_logic complex_arithmetic course_schedule
cryptarithm decimal_arithmetic dice fraction_simplification gcd graph_color jugs largest_island lcm maze mini_sudoku n_queens number_sequence
prime_factorization shortest_path simple_equations sudoku tower_of_hanoi""".split()
SECONDS = 60  # for reasoning-gym's items of one setting


class TooLong(Exception):
    pass


def raise_too_long(*_):
    raise TooLong


def line(entry):
    return json.dumps({key: entry[key] for key in ("question", "answer", "metadata")}, ensure_ascii=False, separators=(",", ":"))


def theirs(family, settings, seed, count):
    """Their lines, None for items that raise; None altogether when the settings are refused or take too long."""
    signal.alarm(SECONDS)
    try:
        data = reasoning_gym.create_dataset(family, size=count, seed=seed, **settings)
        lines = []
        for index in range(count):
            try:
                lines.append(line(data[index]))
            except TooLong:
                raise
            except Exception:
                lines.append(None)
        return lines
    except Exception:
        return None
    finally:
        signal.alarm(0)


def ours(cupel, family, settings, seed, start, count):
    command = [cupel, "tasks", "generate", family, "--variant", "rg", "--seed", str(seed), "--start", str(start), "--count", str(count)]
    for key, value in settings.items():
        command += ["--set", f"{key}={json.dumps(value)}"]
    done = subprocess.run(command, capture_output=True, text=True)
    rows = [json.loads(text) for text in done.stdout.splitlines()]
    return [line(row) for row in rows], done.stderr.strip()


def changed(rng, value):
    if isinstance(value, bool):
        return rng.random() < 0.5
    if isinstance(value, int):
        return rng.choice([value, value + 1, value + 2, value + 5, value * 2, value * 3, value * 10, max(value - 1, 0), value // 2, 0, 1, 2, 3])
    if isinstance(value, float) and 0 <= value <= 1:
        return rng.choice([value, 0.0, 1.0, round(rng.random(), 3)])
    if isinstance(value, (list, tuple)) and len(value) > 1 and all(isinstance(one, str) for one in value):
        return rng.sample(list(value), rng.randrange(1, len(value) + 1))
    return value


def draw(rng, family):
    config = DATASETS[family][1]()
    fields = [field.name for field in dataclasses.fields(config) if field.name not in ("seed", "size")]
    chosen = rng.sample(fields, min(len(fields), rng.randrange(1, 4)))
    settings = {name: changed(rng, getattr(config, name)) for name in chosen}
    return {name: value for name, value in settings.items() if isinstance(value, (bool, int, float, list, str)) and value != getattr(config, name)}


class Tally:
    def __init__(self):
        self.same = self.different = self.refused = self.raised = self.too_long = 0


def compare(cupel, family, settings, seed, count, tally):
    expected = theirs(family, settings, seed, count)
    if expected is None:
        return False
    found, error = ours(cupel, family, settings, seed, 0, count)
    if not found and error and expected[0] is not None:
        tally.refused += 1
        print(f"  refused {family} {settings} seed {seed}: {error[:160]}")
        return True
    for index, text in enumerate(expected):
        if text is None:  # ours must refuse the item too; what follows it is asked for again
            tally.raised += 1
            if index < len(found):
                tally.different += 1
                print(f"  DIFFERS {family} {settings} seed {seed} item {index}: theirs raises, ours is {found[index][:200]}")
                return True
            more, error = ours(cupel, family, settings, seed, index + 1, count - index - 1) if index + 1 < count else ([], "")
            found += [None] + more
        elif index < len(found) and found[index] == text:
            tally.same += 1
        else:
            tally.different += 1
            print(f"  DIFFERS {family} {settings} seed {seed} item {index}\n    theirs {text[:600]}\n    ours   {found[index][:600] if index < len(found) else error[:300]}")
            return True
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cupel")
    parser.add_argument("families", nargs="*", default=[])
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--settings", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if importlib.metadata.version("reasoning-gym") != "0.1.25":
        sys.exit("this comparison is with reasoning-gym==0.1.25; install that version")
    signal.signal(signal.SIGALRM, raise_too_long)
    different = 0
    for family in arguments.families or FAMILIES:
        rng = random.Random(f"{arguments.seed} {family}")
        tally = Tally()
        compare(arguments.cupel, family, {}, rng.randrange(1000, 2**31), arguments.items, tally)
        tried = 0
        for _ in range(arguments.settings * 20):
            settings = draw(rng, family)
            if tried < arguments.settings and settings and compare(arguments.cupel, family, settings, rng.randrange(1000, 2**31), 20, tally):
                tried += 1
        print(f"{family}: {tally.same} the same, {tally.different} different, {tally.refused} settings refused, {tally.raised} items raise", flush=True)
        different += tally.different
    sys.exit(1 if different else 0)


main()
