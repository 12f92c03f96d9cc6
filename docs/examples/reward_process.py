"""A reward as a process: 1 for an answer that ends with exactly one box, else 0.

cupel starts it once and asks it with one line of JSON per group; every answer is one line of JSON. Print nothing else to standard output
(standard error is free), flush after every line, and give one number per candidate, in order.
"""

import json
import sys


def score(text):
    last_line = text.strip().rsplit("\n", 1)[-1]
    return 1.0 if text.count("\\boxed{") == 1 and "\\boxed{" in last_line and last_line.endswith(("}", "}.", "}$", "</answer>")) else 0.0


def reply(message):
    print(json.dumps(message), flush=True)


def main():
    greeting = json.loads(sys.stdin.readline())
    if greeting.get("cupel_reward") != 1:
        sys.exit(f"this program speaks version 1 of the protocol, not {greeting}")
    reply({"cupel_reward": 1})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply({"id": request["id"], "scores": [score(candidate["text"]) for candidate in request["candidates"]]})
        except Exception as error:  # an error of the reward is said, and never becomes a score
            reply({"id": request["id"], "error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
