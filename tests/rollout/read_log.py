"""Reads a log with Python's own sqlite3 module and the decoder printed in docs/rollout-log.md, and compares it with what the test program stored.

Run by CTest as: read_log.py ROLLOUT_TEST DOCUMENT. Exit code 77 when this Python cannot (no sqlite3, no zstd library): the test is skipped.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile


def skip(why):
    print(f"SKIPPED: {why}")
    sys.exit(77)


try:
    import sqlite3
except ImportError:
    skip("this Python has no sqlite3 module")


def documented_decoder(document):
    """The first ```python block of the document, executed: the decoder that we promise to others."""
    text = open(document, encoding="utf-8").read()
    block = text.split("\n```python\n", 1)[1].split("\n```", 1)[0]
    names = {}
    try:
        exec(compile(block, document, "exec"), names)
    except OSError as error:
        skip(f"no zstd library: {error}")
    return names["decode"]


def float_bits(values):
    return [struct.unpack("<I", struct.pack("<f", value))[0] for value in values]


def double_bits(value):
    assert isinstance(value, float), value
    return struct.unpack("<Q", struct.pack("<d", value))[0]


ROLLOUTS = """
SELECT rollout_id, step, group_idx, sample_idx, task_id, num_prompt_tokens, prompt_tokens, text, num_tokens, tokens, logprobs, raw_logprobs,
       finish_reason, policy_version, reward, advantage, outcome, extracted, span_begin, span_end
FROM groups JOIN rollouts USING (group_id) JOIN verdicts USING (rollout_id) ORDER BY step, group_idx, sample_idx
"""


def read_rollouts(database, decode):
    database.text_factory = bytes
    for row in database.execute(ROLLOUTS).fetchall():
        (rollout_id, step, group, sample, task, num_prompt, prompt, text, num, tokens, logprobs, raw, finish, version, reward, advantage, outcome,
         extracted, begin, end) = row
        terms = database.execute("SELECT name, value, weight FROM reward_terms WHERE rollout_id = ? ORDER BY term_idx", (rollout_id,))
        yield {
            "key": [step, group, sample],
            "task_id": task.hex(),
            "prompt_tokens": decode(prompt, num_prompt),
            "text": text.hex(),
            "tokens": decode(tokens, num),
            "logprobs": float_bits(decode(logprobs, num)),
            "raw_logprobs": [] if raw is None else float_bits(decode(raw, num)),
            "finish_reason": finish.decode(),
            "policy_version": version % 2**64,
            "reward": double_bits(reward),
            "advantage": double_bits(advantage),
            "outcome": outcome.decode(),
            "extracted": extracted.hex(),
            "span": [begin, end],
            "terms": [[name.decode(), double_bits(value), double_bits(weight)] for name, value, weight in terms],
        }


def main():
    program, document = sys.argv[1:]
    decode = documented_decoder(document)
    assert decode(b"\x06\xbf\x0f\x80\x00", 2) == [2.0**-126, -0.5]
    assert decode(b"\x04\x80\x3f\x00\xc0", 2) == [1.0, -2.0]  # rounded log-probabilities, which a run never writes itself
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "[.write_log]"], check=True, env={**os.environ, "CUPEL_TEST_LOG": folder}, stdout=subprocess.DEVNULL)
        database = sqlite3.connect(os.path.join(folder, "run.db"))
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA application_id").fetchone() == (0x4375704C,)
        found = list(read_rollouts(database, decode))
        database.close()
        expected = json.load(open(os.path.join(folder, "expected.json"), encoding="utf-8"))
    assert len(found) == len(expected) > 40, (len(found), len(expected))
    for one, other in zip(found, expected):
        for field, value in other.items():
            assert one[field] == value, (other["key"], field)
    compressed = sum(len(other["tokens"]) for other in expected)
    print(f"{len(found)} rollouts with {compressed} tokens are as stored")


main()
