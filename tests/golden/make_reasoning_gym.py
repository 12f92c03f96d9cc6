"""Writes reasoning_gym/parity.jsonl and reasoning_gym/scores.jsonl: what reasoning-gym 0.1.25 generates, and how it scores answers.

    python3.11 -m venv VENV && VENV/bin/pip install reasoning-gym==0.1.25
    VENV/bin/python tests/golden/make_reasoning_gym.py

A line of parity.jsonl is a family under some settings: the SHA-256 of its items 0 to 199 of seed 42, each as one line of JSON, and the first
item in full. A line of scores.jsonl is an answer to an item and its score.
"""

import hashlib
import importlib.metadata
import json
import math
import sys

import common

COUNT = 200
SEED = 42
SETTINGS = {
    "base_conversion": [{}, {"min_base": 9, "max_base": 36, "max_value": 1000000000}, {"max_base": 3, "max_value": 20}],
    "basic_arithmetic": [
        {},
        {"min_terms": 4, "max_terms": 10, "max_digits": 2, "format_style": "natural", "whitespace": "random"},
        {"allow_parentheses": False, "max_digits": 3},
    ],
    "bitwise_arithmetic": [{}, {"difficulty": 1}, {"difficulty": 5}],
    "calendar_arithmetic": [
        {},
        {"year": 2024, "offset_upper_bound": 1000, "leap_year_range": 3000},
        {"tasks": ["weekday_of_date", "count_business_days"], "year": 1999},
    ],
    "chain_sum": [{}, {"min_terms": 3, "max_terms": 9, "min_digits": 2, "max_digits": 6, "allow_negation": True}, {"min_terms": 1, "max_terms": 2}],
    "circuit_logic": [{}, {"min_terms": 1, "max_terms": 9, "max_inputs": 6, "neg_prob": 0.6}, {"allow_reuse": False, "neg_prob": 0.0}],
    "complex_arithmetic": [
        {},
        {"min_real": -2, "max_real": 2, "min_imag": -2, "max_imag": 2, "operations_weights": [0.1, 0.1, 0.4, 0.4]},
        {"operations": ["*", "/"], "operations_weights": [0.5, 0.5], "max_real": 50},
    ],
    "course_schedule": [{}, {"min_num_courses": 10, "max_num_courses": 25, "max_num_prerequisites": 5}, {"p_solvable": 0.1, "max_cycle_length": 8}],
    "cryptarithm": [{}, {"min_words": 2, "max_words": 2}, {"min_words": 3, "max_words": 6, "allow_leading_zero": True}],
    "decimal_arithmetic": [
        {},
        {"min_num_decimal_places": 1, "max_num_decimal_places": 6, "precision": 9, "max_terms": 9},
        {"max_num_decimal_places": 8, "precision": 20, "min_terms": 3},
    ],
    "dice": [{}, {"num_dice": 2, "max_dice_size": 6}, {"num_dice": 8, "max_dice_size": 30}],
    "fraction_simplification": [{}, {"min_value": 20, "max_value": 90, "styles": ["plain", "latex_dfrac"]}, {"max_value": 100000, "max_factor": 5000}],
    "gcd": [{}, {"min_numbers": 3, "max_numbers": 5, "max_value": 50}, {"max_value": 1000000}],
    "graph_color": [{}, {"num_colors": 4, "min_num_vertices": 8, "max_num_vertices": 14, "edge_probability": 0.4}, {"edge_probability": 0.25}],
    "jugs": [{}, {"difficulty": 6}, {"num_jugs": 4, "difficulty": 7}],
    "largest_island": [{}, {"max_num_islands": 12, "max_island_size": 20, "max_rows": 15}, {"min_num_islands": 3, "min_island_size": 2}],
    "lcm": [{}, {"min_numbers": 3, "max_numbers": 5, "max_value": 50}, {"max_value": 1000}],
    "maze": [{}, {"min_grid_size": 8, "max_grid_size": 15, "min_dist": 9, "max_dist": 20}, {"min_dist": 2, "max_dist": 4, "max_grid_size": 6}],
    "mini_sudoku": [{}, {"min_empty": 2, "max_empty": 6}, {"min_empty": 11, "max_empty": 12}],
    "n_queens": [{}, {"n": 6, "min_remove": 2, "max_remove": 6}, {"n": 9, "min_remove": 1, "max_remove": 9}],
    "number_sequence": [{}, {"max_complexity": 4, "max_terms": 9}, {"max_complexity": 1, "min_terms": 5}],
    "prime_factorization": [{}, {"min_value": 1000, "max_value": 1000000}, {"max_value": 50}],
    "shortest_path": [{}, {"min_rows": 3, "max_rows": 12, "min_cols": 2, "max_cols": 15, "p_blocked": 0.3}, {"p_blocked": 0.6}],
    "simple_equations": [{}, {"min_terms": 1, "max_terms": 8, "max_value": 9}, {"operators": ["+", "-"], "operators_weights": [0.3, 0.7]}],
    "sudoku": [{}, {"min_empty": 10, "max_empty": 20}, {"min_empty": 50, "max_empty": 55}],
    "tower_of_hanoi": [{}, {"min_disks": 2, "max_disks": 9, "min_pegs": 3, "max_pegs": 5}, {"max_disks": 4, "max_pegs": 3}],
}
# Answers of one family beside those that every family gets.
EXTRA = {
    "calendar_arithmetic": ["Monday", "monday", "12", "Yes", "no"],
    "chain_sum": ["+1,000.00", "0"],
    "complex_arithmetic": ["3+2i", "(1 - 1i)", "i", "5"],
    "cryptarithm": ["A=1,B=2"],
    "fraction_simplification": ["1/2", "$\\frac{1}{3}$", "x"],
    "graph_color": ["{}", "[1]", "{\"0\": 1}"],
    "jugs": ["[\"fill A\"]", "[\"pour A->Z\"]", "[]"],
    "prime_factorization": ["2 × 2", "6", "4 × 3"],
    "shortest_path": ["infeasible", "right", "up up"],
    "sudoku": ["1 1 1 1 1 1 1 1 1"],
    "mini_sudoku": ["1 2 3 4\n1 2 3 4\n1 2 3 4\n1 2 3 4"],
    "tower_of_hanoi": ["Move disk 1 from Peg 1 to Peg 2", "Move disk 9 from Peg 1 to Peg 2", "hello"],
}
ITEMS_SCORED = 4


