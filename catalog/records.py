"""Finding and reading records: descriptions of datasets and services that portals publish.

A search shows each thing once, however many portals describe it. Its total, its facets and its
pages count the same rows: the facets that have one value per record (type, source, publisher,
licence) sum to the total, with « other » and « not published » told apart.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog.database.queries import query
from catalog.record_plan import RecordPlan, plan_records
from catalog.record_rows import TYPES, Distribution, RecordRow
from catalog.record_store import Saved, regroup, save_records
from config.errors import Invalid, NotFound

__all__ = [
    "TYPES", "Distribution", "Facet", "Found", "Record", "RecordPlan", "RecordRow", "Saved",
    "Search", "one", "plan_records", "regroup", "save_records", "search",
]  # fmt: skip

LONGEST = 200  # characters of a question
MOST = 100  # records in one page
VALUES = 20  # of each facet
FACETS = ("type", "source", "publisher", "licence", "keyword", "format")
SINGLE = ("type", "source", "publisher", "licence")  # one value per record: they sum to the total
CURSOR = re.compile(r"(-?\d{1,18})\.(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. None: whatever it is. `bbox` is west, south, east, north in degrees,
    west of east unless it crosses the antimeridian."""

    q: str | None = None
    bbox: tuple[float, float, float, float] | None = None
    type: str | None = None
    keyword: str | None = None
    publisher: str | None = None
    licence: str | None = None
    source: str | None = None
    format: str | None = None
    updated_from: datetime | None = None
    updated_until: datetime | None = None
    by_date: bool = False  # the newest first, even when there are words to rank by
    limit: int = 20
    cursor: str | None = None

    def __post_init__(self) -> None:
        if self.q is not None and len(self.q) > LONGEST:
            raise Invalid(f"A search has at most {LONGEST} characters.", parameter="q")
        if not 1 <= self.limit <= MOST:
            raise Invalid(f"A limit is between 1 and {MOST}.", parameter="limit")
        if self.cursor is not None and not CURSOR.fullmatch(self.cursor):
            raise Invalid("A cursor is what the previous page gave.", parameter="cursor")
        if self.bbox is not None:
            west, south, east, north = self.bbox
            if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
                raise Invalid("A box is west, south, east, north in degrees.", parameter="bbox")
        if self.updated_from and self.updated_until and self.updated_from > self.updated_until:
            raise Invalid("An interval ends after it begins.", parameter="updated")


@dataclass(frozen=True, slots=True)
class Facet:
    """How often a value is found; None: not published. `other` is what the rarer values hold,
    for facets of which each record has one value."""

    values: tuple[tuple[str, int], ...]
    missing: int = 0
    other: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """A record, as its source last described it."""

    id: int
    source_id: str
    source_title: str
    remote_id: str
    type: str
    title: str
    description: str | None
    keywords: Sequence[str]
    themes: Sequence[str]
    publisher: str | None
    licence: str | None
    language: str | None
    landing_page: str | None
    distributions: Sequence[Mapping[str, Any]]
    west: float | None
    south: float | None
    east: float | None
    north: float | None
    temporal_start: date | None
    temporal_end: date | None
    created: datetime | None
    updated: datetime | None
    first_seen: datetime
    observed_at: datetime
    orphan_since: datetime | None
    withdrawn_at: datetime | None
    page_sha256: str
    retrieved_at: datetime
    evidence_url: str
    same_as: Sequence[Sequence[Any]]  # (id, source, title) of other portals' records of the thing
    names: Sequence[str] | None

    @property
    def bbox(self) -> tuple[float, float, float, float] | None:
        if self.west is None or self.south is None or self.east is None or self.north is None:
            return None
        return self.west, self.south, self.east, self.north


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search; `cursor` leads to the next one, None at the end."""

    total: int
    records: tuple[Record, ...]
    facets: Mapping[str, Facet] = field(default_factory=dict)
    cursor: str | None = None


async def search(aconn: psycopg.AsyncConnection[Any], asked: Search) -> Found:
    """The records that match, the most relevant first (the newest first without words)."""
    words = " ".join((asked.q or "").split()) or None
    west, south, east, north = asked.bbox or (None, None, None, None)
    after = CURSOR.fullmatch(asked.cursor) if asked.cursor else None
    row = await (
        await aconn.execute(
            query("catalog", "record_search"),
            {
                "words": words, "by_date": asked.by_date, "type": asked.type,
                "publisher": asked.publisher, "licence": asked.licence, "source": asked.source,
                "keyword": asked.keyword, "format": asked.format, "from": asked.updated_from,
                "until": asked.updated_until, "west": west, "south": south, "east": east,
                "north": north, "limit": asked.limit, "values": VALUES,
                "after_position": int(after[1]) if after else None,
                "after_id": int(after[2]) if after else None,
            },
        )
    ).fetchone()  # fmt: skip
    assert row is not None  # noqa: S101 the statement always returns its row
    total, facets, page = row
    found = await _read(aconn, [identifier for identifier, _ in page])
    last = page[-1] if len(page) == asked.limit else None
    return Found(
        total=total,
        records=tuple(found[identifier] for identifier, _ in page),
        facets={name: _facet(name, facets, total) for name in FACETS},
        cursor=f"{last[1]}.{last[0]}" if last else None,
    )


async def one(aconn: psycopg.AsyncConnection[Any], record_id: int) -> Record:
    """One record, withdrawn ones included: an address of ours lasts. Raises NotFound."""
    found = await _read(aconn, [record_id])
    if record_id not in found:
        raise NotFound(f"There is no record {record_id}.", parameter="record")
    return found[record_id]


async def _read(aconn: psycopg.AsyncConnection[Any], ids: Sequence[int]) -> dict[int, Record]:
    if not ids:
        return {}
    async with aconn.cursor(row_factory=class_row(Record)) as cursor:
        await cursor.execute(query("catalog", "record_read"), {"ids": list(ids)})
        return {record.id: record for record in await cursor.fetchall()}


def _facet(name: str, rows: Sequence[Sequence[Any]], total: int) -> Facet:
    mine = [(value, count) for of, value, count in rows if of == name]
    values = tuple((value, count) for value, count in mine if value is not None)
    missing = sum(count for value, count in mine if value is None)
    if name not in SINGLE:
        return Facet(values)
    return Facet(values, missing, total - missing - sum(count for _, count in values))
