"""An office whose source renamed it keeps its hub id; its former remote ids still find it."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import psycopg

from catalog.database.queries import query
from catalog.likeness import Likeness

type Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Alias:
    """A former remote id, and the office that had it."""

    remote_id: str
    office_id: int
    current: str  # the source's id for it now


def of(conn: Connection, source_id: str, remote_ids: Collection[str]) -> list[Alias]:
    """Those of these ids that a source used for an office which it now calls otherwise."""
    rows = conn.execute(
        query("catalog", "office_alias_of"),
        {"source": source_id, "remote_ids": list(remote_ids)},
    )
    return [Alias(*row) for row in rows]


def rename(conn: Connection, office_id: int, remote_id: str, likeness: Likeness) -> None:
    """Give an office its source's new id, and remember the former one with the reasons."""
    conn.execute(
        query("catalog", "office_rename"),
        {
            "id": office_id, "remote_id": remote_id, "score": likeness.score,
            "explained": json.dumps(likeness.json(), ensure_ascii=False),
        },
    )  # fmt: skip
