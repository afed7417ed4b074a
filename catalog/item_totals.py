"""How many items a collection holds, counted once for each state of the collection.

A page's own statement reads the collection's version, in its own snapshot; while it is the version
at which this process counted, the count is exact and nothing is counted again.
"""

from collections.abc import Mapping
from typing import Any

import psycopg

from catalog.collections import Collection
from catalog.items import Question, statement


class Totals:
    """The counts of one process."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[int, int]] = {}

    async def exact(
        self,
        conn: psycopg.AsyncConnection[Any],
        of: Collection,
        context: Mapping[str, Any],
        version: int | None,
    ) -> int:
        """How many items at `version`, which a page has just read; None: now."""
        held = self._held.get(of.id)
        if held is not None and of.version is not None and held[0] == version:
            return held[1]
        asked = statement(Question(of=of, context=context), "total")
        cursor = await conn.execute(asked.sql, asked.parameters)
        row = await cursor.fetchone()
        counted, total = row if row is not None else (0, 0)
        if of.per_commune:
            total *= len(context["services"])
        self._held[of.id] = (counted, total)
        return int(total)
