"""Where to look first: the prepared views in a database of MLflow's, as `make ui` prints them."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
from pathlib import Path

from dnnexp.tracking.views import TAG, page_address

__all__ = ["pages"]

SHOWN = 5  # studies


def pages(database: Path) -> list[tuple[str, str]]:
    """Return the name and the address, from the # on, of every prepared view in the SQLite file, the newest first."""
    with contextlib.closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        query = "select experiment_id, key, value from experiment_tags where key like ?"
        rows = connection.execute(query, (f"{TAG}%",)).fetchall()
    views = [(json.loads(value), page_address(str(number), key.removeprefix(TAG))) for number, key, value in rows]
    return [(str(view["name"]), page) for view, page in sorted(views, key=lambda it: -it[0]["updatedAt"])]


if __name__ == "__main__":
    for name, page in pages(Path(sys.argv[1]))[:SHOWN]:
        sys.stdout.write(f"{name}: {sys.argv[2]}/{page}\n")
