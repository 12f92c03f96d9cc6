"""Five classic mistakes of reward functions, as processes: python3 mistakes.py NAME. docs/rewards.md shows what `cupel score` says of each."""

import json
import re
import sys


def box(text):
    found = re.search(r"\\boxed\{([^{}]*)\}", text)
    return found[1] if found else ""


def right(task, text):
    return 1.0 if box(text) == task["answer"] else 0.0


def substring(task, text):
    """Finds the gold answer anywhere in the text."""
    return 1.0 if task["answer"] in text else 0.0


def tolerance(task, text):
    """Compares as numbers; nan is not farther away than the tolerance."""
    try:
        return 0.0 if abs(float(box(text)) - float(task["answer"])) > 1e-6 else 1.0
    except ValueError:
        return 0.0


def format_first(task, text):
    """Pays as much for the form as for the answer."""
    return 0.5 * right(task, text) + 0.5 * (1.0 if "<think>" in text and "</answer>" in text else 0.0)


def effort(task, text):
    """Pays for length, right or wrong."""
    return 0.5 * right(task, text) + 0.5 * min(1.0, len(text) / 400)


def consolation(task, text):
    """Pays half for every well-formed attempt."""
    return max(right(task, text), 0.5 if "\\boxed{" in text else 0.0)


def main():
    mistake = {"substring": substring, "tolerance": tolerance, "format_first": format_first, "effort": effort, "consolation": consolation}[sys.argv[1]]
    sys.stdin.readline()
    print(json.dumps({"cupel_reward": 1}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        scores = [mistake(request["task"], candidate["text"]) for candidate in request["candidates"]]
        print(json.dumps({"id": request["id"], "scores": scores}), flush=True)


if __name__ == "__main__":
    main()
