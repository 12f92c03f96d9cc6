"""Writes tests/verifiers/cases/math/patterns.jsonl: pairs of answers by pattern, each pattern with equal forms and with near misses of them.

    python3 tests/golden/make_math_cases.py

The patterns are our own; the verdicts follow from how a pair is built, not from any program.
"""

import fractions
import json
import pathlib

CASES = []


def equal(gold, *answers):
    CASES.extend((gold, answer, "correct") for answer in answers)


def differ(gold, *answers):
    CASES.extend((gold, answer, "incorrect") for answer in answers)


def intervals():
    for low, high in ((1, 4), (-3, 2), (0, 7), (-5, -1)):
        gold = f"({low},{high}]"
        equal(gold, f"{low} < x \\le {high}", f"{high} \\geq x > {low}", f"\\{{x : {low} < x \\leq {high}\\}}", f"x \\in \\left({low}, {high}\\right]")
        differ(gold, f"({low},{high})", f"[{low},{high}]", f"{low} \\le x \\le {high}", f"({low},{high + 1}]", f"({low - 1},{high}]", f"{low} < x < {high}",
               f"[{low},{high})")
    for a, b in ((1, 3), (-2, 5)):
        gold = f"(-\\infty,{a})\\cup[{b},\\infty)"
        equal(gold, f"x<{a} \\text{{ or }} x\\ge {b}", f"[{b},\\infty)\\cup(-\\infty,{a})", f"x \\geq {b} or x < {a}")
        differ(gold, f"(-\\infty,{a}]\\cup[{b},\\infty)", f"(-\\infty,{a})\\cup({b},\\infty)", f"({a},{b}]", f"(-\\infty,{b})\\cup[{a},\\infty)", f"(-\\infty,{a})", f"[{b},\\infty)",
               f"x<{a} \\text{{ and }} x \\ge {b + 1}")


def numbers():
    for n, d in ((1, 7), (5, 6), (22, 9), (-4, 3), (17, 11)):
        value = fractions.Fraction(n, d)
        gold = f"\\frac{{{n}}}{{{d}}}"
        equal(gold, f"{n}/{d}", f"\\frac{{{2 * n}}}{{{2 * d}}}", f"{float(value):.5f}", f"\\dfrac{{{-n}}}{{{-d}}}", f"x = {n}/{d}")
        differ(gold, f"{n}/{d + 1}", f"{n + 1}/{d}", f"\\frac{{{d}}}{{{n}}}", f"{float(value):.2f}", f"{float(value) + 0.0002:.5f}", f"{-n}/{d}", f"\\frac{{{n}}}{{{d}}}\\%")
    for percent in (5, 12, 37, 80):
        gold = f"{percent}\\%"
        equal(gold, f"{percent}%", f"{percent / 100}", f"\\frac{{{percent}}}{{100}}", f"{percent} percent")
        differ(gold, f"{percent}", f"{percent / 10}", f"{percent / 100}\\%", f"{percent + 1}%")
    for whole in (1234, 56789, 1000000):
        equal(str(whole), f"{whole:,}", f"{whole:,}".replace(",", "{,}"), f"{whole:,}".replace(",", ",\\!"), f"\\${whole}", f"{whole}.0")
        differ(str(whole), f"{whole + 1:,}", f"{whole}0", f"{whole / 10}", f"{whole:,}".replace(",", ", "), f"-{whole}")


def roots():
    for a, b in ((2, 3), (5, 2), (3, 7)):
        gold = f"{a}\\sqrt{{{b}}}"
        equal(gold, f"\\sqrt{{{a * a * b}}}", f"{a}√{b}", f"{a}*sqrt({b})", f"\\frac{{{a * b}}}{{\\sqrt{{{b}}}}}", f"{a}\\cdot {b}^{{1/2}}", f"{(a * a * b) ** 0.5:.6f}")
        differ(gold, f"{b}\\sqrt{{{a}}}", f"\\sqrt{{{a * b}}}", f"-{a}\\sqrt{{{b}}}", f"{a}\\sqrt[3]{{{b}}}", f"{a}+\\sqrt{{{b}}}", f"{(a * a * b) ** 0.5 + 0.0003:.4f}", f"{(a * a * b) ** 0.5:.1f}")
        gold = f"{a} \\pm \\sqrt{{{b}}}"
        equal(gold, f"{a}+\\sqrt{{{b}}}, {a}-\\sqrt{{{b}}}", f"\\{{{a}-\\sqrt{b},{a}+\\sqrt{b}\\}}", f"x = {a}-\\sqrt{{{b}}} \\text{{ or }} x = {a}+\\sqrt{{{b}}}")
        differ(gold, f"{a}+\\sqrt{{{b}}}", f"{a}-\\sqrt{{{b}}}", f"{b} \\pm \\sqrt{{{a}}}", f"-{a} \\pm \\sqrt{{{b}}}", f"{a}+\\sqrt{{{b}}}, {a}-\\sqrt{{{b + 1}}}")


