"""The math verifier beside Math-Verify 0.9.0 on the same pairs, in one run.

    python3 -m venv VENV && VENV/bin/pip install math-verify==0.9.0
    VENV/bin/python tests/verifiers/peers/compare_math_verify.py build/release/cupel DATA [PAIRS]

DATA is a folder with math500/test.jsonl, olympiadbench/test.jsonl, aime25/test.jsonl and gsm8k/*.jsonl. Prints, for each kind of pair, the share
accepted by both: golds against themselves, wrong pairs made by one changed digit, sign or operator, and right pairs made by rewriting golds into
equivalent forms. PAIRS bounds the pairs of each kind (Math-Verify takes some 25 ms for one).
"""

import collections
import fractions
import json
import random
import re
import subprocess
import sys

from math_verify import parse, verify

WRAPPERS = (lambda gold: gold, lambda gold: "$" + gold + "$", lambda gold: "\\boxed{" + gold + "}", lambda gold: "So we get $" + gold + "$.")


def read_golds(data):
    golds = []
    for name, path, field in (("math500", "math500/test.jsonl", "answer"), ("olympiadbench", "olympiadbench/test.jsonl", "final_answer"),
                              ("aime25", "aime25/test.jsonl", "answer"), ("gsm8k", "gsm8k/test.jsonl", "answer")):
        for line in open(f"{data}/{path}", encoding="utf-8"):
            gold = json.loads(line)[field]
            gold = gold[0] if isinstance(gold, list) else gold
            gold = gold.split("#### ")[-1].strip() if name == "gsm8k" else gold
            golds.append((name, gold if "\\$" in gold else gold.replace("$", "")))
    return golds


def cupel_verdicts(program, pairs):
    lines = "".join(json.dumps({"id": i, "answer": gold, "prediction": answer}) + "\n" for i, (gold, answer) in enumerate(pairs))
    result = subprocess.run([program, "verify", "--in", "-"], input=lines, text=True, capture_output=True, check=False)
    return [json.loads(line)["outcome"] for line in result.stdout.splitlines()]


def peer_verdict(gold, answer):
    wrap = lambda text: text if "$" in text or "\\boxed" in text else "$" + text + "$"
    try:
        return verify(parse(wrap(gold)), parse(wrap(answer)))
    except Exception:  # what it raises counts as not accepted
        return False


def mutations(golds, rng):
    for name, gold in golds:
        digits = [match.start() for match in re.finditer(r"\d", gold)]
        if digits:
            at = rng.choice(digits)
            digit = rng.choice([d for d in "123456789" if d != gold[at]])
            yield gold, gold[:at] + digit + gold[at + 1:]
        signs = [match.start() for match in re.finditer(r"[+\-]", gold)]
        if signs:
            at = rng.choice(signs)
            yield gold, gold[:at] + ("+" if gold[at] == "-" else "-") + gold[at + 1:]
        if name != "gsm8k" and not re.search(r"text|pm|mbox|^0$", gold):
            yield gold, gold[1:] if gold.startswith("-") else "-" + gold


