"""Writes parquet/verl.parquet, the rows of verl.jsonl beside it as pyarrow stores them. Needs pyarrow 26.0.1:
python3 tests/golden/make_parquet.py
"""

import json
import pathlib

import pyarrow
import pyarrow.parquet

CASES = pathlib.Path(__file__).parent / "parquet"


def main() -> None:
    if pyarrow.__version__ != "26.0.1":
        raise SystemExit(f"pyarrow is {pyarrow.__version__}; 26.0.1 is pinned")
    rows = [json.loads(line) for line in (CASES / "verl.jsonl").read_text().splitlines()]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), CASES / "verl.parquet", row_group_size=2, compression="zstd")


if __name__ == "__main__":
    main()
