"""Dated statements about (commune, service): append-only, each with its evidence.

A withdrawal is an observation too (its state is None). Nothing here updates or deletes, and
the database refuses both.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import psycopg

from catalog.database.asking import Asking, ask
from catalog.database.queries import query
from catalog.states import State


class Nature(StrEnum):
    """What kind of voice a source is. See catalog.status for what each can prove."""

    LAW = "law"  # a legal text and its official page: true of every commune in its scope
    REGISTER = "register"  # a list kept by the body that runs the service
    DIRECTORY = "directory"  # a list of contacts kept by an administration
    PROBE = "probe"  # an automatic visit: ours, or one that a public body published
    RESIDENT = "resident"  # a person who used the service
    AGENT = "agent"  # the commune speaking of itself


@dataclass(frozen=True, slots=True)
class Observation:
    """One statement. Mirrors the table; times carry their offset.

    `attributes["observer"]` may hold a pseudonym when one source relays several people: two
    residents are two voices.
    """

    service: str
    state: State | None  # None: the source withdrew what it said
    nature: Nature
    source_id: str
    evidence_id: int
    seen: str  # what was seen, word for word
    observed_at: datetime
    commune_number: int | None = None  # None: all of France
    attributes: Mapping[str, Any] = field(default_factory=dict)
    url: str | None = None
    provider: str | None = None
    recorded_at: datetime | None = None  # None: not yet recorded
    valid_until: datetime | None = None  # None: until something else is said
    supersedes: int | None = None
    id: int | None = None


COLUMNS = (
    "commune_number", "service", "state", "attributes", "url", "provider", "nature", "source_id",
    "evidence_id", "seen", "observed_at", "valid_until", "supersedes",
)  # fmt: skip


def append(conn: psycopg.Connection[Any], rows: Iterable[Observation]) -> int:
    """Add observations by COPY, in the caller's transaction; returns how many."""
    count = 0
    names = ", ".join(COLUMNS)
    # The column names are a constant of this module; no input reaches the text of the query.
    statement = f"copy catalog.observation ({names}) from stdin"
    with conn.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for row in rows:
            copy.write_row(
                (
                    row.commune_number,
                    row.service,
                    None if row.state is None else int(row.state),
                    json.dumps(row.attributes, ensure_ascii=False, sort_keys=True),
                    row.url,
                    row.provider,
                    row.nature.value,
                    row.source_id,
                    row.evidence_id,
                    row.seen,
                    row.observed_at,
                    row.valid_until,
                    row.supersedes,
                )
            )
            count += 1
    return count


async def of_commune(
    aconn: psycopg.AsyncConnection[Any], number: int, service: str | None = None
) -> list[Observation]:
    """Everything ever said of a commune, the statements about all of France included.

    Oldest first. An empty list: nobody ever said anything.
    """
    return await ask(aconn, asking_of_commune(number, service))


def asking_of_commune(number: int, service: str | None = None) -> Asking[list[Observation]]:
    """`of_commune`, to be asked with other questions."""
    return Asking(
        query("catalog", "observation_of_commune"),
        {"number": number, "service": service},
        lambda rows: [from_row(row) for row in rows],
    )


def from_row(row: Sequence[Any]) -> Observation:
    """An observation from a row of `observation_of_commune`: its columns, in that order.

    A row of `observation_of_pairs` has the place of its pair before them.
    """
    (
        id_, commune_number, service, state, attributes, url, provider, nature, source_id,
        evidence_id, seen, observed_at, recorded_at, valid_until, supersedes,
    ) = row  # fmt: skip
    return Observation(
        id=id_,
        commune_number=commune_number,
        service=service,
        state=None if state is None else State(state),
        attributes=attributes,
        url=url,
        provider=provider,
        nature=Nature(nature),
        source_id=source_id,
        evidence_id=evidence_id,
        seen=seen,
        observed_at=observed_at,
        recorded_at=recorded_at,
        valid_until=valid_until,
        supersedes=supersedes,
    )
