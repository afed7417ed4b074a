"""The sources that the catalogue holds: who publishes them, under which licence, how fresh."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog.database.queries import query


@dataclass(frozen=True, slots=True)
class Source:
    """A source and what was read of it. The dates are None when nothing was read yet."""

    id: str
    title: str
    publisher: str
    licence: str
    licence_url: str | None
    url: str
    nature: str
    first_evidence: date | None  # publication day of the oldest release that was read
    last_evidence: date | None
    retrieved_at: datetime | None
    releases: int
    observations: int
    offices: int = 0  # places that it lists now


async def all(aconn: psycopg.AsyncConnection[Any]) -> list[Source]:
    """Every known source, the freshest first. Empty before the first harvest."""
    async with aconn.cursor(row_factory=class_row(Source)) as cursor:
        await cursor.execute(query("catalog", "source_all"))
        return await cursor.fetchall()