def rewritings(gold, rng):
    """Texts that say the same, by rules that look at the notation only."""
    yield "frac to slash", re.sub(r"\\d?frac\{(\d+)\}\{(\d+)\}$", r"\1/\2", gold)
    yield "dialect", gold.replace("\\frac", "\\dfrac")
    yield "dialect", gold.replace("\\left", "").replace("\\right", "")
    yield "dialect", re.sub(r"\\frac\{(\d)\}\{(\d)\}", r"\\frac\1\2", gold)
    unicode_text = re.sub(r"\\sqrt\{(\d+)\}", "√\\1", gold).replace("\\pi", "π").replace("\\infty", "∞").replace("\\cup", "∪").replace("^\\circ", "°")
    yield "unicode", unicode_text.replace("^2", "²").replace("-", "−")
    yield "ascii", re.sub(r"\\sqrt\{(\d+)\}", r"sqrt(\1)", gold).replace("\\pi", "pi").replace("\\cdot", "*")
    yield "spacing", gold.replace(" ", "").replace(",", ", ") if not re.search(r"[a-zA-Z]{2}|\d,", gold) else gold
    if re.fullmatch(r"-?\d+", gold):
        value = int(gold)
        yield "decimal", gold + ".0"
        yield "fraction", f"\\frac{{{3 * value}}}{{3}}"
        yield "label", f"x = {gold}"
        yield "unit", f"{gold} \\text{{ apples}}"
        yield "arithmetic", f"{value - 7} + 7"
        if value >= 1000:
            yield "thousands", f"{value:,}"
            yield "thousands", f"{value:,}".replace(",", "{,}")
    match = re.fullmatch(r"(-?)\\d?frac\{(\d+)\}\{(\d+)\}", gold)
    if match and int(match[3]):
        value = fractions.Fraction(int(match[2]), int(match[3])) * (-1 if match[1] else 1)
        yield "fraction", f"\\frac{{{2 * value.numerator}}}{{{2 * value.denominator}}}"
        rest = value.denominator
        for prime in (2, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            yield "decimal", f"{float(value):.12f}".rstrip("0")
            yield "percent", f"{float(100 * value):.10f}".rstrip("0").rstrip(".") + "\\%"
        if abs(value) > 1:
            whole, part = divmod(abs(value.numerator), value.denominator)
            yield "mixed number", f"{match[1]}{whole}\\frac{{{part}}}{{{value.denominator}}}" if part else gold
        yield "rounding", f"{float(value):.6f}" if rest != 1 and abs(value) > 0.01 else gold
    parts = re.fullmatch(r"([\w{}\\^ ]+?) ?([+-]) ?([\w{}\\^ ]+)", gold)
    if parts and "frac" not in gold and "text" not in gold:
        yield "term order", (parts[3] + " + " + parts[1]) if parts[2] == "+" else ("-" + parts[3] + " + " + parts[1])
    if re.fullmatch(r"-?\d+(, ?-?\d+)+", gold) and not re.fullmatch(r"\d{1,3}(,\d{3})+", gold):
        items = re.split(r", ?", gold)
        rng.shuffle(items)
        yield "list order", ", ".join(items)
        yield "set", "\\{" + ", ".join(items) + "\\}"
        yield "words", ", ".join(items[:-1]) + " \\text{ and } " + items[-1]
    interval = re.fullmatch(r"\(([^,()]+), ?\\infty\)", gold)
    if interval:
        yield "interval", "x > " + interval[1]
    if gold.endswith("^\\circ") or gold.endswith("^{\\circ}"):
        yield "unit", gold.split("^")[0] + " \\text{ degrees}"
    label = re.fullmatch(r"(\w(?:\(\w\))?) ?= ?(.+)", gold)
    if label and "," not in gold:
        yield "label", label[2]


def report(title, pairs, program, expected, limit):
    pairs = random.Random(11).sample(pairs, limit) if 0 < limit < len(pairs) else pairs
    ours = [outcome == "correct" for outcome in cupel_verdicts(program, pairs)]
    theirs = [peer_verdict(gold, answer) for gold, answer in pairs]
    print(f"{title:<44}{len(pairs):>6} pairs   cupel accepts {sum(ours):>5} ({100 * sum(ours) / len(pairs):.2f} %)   "
          f"Math-Verify {sum(theirs):>5} ({100 * sum(theirs) / len(pairs):.2f} %)")
    for (gold, answer), accepted in zip(pairs, ours):
        if accepted != expected:
            print(f"    {gold}   |   {answer}")


def main():
    program, data = sys.argv[1:3]
    limit = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    rng = random.Random(7)
    golds = read_golds(data)
    judged = [(gold, wrap(gold)) for _, gold in golds for wrap in WRAPPERS[:3]]
    report("golds against themselves", judged, program, True, limit)
    wrong = list(mutations(golds, rng))
    report("one digit, sign or operator changed", wrong, program, False, limit)
    kinds = collections.defaultdict(list)
    for name, gold in golds:
        if name in ("math500", "olympiadbench"):
            for kind, text in rewritings(gold, rng):
                if text != gold:
                    kinds[kind].append((gold, text))
    everything = [pair for pairs in kinds.values() for pair in pairs]
    report("golds rewritten", rng.sample(everything, min(2000, len(everything))), program, True, limit)
    for kind, pairs in sorted(kinds.items()):
        report("  " + kind, rng.sample(pairs, min(60, len(pairs))), program, True, limit)


if __name__ == "__main__":
    main()
