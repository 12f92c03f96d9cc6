"""Proves with OR-Tools' CP-SAT that generated items whose answer must be the only one have no other.

    VENV/bin/python tests/datasets/peers/prove_unique.py build/release/cupel [--items 1000] [FAMILY ...]

A fifth of the items of each level 1 to 5. The conditions are read from the text of the question alone, as a person would, so that it is the
question that has one answer, not the data behind it. CP-SAT finds a solution, which must be the answer, and then none that differs. Needs
ortools (9.15). Exit 1 when an item has none, another, or two.
"""

import argparse
import json
import re
import subprocess
import sys

from ortools.sat.python import cp_model


def grid_of(text, size):
    rows = [line.split() for line in text.splitlines()]
    rows = [row for row in rows if len(row) == size and all(re.fullmatch(r"_|\d+", cell) for cell in row)]
    return [[0 if cell == "_" else int(cell) for cell in row] for row in rows[:size]]


def latin(model, size, box):
    cells = [[model.new_int_var(1, size, f"r{r}c{c}") for c in range(size)] for r in range(size)]
    for i in range(size):
        model.add_all_different(cells[i])
        model.add_all_different([row[i] for row in cells])
        if box:
            top, left = i // box * box, i % box * box
            model.add_all_different([cells[top + k // box][left + k % box] for k in range(size)])
    return cells


def grid_puzzle(question, answer, model, box_of):
    rows = [[int(cell) for cell in line.split()] for line in answer.splitlines()]
    size = len(rows)
    cells = latin(model, size, box_of(size))
    for row, given in zip(cells, grid_of(question, size)):
        for cell, value in zip(row, given):
            if value:
                model.add(cell == value)
    for a, b, c, d in re.findall(r"r(\d+)c(\d+) < r(\d+)c(\d+)", question):
        model.add(cells[int(a) - 1][int(b) - 1] < cells[int(c) - 1][int(d) - 1])
    return [cell for row in cells for cell in row], [value for row in rows for value in row]


def cryptarithm(question, answer, model):
    lines = [line.strip(" +") for line in question.split("\n\n")[1].splitlines()]
    words = [line for line in lines if line and not line.startswith("-")]
    letters = sorted(set("".join(words)))
    digits = {letter: model.new_int_var(0, 9, letter) for letter in letters}
    model.add_all_different(list(digits.values()))
    for word in words:
        model.add(digits[word[0]] != 0)
    value = lambda word: sum(digits[letter] * 10 ** (len(word) - 1 - i) for i, letter in enumerate(word))
    model.add(sum(value(word) for word in words[:-1]) == value(words[-1]))
    found = dict(part.split("=") for part in answer.split(","))
    return [digits[letter] for letter in letters], [int(found[letter]) for letter in letters]



def truth(text):
    """A function of the roles, read by precedence: a part in parentheses, or one role, on each side of a connective."""
    text = text.strip()
    depth = 0
    parts, sign = [], ""
    words = re.findall(r"\(|\)|if and only if|\band\b|\bor\b|\bif\b|\bthen\b|[^()\s]+", text)
    current = []
    for word in words:
        depth += word == "("
        depth -= word == ")"
        if depth == 0 and word in ("and", "or", "then", "if and only if"):
            parts.append(" ".join(current))
            current, sign = [], word
        elif not (depth == 0 and word == "if"):
            current.append(word)
    parts.append(" ".join(current))
    if len(parts) == 1:
        inner = parts[0].strip()
        if inner.startswith("("):
            return truth(inner[1:-1])
        name, role = re.fullmatch(r"(\w+) is a (knight|knave)", inner).groups()
        return lambda p: p[name] == (role == "knight")
    left, right = truth(parts[0]), truth(parts[1])
    return {"and": lambda p: left(p) and right(p), "or": lambda p: left(p) or right(p), "then": lambda p: not left(p) or right(p), "if and only if": lambda p: left(p) == right(p)}[sign]


def knights_knaves(question, answer, model):
    said = re.findall(r"^(\w+) says: (.*)\.$", question, re.MULTILINE)
    names = [name for name, _ in said]
    roles = {name: model.new_bool_var(name) for name in names}
    for name, text in said:  # as a table over all roles: no more than ten people
        holds = truth(text)
        rows = []
        for bits in range(2 ** len(names)):
            p = {one: bool(bits >> i & 1) for i, one in enumerate(names)}
            if holds(p) == p[name]:
                rows.append([int(p[one]) for one in names])
        model.add_allowed_assignments([roles[one] for one in names], rows)
    found = dict(re.findall(r"(\w+) is a (knight|knave)", answer))
    return [roles[name] for name in names], [int(found[name] == "knight") for name in names]


def zebra_puzzles(question, answer, model):
    head, clues = question.split("What is known:\n")
    count, people = re.match(r"(\d+) people live in houses 1 to \d+, from left to right: ([^.]*)\.", head).groups()
    kinds = [people.split(", ")] + [line.split(": ")[1].split(", ") for line in head.splitlines()[1:]]
    count = int(count)
    house = {}
    for kind in kinds:
        for thing in kind:
            house[thing] = model.new_int_var(1, count, thing)
        model.add_all_different([house[thing] for thing in kind])
    phrase = r"(?:the person (?:who keeps the|who drinks|in the|who works as a|who plays) )?(\w+)(?: house)?"
    for clue in re.findall(r"^\d+\. (.*)\.$", clues, re.MULTILINE):
        clue = clue[0].lower() + clue[1:] if clue.startswith("The person") else clue
        for form, add in (
            (rf"{phrase} lives directly to the left of {phrase}", lambda a, b: model.add(house[a] + 1 == house[b])),
            (rf"{phrase} lives next to {phrase}", lambda a, b: model.add_abs_equality(1, house[a] - house[b])),
            (rf"{phrase} lives in house (\d+)", lambda a, b: model.add(house[a] == int(b))),
            (rf"{phrase} does not live in house (\d+)", lambda a, b: model.add(house[a] != int(b))),
            (rf"{phrase} is {phrase}", lambda a, b: model.add(house[a] == house[b])),
        ):
            match = re.fullmatch(form, clue)
            if match:
                add(*match.groups())
                break
        else:
            sys.exit(f"a clue of another form: {clue}")
    places = {cell: int(line.split(": ")[0]) for line in answer.splitlines() for cell in line.split(": ")[1].split(", ")}
    return list(house.values()), [places[thing] for thing in house]


FAMILIES = {
    "cryptarithm": cryptarithm,
    "futoshiki": lambda q, a, m: grid_puzzle(q, a, m, lambda size: 0),
    "knights_knaves": knights_knaves,
    "mini_sudoku": lambda q, a, m: grid_puzzle(q, a, m, lambda size: 2),
    "sudoku": lambda q, a, m: grid_puzzle(q, a, m, lambda size: 3),
    "zebra_puzzles": zebra_puzzles,
}


def problem_of(family, item):
    model = cp_model.CpModel()
    variables, wanted = FAMILIES[family](item["question"], item["answer"], model)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return "has no solution"
    if [solver.value(variable) for variable in variables] != wanted:
        return "has another solution than its answer"
    differs = []
    for variable, value in zip(variables, wanted):
        other = model.new_bool_var("")
        model.add(variable != value).only_enforce_if(other)
        differs.append(other)
    model.add_bool_or(differs)
    return None if solver.solve(model) == cp_model.INFEASIBLE else "has two solutions"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cupel")
    parser.add_argument("families", nargs="*", default=[])
    parser.add_argument("--items", type=int, default=1000)
    arguments = parser.parse_args()
    bad = 0
    for family in arguments.families or FAMILIES:
        proven = 0
        for level in range(1, 6):
            done = subprocess.run([arguments.cupel, "tasks", "generate", family, "--set", f"level={level}", "--seed", str(1000 + level), "--count", str(arguments.items // 5)],
                                  capture_output=True, text=True, check=True)
            for line in done.stdout.splitlines():
                item = json.loads(line)
                problem = problem_of(family, item)
                proven += problem is None
                if problem:
                    bad += 1
                    print(f"{item['id']} level {level} {problem}\n{item['question']}\n{item['answer']}")
        print(f"{family}: {proven} items have one solution, the answer", flush=True)
    sys.exit(1 if bad else 0)


main()
