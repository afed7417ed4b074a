"""Everything that is known of one office: what is shown, who said it, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row

from catalog.corrections import said_of
from catalog.database.asking import Asking, ask
from catalog.database.queries import query
from config.errors import NotFound

MOST_VERSIONS = 200  # of one office, in one answer; the newest ones


@dataclass(frozen=True, slots=True)
class Version:
    """What a source said once, with the proof."""

    id: int
    fields: Mapping[str, Any]
    observed_at: datetime
    recorded_at: datetime
    source_id: str
    release: str
    sha256: str
    url: str


@dataclass(frozen=True, slots=True)
class Member:
    """Another source's description of the same place, and why it is taken for the same."""

    id: int
    source_id: str
    remote_id: str
    name: str
    score: float | None
    reason: str | None
    decided_by: str | None
    recorded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Corrected:
    """One field that a person corrected; `said` is what the source says of it now."""

    id: int
    field: str
    value: Any
    nature: str
    decided_by: str
    seen: str
    observed_at: datetime
    recorded_at: datetime
    said: Any


@dataclass(frozen=True, slots=True)
class Card:
    """An office. `seen_as`: the id under which readers see it now (its own, mostly)."""

    seen_as: int
    fields: Mapping[str, Any]
    members: tuple[Member, ...]
    corrections: tuple[Corrected, ...]
    versions: tuple[Version, ...]


async def seen_as(aconn: psycopg.AsyncConnection[Any], office_id: int) -> int | None:
    """The hub id under which readers see an office; None: there never was such an office."""
    root = await (
        await aconn.execute(query("catalog", "office_root"), {"id": office_id})
    ).fetchone()
    return None if root is None else int(root[0])


async def of(aconn: psycopg.AsyncConnection[Any], office_id: int) -> Card:
    """The card of an office by any hub id that it ever had. Raises NotFound."""
    root = await seen_as(aconn, office_id)
    if root is None:
        raise NotFound(f"There is no office {office_id}.", parameter="id")
    async with aconn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query("catalog", "office_one"), {"id": office_id})
        fields = await cursor.fetchone()
    async with aconn.cursor(row_factory=class_row(Member)) as cursor:
        await cursor.execute(query("catalog", "office_members"), {"id": office_id})
        members = await cursor.fetchall()
    async with aconn.cursor(row_factory=class_row(Version)) as cursor:
        await cursor.execute(
            query("catalog", "office_versions"), {"id": office_id, "limit": MOST_VERSIONS}
        )
        versions = await cursor.fetchall()
    corrections = await corrections_of(aconn, office_id)
    assert fields is not None  # noqa: S101 it has a root, so it is there
    return Card(root, fields, tuple(members), tuple(corrections), tuple(versions))


async def corrections_of(aconn: psycopg.AsyncConnection[Any], office_id: int) -> list[Corrected]:
    """The corrections of an office that count, each beside what its source says of the field."""
    return await ask(aconn, asking_corrections_of(office_id))


def asking_corrections_of(office_id: int) -> Asking[list[Corrected]]:
    """`corrections_of`, to be asked with other questions."""
    return Asking(query("catalog", "correction_of_office"), {"office": office_id}, _corrected)


def _corrected(rows: list[Any]) -> list[Corrected]:
    return [
        Corrected(
            id_,
            field,
            kept["value"],
            nature,
            who,
            seen,
            observed_at,
            recorded_at,
            said_of(fields_said, field),
        )
        for id_, field, kept, nature, who, seen, observed_at, recorded_at, fields_said in rows
    ]
