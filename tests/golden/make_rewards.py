"""Goldens of rewards: which texts the published regular expressions match (Python's re), open-r1's counts, and TRL's repetition and cosine
rewards on token ids.   python make_rewards.py   (needs trl; open-r1 is no package: its expressions and counts stand below as published)"""

import random
import re

import common
from trl.rewards import accuracy_rewards, get_repetition_penalty_reward, think_format_reward

MULTI = re.DOTALL | re.MULTILINE
PUBLISHED = {
    "open_r1": lambda text: re.match(r"^<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>$", text, MULTI),
    "open_r1_code": lambda text: re.match(r"^<think>\n.*?\n</think>\n<answer>\n.*?```python.*?```.*?\n</answer>$", text, MULTI),
    "nano_aha": lambda text: re.search(r"^<think>([^<]*(?:<(?!/?think>)[^<]*)*)<\/think>\n<answer>([\s\S]*?)<\/answer>$", text, re.DOTALL),
    "geo3k": lambda text: re.fullmatch(r"<think>.*</think>.*\\boxed\{.*\}.*", text, re.DOTALL),
}
# What was meant, without regular expressions: every tag once, neither part blank, nothing after the end.
TAGS = ["<think>", "</think>", "<answer>", "</answer>"]


def parts(text):
    if any(text.count(tag) != 1 for tag in TAGS):
        return None
    before, _, rest = text.partition("<think>")
    thought, end, rest = rest.partition("</think>")
    middle, begin, rest = rest.partition("<answer>")
    answer, close, after = rest.partition("</answer>")
    if not end or not begin or not close or before or after or not thought.strip(" \t\n\v\f\r") or not answer.strip(" \t\n\v\f\r"):
        return None
    return thought, middle, answer


def full_match(pattern, text):
    if pattern in ("trl_think", "geo3k"):
        if text.count("<think>") != 1 or text.count("</think>") != 1 or not text.startswith("<think>"):
            return False
        thought, end, rest = text[7:].partition("</think>")
        if not end or not thought.strip(" \t\n\v\f\r") or not rest.strip(" \t\n\v\f\r"):
            return False
        return pattern == "trl_think" or (rest.count("\\boxed") == 1 and bool(re.search(r"\\boxed\{[^{}]*[^{}\s][^{}]*\}", rest)))
    found = parts(text)
    if not found:
        return False
    thought, middle, answer = found
    if pattern == "nano_aha":
        return middle == "\n"
    framed = middle == "\n" and all(len(part) > 1 and part[0] == "\n" and part[-1] == "\n" for part in (thought, answer))
    if pattern == "open_r1_code":
        code = re.search(r"```python(.*?)```", answer, re.DOTALL)
        return framed and bool(code) and bool(code[1].strip(" \t\n\v\f\r"))
    return framed


def published(pattern, text):
    if pattern == "trl_think":
        return think_format_reward([[{"content": text}]])[0] == 1.0
    return bool(PUBLISHED[pattern](text))


PIECES = ["<think>", "</think>", "<answer>", "</answer>", "<think>\n", "\n</think>\n", "<answer>\n", "\n</answer>", "\n", " ", "text", "```python\n",
          "x = 1\n", "```", "\\boxed{", "}", "\\boxed{12}", "a", ".", "<", "th>"]
GOOD = ["<think>\nwhy\n</think>\n<answer>\n12\n</answer>", "<think>\nwhy\n</think>\n<answer>\nso\n```python\nx = 1\n```\n</answer>",
        "<think>why</think>\n<answer>12</answer>", "<think>why</think> so \\boxed{12}", "<think>why</think>12"]


def texts(rng):
    yield from GOOD
    for _ in range(900):
        if rng.random() < 0.3:
            yield "".join(rng.choice(PIECES) for _ in range(rng.randrange(12)))
            continue
        text = rng.choice(GOOD)
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(text) + 1)
            kind = rng.randrange(4)
            if kind == 0:
                text = text[:at] + rng.choice(PIECES) + text[at:]
            elif kind == 1:
                text = text[:at] + text[at + rng.randrange(1, 9):]
            elif kind == 2:
                text = text + rng.choice(["\n", " ", "\nmore", "\n</answer>", rng.choice(GOOD), "\n" + rng.choice(GOOD)])
            else:
                text = rng.choice(["\n", " ", "so "]) + text
        yield text


def tag_count(text):
    return sum(0.25 for mark in ("<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>") if text.count(mark) == 1)


def steps(text):
    return min(1.0, len(re.findall(r"(Step \d+:|^\d+\.|\n-|\n\*|First,|Second,|Next,|Finally,)", text)) / 3)


STEP_PIECES = ["Step 1:", "Step 12:", "Step :", "1.", "2. ", "\n-", "\n*", "\n", "First,", "Second", "Second,", "Next,", "Finally,", "text", " ", "12", "Step ", "-"]


def words_repetition(text, n):
    words = text.lower().split()
    if len(words) < n:
        return 0.0
    ngrams = list(zip(*[words[i:] for i in range(n)]))
    return -(1 - len(set(ngrams)) / len(ngrams))


def main():
    common.require_versions("trl")
    rng = random.Random(8)
    forms = []
    for text in texts(rng):
        forms.append({"text": text, "published": [p for p in ("geo3k", "nano_aha", "open_r1", "open_r1_code", "trl_think") if published(p, text)],
                      "full_match": [p for p in ("geo3k", "nano_aha", "open_r1", "open_r1_code", "trl_think") if full_match(p, text)],
                      "tag_count": tag_count(text)})
    common.write_json_lines("rewards/formats.jsonl", forms)
    rows = []
    for _ in range(200):
        text = "".join(rng.choice(STEP_PIECES) for _ in range(rng.randrange(9)))
        rows.append({"steps": steps(text), "text": text})
    for _ in range(200):
        text = "".join(rng.choice(["a", "B", "b", "ab", " ", "  ", "\n", " c "]) for _ in range(rng.randrange(20)))
        n = rng.randrange(1, 5)
        rows.append({"text": text, "n": n, "words": words_repetition(text, n)})
    for _ in range(100):
        ids = [rng.randrange(4) for _ in range(rng.randrange(20))]
        n = rng.randrange(1, 5)
        rows.append({"ids": ids, "n": n, "tokens": get_repetition_penalty_reward(n, -1.0)([ids])[0]})
    accuracy_rewards.accuracy_reward = lambda completions, solution: [1.0 if c[0]["content"] == "right" else 0.0 for c in completions]
    for _ in range(100):
        right, length, limit = rng.random() < 0.5, rng.randrange(1, 1500), rng.choice([100, 1000])
        make = accuracy_rewards.get_cosine_scaled_reward(max_len=limit)
        value = make([[{"content": "right" if right else "wrong"}]], ["12"], completion_ids=[[1] * length])[0]
        rows.append({"correct": right, "length": length, "max": limit, "cosine": value})
    common.write_json_lines("rewards/shaping.jsonl", rows)


if __name__ == "__main__":
    main()
