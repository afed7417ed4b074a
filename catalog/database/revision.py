"""Which schema the database holds and which one this code expects, without loading Alembic.

A web process asks at every `/readyz`; Alembic and SQLAlchemy would cost it 32 MB for that one
question. A test holds `expected` equal to `catalog.database.migrate.expected`.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from catalog.database.queries import query

VERSIONS = Path(__file__).with_name("migrations") / "versions"
_ASSIGNED = re.compile(r"^(down_revision|revision)\b[^=\n]*=\s*[\"'](\w+)[\"']", re.MULTILINE)


@cache
def expected() -> str:
    """The revision that no other one follows. Raises RuntimeError unless there is exactly one."""
    found: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for path in VERSIONS.glob("*.py"):
        for name, value in _ASSIGNED.findall(path.read_text(encoding="utf-8")):
            found[name].add(value)
    heads = found["revision"] - found["down_revision"]
    if len(heads) != 1:
        raise RuntimeError(f"the migrations have {len(heads)} heads")
    return heads.pop()


async def stored(aconn: psycopg.AsyncConnection[Any]) -> str | None:
    """The revision of the database; None: it was never migrated."""
    try:
        cursor = await aconn.execute(query("catalog", "schema_revision"))
    except psycopg.errors.UndefinedTable:
        return None
    row = await cursor.fetchone()
    return row[0] if row else None