def collections():
    for x, y, z in ((1, 2, 5), (-4, 0, 3), (7, 11, 13)):
        gold = f"({x},{y},{z})"
        equal(gold, f"( {x}, {y}, {z} )", f"\\begin{{pmatrix}}{x}\\\\{y}\\\\{z}\\end{{pmatrix}}", f"\\langle {x},{y},{z}\\rangle", f"x={x}, y={y}, z={z}", f"(x,y,z)=({x},{y},{z})")
        differ(gold, f"({y},{x},{z})", f"({x},{z},{y})", f"({x},{y})", f"({x},{y},{z + 1})", f"x={y}, y={x}, z={z}", f"({x},{y},{z},{z})", f"\\begin{{pmatrix}}{z}\\\\{y}\\\\{x}\\end{{pmatrix}}")
        gold = f"\\{{{x},{y},{z}\\}}"
        equal(gold, f"\\{{{z},{x},{y}\\}}", f"{y}, {z}, {x}", f"{x}, {y} \\text{{ and }} {z}", f"x={x}, x={y}, x={z}", f"x \\in \\{{{y},{x},{z}\\}}")
        differ(gold, f"\\{{{x},{y}\\}}", f"{x},{y},{z + 1}", f"{x}", f"\\{{{x},{y},{z},{z + 1}\\}}", f"({z},{y},{x})", f"{x},{y},{y}")
        gold = f"({x},{y}),({y},{z})"
        equal(gold, f"({y},{z}),({x},{y})", f"\\{{({x},{y}),({y},{z})\\}}", f"({x},{y}) \\text{{ and }} ({y},{z})")
        differ(gold, f"({x},{y})", f"({y},{x}),({z},{y})", f"({x},{y}),({y},{z}),({x},{z})", f"({x},{z}),({y},{y})")


def algebra():
    for a, b in ((2, 3), (1, -4), (5, 1)):
        product = f"(x{a:+d})(x{b:+d})"
        gold = f"x^2{a + b:+d}x{a * b:+d}"
        equal(gold, product, f"(x{b:+d})(x{a:+d})", f"{a * b}{a + b:+d}x+x^2", f"x*x{a + b:+d}*x{a * b:+d}", f"f(x)=x^2{a + b:+d}x{a * b:+d}", f"x²{a + b:+d}x{a * b:+d}")
        differ(gold, f"(x{-a:+d})(x{-b:+d})" if a + b else "x", f"x^2{a + b + 1:+d}x{a * b:+d}", f"x^2{a + b:+d}x{a * b + 1:+d}", f"x^3{a + b:+d}x{a * b:+d}", f"y^2{a + b:+d}y{a * b:+d}", f"-x^2{a + b:+d}x{a * b:+d}")
        gold = f"y = {a}x{b:+d}"
        equal(gold, f"{a}x - y {b:+d} = 0", f"y{-b:+d} = {a}x", f"{a}x{b:+d}", f"2y = {2 * a}x{2 * b:+d}")
        differ(gold, f"y = {a}x{-b:+d}", f"y = -{a}x{b:+d}", f"x = {a}y{b:+d}", f"{a}x + y {b:+d} = 0", f"y = {a + 1}x{b:+d}")
    for n in ("n", "k", "m"):
        gold = f"\\frac{{{n}({n}+1)}}{{2}}"
        equal(gold, f"\\binom{{{n}+1}}{{2}}", f"\\frac{{{n}^2+{n}}}{{2}}", f"\\frac12 {n}^2 + \\frac12 {n}", f"{n}({n}+1)/2", f"\\sum_{{i=1}}^{{{n}}} i")
        differ(gold, f"\\frac{{{n}({n}-1)}}{{2}}", f"\\binom{{{n}}}{{2}}", f"\\frac{{{n}^2}}{{2}}", f"{n}({n}+1)", f"\\frac{{{n}({n}+1)}}{{3}}", f"\\sum_{{i=0}}^{{{n}-1}} i")
        gold = f"2^{{{n}}}-1"
        equal(gold, f"-1+2^{n}", f"2\\cdot 2^{{{n}-1}}-1", f"\\frac{{2^{{{n}+1}}-2}}{{2}}", f"\\frac{{4^{n}-1}}{{2^{n}+1}}")
        differ(gold, f"2^{{{n}-1}}", f"2^{n}+1", f"2{n}-1", f"{n}^2-1", f"2^{{{n}}}-{n}", "2^{p}-1")


