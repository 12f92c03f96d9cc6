"""Goldens of exact numbers: which pairs of numerals have the same value (fractions.Fraction) and what expressions are worth (Python's own
arithmetic). Standard library only; run it with Python 3.11: python make_number_cases.py"""

import fractions
import random
import re

import common

MINUS = "\u2212"


def value(text):
    """The value of a numeral as Python reads it, after what Python does not know is rewritten."""
    text = text.replace(MINUS, "-").replace(",", "").replace("{}", "")
    tex = re.fullmatch(r"([+-]?)\\[dt]?frac\{(.*)\}\{(.*)\}", text)
    if tex:
        result = fractions.Fraction(tex[2]) / fractions.Fraction(tex[3])
        return -result if tex[1] == "-" else result
    return fractions.Fraction(text)


def grouped(digits, separator):
    head = len(digits) % 3 or 3
    return separator.join([digits[:head]] + [digits[i : i + 3] for i in range(head, len(digits), 3)])


def render_decimal(rng, digits, places):
    """One of many ways to write digits * 10^-places."""
    whole, decimals = (digits.zfill(places + 1)[: len(digits.zfill(places + 1)) - places], digits.zfill(places + 1)[-places:] if places else "")
    style = rng.randrange(6)
    if style == 0 and whole[0] != "0":
        whole = grouped(whole, rng.choice([",", "{,}"]))
    elif style == 1:
        whole = "0" * rng.randrange(1, 4) + whole
    elif style == 2:
        shift = rng.randrange(-3, 4)
        return render_decimal_plain(digits, places + shift) + rng.choice("eE") + rng.choice(["", "+"] if shift > 0 else [""]) + str(shift)
    elif style == 3 and whole == "0" and decimals:
        whole = ""
    elif style == 4:
        decimals += "0" * rng.randrange(1, 5)
    return whole + ("." + decimals if decimals else "")


def render_decimal_plain(digits, places):
    if places <= 0:
        return digits + "0" * -places
    digits = digits.zfill(places + 1)
    return digits[:-places] + "." + digits[-places:]


def render_fraction(rng, numerator, denominator):
    factor = rng.choice([1, 1, 2, 3, 10, 7919])
    a, b = str(numerator * factor), str(denominator * factor)
    style = rng.randrange(4)
    if style == 0:
        return rng.choice(["\\frac", "\\dfrac", "\\tfrac"]) + "{" + a + "}{" + b + "}"
    if style == 1:
        return grouped(a, ",") + "/" + grouped(b, ",")
    return a + "/" + b


def render_sign(rng, negative):
    return rng.choice(["-", MINUS]) if negative else rng.choice(["", "", "+"])


def render(rng, number):
    """number: (negative, digits, places) or (negative, numerator, denominator)."""
    negative, a, b = number
    return render_sign(rng, negative) + (render_decimal(rng, a, b) if isinstance(a, str) else render_fraction(rng, a, b))


def random_number(rng):
    negative = rng.random() < 0.4
    if rng.random() < 0.3:
        size = rng.choice([1, 2, 3, 6, 30])
        return negative, rng.randrange(1, 10**size), rng.randrange(1, 10**size)
    size = rng.choice([1, 1, 2, 3, 4, 7, 12, 40])
    digits = str(rng.randrange(10 ** (size - 1), 10**size))
    return negative, digits, rng.choice([0, 0, 0, 1, 2, 5])


def as_fraction(number):
    """The same value written as a fraction, where it was a decimal."""
    negative, a, b = number
    return (negative, int(a), 10**b) if isinstance(a, str) and int(a) else number


def neighbour(rng, number):
    """A value that differs in the sign, a digit or the place of the point."""
    negative, a, b = number
    kind = rng.randrange(3)
    if kind == 0:
        return not negative, a, b
    if not isinstance(a, str):
        return (negative, a + 1, b) if kind == 1 else (negative, a, b + 1)
    if kind == 1:
        return negative, a, b + 1
    at = rng.randrange(len(a))
    return negative, a[:at] + str((int(a[at]) + rng.randrange(1, 10)) % 10) + a[at + 1 :], b


def pairs(rng, count):
    rows = [("0", "-0"), ("0", "0.000"), ("0", "0/7"), ("0.1", "1/10"), ("1/3", "0.3333"), ("2/4", "50/100"), ("1e400", "1e401"), ("1e400", "10e399")]
    while len(rows) < count:
        number = random_number(rng)
        other = rng.choice([number, as_fraction(number), neighbour(rng, number), neighbour(rng, as_fraction(number))])
        rows.append((render(rng, number), render(rng, other)))
    return [{"a": a, "b": b, "equal": value(a) == value(b)} for a, b in rows]


def expressions(rng, count):
    rows = []
    for _ in range(count):
        operands = [rng.randrange(-99, 100) for _ in range(rng.randrange(2, 9))]
        operators = "".join(rng.choice("+-*") for _ in operands[1:])
        text = str(operands[0]) + "".join(f" {op} ({n})" if n < 0 else f" {op} {n}" for op, n in zip(operators, operands[1:]))
        rows.append({"operands": operands, "operators": operators, "text": text, "value": eval(text)})
    return rows


def main():
    common.write_json_lines("number/pairs.jsonl", pairs(random.Random(1), 600))
    common.write_json_lines("number/expressions.jsonl", expressions(random.Random(2), 200))


if __name__ == "__main__":
    main()
