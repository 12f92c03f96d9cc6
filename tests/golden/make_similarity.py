"""Goldens of text similarity: F1 and exact match of SQuAD's evaluation as torchmetrics carries it, and RapidFuzz's normalised Levenshtein
similarity, on generated pairs of texts.   python make_similarity.py   (needs torchmetrics, rapidfuzz)

Capital letters are of the alphabets that verifiers/text/casing.h knows."""

import importlib
import random

import common
from rapidfuzz.distance import Levenshtein

squad = importlib.import_module("torchmetrics.functional.text.squad")  # the package has a function of this name

PIECES = ["the", "The", "a", "An", "an", "Eiffel", "tower", "TOWER", "1,234", "U.S.", "don't", "re-entry", "été", "ÉTÉ", "Ωmega", "ωmega", "МОСКВА", "москва", "x", "日本", "$5", "5", "-", "--", "(B)", "athe", "the-end",
          "a_b", "_a", "naïve", "ŁÓDŹ", "łódź", "Ÿ", "ÿ"]
SPACES = [" ", " ", " ", "  ", "\t", "\n", "\u00a0", "\u3000", "", ", "]


def text(rng):
    return "".join(rng.choice(PIECES) + rng.choice(SPACES) for _ in range(rng.randrange(0, 8)))


def changed(rng, original):
    characters = list(original)
    for _ in range(rng.randrange(0, 4)):
        at = rng.randrange(len(characters) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            characters.insert(at, rng.choice("aeT x."))
        elif kind == 1 and at < len(characters):
            characters.pop(at)
        elif kind == 2 and at < len(characters):
            characters[at] = rng.choice("aeT x.é")
        else:
            characters = list("".join(characters).swapcase()) if rng.random() < 0.5 else characters
    return "".join(characters).replace("\u0130", "I").replace("SS", "s")


def main():
    common.require_versions("torchmetrics", "RapidFuzz")
    rng = random.Random(7)
    rows = []
    for _ in range(800):
        a = text(rng)
        b = changed(rng, a) if rng.random() < 0.7 else text(rng)
        exact, f1 = squad._compute_exact_match_score(b, a), squad._compute_f1_score(b, a)
        rows.append({"a": a, "b": b, "exact": bool(exact), "f1": float(f1), "edit": Levenshtein.normalized_similarity(a, b)})
    common.write_json_lines("similarity/pairs.jsonl", rows)


main()