def trigonometry():
    equal("\\sin 2x", "2\\sin x\\cos x", "\\sin(2x)", "2\\cos x \\sin x")
    differ("\\sin 2x", "2\\sin x", "\\sin x^2", "\\cos 2x", "\\sin^2 x", "2\\sin^2 x \\cos x")
    equal("\\cos 2x", "1-2\\sin^2 x", "2\\cos^2 x-1", "\\cos^2 x-\\sin^2 x")
    differ("\\cos 2x", "1+2\\sin^2 x", "1-\\sin^2 x", "2\\cos x", "2\\cos^2 x+1")
    for degrees, radians in ((30, "\\frac{\\pi}{6}"), (45, "\\frac{\\pi}{4}"), (60, "\\frac{\\pi}{3}"), (135, "\\frac{3\\pi}{4}"), (270, "\\frac{3\\pi}{2}")):
        equal(f"{degrees}^\\circ", f"{degrees}", f"{degrees}°", f"{degrees} degrees", radians, f"{radians} \\text{{ radians}}")
        differ(f"{degrees}^\\circ", f"{degrees + 1}^\\circ", f"-{degrees}^\\circ", f"{degrees}\\pi", f"\\frac{{{degrees}}}{{\\pi}}", f"{2 * degrees}^\\circ")
        differ(radians, f"{degrees}", f"{degrees + 1}^\\circ")
    for start in ("\\frac{\\pi}{3}", "-\\frac{\\pi}{4}", "\\frac{5\\pi}{6}"):
        gold = f"x = {start} + 2k\\pi, k \\in \\mathbb{{Z}}"
        equal(gold, f"{start} + 2\\pi n, n \\in \\mathbb{{Z}}", f"x = {start} - 2\\pi m \\text{{ where }} m \\text{{ is an integer}}", f"2k\\pi + {start} (k \\in \\mathbb{{Z}})", f"{start} + 2\\pi(n+1), n\\in\\mathbb{{Z}}")
        differ(gold, f"{start} + k\\pi, k\\in\\mathbb{{Z}}", f"{start}", f"-({start}) + 2k\\pi, k \\in \\mathbb{{Z}}", f"{start} + 4k\\pi, k\\in\\mathbb{{Z}}", f"x = \\pm({start}) + 2k\\pi, k\\in\\mathbb{{Z}}")


def units_and_words():
    for value, unit, other, factor in ((3, "km", "m", 1000), (2, "hours", "minutes", 60), (5, "kg", "g", 1000), (4, "feet", "inches", 12)):
        gold = f"{value} \\text{{ {unit}}}"
        equal(gold, f"{value}", f"{value} {unit}", f"{value * factor} \\text{{ {other}}}", f"\\text{{The answer is }} {value} \\text{{ {unit}}}")
        differ(gold, f"{value + 1} {unit}", f"{value} \\text{{ {other}}}", f"{value * factor}", f"{value} \\text{{ liters}}", f"-{value} {unit}", f"{value} \\text{{ square {unit}}}")
    for word, number in (("seven", 7), ("twelve", 12), ("forty-two", 42), ("ninety", 90)):
        equal(str(number), word, word.capitalize())
        differ(str(number), word + "teen", "eight", f"not {word}", f"{word} or eight")
    for name, other in (("Alice", "Bob"), ("Tuesday", "Thursday"), ("odd", "even"), ("increasing", "decreasing"), ("hyperbola", "parabola")):
        equal(f"\\text{{{name}}}", name, name.lower(), f"**{name}**", f"The answer is {name}")
        differ(f"\\text{{{name}}}", other, f"not {name}", f"{name} and {other}", f"{name} or {other}", name[:-1])
    for letter, other in (("A", "B"), ("D", "E")):
        equal(letter, f"({letter})", f"\\text{{{letter}}}", f"\\textbf{{({letter})}}", f"{letter}. 12")
        differ(letter, other, f"({other})", f"\\text{{{other}}}", f"{other}. {letter}", f"{letter} or {other}", f"{letter}, {other}")
    for base in (2, 5, 8):
        equal(f"101_{base}", f"101_{{{base}}}", f"101_{{({base})}}" if False else f"101 base {base}")
        differ(f"101_{base}", "101", f"101_{base + 1}", f"110_{base}", str(base * base + 1), f"1010_{base}")


def main():
    for pattern in (intervals, numbers, roots, collections, algebra, trigonometry, units_and_words):
        pattern()
    path = pathlib.Path(__file__).resolve().parent.parent / "verifiers/cases/math/patterns.jsonl"
    lines = dict.fromkeys(json.dumps({"gold": g, "answer": a, "outcome": o}, ensure_ascii=False, separators=(",", ":")) for g, a, o in CASES)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    correct = sum('"outcome":"correct"' in line for line in lines)
    print(f"{path.name}: {len(lines)} pairs, {correct} equal")


if __name__ == "__main__":
    main()
