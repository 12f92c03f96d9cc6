"""Writes a log of a released schema as text: tests/golden/log/schemaN.sql, from a run.db that the program of that schema wrote.

    cupel train experiments/recipes/tiny.toml --run RUN --set run.steps=4 --set run.checkpoint_every=2 \
        --set rollout.prompts_per_step=2 --set rollout.group_size=4 --set eval.samples=1
    python3 make_log.py RUN/run.db log/schemaN.sql

Each file was made once, by the last program that wrote its schema, and is never made again. The name of the host is left out.
"""

import sqlite3
import sys


def main():
    source, target = sys.argv[1:]
    database = sqlite3.connect(":memory:")
    sqlite3.connect(source).backup(database)
    database.execute("UPDATE runs SET host = 'host'")
    database.commit()
    pragmas = [f"PRAGMA {name} = {database.execute(f'PRAGMA {name}').fetchone()[0]};" for name in ("application_id", "user_version")]
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join([*pragmas, *database.iterdump()]) + "\n")


main()
