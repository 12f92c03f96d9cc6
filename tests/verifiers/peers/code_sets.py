"""The code verifier on the reference solutions of HumanEval and MBPP: all must pass, and the same with their bodies gone never.

    python3 tests/verifiers/peers/code_sets.py build/release/cupel HumanEval.jsonl mbpp.jsonl

The data is not part of this repository: openai/human-eval and google-research/google-research hold it. Standard library only.
"""
import ast
import json
import subprocess
import sys
import time


def without_body(source, entry_point):
    """`source` with every function's body replaced by pass."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body = [ast.Pass()]
    return ast.unparse(tree)


def verify(program, lines, threads):
    begin = time.time()
    text = "".join(json.dumps(line) + "\n" for line in lines)
    run = subprocess.run([program, "verify", "--verifier", "code", "--in", "-", "--threads", str(threads)],
                         input=text, capture_output=True, text=True)
    verdicts = [json.loads(line) for line in run.stdout.splitlines()]
    if len(verdicts) != len(lines):
        sys.exit("expected %d verdicts, found %d: %s" % (len(lines), len(verdicts), run.stderr))
    return verdicts, time.time() - begin


def report(name, verdicts, seconds, wanted):
    exceptions = [v for v in verdicts if v["outcome"] != wanted]
    print("%s: %d of %d %s, %.1f s" % (name, len(verdicts) - len(exceptions), len(verdicts), wanted, seconds))
    for verdict in exceptions:
        print("  %s: %s" % (verdict["id"], verdict["reason"][:150]))
    return exceptions


def main():
    program, humaneval, mbpp = sys.argv[1:4]
    threads = int(sys.argv[4]) if len(sys.argv) > 4 else 2
    sets = {"HumanEval": ("humaneval", [json.loads(line) for line in open(humaneval)]),
            "MBPP": ("mbpp", [json.loads(line) for line in open(mbpp)])}
    for name, (form, records) in sets.items():
        def lines(solution):
            return [{"id": r["task_id"], "format": form, "metadata": r, "completion": solution(r)} for r in records]

        if form == "humaneval":
            right = lambda r: r["canonical_solution"]
            fenced = lambda r: "Here:\n```python\n%s%s\n```\n" % (r["prompt"], r["canonical_solution"])
            empty = lambda r: without_body(r["prompt"] + r["canonical_solution"], r["entry_point"])
        else:
            right = lambda r: r["code"]
            fenced = lambda r: "Here:\n```python\n%s\n```\n" % r["code"]
            empty = lambda r: without_body(r["code"], None)
        report(name + ", reference solutions", *verify(program, lines(right), threads), "correct")
        report(name + ", the same in a block", *verify(program, lines(fenced), threads), "correct")
        report(name + ", bodies replaced by pass", *verify(program, lines(empty), threads), "incorrect")


main()
