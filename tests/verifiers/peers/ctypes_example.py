"""The math verifier as a reward function in Python, through the C interface.

    ninja -C build/release cupel_math_shared
    python3 tests/verifiers/peers/ctypes_example.py build/release/libcupel_math.so
"""

import ctypes
import sys

OUTCOMES = ("correct", "incorrect", "no_answer", "undecided", "error")


class Verdict(ctypes.Structure):
    _fields_ = [
        ("outcome", ctypes.c_int32),
        ("score", ctypes.c_int32),
        ("span_begin", ctypes.c_int64),
        ("span_end", ctypes.c_int64),
        ("cost", ctypes.c_int64),
        ("rule", ctypes.c_char * 32),
        ("reason", ctypes.c_char * 512),
    ]


class MathVerifier:
    def __init__(self, path):
        self._library = ctypes.CDLL(path)
        for name in ("cupel_math_compare", "cupel_math_verify"):
            function = getattr(self._library, name)
            function.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.POINTER(Verdict)]
            function.restype = ctypes.c_int32

    def compare(self, gold, answer, options=None):
        return self._call(self._library.cupel_math_compare, gold, answer, options)

    def verify(self, gold, completion, options=None):
        return self._call(self._library.cupel_math_verify, gold, completion, options)

    @staticmethod
    def _call(function, gold, text, options):
        gold, text, verdict = gold.encode(), text.encode(), Verdict()
        function(gold, len(gold), text, len(text), options.encode() if options else None, ctypes.byref(verdict))
        return {
            "outcome": OUTCOMES[verdict.outcome],
            "score": None if verdict.score < 0 else verdict.score,
            "span": (verdict.span_begin, verdict.span_end),
            "rule": verdict.rule.decode(errors="replace"),
            "reason": verdict.reason.decode(errors="replace"),
        }


if __name__ == "__main__":
    verifier = MathVerifier(sys.argv[1])
    verdicts = [verifier.compare("\\frac{3}{4}", "0.75"), verifier.verify("x > 2", "Hence \\boxed{(2, \\infty)}.")]
    for verdict in verdicts:
        print(verdict)
    sys.exit(any(verdict["outcome"] != "correct" for verdict in verdicts))