def create(family, settings):
    import reasoning_gym

    return reasoning_gym.create_dataset(family, size=COUNT, seed=SEED, **settings)


def line(entry):
    # Tuples become lists and keys texts, as in any JSON file.
    return json.dumps({key: entry[key] for key in ("question", "answer", "metadata")}, ensure_ascii=False, separators=(",", ":"))


def parity():
    for family, all_settings in SETTINGS.items():
        for settings in all_settings:
            data = create(family, settings)
            lines = [line(data[i]) for i in range(COUNT)]
            digest = hashlib.sha256("".join(text + "\n" for text in lines).encode()).hexdigest()
            print(family, settings, file=sys.stderr)
            row = {"family": family, "settings": settings, "seed": SEED, "count": COUNT, "digest": digest}
            # The first item shows where a difference is; large ones are left out.
            if len(lines[0]) < 1500:
                row["first"] = lines[0]
            yield row


def oracle_of(family, entry):
    return json.dumps({str(k): v for k, v in entry["metadata"]["possible_answer"].items()}) if family == "graph_color" else entry["answer"]


def scores():
    for family in SETTINGS:
        data = create(family, {})
        for index in range(ITEMS_SCORED):
            entry = data[index]
            oracle = oracle_of(family, entry)
            other = oracle_of(family, data[index + ITEMS_SCORED])
            answers = [oracle, f" {oracle} ", None, "", "nothing", other, f"It is {oracle}"] + EXTRA.get(family, [])
            for answer in answers:
                try:
                    score = data.score_answer(answer, entry)
                except Exception:  # an answer that the package cannot score is none that we compare
                    continue
                if not math.isnan(score):
                    yield {"family": family, "index": index, "answer": answer, "score": score}


def main():
    found = importlib.metadata.version("reasoning-gym")
    if found != "0.1.25":
        sys.exit(f"reasoning-gym {found} found, but the goldens are pinned to reasoning-gym==0.1.25; install that version")
    common.write_json_lines("reasoning_gym/parity.jsonl", parity())
    common.write_json_lines("reasoning_gym/scores.jsonl", scores())


main()
